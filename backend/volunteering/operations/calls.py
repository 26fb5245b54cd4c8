"""Calling for helpers, step by step: the queue, past volunteers of the duty, who is free that day.

Each round asks a few, the least asked first, and the next comes after a pause. Whoever
says they cannot is not asked for that shift again.
"""

from datetime import datetime, timedelta
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.bookings.models import Slot, SlotState
from backend.database import transaction
from backend.identifiers import uuid7
from backend.volunteering.models import CallState, CallStep, Shift, ShiftAsk, ShiftCall
from backend.volunteering.notify import shifts as notify
from backend.volunteering.operations.kinds import settings_of
from backend.volunteering.queries import risk
from backend.volunteering.queries.calendar import zone_of
from backend.volunteering.rules import calls as rules
from backend.volunteering.rules.shifts import WrongShiftState

_STEPS = list(CallStep)


async def open_call(shift_id: UUID, *, by: UUID) -> ShiftCall:
    """Begin a call, or take up again one that is over; the first round goes out at once.

    Raises :class:`WrongShiftState` and :class:`rules.NobodyNeeded`.
    """
    async with transaction():
        shift = await Shift.select_for_update(no_key=True).get(id=shift_id)
        slot, now = await Slot.get(id=shift_id), clock.now()
        call = await ShiftCall.select_for_update().get_or_none(shift_id=shift.id)
        if call is not None and call.state == CallState.RUNNING:
            return call
        if slot.state != SlotState.OPEN or not slot.opens_at <= now < slot.closes_at:
            raise WrongShiftState
        _, taken, _ = await risk.places_on(shift.id)
        if not rules.missing(slot.minimum, taken):
            raise rules.NobodyNeeded
        call = call or ShiftCall(shift_id=shift.id, rounds=0)
        call.state, call.step, call.ended_at = CallState.RUNNING, CallStep.QUEUE, None
        call.opened_by, call.opened_at, call.next_round_at = by, now, now
        await call.save()
        await record(
            "volunteering.call_opened", "shift", shift.id, by=by, school_id=shift.school_id
        )
        await run_round(shift.id)
        return await ShiftCall.get(shift_id=shift.id)


async def end_call(shift_id: UUID, *, by: UUID) -> None:
    """Ask nobody any more; twice is once."""
    async with transaction():
        call = await ShiftCall.select_for_update().get_or_none(shift_id=shift_id)
        if call is None or call.state != CallState.RUNNING:
            return
        call.state, call.ended_at = CallState.ENDED, clock.now()
        await call.save()
        await record("volunteering.call_ended", "shift", shift_id, by=by, rounds=call.rounds)


async def answer(shift: Shift, person_id: UUID, *, willing: bool) -> ShiftAsk:
    """Keep what somebody says to helping on a shift, asked or unasked; the last word counts."""
    async with transaction():
        # Inserted first, so that two answers at once do not both find none.
        await ShiftAsk.bulk_create(
            [
                ShiftAsk(
                    id=uuid7(), shift_id=shift.id, school_id=shift.school_id, person_id=person_id
                )
            ],
            ignore_conflicts=True,
        )
        ask = await ShiftAsk.select_for_update().get(shift_id=shift.id, person_id=person_id)
        if ask.willing is not willing:
            ask.willing, ask.answered_at = willing, clock.now()
            await ask.save(update_fields=["willing", "answered_at"])
        return ask


async def run_round(shift_id: UUID) -> int:
    """Ask the next few, if the call is due and the hour is decent; returns how many."""
    async with transaction():
        call = await ShiftCall.select_for_update(skip_locked=True).get_or_none(
            shift_id=shift_id, state=CallState.RUNNING
        )
        now = clock.now()
        if call is None or call.next_round_at > now:
            return 0
        slot = await Slot.get(id=shift_id)
        if slot.state != SlotState.OPEN or now >= slot.closes_at:
            await _end(call, slot, CallState.ENDED, now)
            return 0
        if not rules.may_ask(now, await zone_of(slot.school_id)):
            return 0
        asked = await _step(call, slot, now)
        await call.save()
        return asked


async def _step(call: ShiftCall, slot: Slot, now: datetime) -> int:
    """Do one round; a step with nobody left leads on to the next at once."""
    settings = await settings_of(slot.school_id)
    is_first = call.next_round_at == call.opened_at
    call.next_round_at = now + timedelta(minutes=settings.ask_gap_minutes)
    if is_first:
        await risk.let_queue_in(slot.id, now)
    _, taken, waiting = await risk.places_on(slot.id)
    need = rules.missing(slot.minimum, taken)
    if not need:
        await _end(call, slot, CallState.FILLED, now)
        return 0
    call.rounds += 1
    if is_first and waiting:
        # They have just been told that a place is free; others are asked after them.
        return 0
    for step in _STEPS[max(_STEPS.index(CallStep(call.step)), 1) :]:
        call.step = step
        limit = rules.batch(need, settings.ask_batch)
        people = await risk.candidates(slot.id, step, now, limit)
        if people:
            await _ask(call, slot, people, now)
            return len(people)
    await _end(call, slot, CallState.EXHAUSTED, now)
    return 0


async def _ask(call: ShiftCall, slot: Slot, people: list[UUID], now: datetime) -> None:
    await ShiftAsk.bulk_create(
        [
            ShiftAsk(
                shift_id=slot.id,
                school_id=slot.school_id,
                person_id=person,
                step=call.step,
                asked_at=now,
            )
            for person in people
        ],
        # Somebody may be saying this instant that they cannot: their word stands.
        ignore_conflicts=True,
    )
    await notify.asked(slot, people, call.rounds)


async def _end(call: ShiftCall, slot: Slot, state: CallState, now: datetime) -> None:
    call.state, call.ended_at = state, now
    await call.save(update_fields=["state", "ended_at"])
    if state in (CallState.FILLED, CallState.EXHAUSTED):
        people = await risk.organisers_of(slot.school_id, call.opened_by)
        filled = state is CallState.FILLED
        await notify.call_over(slot, people, filled=filled, number=call.rounds)


async def warn_short(shift_id: UUID) -> bool:
    """Warn the organiser of a shift below its minimum, once; returns whether it was news."""
    async with transaction():
        slot = await Slot.get(id=shift_id)
        _, taken, _ = await risk.places_on(shift_id)
        if slot.state != SlotState.OPEN or not rules.missing(slot.minimum, taken):
            return False
        organisers = await risk.organisers_of(slot.school_id, slot.organiser_id)
        return await notify.short(slot, taken, organisers)
