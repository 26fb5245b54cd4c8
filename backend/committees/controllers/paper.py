"""Ballots cast on paper: entered by one, confirmed by another."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
