"""Courses: the parent school (家长学校), and what families really watched there.

A *parent school* is the host of courses: a school, a community, or the district. A *course*
is an ordered set of *lessons* (video, audio, article, quiz, live session, external link); the
content of a lesson is a *revision* that somebody else reviewed before it was *published*. A
course is *retired* when it is over, *shared* when other hosts may *adopt* it, *assigned* when
a class must take it. A *track* orders courses for a stage and a topic.

A learner *plays* a lesson; the phone sends *beats*, the stretches it has played. What counts
is the union of what was watched (*coverage*), and never more seconds than the clock on our
wall allows. A lesson is *completed* at the course's threshold and with its quiz passed, a
course when its required lessons are; that earns a *certificate* and, where the school asks
for it, unlocks a volunteer's duty.
"""
