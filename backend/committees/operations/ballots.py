"""Casting. Nothing about a ballot is written here: that is for the box alone."""

from collections.abc import Sequence
from uuid import UUID

from backend.ballots.models import CloseReason
from backend.ballots.operations import casting
from backend.ballots.operations.casting import Answer, CastBallot, CastResult, Prepared
from backend.batching import Batcher
from backend.committees.operations import votes
from backend.committees.queries.casters import CAST
from backend.errors import Refusal
from backend.settings import Settings


async def cast(
    vote_id: UUID, person_id: UUID, ballot: CastBallot, *, settings: Settings
) -> CastResult:
    """Put a ballot in the box, and close the vote when it was the last.

    Raises what the engine raises.
    """
    taken = await casting.cast(vote_id, person_id, ballot)
    await _close_after(vote_id, taken, settings)
    return taken


async def cast_if_entitled(
    vote_id: UUID, person_id: UUID, ballot: CastBallot, *, settings: Settings
) -> CastResult | None:
    """Do as :func:`cast` does for somebody of whom it is not known whether they may vote.

    That is proved by the statement that casts, so it takes one round trip, shared by the
    ballots of the moment. ``None``: it was refused, for whatever reason, and nothing was done.
    """
    try:
        given = await casting.prepared(vote_id, person_id, ballot)
    except Refusal:
        return None
    taken = casting.taken_of(given, await _desk.ask(given))
    if taken is not None:
        await _close_after(vote_id, taken, settings)
    return taken


async def settle(ballots: Sequence[Prepared]) -> list[Answer]:
    """Cast those of some ballots whose senders are entitled, in one commit."""
    return await casting.settle(ballots, CAST)


_desk: Batcher[Prepared, Answer] = Batcher(settle)


async def _close_after(vote_id: UUID, taken: CastResult, settings: Settings) -> None:
    if not taken.everybody:
        return
    try:
        await votes.close(vote_id, CloseReason.EVERYBODY, by=None, settings=settings)
    except Refusal:
        # Another ballot of the moment has closed it, or paper waits for a second person;
        # this ballot is in the box all the same.
        return
