"""Bookings: a limited number of places, and families who would like one.

A *slot* is a time and place with a number of *places*; other rooms own slots and say what
they mean (a volunteer's shift, a session of an open day). A *booking* is one adult's
*party* on a slot: it holds places, waits in the *queue*, or is over. A *freed* place is
given to the next in the queue as an *offer* that expires; near the start the *first tap*
wins. A *share* keeps places for some classes until a date; a *quota* is a limit several
slots draw on together. A *draw* gives places by lot instead of by speed. A *move* is one
change of one booking, kept for ever: the trail, and what letters are written from.
"""
