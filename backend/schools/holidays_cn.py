"""The nation's holidays and the working days that make up for them (调休).

The keeper of the ``holidays`` library.
"""

from datetime import date

import holidays
import msgspec


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """A date on which the weekday alone does not say whether people work."""

    day: date
    is_working_day: bool
    label: str


def special_days(year: int) -> list[SpecialDay]:
    """Return a year's holidays and make-up working days, in order of date.

    The State Council publishes each year's make-up days late in the year before; until
    the library knows them a year has its statutory holidays only, and a year outside
    the library's reach has none. Weekdays then decide; no year is an error.
    """
    calendar = holidays.country_holidays("CN", years=year, language="zh_CN")
    days = [
        SpecialDay(day=day, is_working_day=False, label=name.split(";")[0].strip()[:40])
        for day, name in calendar.items()
        if day.year == year
    ]
    days += [
        SpecialDay(day=day, is_working_day=True, label="调休上班")
        for day in getattr(calendar, "weekend_workdays", ())
        if day.year == year
    ]
    return sorted(days, key=lambda special: special.day)
