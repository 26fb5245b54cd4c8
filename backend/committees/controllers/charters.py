"""What a body may decide, and by which rule sets."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
