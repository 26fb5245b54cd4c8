"""Doubting a count: an objection, the two who uphold it, and the second count."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots.models import Mode, Objection, ObjectionState, Office, Vote
from backend.ballots.operations.voting import locked
from backend.ballots.queries import results
from backend.ballots.rules import certifying as rules
from backend.ballots.rules.bundle import question_of, rules_of, tally_of
from backend.ballots.rules.counting import Tally, count
from backend.ballots.rules.states import Verb, moved
from backend.database import transaction
from backend.errors import NotFound


async def object_to(
    vote_id: UUID, reason: str, *, by: UUID, administers: bool = False
) -> Objection:
    """Doubt a count, from when it is there until its window ends; it is not published before
    the answer.

    Whoever was entitled may, and whoever ``administers`` the vote's school or district.
    Raises ``NotFound``, ``ObjectionsClosed``, ``NotEntitledToObject`` and
    ``ObjectionRaised`` while one of theirs waits.
    """
    async with transaction():
        vote = await locked(vote_id)
        moved(vote.state, Verb.OBJECT)
        now = clock.now()
        assert vote.counted_at is not None
        until = vote.objections_until or rules.objections_end(vote.counted_at, rules_of(vote))
        if now >= until:
            raise rules.ObjectionsClosed(state=vote.state)
        if not (administers or await results.is_entitled(vote_id, by)):
            raise rules.NotEntitledToObject
        if await Objection.exists(vote_id=vote_id, raised_by=by, state=ObjectionState.RAISED):
            raise rules.ObjectionRaised
        raised = await Objection.create(vote_id=vote_id, raised_by=by, raised_at=now, reason=reason)
        await _record("objection_raised", vote, by, objection=str(raised.id))
    return raised


async def answer_objection(
    objection_id: UUID, *, upheld: bool, answer: str, office: Office, by: UUID
) -> Objection:
    """Answer an objection for the school or for the district.

    Either rejects it alone. Upheld it is once both have said so, two people, in whatever
    order (of what belongs to the district alone, two of its officers): then the vote is
    counted again in the same transaction (:func:`recount`). The answer kept is the last.
    Raises ``NotFound``, ``ObjectionAnswered``, ``OwnObjection``, ``SecondPersonNeeded``,
    ``OtherOfficeNeeded``, ``NothingToRecount`` and ``ObjectionsClosed``.
    """
    async with transaction():
        vote, objection = await _raised(objection_id)
        if objection.raised_by == by:
            raise rules.OwnObjection
        if vote.school_id is None and office != Office.DISTRICT:
            raise rules.OtherOfficeNeeded
        now = clock.now()
        if upheld:
            moved(vote.state, Verb.RECOUNT)
            if keeps_nothing(vote):
                raise rules.NothingToRecount
            first = (
                None
                if objection.first_by is None
                else (str(objection.first_by), objection.first_office)
            )
            if not rules.second_word(first, office, str(by), of_district=vote.school_id is None):
                objection.first_by, objection.first_office = by, office
                objection.first_at, objection.answer = now, answer
                await objection.save()
                await _record("objection_seconded", vote, by, objection=str(objection.id),
                              office=office)  # fmt: skip
                return objection
        objection.state = ObjectionState.UPHELD if upheld else ObjectionState.REJECTED
        objection.answered_by, objection.answered_at, objection.answer = by, now, answer
        await objection.save()
        await _record(
            f"objection_{objection.state}", vote, by, objection=str(objection.id), office=office
        )
        if upheld:
            await recount(vote.id, by=by)
    return objection


async def recount(vote_id: UUID, *, by: UUID) -> Vote:
    """Count a vote again from the ballots it kept, by the function that counted it first.

    What the chair said of the first count, of its tie too, no longer stands: the vote is
    counted, to be certified anew, and the window for objections begins again. Both counts
    are in the trail. Raises ``NotFound``, ``ObjectionsClosed`` and ``NothingToRecount``.
    """
    async with transaction():
        vote = await locked(vote_id)
        state = moved(vote.state, Verb.RECOUNT)
        if keeps_nothing(vote):
            raise rules.NothingToRecount
        before, again = tally_of(vote), await counted_again(vote)
        await _record(
            "recounted",
            vote,
            by,
            number=vote.recounts + 1,
            same=before == again,
            before=vote.tally,
            after=msgspec.to_builtins(again),
            certified_by=str(vote.certified_by) if vote.certified_by else None,
            certified_at=vote.certified_at.isoformat() if vote.certified_at else None,
            tie_settled_for=vote.tie_settled_for,
        )
        now = clock.now()
        vote.state, vote.counted_at, vote.recounts = state, now, vote.recounts + 1
        vote.objections_until = rules.objections_end(now, rules_of(vote))
        vote.tally = msgspec.to_builtins(again)
        vote.outcome, vote.chosen = again.outcome, list(again.chosen)
        vote.certified_at = vote.certified_by = vote.tie_settled_by = None
        vote.tie_settled_for = ""
        await vote.save()
    return vote


async def counted_again(vote: Vote) -> Tally:
    """Return what the ballots a vote has kept come to, paper included."""
    paper = await results.paper_of(vote.id)
    return count(
        question_of(vote),
        rules_of(vote),
        vote.entitled,
        await results.cast_choices(vote),
        paper=paper.given if paper else (),
        paper_invalid=paper.invalid if paper else 0,
    )


async def _raised(objection_id: UUID) -> tuple[Vote, Objection]:
    """Return an unanswered objection and its vote, both locked, the vote first."""
    known = await Objection.get_or_none(id=objection_id)
    if known is None:
        raise NotFound
    vote = await locked(known.vote_id)
    objection = await Objection.select_for_update().get(id=objection_id)
    if objection.state != ObjectionState.RAISED:
        raise rules.ObjectionAnswered
    return vote, objection


def keeps_nothing(vote: Vote) -> bool:
    """Say whether so few voted secretly that there is nothing to count again."""
    return vote.mode == Mode.SECRET and tally_of(vote) is None


async def _record(done: str, vote: Vote, by: UUID, **facts: object) -> None:
    await record(f"ballots.{done}", "vote", vote.id, by=by, school_id=vote.school_id, **facts)
