"""What becomes of a count, and what that means for the item it decides."""

from uuid import UUID

import msgspec

from backend import clock
from backend.ballots.models import Objection, ObjectionState, Office, Outcome, Vote, VoteState
from backend.ballots.operations import certifying, objecting
from backend.ballots.rules.charter import RuleSet
from backend.committees.models import AgendaItem, ItemState, Matter, RuleKind, Seat, SeatState
from backend.committees.notify import votes as notify
from backend.committees.operations import agenda, seats
from backend.committees.operations.holding import hold_item
from backend.committees.queries import votes as queries
from backend.database import transaction
from backend.settings import Settings


async def settle_tie(vote_id: UUID, settled_for: str, *, by: UUID) -> Vote:
    """The chair settles a tie before certifying. Raises what the engine raises."""
    return await certifying.settle_tie(vote_id, settled_for, by=by)


async def certify(vote_id: UUID, *, by: UUID) -> Vote:
    """Stand behind a count: the item is decided, and those elected are.

    Raises what the engine raises.
    """
    async with transaction():
        item = await _held(vote_id)
        vote = await certifying.certify(vote_id, by=by)
        labels = {option["key"]: option["label"] for option in vote.options}
        chosen = [labels[key] for key in vote.chosen if key in labels]
        await agenda.decided(item.id, Outcome(vote.outcome), chosen)
        await _elect(vote, item, by)
        await notify.certified(vote, await queries.electorate(vote.id))
        return vote


async def object_to(vote_id: UUID, reason: str, *, by: UUID, administers: bool) -> Objection:
    """Doubt a count. Raises what the engine raises."""
    async with transaction():
        made = await objecting.object_to(vote_id, reason, by=by, administers=administers)
        vote = await Vote.get(id=vote_id)
        people = {*await queries.chairs(vote), *await queries.answering(vote)} - {by}
        await notify.objected(vote, made.id, people)
        return made


async def answer(
    objection_id: UUID, *, upheld: bool, answer: str, office: Office, by: UUID
) -> Objection:
    """Answer an objection for an office. Upheld by two, the ballots are counted again and the
    item is open again until the chair certifies. Raises what the engine raises.
    """
    known = await Objection.get(id=objection_id)
    async with transaction():
        await _held(known.vote_id)
        made = await objecting.answer_objection(
            objection_id, upheld=upheld, answer=answer, office=office, by=by
        )
        if made.state == ObjectionState.RAISED:
            return made
        vote = await Vote.get(id=made.vote_id)
        if made.state == ObjectionState.UPHELD:
            await _reopen(vote, by)
        await notify.answered(vote, made.id, {made.raised_by, *await queries.chairs(vote)})
        return made


async def publish(vote_id: UUID, *, by: UUID | None, settings: Settings) -> Vote:
    """Make a certified result final, with a file to check it by. Raises what the engine raises."""
    async with transaction():
        vote = await certifying.publish(vote_id, by=by, settings=settings)
        await tell_published(vote)
        return vote


async def tell_published(vote: Vote) -> None:
    """Tell the electorate that a result is final."""
    await notify.published(vote, await queries.electorate(vote.id))


async def tell_overdue(vote_id: UUID) -> None:
    """Remind the chair, once a day, of a count that should have been certified."""
    async with transaction():
        vote = await Vote.get(id=vote_id)
        if vote.state == VoteState.COUNTED:
            people = await queries.chairs(vote) or await queries.running(vote)
            await notify.overdue(vote, people, clock.local(clock.now()).date())


async def _held(vote_id: UUID) -> AgendaItem:
    """Return the vote's item, locked before the vote is: as everywhere else."""
    vote = await Vote.get(id=vote_id)
    item, _ = await hold_item(vote.subject_id)
    return item


async def _reopen(vote: Vote, by: UUID) -> None:
    """An item that was decided waits for the chair again, who hears of the new count."""
    item = await AgendaItem.get(id=vote.subject_id)
    if item.state != ItemState.VOTING:
        await agenda.reopened(item.id)
    days = msgspec.convert(vote.rules, RuleSet).certify_days
    await notify.closed(vote, await queries.chairs(vote), days)


async def _elect(vote: Vote, item: AgendaItem, by: UUID) -> None:
    """Note who is elected, where the options were the seats nominated."""
    matter = await Matter.get(id=item.matter_id)
    if matter.rule_kind != RuleKind.PERSONNEL or vote.outcome != Outcome.PASSED:
        return
    nominated = Seat.filter(body_id=item.body_id, state=SeatState.NOMINATED)
    for seat in await nominated.filter(id__in=[key for key in map(_id, vote.chosen) if key]):
        await seats.seat_elected(seat.id, vote.id, by=by)


def _id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
