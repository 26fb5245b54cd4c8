"""What becomes of a body's votes unasked. Everything bears running twice."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.ballots import jobs as engine
from backend.ballots.operations.certifying import publish_due
from backend.committees.notify.votes import OPENED, REMINDED
from backend.committees.operations import certifying, votes
from backend.committees.queries import votes as queries
from backend.rounds import each
from backend.settings import Settings

A_DAY = timedelta(hours=24)
FRESH = timedelta(minutes=10)
"""So long after a vote has closed its letter is looked after: what cut it short is over."""


async def settle(settings: Settings) -> int:
    """Close and count what is due, tell who has to act on it, and give the items of annulled
    votes back; returns how many votes were closed.
    """
    closed = await engine.close_due(settings) + await engine.finish_counts(settings)
    await each(await queries.awaiting(clock.now() - FRESH), votes.tell_closed, what="vote")
    await each(await queries.lapsed(), votes.lapse, what="vote")
    return closed


async def remind_due() -> int:
    """Remind those who have not voted a day before the deadline; returns of how many votes."""
    due = await queries.closing_within(clock.now(), A_DAY)
    return sum(await each(due, votes.remind_due, what="vote"))


async def remind_to_certify() -> int:
    """Remind chairs of counts that should have been certified, daily; returns of how many."""
    due = await queries.overdue(clock.now())
    return len(await each(due, certifying.tell_overdue, what="vote"))


async def publish(settings: Settings) -> int:
    """Publish certified results whose objection window has passed; returns how many."""
    return len(await publish_due(settings, then=certifying.tell_published))


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    Whoever has voted meanwhile need not hear that a vote awaits them.
    """
    if subject_id is None or occasion not in (OPENED, REMINDED):
        return set(people)
    return set(people) & set(await queries.silent(subject_id))
