"""Templates: a term of shifts in one call, and the same call again makes nothing twice."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings.models import Slot, SlotState
from backend.bookings.operations import slots
from backend.bookings.operations.slots import SlotPlan
from backend.database import fetch, transaction
from backend.identifiers import uuid7
from backend.volunteering.models import (
    DayState,
    DutyKind,
    Shift,
    ShiftTemplate,
    StationDay,
    VolunteeringSettings,
)
from backend.volunteering.operations.kinds import kind_to_use
from backend.volunteering.operations.shifts import check_people, slot_plan
from backend.volunteering.queries import calendar
from backend.volunteering.rules import shifts, templates
from backend.volunteering.rules.templates import Skipped, moment_on


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """What recurs, and on which days; times are minutes since midnight.

    Duty, place and times tell patterns apart: wanted again, it is the same template.
    """

    duty: str
    place: str
    starts_minute: int
    ends_minute: int
    first_day: date
    last_day: date
    weekdays: Sequence[int] = ()
    briefing: str = ""
    capacity: int | None = None
    minimum: int = 1
    needed_school: int = 0
    needed_police: int = 0
    opens_days_before: int | None = None
    teacher_id: UUID | None = None
    with_days: bool = False


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came, or would come, of a template."""

    template: ShiftTemplate | None
    made: list[date]
    existing: list[date]
    skipped: list[Skipped]


async def preview(school_id: UUID, pattern: Pattern) -> Made:
    """Say what :func:`make` would do, and do nothing. Raises what it raises."""
    kind, settings = await _usable(school_id, pattern)
    known = await ShiftTemplate.get_or_none(**_key(school_id, pattern), ended_at__isnull=True)
    wanted = msgspec.structs.replace(pattern, capacity=pattern.capacity or settings.capacity)
    template = ShiftTemplate(id=known.id if known else uuid7(), school_id=school_id,
                             organiser_id=school_id, **msgspec.structs.asdict(wanted))  # fmt: skip
    return msgspec.structs.replace(
        (await _settle(template, kind, settings, write=False))[0], template=known
    )


async def make(school_id: UUID, pattern: Pattern, *, by: UUID) -> Made:
    """Keep the template and make a shift on every day it means that has none yet.

    Raises the refusals of ``shifts.SHAPING`` and :class:`templates.BadTemplate`.
    """
    async with transaction():
        kind, settings = await _usable(school_id, pattern)
        wanted = msgspec.structs.asdict(pattern) | {
            "capacity": pattern.capacity or settings.capacity,
            "weekdays": sorted(set(pattern.weekdays)),
        }
        key = _key(school_id, pattern)
        fresh = ShiftTemplate(school_id=school_id, organiser_id=by, **wanted)
        await ShiftTemplate.bulk_create([fresh], ignore_conflicts=True)
        template = await ShiftTemplate.select_for_update().get(**key, ended_at__isnull=True)
        await template.update_from_dict(wanted).save()
        made, plans = await _settle(template, kind, settings, write=True)
        if plans:
            await _write(template, plans)
        await record(
            "volunteering.template_made", "shift_template", template.id, by=by,
            school_id=school_id, shifts=len(plans),
        )  # fmt: skip
        return made


async def end(template_id: UUID, reason: str, *, by: UUID) -> int:
    """End a template and call off its shifts to come; returns how many. Twice is once."""
    async with transaction():
        template = await ShiftTemplate.select_for_update().get(id=template_id)
        if template.ended_at is not None:
            return 0
        template.ended_at = clock.now()
        await template.save(update_fields=["ended_at"])
        rows = await fetch("SELECT id FROM shifts WHERE template_id = $1", template.id)
        ahead = await Slot.filter(
            id__in=[row["id"] for row in rows],
            state__in=[SlotState.DRAFT, SlotState.OPEN],
            starts_at__gt=clock.now(),
        ).order_by("id")
        for slot in ahead:
            await slots.call_off(slot.id, reason, by=by)
        await record(
            "volunteering.template_ended", "shift_template", template.id, by=by,
            school_id=template.school_id, reason=reason, shifts=len(ahead),
        )  # fmt: skip
        return len(ahead)


def _key(school_id: UUID, pattern: Pattern) -> dict[str, Any]:
    return {
        "school_id": school_id,
        "duty": pattern.duty,
        "place": pattern.place,
        "starts_minute": pattern.starts_minute,
        "ends_minute": pattern.ends_minute,
    }


