"""The log of decisions: entered once, chained, carried out, reminded of."""

from datetime import date
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots.models import Outcome
from backend.committees.models import (
    Body,
    Decision,
    Minutes,
    MinutesState,
    SeatRole,
)
from backend.committees.notify import decisions as notify
from backend.committees.operations import agenda
from backend.committees.operations.holding import hold_item
from backend.committees.queries import decisions as queries
from backend.committees.queries import eligibility, minutes, seats
from backend.committees.rules import decisions as rules
from backend.committees.rules.agenda import STEPS
from backend.committees.rules.chain import Entry, digest_of
from backend.database import fetch, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided; who carries it out is a seat of the body, or somebody on the staff."""

    item_id: UUID
    text: str
    seat_id: UUID | None = None
    person_id: UUID | None = None
    due_on: date | None = None


async def enter(body_id: UUID, new: NewDecision, *, by: UUID) -> UUID:
    """Append a decision of a passed item to the body's log; returns its id.

    With an owner the item is being carried out from now on. Raises ``NotFound`` for an item
    of another body, :class:`rules.ItemNotPassed`, :class:`rules.MinutesFixed`,
    :class:`rules.OwnerUnknown`, :class:`rules.DueMissing` and :class:`rules.BadDecisionDue`.
    """
    async with transaction():
        body = await Body.get(id=body_id)
        if not await _is_of(new.item_id, body_id):
            raise NotFound
        item, _ = await hold_item(new.item_id)
        rules.check_passed(item.state, item.outcome)
        if item.meeting_id is not None and await _is_fixed(item.meeting_id):
            raise rules.MinutesFixed
        owner_id, owner_name = await _owner(body, new)
        now = clock.now()
        rules.check_task(owner_id is not None, new.due_on, clock.local(now).date())
        # Entries are appended one after the other; nobody who adds a seat or an item waits.
        await fetch("SELECT id FROM bodies WHERE id = $1 FOR NO KEY UPDATE", body_id)
        last, previous = await queries.last_of(body_id)
        entry = Entry(
            number=last + 1,
            body=body_id,
            item=item.id,
            meeting=item.meeting_id,
            vote=item.vote_id,
            text=new.text,
            owner=owner_id,
            owner_name=owner_name,
            due=new.due_on,
            decided_at=item.decided_at or now,
            entered_by=by,
            entered_at=now,
        )
        decision = await Decision.create(
            id=uuid7(),
            body_id=body_id,
            number=entry.number,
            item_id=entry.item,
            meeting_id=entry.meeting,
            vote_id=entry.vote,
            text=entry.text,
            owner_id=entry.owner,
            owner_name=entry.owner_name,
            due_on=entry.due,
            decided_at=entry.decided_at,
            entered_by=by,
            entered_at=now,
            previous=previous,
            digest=digest_of(previous, entry),
        )
        if owner_id is not None and STEPS["execute"].is_news(item.state):
            await agenda.executing(item.id)
        await record(
            "committees.decision_entered", "decision", decision.id, by=by,
            school_id=body.school_id, number=decision.number, owner=str(owner_id or ""),
        )  # fmt: skip
        await notify.assigned(decision)
        return decision.id


async def complete(decision_id: UUID, text: str, *, by: UUID) -> None:
    """Say that a decision has been carried out; with the last of its item's the item is done.

    The first word stays. Raises :class:`rules.NothingToDo`.
    """
    seen = await Decision.get(id=decision_id)
    async with transaction():
        item = (await hold_item(seen.item_id))[0] if seen.item_id is not None else None
        decision = await Decision.select_for_update(no_key=True).get(id=decision_id)
        if decision.owner_id is None:
            raise rules.NothingToDo
        if decision.done_at is not None:
            return
        decision.done_at, decision.done_by, decision.done_note = clock.now(), by, text
        await decision.save(update_fields=["done_at", "done_by", "done_note"])
        body = await Body.get(id=decision.body_id)
        await record(
            "committees.decision_done", "decision", decision.id, by=by,
            school_id=body.school_id, number=decision.number,
        )  # fmt: skip
        others = Decision.filter(item_id=decision.item_id, owner_id__isnull=False, done_at=None)
        # An upheld objection may have put the item to the vote again meanwhile.
        if item is not None and item.outcome == Outcome.PASSED and not await others.exists():
            await agenda.finished(item.id)
        chair = await minutes.people_of(decision.body_id, SeatRole.CHAIR)
        await notify.done(decision, [person for person in chair if person != by])


async def remind(decision_id: UUID) -> None:
    """Remind the owner of what is due soon; of what is overdue the owner and the chair."""
    async with transaction():
        decision = await Decision.select_for_update(no_key=True).get(id=decision_id)
        if decision.done_at is not None or decision.owner_id is None or decision.due_on is None:
            return
        now = clock.now()
        today = clock.local(now).date()
        if decision.due_on < today:
            chair = await minutes.people_of(decision.body_id, SeatRole.CHAIR)
            await notify.overdue(decision, {decision.owner_id, *chair}, today)
        else:
            await notify.due(decision)
        decision.reminded_at = now
        await decision.save(update_fields=["reminded_at"])


async def _owner(body: Body, new: NewDecision) -> tuple[UUID | None, str]:
    if new.seat_id is None and new.person_id is None:
        return None, ""
    if new.seat_id is not None and new.person_id is not None:
        raise rules.OwnerUnknown
    if new.seat_id is not None:
        for seat in await seats.serving(body.id):
            if seat.id == new.seat_id:
                return seat.person_id, seat.name
        raise rules.OwnerUnknown
    assert new.person_id is not None
    if not await eligibility.works_for(new.person_id, body, district_too=True):
        raise rules.OwnerUnknown
    return new.person_id, await eligibility.name_of(new.person_id)


async def _is_of(item_id: UUID, body_id: UUID) -> bool:
    return bool(
        await fetch("SELECT 1 FROM agenda_items WHERE id = $1 AND body_id = $2", item_id, body_id)
    )


async def _is_fixed(meeting_id: UUID) -> bool:
    found = await Minutes.get_or_none(meeting_id=meeting_id)
    return found is not None and found.state != MinutesState.DRAFT
