"""Ballots: putting a question to an electorate, and a count that can be stood behind.

A *vote* is one question with its options. Its *electorate* is drawn up once, when the vote
opens: *voting units* (a committee's seat, a person, a household), each with the people who
may cast the unit's one *ballot*. In an *open* vote a ballot keeps its unit; in a *secret* one
it is *sealed* to a key that never lies in the database, and at the count the sealed ballots
become *counted* ones, which belong to nobody. What was cast on *paper* is a bucket of its own.

The room decides nothing about who may run a vote: that is for whoever puts the question.
"""
