"""How long the request at hand may take; work that is known to be long asks for more."""

import asyncio
from contextvars import ContextVar

WORK = 60.0
"""Seconds for drawing, writing and importing, which take long and are waited for."""

limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)
"""The clock of the request at hand, set at the door; jobs have none."""


def allow(seconds: float) -> None:
    """Let the request go on for ``seconds`` from now, if it may not longer anyway."""
    clock = limit.get()
    if clock is None or clock.expired() or (due := clock.when()) is None:
        return
    clock.reschedule(max(due, asyncio.get_running_loop().time() + seconds))
