"""A line to PostgreSQL that is given up when nobody answers at its other end."""

import asyncio
from typing import Any

import asyncpg

GRACE = 1.0
"""Seconds the server has to confirm that it stopped a statement which was called off."""
PATIENCE = 20.0
"""Seconds for any one statement. The server itself ends a statement sooner, so a line on
which that much time passes is dead."""


class Line(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is cut when a called-off statement is not confirmed.

    Calling off a statement asks the server over a line of its own and waits for the answer.
    Over a network that swallows everything none ever comes, and whoever called it off, the
    pool and all who wait for a place in it would wait with it.
    """

    def _cancel_current_command(
        self, sent: "asyncio.Future[Any]", done: "asyncio.Future[Any] | None" = None
    ) -> None:
        super()._cancel_current_command(sent, done)
        self._loop.call_later(GRACE, self._give_up, done)

    def _give_up(self, done: "asyncio.Future[Any] | None") -> None:
        if done is not None and not done.done() and not self.is_closed():
            self.terminate()
