"""Station days (家长驻校日): planned, published with their shifts, running, summed up."""

from datetime import date
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.bookings.models import Slot, SlotState
from backend.bookings.operations import slots
from backend.database import fetch, fetch_one, transaction
from backend.volunteering.models import DayState, StationDay
from backend.volunteering.operations.shifts import check_people
from backend.volunteering.queries.calendar import zone_of
from backend.volunteering.rules import shifts as rules
from backend.volunteering.rules.templates import moment_on


async def plan(
    school_id: UUID, day: date, note: str, *, organiser_id: UUID | None, by: UUID
) -> StationDay:
    """Plan a day; a school has one on a date, which is returned as it is.

    Raises :class:`rules.NotOnStaff` and :class:`rules.PastDay`.
    """
    async with transaction():
        rules.check_day(day, clock.local(clock.now(), await zone_of(school_id)).date())
        await check_people(school_id, organiser_id)
        await StationDay.bulk_create(
            [StationDay(school_id=school_id, day=day, note=note, organiser_id=organiser_id or by)],
            ignore_conflicts=True,
        )
        made = await StationDay.exclude(state=DayState.CANCELLED).get(school_id=school_id, day=day)
        await record("volunteering.day_planned", "station_day", made.id, by=by, school_id=school_id)
        return made


async def publish(day_id: UUID, *, by: UUID) -> StationDay:
    """Show the day and all its shifts to families.

    Raises :class:`rules.WrongDayState` and :class:`rules.NoShifts`.
    """
    async with transaction():
        day = await _locked(day_id)
        if day.state == DayState.PUBLISHED:
            return day
        if day.state != DayState.PLANNED:
            raise rules.WrongDayState(state=day.state)
        drafts = await _slots(day.id)
        if not drafts:
            raise rules.NoShifts
        await slots.open_slots(drafts, by=by)
        day.state, day.published_at = DayState.PUBLISHED, clock.now()
        await day.save(update_fields=["state", "published_at"])
        await record(
            "volunteering.day_published", "station_day", day.id, by=by, school_id=day.school_id,
            shifts=len(drafts),
        )  # fmt: skip
        return day


async def cancel(day_id: UUID, reason: str, *, by: UUID) -> StationDay:
    """Cancel the day and every shift of it; everybody concerned is told why.

    Raises :class:`rules.WrongDayState` once the day has begun.
    """
    async with transaction():
        day = await _locked(day_id)
        if day.state == DayState.CANCELLED:
            return day
        if day.state not in (DayState.PLANNED, DayState.PUBLISHED):
            raise rules.WrongDayState(state=day.state)
        for slot_id in await _slots(day.id):
            await slots.call_off(slot_id, reason, by=by)
        day.state, day.reason = DayState.CANCELLED, reason
        await day.save(update_fields=["state", "reason"])
        await record(
            "volunteering.day_cancelled", "station_day", day.id, by=by, school_id=day.school_id,
            reason=reason,
        )  # fmt: skip
        return day


async def summarise(day_id: UUID, summary: str, *, by: UUID) -> StationDay:
    """Write, or rewrite, what became of a closed day. Raises :class:`rules.WrongDayState`."""
    async with transaction():
        day = await _locked(day_id)
        if day.state not in (DayState.CLOSED, DayState.SUMMARISED):
            raise rules.WrongDayState(state=day.state)
        day.state, day.summary = DayState.SUMMARISED, summary
        await day.save(update_fields=["state", "summary"])
        await record(
            "volunteering.day_summarised", "station_day", day.id, by=by, school_id=day.school_id
        )
        return day


async def advance(day_id: UUID) -> bool:
    """Let time run on a day: it begins with its first shift and closes with its last."""
    async with transaction():
        day = await StationDay.select_for_update(skip_locked=True).get_or_none(id=day_id)
        if day is None:
            return False
        row = await fetch_one(_HOURS, day.id)
        # A day whose shifts were all called off one by one is over when its date is.
        midnight = moment_on(day.day, 24 * 60, await zone_of(day.school_id))
        hours = (row["begins"], row["ends"]) if row and row["begins"] else (midnight, midnight)
        state = rules.day_state(DayState(day.state), hours, clock.now())
        if state == day.state:
            return False
        day.state = state
        await day.save(update_fields=["state"])
        return True


async def _locked(day_id: UUID) -> StationDay:
    return await StationDay.select_for_update().get(id=day_id)


async def _slots(day_id: UUID) -> list[UUID]:
    """Return the day's slots that are not over, in the order in which they are locked."""
    rows = await fetch("SELECT id FROM shifts WHERE station_day_id = $1 ORDER BY id", day_id)
    alive = await Slot.filter(
        id__in=[row["id"] for row in rows], state__in=[SlotState.DRAFT, SlotState.OPEN]
    ).order_by("id")
    return [slot.id for slot in alive]


_HOURS = """
SELECT min(s.starts_at) AS begins, max(s.ends_at) AS ends
FROM shifts x JOIN slots s ON s.id = x.id
WHERE x.station_day_id = $1 AND s.state IN ('open', 'closed')
"""
