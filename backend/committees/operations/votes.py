"""Putting an item to the vote: drafting, opening, reminding, closing, annulling."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots.models import CloseReason, Method, Mode, Unit, Vote, VoteState
from backend.ballots.operations import closing, voting
from backend.ballots.operations.voting import UnitDraft, VoteContent
from backend.ballots.queries import electorates
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.states import NobodyEntitled, NotOpen, Verb, moved
from backend.committees.models import AgendaItem, Body, ItemState, Level, Recusal, RuleSetVersion
from backend.committees.notify import votes as notify
from backend.committees.operations import agenda
from backend.committees.operations.holding import hold_item
from backend.committees.queries import seats
from backend.committees.queries import votes as queries
from backend.committees.rules import votes as rules
from backend.database import transaction
from backend.errors import NotFound
from backend.settings import Settings


class Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """A question as its chair words it; what is ``None`` comes from the item or its rule set.

    ``options`` are keys and labels; a key that is ``None`` is made.
    """

    title: str | None
    text: str
    method: Method
    options: list[tuple[str | None, str]]
    choose_most: int
    winners: int
    mode: Mode | None
    unit: Unit | None
    closes_at: datetime


async def draft(item_id: UUID, drafted: Drafted, *, by: UUID) -> Vote:
    """Draw up the question of an agenda item; it has one vote that is not annulled.

    Raises :class:`rules.AlreadyPut` and what :func:`rules.check_draft` and the engine raise.
    """
    async with transaction():
        item, body = await _item(item_id)
        if held := await _standing(item_id):
            raise rules.AlreadyPut(voteId=str(held))
        rules.check_draft(item, body, drafted.closes_at, clock.now())
        return await voting.draft(await _content(item, body, drafted), by=by)


async def rewrite(vote_id: UUID, drafted: Drafted, *, by: UUID) -> Vote:
    """Word a draft anew. Raises ``NotDraft`` and what :func:`draft` raises."""
    async with transaction():
        item, body = await _item_of(vote_id)
        moved((await Vote.get(id=vote_id)).state, Verb.REWRITE)
        rules.check_draft(item, body, drafted.closes_at, clock.now())
        return await voting.rewrite(vote_id, await _content(item, body, drafted), by)


async def open_vote(
    vote_id: UUID, closes_at: datetime | None, *, by: UUID, settings: Settings
) -> Vote:
    """Draw up the electorate, freeze the rules, and ask everybody in it.

    Raises what :func:`rules.check_opening` and the engine raise.
    """
    async with transaction():
        item, body = await _item_of(vote_id)
        vote = await Vote.select_for_update().get(id=vote_id)
        if closes_at is not None and vote.state == VoteState.DRAFT:
            vote.closes_at = closes_at
            await vote.save(update_fields=["closes_at"])
        charter, unit = msgspec.convert(vote.rules, RuleSet), Unit(vote.unit)
        if vote.state == VoteState.DRAFT:
            rules.check_opening(item, body, charter, unit, vote.closes_at, clock.now())
        recused = await _recused(item.id)
        units = await _units(body, unit, recused)
        vote = await voting.open_vote(
            vote_id, units, recused=[_told(one) for one in recused], by=by, settings=settings
        )
        await agenda.voting_began(item.id, vote.id)
        await notify.opened(vote, await queries.electorate(vote.id))
        return vote


async def discard(vote_id: UUID, *, by: UUID) -> None:
    """Throw a draft away. Raises ``NotDraft``."""
    await voting.discard(vote_id, by)


async def remind(vote_id: UUID, *, by: UUID) -> int:
    """Remind those who have not voted; returns how many people were told.

    Raises ``NotOpen`` and :class:`rules.RemindedLately`.
    """
    async with transaction():
        vote = await Vote.select_for_update(no_key=True).get(id=vote_id)
        now = clock.now()
        if vote.state != VoteState.OPEN or vote.closes_at <= now:
            raise NotOpen(state=vote.state)
        rules.check_reminder(vote.reminded_at, now)
        people = await queries.silent(vote_id)
        vote.reminded_at = now
        await vote.save(update_fields=["reminded_at"])
        await notify.reminded(vote, people, now.isoformat())
        await record("committees.vote_reminded", "vote", vote_id, by=by, school_id=vote.school_id)
        return len(people)


async def remind_due(vote_id: UUID) -> bool:
    """Remind those who have not voted a day before the deadline; once ever."""
    async with transaction():
        vote = await Vote.get(id=vote_id)
        if vote.state != VoteState.OPEN:
            return False
        return await notify.reminded(vote, await queries.silent(vote_id), "due")


async def close(vote_id: UUID, reason: CloseReason, *, by: UUID | None, settings: Settings) -> Vote:
    """Close a vote and count it; the chair is asked to certify.

    Closing, counting and doing away with the key commit for themselves: nothing that happens
    to the letter may undo them, and what it misses is told by the jobs. Raises ``NotOpen``
    and ``TooEarlyToClose``.
    """
    vote = await closing.close(vote_id, reason, by=by, settings=settings)
    await tell_closed(vote.id)
    return vote


async def tell_closed(vote_id: UUID) -> None:
    """Ask the chair to certify a count, once for each, or to see to what keeps it back."""
    async with transaction():
        vote = await Vote.get(id=vote_id)
        if vote.state == VoteState.COUNTED:
            days = msgspec.convert(vote.rules, RuleSet).certify_days
            # Where nobody chairs the body, those who run it have to see to that first.
            people = await queries.chairs(vote) or await queries.running(vote)
            await notify.closed(vote, people, days)
        elif vote.state == VoteState.CLOSED:
            helpers = {*await queries.keepers(vote), *await queries.running(vote)}
            await notify.blocked(vote, helpers)


async def annul(vote_id: UUID, reason: str, *, by: UUID, settings: Settings) -> Vote:
    """Call a vote off; what was cast stays sealed, and the item may be put again.

    Raises ``NotUnderWay``.
    """
    vote = await closing.annul(vote_id, reason, by=by, settings=settings)
    await lapse(vote.id)
    return vote


async def lapse(vote_id: UUID) -> None:
    """Give the item of an annulled vote back to its agenda, and tell the electorate.

    Annulling commits for itself, so this follows; the jobs do it when it was cut short.
    """
    async with transaction():
        vote = await Vote.get(id=vote_id)
        item, _ = await _item(vote.subject_id)
        if item.state == ItemState.VOTING and item.vote_id == vote.id:
            await agenda.vote_lapsed(item.id)
        await notify.annulled(vote, await queries.electorate(vote.id))


async def _item_of(vote_id: UUID) -> tuple[AgendaItem, Body]:
    vote = await Vote.get_or_none(id=vote_id)
    if vote is None:
        raise NotFound
    return await _item(vote.subject_id)


async def _item(item_id: UUID) -> tuple[AgendaItem, Body]:
    """Return the item, locked: two clicks of the chair draw up one vote."""
    item, _ = await hold_item(item_id)
    return item, await Body.get(id=item.body_id)


async def _standing(item_id: UUID) -> UUID | None:
    held = await Vote.filter(subject_id=item_id).exclude(state=VoteState.ANNULLED).first()
    return held.id if held else None


async def _content(item: AgendaItem, body: Body, drafted: Drafted) -> VoteContent:
    frozen = await RuleSetVersion.get(id=item.rule_set_id)
    charter = msgspec.convert(frozen.rules, RuleSet)
    taken = {key for key, _ in drafted.options if key}
    made = iter(f"o{n}" for n in range(1, 100) if f"o{n}" not in taken)
    return VoteContent(
        district_id=body.district_id,
        school_id=body.school_id,
        subject_id=item.id,
        title=drafted.title or item.title,
        text=drafted.text,
        method=drafted.method,
        options=[{"key": key or next(made), "label": label} for key, label in drafted.options],
        choose_most=drafted.choose_most,
        winners=drafted.winners,
        mode=rules.mode_of(charter, drafted.mode),
        unit=rules.unit_of(charter, drafted.unit),
        rules=charter,
        rule_set_id=frozen.id,
        closes_at=drafted.closes_at,
    )


async def _recused(item_id: UUID) -> list[Recusal]:
    return await Recusal.filter(item_id=item_id).prefetch_related("seat").order_by("id")


def _told(recusal: Recusal) -> dict[str, str]:
    seat = recusal.seat
    return {"seat_id": str(seat.id), "name": seat.name, "reason": recusal.reason}


async def _units(body: Body, unit: Unit, recused: list[Recusal]) -> list[UnitDraft]:
    """Return the electorate; whoever stands aside votes neither as a seat nor otherwise."""
    aside = {one.seat.person_id for one in recused}
    if unit is Unit.SEAT:
        units = [
            UnitDraft(
                ref_id=seat.id,
                label=seat.name,
                constituency=seat.constituency,
                voter_ids=(seat.person_id,),
            )
            for seat in await seats.serving(body.id)
        ]
    elif body.level == Level.DISTRICT:
        # Guardians belong to schools: a district's body asks its seats.
        raise NobodyEntitled
    else:
        units = await electorates.of_node(body.node_id, body.level, unit)
    left = [(one, tuple(who for who in one.voter_ids if who not in aside)) for one in units]
    return [msgspec.structs.replace(one, voter_ids=who) for one, who in left if who]
