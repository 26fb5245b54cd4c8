"""Moving pictures and sound: from what a phone recorded to what every phone can play.

A file is first *probed*: what is in it, how long, how large. Then it is *cleaned*: its
streams are copied, untouched, into a fresh file whose index comes first and which says
nothing of place, time or device; a *poster* is drawn on the way. What browsers do not
play is *transcoded* before that, and a *ladder* of smaller versions for weak networks is
made afterwards; both need the optional encoder.

``probing``, ``cleaning`` and ``posters`` decode what strangers send and run only inside
the sandbox's child; ``screening`` is how the rest of the house asks them.
"""
