"""Reminders and weekly items. Everything bears running twice."""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.courses.notify.reminders import DUE
from backend.courses.operations import reminding
from backend.courses.queries import reminders as queries
from backend.rounds import each

MOST = 2000
"""Learners reminded in one run: the rest hear of it in the next."""


async def nudge_quiet() -> int:
    """Remind those who began a course and let it lie, once ever; returns how many."""
    rows = await queries.gone_quiet(clock.now())
    # Of several courses, the one they saw last.
    latest = {row["person_id"]: row["id"] for row in reversed(rows)}
    return sum(await each(list(latest.values())[:MOST], reminding.nudge, what="enrolment"))


async def remind_due() -> int:
    """Remind of assigned courses that are due in three days; returns of how many."""
    return sum(
        await each(await queries.soon_due(clock.now()), reminding.remind_due, what="assignment")
    )


async def send_set_items() -> int:
    """Send this week's item of each content set; returns how many learners got one."""
    return sum(await each(await queries.content_sets(), reminding.send_items, what="content_set"))


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    Whoever has finished an assigned course meanwhile need not hear that it is due.
    """
    if subject_id is None or occasion != DUE:
        return set(people)
    return set(await queries.owing(subject_id, clock.now(), list(people)))
