"""What the roster does unasked: reading workbooks that wait, forgetting old ones."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from backend import clock
from backend.database import execute, fetch_one
from backend.roster.operations import imports, reading
from backend.roster.rules import UNDO_WINDOW

LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 3
KEPT = timedelta(days=7)
"""How long a workbook and what was read of it are kept."""


async def read_waiting() -> int:
    """Read every waiting workbook, one after the other; return how many.

    Any number of workers may call this: each takes what no other holds, and what a dead
    worker held is taken up when its lease is over. A worker that is told to stop puts
    its workbook down for the next.
    """
    done = 0
    while (import_id := await claim(clock.now())) is not None:
        try:
            await reading.read(import_id)
        except asyncio.CancelledError:
            await _put_down(import_id)
            raise
        done += 1
    return done


async def _put_down(import_id: UUID) -> None:
    """Let the next worker read it at once; this attempt does not count."""
    await execute(
        "UPDATE roster_imports SET state = 'queued', leased_until = NULL, attempts = attempts - 1 "
        "WHERE id = $1 AND state = 'reading'",
        import_id,
    )


async def claim(now: datetime) -> UUID | None:
    """Take one waiting import on a lease, or return ``None``.

    One that has brought down its reader several times is given up.
    """
    row = await fetch_one(
        """
        UPDATE roster_imports SET state = 'reading', leased_until = $2, attempts = attempts + 1
        WHERE id = (SELECT id FROM roster_imports
                    WHERE state = 'queued' OR (state = 'reading' AND leased_until < $1)
                    ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1)
        RETURNING id, attempts
        """,
        now,
        now + LEASE,
    )
    if row is None:
        return None
    import_id: UUID = row["id"]
    if row["attempts"] > MOST_ATTEMPTS:
        await imports.settle_failure(import_id, "gave_up")
        return await claim(now)
    return import_id


async def forget_old() -> None:
    """Drop workbooks, rows and samples a week after upload, and changes once final."""
    now = clock.now()
    await execute(
        """
        UPDATE roster_imports SET file = NULL, rows = NULL, faults = '[]',
            summary = summary - 'samples' - 'warnings'
        WHERE created_at < $1 AND (file IS NOT NULL OR rows IS NOT NULL)
        """,
        now - KEPT,
    )
    await execute(
        """
        DELETE FROM roster_changes c USING roster_imports i
        WHERE i.id = c.roster_import_id
          AND (i.state = 'undone' OR i.applied_at < $1)
        """,
        now - UNDO_WINDOW - timedelta(hours=1),
    )
