"""Activities: what a school invites families to (家长开放日 and its kin).

An *activity* is of one kind: open day, forum, parents' meeting, guidance, family, lecture,
and 家长课堂 and 实践活动 (*parent class*, *practice*). Its *sessions* have a time, a room and
places, each a slot of ``bookings`` with the same id from the moment the activity *opens*;
before, they are a plan only its organisers see. A session's *programme* says who speaks and
whether one takes part on site or online; its *recording* is a video of what was held. A
family *registers* by booking a session for a child; a *plan* is a set of sessions for all
its children that do not clash. An activity is *held* once its sessions are over, and
*summarised* when the organiser has written what came of it. *Feedback* is asked only of
those who came, and reaches the school without names. An *export* is the list of
registrations as a workbook, made in the background for a reason that stays on record.
Parent classes and practices that were held are *counted* by occasion for policy rule N01.
"""
