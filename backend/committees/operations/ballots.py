"""Casting. Nothing about a ballot is written here: that is for the box alone."""

from uuid import UUID

from backend.ballots.models import CloseReason
from backend.ballots.operations import casting
from backend.ballots.operations.casting import CastBallot, CastResult
from backend.committees.operations import votes
from backend.errors import Refusal
from backend.settings import Settings


async def cast(
    vote_id: UUID, person_id: UUID, ballot: CastBallot, *, settings: Settings
) -> CastResult:
    """Put a ballot in the box, and close the vote when it was the last.

    Raises what the engine raises.
    """
    taken = await casting.cast(vote_id, person_id, ballot)
    if taken.everybody:
        try:
            await votes.close(vote_id, CloseReason.EVERYBODY, by=None, settings=settings)
        except Refusal:
            # Another ballot of the moment has closed it, or paper waits for a second person;
            # this ballot is in the box all the same.
            return taken
    return taken
