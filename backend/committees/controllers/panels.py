"""Review panels: what is shown, who judges it, what came out."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
