"""Which film is prepared next, and by whom: one worker holds it, for as long as it says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
import structlog

from backend import clock
from backend.database import execute, fetch_one
from backend.media.models import room_of
from backend.media.storage import Files

LEASE = timedelta(seconds=90)
RENEWED_EVERY = 20.0
MOST_ATTEMPTS = 3
Stage = Literal["preparing", "ready"]
Hear = Callable[[int], None]
"""Takes how far one is, in percent of the whole way to a film with its ladder."""

log = structlog.get_logger("media")


class LeaseLost(Exception):
    """Another worker has taken the film up meanwhile, or it is gone."""


class Claim(msgspec.Struct, frozen=True):
    """A film this worker holds: to be prepared, or already playing and to get its ladder."""

    id: UUID
    stage: Stage
    attempt: int
    kind: str
    filename: str
    media_type: str
    original_key: str
    duration_ms: int | None
    width: int | None
    height: int | None
    percent: int

    @property
    def room(self) -> str:
        """The prefix under which everything made of this film lies."""
        return room_of(self.original_key)

    @property
    def place(self) -> str:
        """The prefix for what this attempt makes."""
        manner = "film" if self.stage == "preparing" else "hls"
        return f"{self.room}/{manner}-{self.attempt}"

    async def write(self, changes: str, *values: object) -> None:
        """Change the row while it is still ours; ``changes`` counts its values from ``$4``.

        Raises :class:`LeaseLost`.
        """
        held = await execute(
            f"UPDATE attachments SET {changes} WHERE id = $1 AND prepare_attempts = $2 "
            "AND state = $3 AND prepare_lease IS NOT NULL",
            self.id,
            self.attempt,
            self.stage,
            *values,
        )
        if not held:
            raise LeaseLost

    async def tell(self, percent: int) -> None:
        """Say how far it is, and hold it for longer. Raises :class:`LeaseLost`."""
        await self.write(
            "prepared_percent = greatest(prepared_percent, $4), prepare_lease = $5",
            percent,
            clock.now() + LEASE,
        )

    async def fail(self, code: str) -> None:
        """Give the film up for this reason, or only its ladder. Raises :class:`LeaseLost`."""
        if self.stage == "preparing":
            await self.write("state = 'failed', prepare_error = $4, prepare_lease = NULL", code)
        else:
            await self.write(
                "prepared_percent = 100, prepare_error = $4, prepare_lease = NULL", code
            )

    async def withdraw(self, files: Files) -> None:
        """Remove what this attempt made, unless the row has come to rely on it."""
        row = await fetch_one(
            "SELECT original_key, stream_key FROM attachments WHERE id = $1", self.id
        )
        if row is None:
            await files.delete_prefix(self.room)
            return
        relied_on = row["original_key"].startswith(f"{self.place}/")
        if not relied_on and row["stream_key"] != self.place:
            await files.delete_prefix(self.place)

    async def put_down(self) -> None:
        """Let the next worker take it up at once; this attempt does not count."""
        await self.write("prepare_lease = NULL, prepare_attempts = prepare_attempts - 1")


# Films that cannot be watched yet come before the comfort of those that can.
_NEXT = """
UPDATE attachments SET prepare_attempts = prepare_attempts + 1, prepare_lease = $2
WHERE id = coalesce(
    (SELECT id FROM attachments
     WHERE state = 'preparing' AND stored_at IS NOT NULL
       AND (prepare_lease IS NULL OR prepare_lease < $1)
     ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1),
    (SELECT id FROM attachments
     WHERE $3 AND state = 'ready' AND prepared_percent BETWEEN 1 AND 99
       AND (prepare_lease IS NULL OR prepare_lease < $1)
     ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1))
RETURNING id, state AS stage, prepare_attempts AS attempt, kind, filename, media_type,
    original_key, duration_ms, width, height, prepared_percent AS percent
"""


async def claim(now: datetime, *, ladders: bool) -> Claim | None:
    """Take the next film on a lease; ``ladders`` says whether to take those that play."""
    row = await fetch_one(_NEXT, now, now + LEASE, ladders)
    return None if row is None else msgspec.convert(row, Claim)


@asynccontextmanager
async def holding(claim: Claim) -> AsyncIterator[Hear]:
    """Keep the lease alive while the block works; yields how it says how far it is.

    At most one figure a second reaches the row. Raises :class:`LeaseLost`, and the block
    is cancelled, when another worker has taken the film.
    """
    latest = claim.percent

    def hear(percent: int) -> None:
        nonlocal latest
        latest = max(latest, percent)

    async def report() -> None:
        told, renewed = claim.percent, 0.0
        while True:
            await asyncio.sleep(1)
            renewed += 1
            if latest > told or renewed >= RENEWED_EVERY:
                told, renewed = latest, 0.0
                await claim.tell(told)

    try:
        async with asyncio.TaskGroup() as group:
            reporter = group.create_task(report())
            try:
                yield hear
            finally:
                reporter.cancel()
    except BaseExceptionGroup as several:
        # There is one block and one reporter: what either raised is the reason.
        raise several.exceptions[0] from None
