"""What the column does unasked: appear on time, and ask who still needs to be told."""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.column import notify
from backend.column.operations import releases
from backend.column.queries import reach
from backend.database import fetch
from backend.rounds import each

_DUE = """
SELECT id FROM column_series WHERE state = 'active' AND next_release_at <= $1
ORDER BY next_release_at, id
"""


async def release_due() -> int:
    """Release every series whose moment has come; returns how many appeared."""
    due = [row["id"] for row in await fetch(_DUE, clock.now())]
    released = await each(due, releases.release_due, what="series")
    return sum(release is not None for release in released)


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    Of a release, whoever is named here is told of its items now and never again.
    """
    if subject_id is None or occasion != notify.RELEASED:
        return set(people)
    return await reach.claim(subject_id, people)
