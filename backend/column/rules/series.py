"""A series' rhythm: on which occasions it appears, and never at night.

Nothing here reads the database or the clock: callers bring the facts.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.column.models import SeriesKind, SeriesState
from backend.errors import BadInput, Refusal

MORNING, EVENING = time(7), time(21)
"""Between these, by the wall clock, something may appear; what was missed waits for them."""


class SeriesOver(Refusal):
    code = "series_over"
    zh = "该系列已结束。"
    en = "This series has ended."


class TopicsDoNotFit(BadInput):
    """A department's tips have topics; the column has its three kinds instead."""

    code = "topics_do_not_fit"
    zh = "小贴士系列须选择主题，“家庭教育指导”专栏不设主题。"
    en = "A series of tips needs topics, and the column has none."


class WeekdayDoesNotFit(BadInput):
    code = "weekday_does_not_fit"
    zh = "只有以整周为间隔时才能固定在星期几。"
    en = "Only a cadence of whole weeks can keep to a weekday."


class NotYourDepartment(BadInput):
    code = "department_unknown"
    zh = "本区没有该部门。"
    en = "The district has no such department."


def check_topics(kind: SeriesKind, topics: list[str]) -> None:
    """Raises :class:`TopicsDoNotFit`."""
    if (kind is SeriesKind.TIPS) != bool(topics):
        raise TopicsDoNotFit(field="topics")


def check_weekday(weekday: int | None, cadence_days: int) -> None:
    """Raises :class:`WeekdayDoesNotFit`."""
    if weekday is not None and cadence_days % 7:
        raise WeekdayDoesNotFit(field="weekday")


def check_going(state: str) -> None:
    """Raises :class:`SeriesOver`."""
    if state == SeriesState.ENDED:
        raise SeriesOver


def first_occasion(now: datetime, weekday: int | None, minute: int, zone: str) -> datetime:
    """Return the first moment after ``now`` that the rhythm allows; ``weekday`` 1 is Monday."""
    day = now.astimezone(ZoneInfo(zone)).date()
    while _at(day, minute, zone) <= now or weekday not in (None, day.isoweekday()):
        day += timedelta(days=1)
    return _at(day, minute, zone)


def next_occasion(
    due: datetime, now: datetime, cadence_days: int, minute: int, zone: str
) -> datetime:
    """Return the first occasion after ``now``, counted from the one that was due.

    However many were missed meanwhile, they are passed over.
    """
    day = due.astimezone(ZoneInfo(zone)).date()
    late = (now.astimezone(ZoneInfo(zone)).date() - day).days
    day += timedelta(days=cadence_days * max(late // cadence_days, 1))
    while _at(day, minute, zone) <= now:
        day += timedelta(days=cadence_days)
    return _at(day, minute, zone)


def is_day(now: datetime, zone: str) -> bool:
    """Say whether something may appear at this hour."""
    return MORNING <= now.astimezone(ZoneInfo(zone)).time() < EVENING


def _at(day: date, minute: int, zone: str) -> datetime:
    wall = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(zone))
    return wall.astimezone(ZoneInfo("UTC"))
