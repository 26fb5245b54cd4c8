"""What activities do unasked: time's own changes, asking for feedback, making exports."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from backend import clock
from backend.activities.operations import afterwards, counting, exports
from backend.activities.operations.exports import LEASE, LeaseLost
from backend.activities.rules.counting import RULE
from backend.database import fetch, fetch_one
from backend.media.storage import Files
from backend.rounds import each

log = structlog.get_logger("activities")

MOST_ATTEMPTS = 3
ASKED_WITHIN = timedelta(days=7)
"""An activity held longer ago than this is not asked about any more."""

# A little wide on purpose: the verb looks again under the activity's lock.
_DUE = """
SELECT a.id FROM activities a WHERE a.state IN ('open', 'closed') AND (
    NOT EXISTS (SELECT 1 FROM activity_sessions n JOIN slots s ON s.id = n.id
                WHERE n.activity_id = a.id AND s.state = 'open' AND s.closes_at > $1)
    OR a.state = 'closed')
ORDER BY a.id
"""
_TO_ASK = """
SELECT id FROM activities WHERE held_at > $1 AND feedback_asked_at IS NULL ORDER BY held_at, id
"""

_SCHOOLS = """
SELECT s.id FROM schools s
WHERE EXISTS (SELECT 1 FROM district_rules f JOIN policy_rules r ON r.id = f.rule_id
              WHERE f.district_id = s.district_id AND r.code = $1 AND r.scope = 'school')
  AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = s.id
                  AND w.function = 'activities' AND NOT w.is_on)
ORDER BY s.id
"""


async def move_on() -> int:
    """Close by deadline, and call held what is over; returns how many were looked at."""
    due = [row["id"] for row in await fetch(_DUE, clock.now())]
    await each(due, afterwards.move_on, what="activity")
    return len(due)


async def ask_for_feedback() -> int:
    """Ask those who came to what was held; returns how many activities that concerned."""
    held = [row["id"] for row in await fetch(_TO_ASK, clock.now() - ASKED_WITHIN)]
    await each(held, afterwards.ask_for_feedback, what="activity")
    return len(held)


async def warn_short() -> int:
    """Tell schools that have held too few 家长课堂 when time runs out; returns how many."""
    schools = [row["id"] for row in await fetch(_SCHOOLS, RULE)]
    return sum(await each(schools, counting.warn_if_short, what="school"))


async def make_exports(files: Files) -> int:
    """Make every waiting export, one after the other; returns how many were taken up.

    Any number of workers may call this: each takes what no other holds, and what a dead
    worker held is taken up when its lease is over.
    """
    taken = 0
    while (claimed := await claim(clock.now())) is not None:
        export_id, attempt = claimed
        taken += 1
        if attempt > MOST_ATTEMPTS:
            await exports.settle_failure(export_id)
            continue
        try:
            await exports.make(export_id, attempt, files)
        except LeaseLost:
            log.warning("export_lost", export=str(export_id))
        except Exception:
            # The edge of the process: the export comes up again when its lease is over.
            log.exception("export_failed", export=str(export_id), attempt=attempt)
    return taken


async def claim(now: datetime) -> tuple[UUID, int] | None:
    """Take one waiting export on a lease: its id and which attempt this is."""
    row = await fetch_one(
        """
        UPDATE activity_exports SET state = 'running', leased_until = $2, attempts = attempts + 1,
            percent = 0
        WHERE id = (SELECT id FROM activity_exports
                    WHERE state = 'queued' OR (state = 'running' AND leased_until < $1)
                    ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1)
        RETURNING id, attempts
        """,
        now,
        now + LEASE,
    )
    return None if row is None else (row["id"], row["attempts"])


async def sweep_exports(files: Files) -> int:
    """Delete the workbooks of exports a day old; returns how many went."""
    return await exports.sweep(files)