async def _usable(school_id: UUID, pattern: Pattern) -> tuple[DutyKind, VolunteeringSettings]:
    kind, settings = await kind_to_use(school_id, pattern.duty)
    shifts.check_words(kind, pattern.briefing, pattern.teacher_id)
    templates.check_template(
        pattern.first_day,
        pattern.last_day,
        pattern.starts_minute,
        pattern.ends_minute,
        clock.now().date(),
    )
    if pattern.minimum > (pattern.capacity or settings.capacity):
        raise shifts.BadShiftNumbers(field="minimum")
    await check_people(school_id, pattern.teacher_id)
    return kind, settings


async def _settle(
    template: ShiftTemplate, kind: DutyKind, settings: VolunteeringSettings, *, write: bool
) -> tuple[Made, list[tuple[date, SlotPlan]]]:
    """Return what comes of a template, and the slots of the days that still lack a shift."""
    school_id, first, last = template.school_id, template.first_day, template.last_day
    known = await calendar.calendar_between(school_id, first, last)
    days, skipped = templates.days_of(first, last, template.weekdays, known)
    zone, now = await calendar.zone_of(school_id), clock.now()
    rows = await fetch("SELECT made_for FROM shifts WHERE template_id = $1", template.id)
    existing = {row["made_for"] for row in rows}
    ahead = [day for day in days if moment_on(day, template.starts_minute, zone) > now]
    if not ahead:
        raise templates.BadTemplate(field="lastDay")
    skipped += [Skipped(day, "past", "") for day in days if day not in set(ahead) | existing]
    missing = [day for day in ahead if day not in existing]
    plans = [(day, _plan(template, kind, settings, day, zone)) for day in missing if write]
    made = Made(
        template=template,
        made=missing,
        existing=sorted(existing & set(days)),
        skipped=sorted(skipped),
    )
    return made, plans


def _plan(
    template: ShiftTemplate, kind: DutyKind, settings: VolunteeringSettings, day: date, zone: str
) -> SlotPlan:
    starts_at = moment_on(day, template.starts_minute, zone)
    opens_at: datetime | None = None
    if template.opens_days_before is not None:
        opens_at = starts_at - timedelta(days=template.opens_days_before)
    return slot_plan(
        kind,
        settings,
        id=uuid7(),
        school_id=template.school_id,
        hours=(starts_at, moment_on(day, template.ends_minute, zone)),
        place=template.place,
        numbers=(template.minimum, template.capacity),
        opens_at=opens_at,
        people=(template.organiser_id, template.teacher_id),
        is_open=True,
    )


async def _write(template: ShiftTemplate, plans: Sequence[tuple[date, SlotPlan]]) -> None:
    """Make the slots and shifts; on a station day not yet published they wait with it."""
    days: dict[date, StationDay] = {}
    if template.with_days:
        days = await _station_days(template, [day for day, _ in plans])
    waiting = {day for day, found in days.items() if found.state == DayState.PLANNED}
    await slots.create_many(
        [msgspec.structs.replace(plan, is_open=day not in waiting) for day, plan in plans]
    )
    await Shift.bulk_create(
        [
            Shift(
                id=plan.id,
                school_id=template.school_id,
                station_day_id=days[day].id if day in days else None,
                template_id=template.id,
                made_for=day,
                duty=template.duty,
                briefing=template.briefing,
                teacher_id=template.teacher_id,
                needed_school=template.needed_school,
                needed_police=template.needed_police,
            )
            for day, plan in plans
        ]
    )


async def _station_days(template: ShiftTemplate, days: Iterable[date]) -> dict[date, StationDay]:
    """Return the station day of each date that can still take a shift, made where missing."""
    await StationDay.bulk_create(
        [
            StationDay(
                school_id=template.school_id,
                day=day,
                state=DayState.PUBLISHED,
                published_at=clock.now(),
                organiser_id=template.organiser_id,
            )
            for day in sorted(days)
        ],
        ignore_conflicts=True,
    )
    # Held, so that none of them is published or cancelled around its new shift.
    found = await StationDay.select_for_update(no_key=True).filter(
        school_id=template.school_id,
        day__in=list(days),
        state__in=[DayState.PLANNED, DayState.PUBLISHED, DayState.RUNNING],
    )
    return {one.day: one for one in found}
