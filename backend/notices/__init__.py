"""Notices: the school writes once, every family it concerns is reached.

A *notice* goes to *audiences* (a class's families, a school's staff …). At
publication each audience gets one *posting*, numbered within that audience; nothing
is written per recipient. Whether a person has read a posting is one bit of their
*read marks* for that audience. A *receipt* is a row because it carries a time or an
answer: somebody confirmed. One guardian's receipt *settles* the household, in every
class the notice reached it through. The *reach* of a notice is the funnel from no
account to confirmed, with reasons.
"""
