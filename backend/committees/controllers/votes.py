"""Votes: putting the question, opening it, turnout, reminding, closing, annulling."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
