"""What notices do unasked: release, expire, remind, and decide whether a push is still due."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import fetch
from backend.notices import notify, rules
from backend.notices.operations import changes, publication
from backend.notices.queries import marks
from backend.rounds import each

_DUE = "SELECT id FROM notices WHERE state = 'scheduled' AND publish_at <= $1 ORDER BY publish_at"
_OVER = "SELECT id FROM notices WHERE state = 'published' AND expires_at <= $1 ORDER BY expires_at"
_OWED = """
SELECT id FROM notices WHERE state = 'published' AND expires_at > $1
  AND (nudged_at IS NULL OR nudged_at <= $2) AND published_at <= $3
  AND EXISTS (SELECT 1 FROM notice_postings p WHERE p.notice_id = notices.id AND p.current)
  AND confirm_mode <> 'none' AND (urgent OR confirm_by BETWEEN $1 AND $4)
"""


async def release_due() -> int:
    """Publish the scheduled notices whose moment has come; returns how many were due."""
    due = [row["id"] for row in await fetch(_DUE, clock.now())]
    await each(due, publication.release_due, what="notice")
    return len(due)


async def expire_due() -> int:
    """Take down the notices whose life is over; returns how many there were."""
    over = [row["id"] for row in await fetch(_OVER, clock.now())]
    await each(over, publication.expire, what="notice")
    return len(over)


async def nudge_owed() -> int:
    """Remind about urgent notices and those whose deadline is within a day."""
    now = clock.now()
    earlier = now - rules.NUDGE_INTERVAL
    rows = await fetch(_OWED, now, earlier, now - timedelta(hours=12), now + timedelta(days=1))
    owed = [row["id"] for row in rows]
    await each(owed, lambda notice: changes.nudge(None, notice), what="notice")
    return len(owed)


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    A push is dropped once the person has read the notice, the household has acted, the
    notice was withdrawn or the person has left the audience.
    """
    if subject_id is None or not occasion.startswith("notices."):
        return set(people)
    if occasion in (notify.PUBLISHED, notify.CORRECTED):
        owing = await marks.owing(subject_id, people)
        return owing - await marks.readers(subject_id, people, current=True)
    if occasion == notify.NUDGED:
        return await marks.owing(subject_id, people)
    if occasion == notify.WITHDRAWN:
        return await marks.readers(subject_id, people, current=False)
    return set(people)
