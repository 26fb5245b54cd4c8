"""Column: what the school and its partners publish for families to read at their own pace.

A *series* appears at a cadence: the column 家庭教育指导 with its three kinds of item, or a
department's series of tips on its topics. It is a school's own, or a district's for all its
schools; a school may *adopt* an item of its district into its own series.

An *item* is written by an editor, or is a *contribution*: handed in by a parent, who
consents, declares that it names no pupil, and chooses its *byline*. It is submitted, reviewed
by somebody who did not write it, *queued*, and *released* by the timetable on the next
*occasion* of its series. A *placement* is an item's place in one series, waiting or
released. A *subscription* says who is told of a release; nobody is told of the same item
twice, however often and wherever it is released.
"""
