"""The voter's side: what is put to me, casting, what became of it."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
