"""Who sits on a body: nominating, electing, appointing, resigning."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
