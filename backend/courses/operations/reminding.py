"""Reminding one learner, those of one assignment, and those of one content set."""

from itertools import groupby
from operator import itemgetter
from uuid import UUID

from backend import clock
from backend.courses.notify import reminders as notify
from backend.courses.queries import reminders as queries
from backend.database import execute, fetch_one, transaction


async def nudge(enrolment_id: UUID) -> bool:
    """Remind a learner, unless they came back, left, finished or were reminded meanwhile."""
    async with transaction():
        # The person, not the enrolment: of two courses they hear of one.
        await fetch_one(
            "SELECT p.id FROM course_enrolments e JOIN persons p ON p.id = e.person_id "
            "WHERE e.id = $1 FOR NO KEY UPDATE OF p, e",
            enrolment_id,
        )
        now = clock.now()
        found = await queries.gone_quiet(now, enrolment_id)
        if not found:
            return False
        [row] = found
        await execute(
            "UPDATE course_enrolments SET nudged_at = $2 WHERE id = $1", enrolment_id, now
        )
        return await notify.nudge(row["id"], row["person_id"], row["course_id"], row["title"])


async def remind_due(assignment_id: UUID) -> bool:
    """Remind all who have not finished what was assigned; once for each assignment."""
    async with transaction():
        row = await queries.to_be_told(assignment_id)
        if row is None:
            return False
        owing = await queries.owing(assignment_id, clock.now())
        return await notify.due(assignment_id, owing, row["course_id"], row["title"], row["due_on"])


async def send_items(course_id: UUID) -> int:
    """Send every learner of a content set the next item they have not read; returns how many."""
    sent = 0
    while True:
        async with transaction():
            rows = await queries.next_items(course_id, clock.now())
            rows.sort(key=itemgetter("position", "id"))
            for _, some in groupby(rows, key=itemgetter("lesson_id")):
                batch = list(some)
                first = batch[0]
                await notify.set_item(
                    first["lesson_id"],
                    [row["person_id"] for row in batch],
                    first["position"],
                    first["title"],
                    key=first["id"],
                )
        if not rows:
            return sent
        sent += len(rows)
