"""Roster: who is in which class, and how they got there.

An *enrolment* puts a student in a class for a time. A *roster import* is a
spreadsheet on its way into the house: read, checked, shown, applied whole or not at
all, and undone within a window; a *change* is one row before and after it. An *invite*
is a class's code; with it someone makes a *claim* to be a child's guardian, which the
class teacher approves. A *group* is a named circle of children or staff that can be
written to. An *audience* is ``(node, who)``: the families or the staff at a class,
grade, school, district or group.
"""
