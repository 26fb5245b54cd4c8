"""What committees do unasked about decisions."""

import structlog

from backend import clock, rounds
from backend.committees.operations import decisions
from backend.committees.queries import decisions as queries
from backend.committees.rules.decisions import REMIND_EVERY, WARN_BEFORE

log = structlog.get_logger("committees")


async def remind_of_decisions() -> int:
    """Remind owners of what is due within three days, once; of what is overdue them and the
    chair, every week. Due every morning; returns how many were reminded of. Bears repeating.
    """
    now = clock.now()
    today = clock.local(now).date()
    due = await queries.due(today, today + WARN_BEFORE, now - REMIND_EVERY)
    done = await rounds.each([row["id"] for row in due], decisions.remind, what="decision")
    if done:
        log.info("decisions_reminded", decisions=len(done))
    return len(done)
