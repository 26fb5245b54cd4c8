"""Open phones: one listener per process hears every change and wakes those concerned.

A change is only a hint to look; what was missed while a connection was down is found by
asking with ``since``. Hints for one phone fold together while it is busy.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from backend.database import connect, fetch
from backend.people.operations.sessions import SESSIONS_CHANNEL
from notifications import LIVE_CHANNEL

log = structlog.get_logger("live")

_BOARDS = (
    "SELECT DISTINCT node_id::text || '/' || who AS key FROM audience_members WHERE person_id = $1"
)


ENDED = "session_ended"
"""What a phone is woken with when its session was revoked."""


class Phone:
    """One open connection: what it listens to and what it has not been told yet."""

    def __init__(self, person_id: UUID, boards: frozenset[str]) -> None:
        self.person_id = person_id
        self.boards = boards
        self._pending: set[str] = set()
        self._woken = asyncio.Event()

    def wake(self, what: str) -> None:
        self._pending.add(what)
        self._woken.set()

    async def changes(self) -> list[str]:
        """Wait for and return what changed: ``inbox``, ``feed`` or ``reconnected``."""
        await self._woken.wait()
        self._woken.clear()
        what, self._pending = sorted(self._pending), set()
        return what


class Hub:
    """The phones connected to this process, by person and by notice board."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._by_key: dict[str, set[Phone]] = defaultdict(set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear changes until the block ends; a lost connection is opened again."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def phone(self, person_id: UUID, session_id: UUID) -> AsyncIterator[Phone]:
        """Register one connection; the boards are those the person belongs to now."""
        boards = frozenset(row["key"] for row in await fetch(_BOARDS, person_id))
        phone = Phone(person_id, boards)
        keys = {str(person_id), f"session:{session_id}", *boards}
        for key in keys:
            self._by_key[key].add(phone)
        try:
            yield phone
        finally:
            for key in keys:
                self._by_key[key].discard(phone)
                if not self._by_key[key]:
                    del self._by_key[key]

    async def _listen(self) -> None:
        delay = 0.1
        while True:
            connection: asyncpg.Connection[Any] | None = None
            try:
                connection = await connect(self._dsn)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                await connection.add_listener(LIVE_CHANNEL, self._heard)
                await connection.add_listener(SESSIONS_CHANNEL, self._session_ended)
                self._wake_all()
                delay = 0.1
                while not lost.is_set():
                    try:
                        await asyncio.wait_for(lost.wait(), 30)
                    except TimeoutError:
                        await connection.execute("SELECT 1", timeout=5)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("live_lost", error=type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    def _wake_all(self) -> None:
        """Hints sent while we were deaf are lost, so everyone is told to look."""
        for phones in list(self._by_key.values()):
            for phone in phones:
                phone.wake("reconnected")

    def _session_ended(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        for phone in self._by_key.get(f"session:{payload}", ()):
            phone.wake(ENDED)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        kind, _, keys = payload.partition(":")
        for key in keys.split(","):
            for phone in self._by_key.get(key, ()):
                phone.wake("inbox" if kind == "p" else "feed")
