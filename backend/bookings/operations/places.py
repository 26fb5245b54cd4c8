"""Taking a place, giving it back, and what organisers decide about one booking.

The verbs that must not race are functions of the database (migration ``0005_places``);
here they are called, and their answers become rows or refusals. Every change they make is
a row in ``booking_moves``, from which letters are written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.batching import Batcher
from backend.bookings import rules
from backend.bookings.models import Booking, BookingState, SlotKind
from backend.database import execute, fetch, fetch_one, transaction
from backend.errors import NotFound
from backend.web.actor import Actor


class Ask(msgspec.Struct, kw_only=True, rename="camel"):
    """One request for a place; ``organiser`` marks one made for somebody else.

    ``desk`` is the only kind of slot that may be booked where this was asked.
    """

    slot: UUID
    person: UUID
    n: int = 0
    party: int = 1
    students: list[UUID] = msgspec.field(default_factory=list)
    reach: list[UUID] = msgspec.field(default_factory=list)
    closed: list[str] = msgspec.field(default_factory=list)
    at_once: bool = False
    answers: dict[str, str] = msgspec.field(default_factory=dict)
    organiser: UUID | None = None
    desk: SlotKind | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as the engine leaves it; names are those of the row."""

    id: UUID
    slot_id: UUID
    school_id: UUID
    person_id: UUID
    state: BookingState
    party: int
    student_ids: list[UUID]
    takes_at_once: bool
    line: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    offer_expires_at: datetime | None
    approved_at: datetime | None
    coming: bool | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int
    sequence: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one request: the booking, how many wait before it, what is free.

    ``kind`` is the slot's, ``held`` how many places are taken.
    """

    place: Place
    kind: str
    held: int
    ahead: int | None
    free: int


def ask_of(
    actor: Actor,
    slot_id: UUID,
    *,
    party: int = 1,
    student_ids: Sequence[UUID] = (),
    at_once: bool = False,
    answers: dict[str, str] | None = None,
) -> Ask:
    """Return the request of a guardian. Raises ``NotFound`` for a child not theirs.

    With children named, only their classes decide whether the family is meant.
    """
    if not set(student_ids) <= set(actor.student_ids):
        raise NotFound
    ties = [
        t for t in actor.ties if t.consented and (not student_ids or t.student_id in student_ids)
    ]
    reach = {node for t in ties for node in (t.school_id, t.grade_id, t.class_id) if node}
    closed = sorted(
        {f"{kind}:{t.school_id}" for t in ties for kind, function in FUNCTIONS if function in t.off}
    )
    return Ask(
        slot=slot_id,
        person=actor.person_id,
        party=party,
        students=sorted(set(student_ids)),
        reach=sorted(reach),
        closed=closed,
        at_once=at_once,
        answers=answers or {},
    )


FUNCTIONS = (("shift", "volunteering"), ("session", "activities"))
"""Which platform function a kind of slot belongs to."""


async def _settle(asks: Sequence[Ask]) -> list[dict[str, Any]]:
    """Settle all requests of one moment in one round trip; answers come in their order."""
    for n, ask in enumerate(asks):
        ask.n = n
    rows = await fetch(
        "SELECT * FROM take_places($1::text::jsonb, $2)",
        msgspec.json.encode(asks).decode(),
        clock.now(),
    )
    return sorted(rows, key=lambda row: int(row["n"]))


_desk: Batcher[Ask, dict[str, Any]] = Batcher(_settle)


async def take(ask: Ask) -> Taken:
    """Take a place or a turn in the queue; asked twice it is the same booking.

    Raises the refusals of :data:`rules.TAKING`. One round trip, shared with every other
    request this process received meanwhile.
    """
    return _taken(await _desk.ask(ask))


async def take_all(asks: Sequence[Ask]) -> list[Taken]:
    """Take a place on each slot, or on none: raises the first refusal.

    A slot that is full is a refusal here (:class:`rules.Full`, whose ``slotId`` says which),
    for a plan is all or nothing.
    """
    async with transaction():
        taken = [_taken(row) for row in await _settle(asks)]
        for one in taken:
            if one.place.state is BookingState.WAITLISTED:
                raise rules.Full(slotId=str(one.place.slot_id))
        return taken


def _taken(row: dict[str, Any]) -> Taken:
    facts = msgspec.json.decode(row["facts"]) if row["facts"] else {}
    if row["outcome"] != "ok":
        raise rules.refusal(row["outcome"], facts)
    return Taken(
        place=_place(row["booking"]),
        kind=facts["kind"],
        held=facts["held"],
        ahead=row["ahead"],
        free=row["free"],
    )


def _place(raw: str) -> Place:
    return msgspec.json.decode(raw, type=Place)


async def accept(slot_id: UUID, person_id: UUID) -> Place:
    """Say yes to an offer, or be the first to tap near the start.

    Raises :class:`rules.NoOffer`, :class:`rules.Full` and :class:`rules.Collides`.
    """
    async with transaction():
        row = await fetch_one(
            "SELECT * FROM accept_place($1, $2, $3)", slot_id, person_id, clock.now()
        )
        assert row is not None
        if row["outcome"] != "ok":
            facts = msgspec.json.decode(row["facts"]) if row["facts"] else None
            raise rules.refusal(row["outcome"], facts)
        return _place(row["booking"])


async def cancel(
    slot_id: UUID, person_id: UUID, *, by: UUID | None, cause: str = "cancelled"
) -> Place | None:
    """Give a place, offer or turn back; what is freed goes to the next at once.

    Returns ``None`` when there was nothing to give back. Raises
    :class:`rules.AlreadyStarted` and :class:`rules.AlreadyIn`.
    """
    async with transaction():
        row = await fetch_one(
            "SELECT * FROM cancel_place($1, $2, $3, $4, $5)",
            slot_id, person_id, by, cause, clock.now(),
        )  # fmt: skip
        assert row is not None
        if row["outcome"] == "none":
            return None
        if row["outcome"] != "ok":
            raise rules.refusal(row["outcome"], None)
        return _place(row["booking"])


async def decide(booking_id: UUID, *, approved: bool, reason: str, by: UUID) -> Place:
    """Approve or reject a request. Raises :class:`rules.WrongBookingState`."""
    async with transaction():
        row = await fetch_one(
            "SELECT * FROM decide_booking($1, $2, $3, $4, $5)",
            booking_id, approved, by, reason, clock.now(),
        )  # fmt: skip
        assert row is not None
        if row["outcome"] != "ok":
            raise rules.refusal(row["outcome"], None)
        place = _place(row["booking"])
        await record(
            "bookings.decided", "booking", booking_id,
            by=by, school_id=place.school_id, approved=approved, reason=reason,
        )  # fmt: skip
        return place


async def prioritise(booking_id: UUID, priority: int, reason: str, *, by: UUID) -> None:
    """Let somebody who waits go before others, for a written reason that stays on record.

    Raises :class:`rules.WrongBookingState` for a booking that does not wait.
    """
    async with transaction():
        await fetch("SELECT lock_slots(ARRAY[slot_id]) FROM bookings WHERE id = $1", booking_id)
        changed = await Booking.filter(id=booking_id, state=BookingState.WAITLISTED).update(
            priority=priority, priority_reason=reason if priority else ""
        )
        if not changed:
            raise rules.WrongBookingState
        booking = await Booking.get(id=booking_id)
        await fetch(
            "SELECT note_move(b, b.state, 'prioritised', $2, $3, true, "
            "jsonb_build_object('priority', b.priority)) FROM bookings b WHERE id = $1",
            booking_id, by, clock.now(),
        )  # fmt: skip
        await record(
            "bookings.prioritised", "booking", booking_id,
            by=by, school_id=booking.school_id, priority=priority, reason=reason,
        )  # fmt: skip


async def place_for_another(slot_id: UUID, person_id: UUID, party: int, *, by: UUID) -> Place:
    """Put somebody on a slot at the organiser's word, past the rules of asking but not of room.

    Their other commitments do not stand in the way. Raises :class:`rules.Full`,
    :class:`rules.CalledOff` and :class:`rules.BookingEnded`.
    """
    ask = Ask(slot=slot_id, person=person_id, party=party, organiser=by)
    async with transaction():
        taken = _taken((await _settle([ask]))[0])
        await record(
            "bookings.placed", "booking", taken.place.id, by=by, school_id=taken.place.school_id
        )
        return taken.place


async def answer_coming(slot_id: UUID, person_id: UUID, *, coming: bool) -> Place | None:
    """Answer the evening before: coming, or not, which frees the place at once.

    Raises :class:`rules.WrongBookingState` when there is no confirmed place.
    """
    if not coming:
        return await cancel(slot_id, person_id, by=person_id, cause="cannot_come")
    async with transaction():
        changed = await execute(
            "UPDATE bookings SET coming = true, updated_at = $3 "
            "WHERE slot_id = $1 AND person_id = $2 AND state IN ('confirmed', 'checked_in')",
            slot_id, person_id, clock.now(),
        )  # fmt: skip
        if not changed:
            raise rules.WrongBookingState
        row = await fetch_one(
            "SELECT to_jsonb(b)::text AS booking FROM bookings b "
            "WHERE slot_id = $1 AND person_id = $2 AND state IN ('confirmed', 'checked_in')",
            slot_id, person_id,
        )  # fmt: skip
        return _place(row["booking"]) if row else None
