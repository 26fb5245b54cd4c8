"""The district's calendar: school years, terms, special days (requirements Q40)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.database import execute_many, transaction
from backend.identifiers import uuid7
from backend.schools import rules
from backend.schools.holidays_cn import special_days
from backend.schools.models import CalendarDay, DaySource, SchoolYear, Term


class TermDates(msgspec.Struct, frozen=True, kw_only=True):
    """A term's name with its first and last day."""

    name: str
    starts_on: date
    ends_on: date


async def set_year(
    district_id: UUID, name: str, starts_on: date, ends_on: date, terms: Sequence[TermDates]
) -> SchoolYear:
    """Store a school year and its terms, in order, in place of what was stored of it.

    Raises :class:`rules.DatesOutOfOrder`.
    """
    rules.check_dates(starts_on, ends_on, [(term.starts_on, term.ends_on) for term in terms])
    async with transaction():
        year, _ = await SchoolYear.update_or_create(
            district_id=district_id,
            name=name,
            defaults={"starts_on": starts_on, "ends_on": ends_on},
        )
        await Term.filter(year_id=year.id).exclude(name__in=[term.name for term in terms]).delete()
        for term in terms:
            await Term.update_or_create(
                year_id=year.id,
                name=term.name,
                defaults={"starts_on": term.starts_on, "ends_on": term.ends_on},
            )
        return year


async def set_day(district_id: UUID, day: date, *, is_school_day: bool, label: str) -> CalendarDay:
    """Let the district say what one day is; an import of national holidays respects it."""
    stored, _ = await CalendarDay.update_or_create(
        district_id=district_id,
        day=day,
        defaults={
            "is_school_day": is_school_day,
            "label": label,
            "source": DaySource.DISTRICT,
        },
    )
    return stored


async def import_holidays(district_id: UUID, year: int) -> int:
    """Store the nation's holidays and make-up working days of a calendar year.

    Repeating it brings what was published since. Returns the number of days known;
    a year nobody knows leaves none, and weekdays decide.
    """
    days = special_days(year)
    if not days:
        return 0
    async with transaction():
        await execute_many(
            """
            INSERT INTO calendar_days (id, district_id, day, is_school_day, label, source)
            VALUES ($1, $2, $3, $4, $5, 'national')
            ON CONFLICT (district_id, day) DO UPDATE SET
                is_school_day = excluded.is_school_day, label = excluded.label
            WHERE calendar_days.source = 'national'
            """,
            [(uuid7(), district_id, day.day, day.is_working_day, day.label) for day in days],
        )
    return len(days)


async def is_school_day(district_id: UUID, day: date) -> bool:
    """Say whether the district's schools are open: its calendar, then terms, then weekdays."""
    stored = await CalendarDay.get_or_none(district_id=district_id, day=day)
    terms = await Term.filter(
        year__district_id=district_id, year__starts_on__lte=day, year__ends_on__gte=day
    )
    return rules.is_school_day(
        day,
        override=stored.is_school_day if stored else None,
        in_term=any(t.starts_on <= day <= t.ends_on for t in terms) if terms else None,
    )
