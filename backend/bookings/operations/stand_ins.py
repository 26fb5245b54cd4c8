"""Finding a stand-in: asked for, offered, taken; the organiser may say no.

Asking frees nothing: whoever holds the place holds it until another adult has taken it
over, so nobody in the queue is passed by and no duty is left without anybody. Every verb
here holds the slot first and the request after it.
"""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.bookings import rules
from backend.bookings.models import (
    Booking,
    BookingState,
    Slot,
    SlotState,
    StandIn,
    StandInOffer,
    StandInState,
)
from backend.bookings.notify import stand_ins as notify
from backend.bookings.queries import stand_ins as queries
from backend.database import execute, fetch, fetch_one, transaction
from backend.errors import NotFound


async def ask(slot_id: UUID, person_id: UUID, note: str) -> None:
    """Look for somebody to stand in; asked twice it is the same request with a new note.

    Raises :class:`rules.NotBooked`, :class:`rules.AlreadyStarted` and, where a place belongs
    to a child, :class:`rules.NoStandInsHere`.
    """
    async with transaction():
        slot = await _hold(slot_id)
        booking = await Booking.get_or_none(
            slot_id=slot_id, person_id=person_id, state=BookingState.CONFIRMED
        )
        if booking is None:
            raise rules.NotBooked
        if clock.now() >= slot.starts_at:
            raise rules.AlreadyStarted
        if slot.children_named:
            raise rules.NoStandInsHere
        open_one = StandIn.filter(booking_id=booking.id, state=StandInState.OPEN)
        if not await open_one.update(note=note):
            await StandIn.create(
                slot_id=slot_id,
                booking_id=booking.id,
                person_id=person_id,
                note=note,
                state=StandInState.OPEN,
            )


async def withdraw(slot_id: UUID, person_id: UUID) -> None:
    """Stop looking; whoever offered is told. Nothing to withdraw is as well."""
    async with transaction():
        slot = await _hold(slot_id)
        for request in await StandIn.filter(
            slot_id=slot_id, person_id=person_id, state=StandInState.OPEN
        ):
            await _end(request, StandInState.WITHDRAWN, by=person_id)
            await notify.no_longer_needed(request, slot, await _offerers(request))


async def offer(stand_in_id: UUID, person_id: UUID, reach: Sequence[UUID]) -> None:
    """Offer to stand in; twice is once. ``reach`` are the nodes of the person's children.

    Raises :class:`rules.StandInEnded` and whatever asking for the place itself would meet.
    """
    async with transaction():
        request, slot = await _hold_request(stand_in_id)
        if request.person_id == person_id:
            raise rules.HasOne
        if not await _is_open(request, slot):
            raise rules.StandInEnded
        refused = await queries.refusal_to(slot.id, person_id, reach, clock.now())
        if refused is not None:
            raise rules.refusal(*refused)
        _, made = await StandInOffer.get_or_create(stand_in_id=request.id, person_id=person_id)
        if made:
            # Where the school picks, the organiser hears of it too.
            people = {request.person_id, *([slot.organiser_id] if slot.needs_approval else [])}
            await notify.offered(request, slot, person_id, people)


async def withdraw_offer(stand_in_id: UUID, person_id: UUID) -> None:
    """Take an offer back; nothing happens when the place was taken over already."""
    async with transaction():
        await _hold_request(stand_in_id)
        await StandInOffer.filter(stand_in_id=stand_in_id, person_id=person_id).delete()


async def take(stand_in_id: UUID, taker_id: UUID, *, by: UUID, runs: bool) -> None:
    """Let one of those who offered take the place over; all the others are told.

    Where places need the school's approval only who ``runs`` the slot may pick. Picking
    the same again is as well. Raises :class:`NotFound` for somebody who did not offer,
    :class:`rules.StandInEnded`, :class:`rules.OrganiserPicks`, :class:`rules.CannotTakeOver`.
    """
    async with transaction():
        request, slot = await _hold_request(stand_in_id)
        if request.state == StandInState.TAKEN and request.taker_id == taker_id:
            return
        if not await _is_open(request, slot):
            raise rules.StandInEnded
        others = await _offerers(request)
        if taker_id not in others:
            raise NotFound
        if slot.needs_approval and not runs:
            raise rules.OrganiserPicks
        fresh = await _hand_over(request.booking_id, taker_id, slot, by=by)
        await StandIn.filter(id=request.id).update(
            state=StandInState.TAKEN,
            taker_id=taker_id,
            taker_booking_id=fresh,
            taken_at=clock.now(),
        )
        await record(
            "bookings.handed_over", "booking", fresh,
            by=by, school_id=slot.school_id, was=str(request.booking_id),
        )  # fmt: skip
        await notify.no_longer_needed(request, slot, [one for one in others if one != taker_id])
        if slot.organiser_id != by:
            await notify.changed_hands(request, slot, slot.organiser_id)


