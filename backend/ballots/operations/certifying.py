"""From a count to a published result: the tie, the chair's word, and making it public.

Nobody types a number here: what is certified is what was counted.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from backend import clock
from backend.audit.operations import record
from backend.ballots import bundle, verifying
from backend.ballots.models import Outcome, Vote
from backend.ballots.operations.objecting import (
    answer_objection,
    counted_again,
    keeps_nothing,
    object_to,
    recount,
)
from backend.ballots.operations.voting import locked
from backend.ballots.queries import results
from backend.ballots.rules import certifying as rules
from backend.ballots.rules.bundle import question_of, rules_of, tally_of
from backend.ballots.rules.checking import Check
from backend.ballots.rules.digests import canonical
from backend.ballots.rules.states import Verb, moved
from backend.database import transaction
from backend.rounds import each
from backend.settings import Settings

__all__ = [
    "answer_objection",
    "certify",
    "object_to",
    "publish",
    "publish_due",
    "recount",
    "settle_tie",
]

log = structlog.get_logger("ballots")

Told = Callable[[Vote], Awaitable[object]]
"""What somebody wants done with a vote in the transaction that publishes it."""


async def settle_tie(vote_id: UUID, settled_for: str, *, by: UUID) -> Vote:
    """Settle a tie by the chair's casting vote, where the rules give one, before certifying.

    A motion is settled ``for`` or ``against``; among options, for one of those tied. The
    count keeps saying that it was a tie. Raises ``NotFound``, ``NotCounted``,
    ``NoTieToSettle`` and ``UnknownTieChoice``.
    """
    async with transaction():
        vote = await locked(vote_id)
        moved(vote.state, Verb.SETTLE_TIE)
        ways = _ways(vote)
        if not ways:
            raise rules.NoTieToSettle
        if settled_for not in ways:
            raise rules.UnknownTieChoice(field="settledFor")
        outcome, chosen = rules.settled(question_of(vote), tuple(vote.chosen), settled_for)
        vote.outcome, vote.chosen = outcome, list(chosen)
        vote.tie_settled_by, vote.tie_settled_for = by, settled_for
        await vote.save(update_fields=["outcome", "chosen", "tie_settled_by", "tie_settled_for"])
        await _record("tie_settled", vote, by, settled_for=settled_for)
    return vote


async def certify(vote_id: UUID, *, by: UUID) -> Vote:
    """Certify a count as its chair. Past the days the rules give it is late, and says so.

    The ballots are counted again first. Raises ``NotFound``, ``NotCounted``,
    ``CountDoesNotFit``, and ``TieUnsettled`` where a casting vote is owed.
    """
    async with transaction():
        vote = await locked(vote_id)
        state = moved(vote.state, Verb.CERTIFY)
        if _ways(vote):
            raise rules.TieUnsettled
        if not keeps_nothing(vote) and await counted_again(vote) != tally_of(vote):
            raise _unfit(vote, [Check.COUNT])
        assert vote.counted_at is not None
        vote.state, vote.certified_at, vote.certified_by = state, clock.now(), by
        vote.objections_until = vote.objections_until or rules.objections_end(
            vote.counted_at, rules_of(vote)
        )
        await vote.save(update_fields=["state", "certified_at", "certified_by", "objections_until"])
        late = rules.is_late(vote.counted_at, vote.certified_at, rules_of(vote))
        await _record("certified", vote, by, outcome=vote.outcome, late=late)
    return vote


async def publish(vote_id: UUID, *, settings: Settings, by: UUID | None = None) -> Vote:
    """Publish a certified result, signed and for good: nothing about the vote changes after.

    It is checked first as anybody will check it. Raises ``NotFound``, ``NotCertified``,
    ``ObjectionPending``, ``ObjectionWindowOpen`` and ``CountDoesNotFit``.
    """
    async with transaction():
        vote = await locked(vote_id)
        state = moved(vote.state, Verb.PUBLISH)
        now = clock.now()
        if (await results.objections_to(vote_id)).unanswered:
            raise rules.ObjectionPending
        if vote.objections_until is None or now < vote.objections_until:
            raise rules.ObjectionWindowOpen
        told = bundle.written(bundle.signed(await bundle.build(vote, now), settings.secret_key))
        if failed := _failed(told):
            raise _unfit(vote, failed)
        vote.state, vote.published_at, vote.bundle = state, now, told
        await vote.save(update_fields=["state", "published_at", "bundle"])
        await _record("published", vote, by, outcome=vote.outcome)
    return vote


async def publish_due(settings: Settings, then: Told | None = None) -> list[UUID]:
    """Publish every certified result whose objection window has passed without an open one.

    Each in a transaction of its own, ``then`` included; bears running twice, and twice at
    once. Returns what was published.
    """

    async def act(vote_id: UUID) -> UUID:
        async with transaction():
            vote = await publish(vote_id, settings=settings)
            if then is not None:
                await then(vote)
        return vote_id

    return await each(await results.due(clock.now()), act, what="vote_to_publish")


def _ways(vote: Vote) -> tuple[str, ...]:
    return rules.ways_to_settle(
        question_of(vote), rules_of(vote), Outcome(vote.outcome), tally_of(vote)
    )


def _failed(told: dict[str, Any]) -> list[Check]:
    """Check a result before it goes out; a clock that was wrong is no reason to keep it back."""
    findings = verifying.verify(canonical(told)).findings
    return [one.check for one in findings if one.faults and one.check is not Check.TIMES]


def _unfit(vote: Vote, checks: list[Check]) -> rules.CountDoesNotFit:
    # Nobody's hand at the app can do this: somebody was at the database.
    names = ", ".join(checks)
    log.error("count_does_not_fit", vote=str(vote.id), checks=names)
    return rules.CountDoesNotFit(checks=names)


async def _record(done: str, vote: Vote, by: UUID | None, **facts: object) -> None:
    await record(f"ballots.{done}", "vote", vote.id, by=by, school_id=vote.school_id, **facts)
