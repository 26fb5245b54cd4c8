"""Volunteering: a school asks for hands, parents promise theirs (家长驻校日).

A *station day* (驻校日) is one day at one school; its *shifts* are work at a time and place,
each of one *duty kind*. A shift's places are a slot of ``bookings`` with the same id. A
*volunteer* (成长合伙人) is a parent with an approved profile; *skills* open the duties that
need them. A *duty log* is what the volunteer saw and ticked; a *finding* opens a *hazard*
that stays open until somebody has rechecked it. *Service* is what was done: hours from
check-in to check-out, and certificates of them.
"""
