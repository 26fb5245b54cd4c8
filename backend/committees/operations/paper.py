"""Paper ballots: entered by who keeps the body's papers, confirmed by somebody else."""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.ballots.models import PaperBallots, PaperState, Vote, VoteState
from backend.ballots.operations import closing, paper
from backend.ballots.rules.paper import PaperChoice
from backend.committees.notify import votes as notify
from backend.committees.operations import votes
from backend.committees.queries import votes as queries
from backend.committees.rules import paper as rules
from backend.database import fetch, transaction
from backend.errors import Refusal
from backend.settings import Settings
from backend.web.limits import Limit, spend

GUESSES = Limit(name="paper_confirmations", most=5, seconds=3600)


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
        others = {*await queries.keepers(vote)} - {by} or {*await queries.running(vote)} - {by}
        await notify.paper_entered(vote, others, str(made.id))
        return made


async def confirm(
    vote_id: UUID, choices: Sequence[PaperChoice], invalid: int, *, by: UUID, settings: Settings
) -> PaperBallots:
    """Confirm as a second person, by counting the paper again without seeing what was entered;
    a vote that waited for it is counted.

    Raises :class:`rules.PaperDiffers`, ``TooMany`` for somebody who guesses, and what the
    engine raises.
    """
    # By itself, for a refusal would give back what was spent.
    async with transaction():
        await spend(GUESSES, f"{by}:{vote_id}", clock.now())
    async with transaction():
        await fetch("SELECT id FROM votes WHERE id = $1 FOR UPDATE", vote_id)
        entered = await PaperBallots.get_or_none(vote_id=vote_id)
        counts_anew = (
            entered is not None and entered.entered_by != by and entered.state == PaperState.ENTERED
        )
        if entered is not None and counts_anew and not _same(entered, choices, invalid):
            raise rules.PaperDiffers
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


def _same(entered: PaperBallots, choices: Sequence[PaperChoice], invalid: int) -> bool:
    before = sorted((tuple(line["choice"]), line["count"]) for line in entered.choices)
    return (before, entered.invalid) == (
        sorted((line.choice, line.count) for line in choices),
        invalid,
    )
