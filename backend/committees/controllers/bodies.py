"""Founding bodies, finding them, activating and ending them."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
