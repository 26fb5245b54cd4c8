"""The log of decisions, and who carries out what by when."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
