"""Who is there, whether there is a quorum, who stands aside."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