async def veto(stand_in_id: UUID, reason: str, *, by: UUID) -> None:
    """Say no: a search ends; a place taken over goes back to whoever held it.

    Raises :class:`rules.AlreadyStarted` and :class:`rules.CannotTakeOver` when it cannot go
    back, :class:`rules.StandInEnded` when there is nothing left to say no to.
    """
    async with transaction():
        request, slot = await _hold_request(stand_in_id)
        if request.state == StandInState.VETOED:
            return
        if request.state == StandInState.TAKEN:
            await _return(request, slot, reason, by=by)
        elif await _is_open(request, slot):
            await notify.refused(request, slot, reason)
            await notify.no_longer_needed(request, slot, await _offerers(request))
        else:
            raise rules.StandInEnded
        await _end(request, StandInState.VETOED, by=by, reason=reason)
        await record(
            "bookings.stand_in_vetoed", "booking", request.booking_id,
            by=by, school_id=slot.school_id, reason=reason,
        )  # fmt: skip


async def _return(request: StandIn, slot: Slot, reason: str, *, by: UUID) -> None:
    if clock.now() >= slot.starts_at:
        raise rules.AlreadyStarted
    assert request.taker_id is not None and request.taker_booking_id is not None
    back = await _hand_over(request.taker_booking_id, request.person_id, slot, by=by)
    await execute(
        'UPDATE bookings b SET answers = was.answers, line = \'{"code": "returned"}\' '
        "FROM bookings was WHERE b.id = $1 AND was.id = $2",
        back,
        request.booking_id,
    )
    # Both are told in words of their own; those of a hand-over would say the opposite.
    await execute(
        "UPDATE booking_moves SET told = true WHERE booking_id = ANY($1::uuid[]) AND NOT told "
        "AND cause IN ('handed_over', 'stands_in')",
        [back, request.taker_booking_id, request.booking_id],
    )
    await notify.returned(request, slot, request.taker_id, reason)


async def _hand_over(booking_id: UUID, taker_id: UUID, slot: Slot, *, by: UUID) -> UUID:
    """Give a place to another adult and return their booking."""
    reach = await queries.reach_of_person(taker_id)
    row = await fetch_one(
        "SELECT outcome, (booking ->> 'id')::uuid AS id FROM hand_over($1, $2, $3, $4, $5)",
        booking_id, taker_id, reach, by, clock.now(),
    )  # fmt: skip
    assert row is not None
    if row["outcome"] == "wrong_state":
        raise rules.WrongBookingState
    if row["outcome"] != "ok":
        raise rules.CannotTakeOver
    if slot.needs_approval:
        await Booking.filter(id=row["id"]).update(approved_at=clock.now())
    fresh: UUID = row["id"]
    return fresh


async def expire() -> int:
    """End searches whose slot has begun or is called off, or whose place was given back.

    Returns how many.
    """
    async with transaction():
        ended = await fetch(
            """
            UPDATE stand_ins i SET state = 'expired', ended_at = $1 FROM slots s
            WHERE s.id = i.slot_id AND i.id IN (
                SELECT x.id FROM stand_ins x JOIN slots y ON y.id = x.slot_id
                WHERE x.state = 'open' AND (y.state <> 'open' OR y.starts_at <= $1
                    OR NOT EXISTS (SELECT 1 FROM bookings b
                                   WHERE b.id = x.booking_id AND b.state = 'confirmed'))
                LIMIT 500 FOR UPDATE OF x SKIP LOCKED)
            RETURNING i.id, s.starts_at > $1 AS ahead
            """,
            clock.now(),
        )
        for row in ended:
            if row["ahead"]:
                request = await StandIn.get(id=row["id"]).select_related("slot")
                await notify.no_longer_needed(request, request.slot, await _offerers(request))
        return len(ended)


async def _hold(slot_id: UUID) -> Slot:
    await fetch("SELECT lock_slots(ARRAY[$1::uuid])", slot_id)
    return await Slot.get(id=slot_id)


async def _hold_request(stand_in_id: UUID) -> tuple[StandIn, Slot]:
    known = await StandIn.get(id=stand_in_id)
    slot = await _hold(known.slot_id)
    return await StandIn.select_for_update().get(id=stand_in_id), slot


async def _is_open(request: StandIn, slot: Slot) -> bool:
    return (
        request.state == StandInState.OPEN
        and slot.state == SlotState.OPEN
        and clock.now() < slot.starts_at
        and await Booking.exists(id=request.booking_id, state=BookingState.CONFIRMED)
    )


async def _offerers(request: StandIn) -> list[UUID]:
    offers = await StandInOffer.filter(stand_in_id=request.id).order_by("created_at", "id")
    return [offer.person_id for offer in offers]


async def _end(request: StandIn, state: StandInState, *, by: UUID, reason: str = "") -> None:
    await StandIn.filter(id=request.id).update(
        state=state, ended_at=clock.now(), ended_by=by, reason=reason
    )
