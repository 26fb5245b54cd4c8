"""How changes committed anywhere reach this process.

A change is announced by ``NOTIFY`` inside the transaction that makes it, so PostgreSQL
tells nobody of what was rolled back and everybody of what was committed. Without Valkey
each process listens to PostgreSQL itself, on the *wire*.

With Valkey one process of the whole installation listens on the wire for all: the
*bridge*. It passes what it hears on over the *air*, and every process hears it there, so
PostgreSQL serves one listener however many hosts there are. Nothing has to be published
after a commit, and nothing that was committed can be forgotten on the way by a process
that dies between the two.

The bridge is whoever holds one advisory lock, on the very connection it listens with: it
cannot lose the one without the other, and when it dies the lock is free at once. It gives
a sign of life every :data:`BEAT`. Whoever hears nothing on the air for :data:`SILENCE`,
whatever the cause (Valkey is away, the bridge is dead, a connection is), listens on the
wire, tries to become the bridge, and leaves the wire again when the air has a voice.
Where something may have been missed in between, everybody is told to look.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from backend.database import connect
from backend.valkey import Away, Valkey

BEAT = 1.0
SILENCE = 5.0
BRIDGE_LOCK = 7_310_002
MOST_WAITING = 10_000
"""Messages the bridge holds for a slow Valkey; past that it gives up and all must look."""
_SIGNS = "tongxing_signs"
_ALIVE, _LOOK, _LEAVING = "alive", "look", "leaving"
_LOST = ("", "")
_TRY, _GIVE_UP = "SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)"

log = structlog.get_logger("live")


class Listening:
    """One process's ears: calls ``heard(channel, payload)`` for each change.

    ``missed()`` is called when changes may have passed unheard.
    """

    def __init__(
        self,
        dsn: str,
        channels: Sequence[str],
        heard: Callable[[str, str], None],
        missed: Callable[[], None],
        valkey: Valkey | None = None,
    ) -> None:
        self._dsn, self._channels, self._valkey = dsn, tuple(channels), valkey
        self._heard, self._missed = heard, missed
        self._air_at = float("-inf")
        self._hushed = asyncio.Event()
        self.on_wire = False
        """Whether changes come from PostgreSQL itself."""

    async def run(self) -> None:
        """Listen until cancelled; a lost connection is opened again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_on_wire())
            if self._valkey is not None:
                group.create_task(self._stay_on_air(self._valkey))

    async def _stay_on_wire(self) -> None:
        delay = 0.1
        while True:
            await self._until_silent()
            connection: asyncpg.Connection[Any] | None = None
            try:
                connection = await connect(self._dsn)
                arrived: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
                await self._listen(connection, arrived)
                delay = 0.1
                if await self._attend(connection, arrived):
                    continue
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("live_lost", error=type(error).__name__)
            finally:
                self.on_wire = False
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    async def _until_silent(self) -> None:
        """Wait until there is no voice on the air, which without Valkey is always so."""
        while self.has_voice:
            self._hushed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hushed.wait(), self._air_at + SILENCE - _time())

    @property
    def has_voice(self) -> bool:
        """Whether changes come over the air."""
        return self._valkey is not None and self._air_at + SILENCE > _time()

    def _hush(self) -> None:
        """Take the air for silent from now on, without waiting to find out."""
        self._air_at = float("-inf")
        self._hushed.set()

    async def _listen(
        self, connection: "asyncpg.Connection[Any]", arrived: "asyncio.Queue[tuple[str, str]]"
    ) -> None:
        def on_notify(_connection: object, _pid: int, channel: str, payload: str) -> None:
            self._heard(channel, payload)
            if self._valkey is not None:
                arrived.put_nowait((channel, payload))

        connection.add_termination_listener(lambda *_: arrived.put_nowait(_LOST))
        # The server notices sooner that a host has vanished, and frees the lock.
        await connection.execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5")
        for channel in self._channels:
            await connection.add_listener(channel, on_notify)
        self.on_wire = True
        self._missed()

    async def _attend(
        self, connection: "asyncpg.Connection[Any]", arrived: "asyncio.Queue[tuple[str, str]]"
    ) -> bool:
        """Stay on the wire until it is lost (``False``) or the air has a voice (``True``)."""
        while self._valkey is None:
            if _LOST in await _next(arrived, 30):
                return False
            await connection.execute("SELECT 1", timeout=5)
        while True:
            if await connection.fetchval(_TRY, BRIDGE_LOCK, timeout=5):
                await self._bridge(self._valkey, connection, arrived)
                await connection.execute(_GIVE_UP, BRIDGE_LOCK, timeout=5)
            # Others may try now, and what they publish is soon heard.
            await asyncio.sleep(BEAT)
            if _LOST in _all(arrived):
                return False
            if self.has_voice:
                # Both are heard for a moment, so that nothing falls between the two.
                self.on_wire = False
                await asyncio.sleep(BEAT)
                return True

    async def _bridge(
        self,
        valkey: Valkey,
        connection: "asyncpg.Connection[Any]",
        arrived: "asyncio.Queue[tuple[str, str]]",
    ) -> None:
        """Pass on what arrives until Valkey is away; raises when the wire is lost."""
        try:
            await valkey.publish([(_SIGNS, _LOOK)])
            log.info("bridge_begun")
            while True:
                messages = await _next(arrived, BEAT)
                if _LOST in messages or len(messages) > MOST_WAITING:
                    raise asyncpg.InterfaceError("the wire is lost")
                if not messages:
                    await connection.execute("SELECT 1", timeout=5)
                await valkey.publish(messages or [(_SIGNS, _ALIVE)])
        except Away:
            self._hush()
            log.warning("bridge_ended")
        except BaseException:
            # Stopped, or the wire is lost: nobody needs to wait for the silence.
            self._hush()
            with suppress(Away):
                await valkey.publish([(_SIGNS, _LEAVING)])
            raise

    async def _stay_on_air(self, valkey: Valkey) -> None:
        while True:
            try:
                async with valkey.listen([*self._channels, _SIGNS], silence=SILENCE) as messages:
                    async for channel, payload in messages:
                        self._from_air(channel, payload)
            except Away:
                self._hush()
                await asyncio.sleep(BEAT)

    def _from_air(self, channel: str, payload: str) -> None:
        self._air_at = _time()
        if channel == _SIGNS and payload == _LEAVING:
            self._hush()
        elif self.on_wire:
            return
        elif channel != _SIGNS:
            self._heard(channel, payload)
        elif payload == _LOOK:
            self._missed()


async def _next(
    arrived: "asyncio.Queue[tuple[str, str]]", patience: float
) -> list[tuple[str, str]]:
    """Return all that has arrived, waiting up to ``patience`` seconds for the first."""
    try:
        first = await asyncio.wait_for(arrived.get(), patience)
    except TimeoutError:
        return []
    return [first, *_all(arrived)]


def _all(arrived: "asyncio.Queue[tuple[str, str]]") -> list[tuple[str, str]]:
    return [arrived.get_nowait() for _ in range(arrived.qsize())]


def _time() -> float:
    return asyncio.get_running_loop().time()
