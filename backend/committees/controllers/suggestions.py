"""What parents suggest, who co-signs it, what the committee answers."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
