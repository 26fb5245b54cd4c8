"""A line to PostgreSQL that is given up when nobody answers at its other end."""

import asyncio
import socket
from typing import Any

import asyncpg

GRACE = 1.0
"""Seconds the server has to confirm that it stopped a statement which was called off."""
PATIENCE = 60.0
"""Seconds for any one call. The server itself ends a statement sooner, so a line on which
that much time passes without a row is dead."""
_PROBES = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 8_000}
"""A host that vanished without a word is noticed within ten seconds, also by an idle line."""


async def watch(line: "asyncpg.Connection[Any]") -> None:
    """Let the kernel look after a new line; one to a socket of this machine needs no looking."""
    held = line._transport.get_extra_info("socket")
    if held is None or held.family == socket.AF_UNIX:
        return
    held.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES.items():
        # Not every system knows them all.
        if (option := getattr(socket, name, None)) is not None:
            held.setsockopt(socket.IPPROTO_TCP, option, value)


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
