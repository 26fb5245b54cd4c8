"""Paper ballots: entered by who keeps the body's papers, confirmed by somebody else."""

from collections.abc import Sequence
from uuid import UUID

from backend.ballots.models import PaperBallots, Vote, VoteState
from backend.ballots.operations import closing, paper
from backend.ballots.rules.paper import PaperChoice
from backend.committees.notify import votes as notify
from backend.committees.operations import votes
from backend.committees.queries import votes as queries
from backend.database import transaction
from backend.errors import Refusal
from backend.settings import Settings


async def enter(
    vote_id: UUID,
    unit_ids: Sequence[UUID],
    choices: Sequence[PaperChoice],
    invalid: int,
    *,
    by: UUID,
) -> PaperBallots:
    """Enter which units voted on paper and what their ballots say; ask another to confirm.

    Raises what the engine raises.
    """
    async with transaction():
        made = await paper.enter(vote_id, unit_ids, choices, invalid, by=by)
        vote = await Vote.get(id=vote_id)
        others = [who for who in await queries.keepers(vote) if who != by]
        await notify.paper_entered(vote, others, str(made.id))
        return made


async def confirm(vote_id: UUID, *, by: UUID, settings: Settings) -> PaperBallots:
    """Confirm as a second person what was entered; a vote that waited for it is counted.

    Raises what the engine raises.
    """
    made = await paper.confirm(vote_id, by=by)
    vote = await Vote.get(id=vote_id)
    if vote.state == VoteState.CLOSED:
        try:
            await closing.count_closed(vote_id, settings)
        except Refusal:
            # Counted meanwhile, or its key is lost, of which its chair is told.
            return made
        await votes.tell_closed(vote_id)
    return made
