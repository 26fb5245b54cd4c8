"""On which days a template makes a shift.

Nothing here reads the database or the clock: callers bring the calendar.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backend.errors import BadInput
from backend.volunteering.rules.shifts import FARTHEST, LONGEST, SHORTEST, BadShiftHours

LONGEST_TEMPLATE = timedelta(days=400)


class BadTemplate(BadInput):
    code = "bad_template"
    zh = "模板有误：日期须有序、最长400天，且至少含一个将来的上课日。"
    en = "The days must be in order, at most 400, and hold a school day ahead."


class Skipped(NamedTuple):
    """A day on which a template makes no shift: ``reason`` is a code, ``label`` says more."""

    day: date
    reason: str
    label: str


class Calendar(NamedTuple):
    """What a district's calendar says of some days, asked once for all of them."""

    special: Mapping[date, tuple[bool, str]]
    """Days that are school days, or not, whatever the weekday; and what they are called."""
    years: Collection[tuple[date, date, Collection[tuple[date, date]]]]
    """Each school year's first and last day, and those of its terms."""

    def verdict(self, day: date) -> tuple[bool, str, str]:
        """Say whether school is held; if not, why, as a code and a label."""
        if day in self.special:
            is_school_day, label = self.special[day]
            return is_school_day, "" if is_school_day else "holiday", label
        if day.weekday() >= 5:
            return False, "weekend", ""
        terms = [term for first, last, own in self.years if first <= day <= last for term in own]
        if terms and not any(first <= day <= last for first, last in terms):
            return False, "out_of_term", ""
        return True, "", ""


def days_of(
    first: date, last: date, weekdays: Collection[int], calendar: Calendar
) -> tuple[list[date], list[Skipped]]:
    """Return the school days a template means, and those it passes over with the reason.

    Without ``weekdays`` it means every school day, make-up Saturdays included; with them
    (1 is Monday) only school days that fall on one.
    """
    kept: list[date] = []
    skipped: list[Skipped] = []
    expected = set(weekdays) or {1, 2, 3, 4, 5}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        is_school_day, reason, label = calendar.verdict(day)
        if is_school_day and (not weekdays or day.isoweekday() in expected):
            kept.append(day)
        elif not is_school_day and day.isoweekday() in expected:
            skipped.append(Skipped(day, reason, label))
    return kept, skipped


def moment_on(day: date, minute: int, zone: str) -> datetime:
    """Return the moment at which the wall clock of ``zone`` shows a minute of a day."""
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    # Wall-clock arithmetic: no zone here changes its clocks during school hours.
    return midnight + timedelta(minutes=minute)


def check_template(
    first: date, last: date, starts_minute: int, ends_minute: int, today: date
) -> None:
    """Raises :class:`BadTemplate` and :class:`BadShiftHours`."""
    if not timedelta() <= last - first <= LONGEST_TEMPLATE or last - today > FARTHEST:
        raise BadTemplate(field="lastDay")
    if not SHORTEST <= timedelta(minutes=ends_minute - starts_minute) <= LONGEST:
        raise BadShiftHours(field="endsMinute")
