"""After the count: ties, certifying, objections, recounts, publishing."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
