"""Open phones: each process hears every change and wakes those concerned.

How it hears them is told in ``listening``. A change is only a hint to look; what was
missed while a connection was down is found by asking with ``since``. Hints for one phone
fold together while it is busy.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from backend.database import fetch
from backend.inbox.listening import Listening
from backend.people.operations.sessions import SESSIONS_CHANNEL
from backend.valkey import Valkey
from notifications import LIVE_CHANNEL

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

    def __init__(self, dsn: str, valkey: Valkey | None = None) -> None:
        channels = (LIVE_CHANNEL, SESSIONS_CHANNEL)
        self.ears = Listening(dsn, channels, self._heard, self._wake_all, valkey)
        self._by_key: dict[str, set[Phone]] = defaultdict(set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear changes until the block ends; a lost connection is opened again."""
        task = asyncio.create_task(self.ears.run())
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

    def _wake_all(self) -> None:
        """Hints sent while we were deaf are lost, so everyone is told to look."""
        for phones in list(self._by_key.values()):
            for phone in phones:
                phone.wake("reconnected")

    def _heard(self, channel: str, payload: str) -> None:
        if channel == SESSIONS_CHANNEL:
            for phone in self._by_key.get(f"session:{payload}", ()):
                phone.wake(ENDED)
            return
        kind, _, keys = payload.partition(":")
        for key in keys.split(","):
            for phone in self._by_key.get(key, ()):
                phone.wake("inbox" if kind == "p" else "feed")
