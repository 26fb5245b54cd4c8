"""What notices do unasked: release, expire, remind, and decide whether a push is still due."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import fetch
from backend.notices import notify, rules
from backend.notices.operations import changes, publication
from backend.notices.queries import feed

_DUE = "SELECT id FROM notices WHERE state = 'scheduled' AND publish_at <= $1 ORDER BY publish_at"
_OVER = "SELECT id FROM notices WHERE state = 'published' AND expires_at <= $1 ORDER BY expires_at"
_OWED = """
SELECT id FROM notices WHERE state = 'published' AND expires_at > $1
  AND (nudged_at IS NULL OR nudged_at <= $2) AND published_at <= $3
  AND confirm_mode <> 'none' AND (urgent OR confirm_by BETWEEN $1 AND $4)
"""


async def release_due() -> int:
    """Publish the scheduled notices whose moment has come; returns how many were due."""
    due = await fetch(_DUE, clock.now())
    for row in due:
        await publication.release_due(row["id"])
    return len(due)


async def expire_due() -> int:
    """Take down the notices whose life is over; returns how many there were."""
    over = await fetch(_OVER, clock.now())
    for row in over:
        await publication.expire(row["id"])
    return len(over)


async def nudge_owed() -> int:
    """Remind about urgent notices and those whose deadline is within a day."""
    now = clock.now()
    earlier = now - rules.NUDGE_INTERVAL
    owed = await fetch(_OWED, now, earlier, now - timedelta(hours=12), now + timedelta(days=1))
    for row in owed:
        await changes.nudge(None, row["id"])
    return len(owed)


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    A push is dropped once the person has read the notice, the household has acted, the
    notice was withdrawn or the person has left the audience.
    """
    if subject_id is None or not occasion.startswith("notices."):
        return set(people)
    if occasion in (notify.PUBLISHED, notify.CORRECTED):
        owing = await feed.owing(subject_id, people)
        return owing - await feed.readers(subject_id, people, current=True)
    if occasion == notify.NUDGED:
        return await feed.owing(subject_id, people)
    if occasion == notify.WITHDRAWN:
        return await feed.readers(subject_id, people, current=False)
    return set(people)
