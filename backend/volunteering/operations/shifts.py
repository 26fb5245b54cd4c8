"""Shifts: making one, opening it, saying what it is about, who else stands there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings.models import Slot, SlotKind, SlotState
from backend.bookings.operations import slots
from backend.bookings.operations.slots import SlotPlan
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.volunteering.models import (
    DayState,
    DutyKind,
    PostHolder,
    Shift,
    Side,
    StationDay,
    VolunteeringSettings,
)
from backend.volunteering.operations.kinds import kind_to_use, kinds_at
from backend.volunteering.queries import calendar
from backend.volunteering.rules import shifts as rules


class ShiftPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as its organiser wants it; what is left out follows the school's settings."""

    duty: str
    starts_at: datetime
    ends_at: datetime | None = None
    place: str = ""
    briefing: str = ""
    capacity: int | None = None
    minimum: int = 1
    needed_school: int = 0
    needed_police: int = 0
    teacher_id: UUID | None = None
    organiser_id: UUID | None = None
    station_day_id: UUID | None = None
    opens_at: datetime | None = None
    open_to: Sequence[UUID] = ()
    needs_approval: bool = False
    is_draft: bool = False


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the school or the police at a guard post."""

    side: Side
    name: str
    unit: str = ""


async def create(school_id: UUID, plan: ShiftPlan, *, by: UUID) -> Shift:
    """Make a shift and its slot; on a planned station day it waits for the day's publication.

    Raises the refusals of :data:`SHAPING`.
    """
    async with transaction():
        kind, settings = await kind_to_use(school_id, plan.duty)
        rules.check_words(kind, plan.briefing, plan.teacher_id)
        zone = await calendar.zone_of(school_id)
        now = clock.now()
        length = timedelta(minutes=settings.shift_minutes)
        # Measured before anything is added to it: a moment may lie at the end of time.
        rules.check_start(plan.starts_at, now)
        ends_at = plan.ends_at or plan.starts_at + length
        rules.check_hours(plan.starts_at, ends_at, zone, now)
        await check_people(school_id, plan.teacher_id, plan.organiser_id)
        if not await calendar.of_school(school_id, plan.open_to):
            raise rules.UnknownClass(field="openTo")
        waits = plan.is_draft
        if plan.station_day_id is not None:
            day = await _day_to_fill(school_id, plan.station_day_id)
            if clock.local(plan.starts_at, zone).date() != day.day:
                raise rules.OtherDay
            waits = waits or day.state == DayState.PLANNED
        slot = slot_plan(
            kind,
            settings,
            id=uuid7(),
            school_id=school_id,
            hours=(plan.starts_at, ends_at),
            place=plan.place,
            numbers=(plan.minimum, plan.capacity or settings.capacity),
            opens_at=plan.opens_at if plan.opens_at and plan.opens_at > now else None,
            people=(plan.organiser_id or by, plan.teacher_id),
            open_to=plan.open_to,
            needs_approval=plan.needs_approval,
            is_open=not waits,
        )
        await slots.create(slot)
        shift = await Shift.create(
            id=slot.id,
            school_id=school_id,
            station_day_id=plan.station_day_id,
            duty=kind.key,
            briefing=plan.briefing,
            teacher_id=plan.teacher_id,
            needed_school=plan.needed_school,
            needed_police=plan.needed_police,
        )
        await record(
            "volunteering.shift_made", "shift", shift.id, by=by, school_id=school_id,
            duty=kind.key,
        )  # fmt: skip
        return shift


SHAPING = (
    rules.UnknownKind,
    rules.KindOff,
    rules.TeacherNeeded,
    rules.NotOnStaff,
    rules.DiscreetText,
    rules.BadShiftHours,
    rules.BadShiftNumbers,
)
"""What may be wrong with a shift that somebody wants."""


def slot_plan(
    kind: DutyKind,
    settings: VolunteeringSettings,
    *,
    id: UUID,
    school_id: UUID,
    hours: tuple[datetime, datetime],
    place: str,
    numbers: tuple[int, int],
    opens_at: datetime | None,
    people: tuple[UUID, UUID | None],
    open_to: Sequence[UUID] = (),
    needs_approval: bool = False,
    is_open: bool,
) -> SlotPlan:
    """Return the slot of a shift. Its title is the kind's name: no text names a pupil.

    ``numbers`` are minimum and capacity, ``people`` the organiser and the teacher of record.
    """
    minimum, capacity = numbers
    if minimum > capacity:
        raise rules.BadShiftNumbers(field="minimum")
    starts_at, ends_at = hours
    organiser, teacher = people
    notice = timedelta(hours=settings.cancel_hours)
    return SlotPlan(
        id=id,
        school_id=school_id,
        kind=SlotKind.SHIFT,
        title=kind.name,
        place=place,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
        minimum=minimum,
        opens_at=opens_at if opens_at is None else min(opens_at, starts_at),
        cancel_until=max(starts_at - notice, min(clock.now(), starts_at)),
        needs_approval=kind.needs_approval or needs_approval,
        offer_minutes=settings.offer_minutes,
        open_to=open_to,
        requires=rules.requirements(kind),
        organiser_id=organiser,
        host_ids=[teacher] if teacher else [],
        is_open=is_open,
    )


async def check_people(school_id: UUID, *people: UUID | None) -> None:
    """Raises :class:`rules.NotOnStaff` unless all of them work at the school."""
    named = [person for person in people if person is not None]
    if named and not await calendar.on_staff(school_id, named):
        raise rules.NotOnStaff(field="teacherId")


async def _day_to_fill(school_id: UUID, day_id: UUID) -> StationDay:
    day = await StationDay.select_for_update(no_key=True).get_or_none(
        id=day_id, school_id=school_id
    )
    if day is None:
        raise NotFound
    if day.state not in (DayState.PLANNED, DayState.PUBLISHED, DayState.RUNNING):
        raise rules.WrongDayState(state=day.state)
    return day


async def publish(shift_id: UUID, *, by: UUID) -> None:
    """Show a draft to families. Raises :class:`rules.WrongShiftState`."""
    async with transaction():
        shift, slot = await _locked(shift_id)
        if slot.state == SlotState.OPEN:
            return
        await slots.open_slots([shift.id], by=by)


async def describe(
    shift_id: UUID,
    *,
    briefing: str,
    teacher_id: UUID | None,
    needed_school: int,
    needed_police: int,
    by: UUID,
) -> Shift:
    """Change what is said of a shift; times and numbers of places are the slot's.

    Raises :class:`rules.WrongShiftState`, :class:`rules.DiscreetText`,
    :class:`rules.TeacherNeeded` and :class:`rules.NotOnStaff`.
    """
    async with transaction():
        shift, slot = await _locked(shift_id)
        kind = (await kinds_at(shift.school_id))[shift.duty]
        rules.check_words(kind, briefing, teacher_id)
        if teacher_id != shift.teacher_id:
            await check_people(shift.school_id, teacher_id)
            slot.host_ids = [teacher_id] if teacher_id else []
            await slot.save(update_fields=["host_ids"])
        shift.briefing, shift.teacher_id = briefing, teacher_id
        shift.needed_school, shift.needed_police = needed_school, needed_police
        await shift.save()
        await record(
            "volunteering.shift_described", "shift", shift.id, by=by, school_id=shift.school_id
        )
        return shift


async def man_post(shift_id: UUID, holders: Sequence[Holder], *, by: UUID) -> None:
    """Replace who stands at a guard post for the school and the police.

    Raises :class:`rules.NoGuardPost` and :class:`rules.WrongShiftState`.
    """
    async with transaction():
        shift, _ = await _locked(shift_id)
        if shift.duty != rules.GUARD:
            raise rules.NoGuardPost
        await PostHolder.filter(shift_id=shift.id).delete()
        await PostHolder.bulk_create(
            [
                PostHolder(shift_id=shift.id, side=one.side, name=one.name, unit=one.unit)
                for one in holders
            ],
            ignore_conflicts=True,
        )
        await record(
            "volunteering.post_manned", "shift", shift.id, by=by, school_id=shift.school_id,
            holders=len(holders),
        )  # fmt: skip


async def _locked(shift_id: UUID) -> tuple[Shift, Slot]:
    shift = await Shift.select_for_update(no_key=True).get(id=shift_id)
    slot = await Slot.get(id=shift_id)
    if slot.state not in (SlotState.DRAFT, SlotState.OPEN) or slot.ends_at <= clock.now():
        raise rules.WrongShiftState
    return shift, slot
