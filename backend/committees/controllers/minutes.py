"""Minutes: what was found, confirming, objections, filing, papers."""

from litestar import Controller

DUTY: tuple[type[Controller], ...] = ()
