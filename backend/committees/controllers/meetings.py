"""Meetings: planning, convening, starting, ending, calling off."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
