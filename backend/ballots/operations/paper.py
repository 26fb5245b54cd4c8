"""Ballots cast on paper: two people enter them, and the count takes them as they are.

A unit that voted on paper votes on no phone, and one that voted on its phone not on paper.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots.models import Mode, PaperBallots, PaperState, Vote, VoteState, VotingUnit
from backend.ballots.operations.voting import locked
from backend.ballots.queries import results
from backend.ballots.rules import paper as rules
from backend.ballots.rules.bundle import question_of, rules_of
from backend.ballots.rules.paper import PaperChoice
from backend.ballots.rules.states import Verb, moved
from backend.database import transaction


async def enter(
    vote_id: UUID,
    units: Sequence[UUID],
    choices: Sequence[PaperChoice],
    invalid: int = 0,
    *,
    by: UUID,
) -> PaperBallots:
    """Enter which units of an open vote voted on paper, and what their ballots say together.

    From here on those units vote on no phone. The ballots count once somebody else confirms
    them (:func:`confirm`); to correct them, :func:`withdraw` them first. Raises
    ``NotFound``, ``PaperTooLate``, ``PaperEntered``, ``UnknownUnits``, ``VotedByPhone``,
    ``PaperMisread``, ``PaperMiscounted`` and ``PaperTooFew``.
    """
    async with transaction():
        # Whoever casts a ballot holds the vote's row as well: no unit gets in twice.
        vote = await locked(vote_id)
        moved(vote.state, Verb.ENTER_PAPER)
        if await PaperBallots.exists(vote_id=vote_id):
            raise rules.PaperEntered
        wanted = set(units)
        known = await VotingUnit.filter(vote_id=vote_id, id__in=list(wanted)).count()
        if known != len(units):
            raise rules.UnknownUnits(field="units")
        if voted := await results.units_by_phone(vote_id, units):
            raise rules.VotedByPhone(units="、".join(voted))
        rules.check(
            question_of(vote), rules_of(vote), Mode(vote.mode), choices, invalid, len(units)
        )
        await VotingUnit.filter(vote_id=vote_id, id__in=list(wanted)).update(on_paper=True)
        entered = await PaperBallots.create(
            vote_id=vote_id,
            choices=msgspec.to_builtins(list(choices)),
            invalid=invalid,
            entered_by=by,
            entered_at=clock.now(),
        )
        await _record("entered", vote, by, ballots=len(units))
    return entered


async def confirm(vote_id: UUID, *, by: UUID) -> PaperBallots:
    """Confirm, as a second person, that what was entered is what lies in the box.

    Also once the vote is closed, for its count waits for this. Twice is once. Raises
    ``NotFound``, ``PaperTooLate``, ``NoPaper`` and ``PaperNeedsAnother``.
    """
    async with transaction():
        vote, entered = await _entered(vote_id)
        if entered.state == PaperState.CONFIRMED:
            return entered
        if entered.entered_by == by:
            raise rules.PaperNeedsAnother
        entered.state = PaperState.CONFIRMED
        entered.confirmed_by, entered.confirmed_at = by, clock.now()
        await entered.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        await _record("confirmed", vote, by)
    return entered


async def withdraw(vote_id: UUID, *, by: UUID) -> None:
    """Take back what was entered; while the vote is open its units may vote on phones again.

    What is confirmed is taken back only while the vote is open. Raises ``NotFound``,
    ``PaperTooLate``, ``NoPaper`` and ``PaperConfirmed``.
    """
    async with transaction():
        vote, entered = await _entered(vote_id)
        if entered.state == PaperState.CONFIRMED and vote.state != VoteState.OPEN:
            raise rules.PaperConfirmed
        await VotingUnit.filter(vote_id=vote_id, on_paper=True).update(on_paper=False)
        await entered.delete()
        await _record("withdrawn", vote, by, was=entered.state)


async def _entered(vote_id: UUID) -> tuple[Vote, PaperBallots]:
    """Return a vote that is not counted yet, locked, and its paper ballots."""
    vote = await locked(vote_id)
    if vote.state not in (VoteState.OPEN, VoteState.CLOSED):
        raise rules.PaperTooLate(state=vote.state)
    entered = await PaperBallots.get_or_none(vote_id=vote_id)
    if entered is None:
        raise rules.NoPaper
    return vote, entered


async def _record(done: str, vote: Vote, by: UUID, **facts: object) -> None:
    await record(f"ballots.paper_{done}", "vote", vote.id, by=by, school_id=vote.school_id, **facts)
