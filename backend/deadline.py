"""How long the request at hand may take; work that is known to be long asks for more."""

import asyncio
from contextvars import ContextVar
from typing import Self

WORK = 60.0
"""Seconds for drawing, writing and importing, which take long and are waited for."""


class Clock:
    """Calls the task inside its block off when it is ``due``, a moment on the loop's clock.

    As ``asyncio.timeout`` does, raising ``TimeoutError``, but a later moment costs nothing:
    the alarm that is set looks when it rings whether it is time.
    """

    def __init__(self, seconds: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.due: float | None = self.loop.time() + seconds
        self.has_rung = False
        task = asyncio.current_task()
        assert task is not None
        self._task, self._called_off_before = task, task.cancelling()
        self._alarm: asyncio.TimerHandle | None = self.loop.call_at(self.due, self._ring)

    def move(self, due: float | None) -> None:
        """Let it be due at another moment, or never."""
        self.due = due
        if due is not None and self._alarm is not None and due < self._alarm.when():
            self._alarm.cancel()
            self._alarm = self.loop.call_at(due, self._ring)

    def _ring(self) -> None:
        if self.due is None:
            return
        if self.loop.time() < self.due:
            self._alarm = self.loop.call_at(self.due, self._ring)
            return
        self.has_rung = True
        self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        # It knows the request's context, which leads back here: what the request brought
        # would stay until somebody looks for circles.
        self._alarm, self.due = None, None
        if not self.has_rung:
            return
        by_nobody_else = self._task.uncancel() <= self._called_off_before
        if by_nobody_else and kind is asyncio.CancelledError:
            raise TimeoutError


limit: ContextVar[Clock | None] = ContextVar("limit", default=None)
"""The clock of the request at hand, set at the door; jobs have none."""


def allow(seconds: float) -> None:
    """Let the request go on for ``seconds`` from now, if it may not longer anyway."""
    clock = limit.get()
    if clock is None or clock.has_rung or clock.due is None:
        return
    clock.move(max(clock.due, clock.loop.time() + seconds))
