"""Agenda items: proposing, accepting, ordering, deferring, withdrawing."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
