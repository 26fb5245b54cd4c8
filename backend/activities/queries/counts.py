"""家长课堂 and 实践活动 that were held, by occasion; see ``rules.counting`` for the words."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend import clock
from backend.activities.rules.counting import COUNTED, RULE, CountedPeriod, calendar_year
from backend.database import fetch
from backend.replicas import from_replica
from backend.schools.models import District, Period
from backend.schools.queries import rule_followed, year_beginning_in

MOST_TOLD = 200
"""How many occasions are told one by one; all are counted."""

# Half an hour after a slot's end it is settled who came. A slot that was called off is not
# counted, even when its activity went ahead on other dates, nor is a draft's, for it has none.
_OCCASIONS = """
WITH occasions AS (
    SELECT a.school_id, a.id AS activity_id, a.kind, a.title, s.starts_at,
           max(s.ends_at) AS ends_at, count(*)::int AS sessions,
           coalesce(sum(c.families), 0)::int AS families, coalesce(sum(c.people), 0)::int AS people,
           bool_or(n.recording_id IS NOT NULL) AS recorded,
           a.summarised_at IS NOT NULL AS summarised, cardinality(a.picture_ids) AS pictures
    FROM activities a JOIN activity_sessions n ON n.activity_id = a.id
    JOIN slots s ON s.id = n.id AND s.state <> 'cancelled' AND s.opened_at IS NOT NULL
    JOIN schools x ON x.id = a.school_id JOIN districts d ON d.id = x.district_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT b.person_id) AS families, sum(b.party) AS people
        FROM bookings b WHERE b.slot_id = s.id AND b.state IN ('checked_in', 'completed')) c
    WHERE a.school_id = ANY ($1::uuid[]) AND a.kind = ANY ($2::text[])
      AND s.ends_at + interval '30 minutes' <= $3
      AND s.starts_at >= $4::date::timestamp AT TIME ZONE d.timezone
      AND s.starts_at < ($5::date + 1)::timestamp AT TIME ZONE d.timezone
    GROUP BY a.id, s.starts_at)
"""
_EACH = (
    _OCCASIONS
    + """
SELECT *, count(*) OVER ()::int AS held,
       count(*) FILTER (WHERE families > 0) OVER ()::int AS attended
FROM occasions ORDER BY starts_at DESC, activity_id LIMIT $6
"""
)
_BY_SCHOOL = (
    _OCCASIONS
    + """
SELECT school_id, count(*)::int AS held,
       count(*) FILTER (WHERE families > 0)::int AS attended
FROM occasions GROUP BY school_id
"""
)


async def rule(district_id: UUID) -> dict[str, Any] | None:
    """Return rule N01 as the district follows it, or ``None`` where it follows none."""
    return await rule_followed(district_id, RULE)


async def period(
    district: District, found: dict[str, Any] | None, year: int | None, now: datetime
) -> CountedPeriod | None:
    """Return the days to count: of ``year``, or of the year it is now.

    A school year is named by the calendar year it begins in. ``None`` where the district's
    calendar has no such year, or the rule is not counted by years.
    """
    today = today_in(district, now)
    kind = Period(found["period"]) if found else Period.CALENDAR_YEAR
    if kind is Period.CALENDAR_YEAR:
        return calendar_year(year or today.year)
    if kind is not Period.SCHOOL_YEAR:
        return None
    dates = await year_beginning_in(district.id, year, today)
    return None if dates is None else CountedPeriod(kind=kind, **dates)


def today_in(district: District, now: datetime) -> date:
    """Return the day by the district's wall clock."""
    return clock.local(now, district.timezone).date()


@from_replica
async def occasions(
    school_id: UUID, within: CountedPeriod | None, now: datetime
) -> tuple[list[dict[str, Any]], int, int]:
    """Return a school's occasions, latest first, how many there are, and how many of them
    somebody came to.
    """
    if within is None:
        return [], 0, 0
    rows = await fetch(_EACH, *_values([school_id], within, now), MOST_TOLD)
    return (rows, rows[0]["held"], rows[0]["attended"]) if rows else ([], 0, 0)


@from_replica
async def held_at(
    school_ids: Sequence[UUID], within: CountedPeriod | None, now: datetime
) -> dict[UUID, tuple[int, int]]:
    """Return how many each school held, and how many of them somebody came to; schools that
    held none are left out.
    """
    if within is None:
        return {}
    rows = await fetch(_BY_SCHOOL, *_values(school_ids, within, now))
    return {row["school_id"]: (row["held"], row["attended"]) for row in rows}


def _values(school_ids: Sequence[UUID], within: CountedPeriod, now: datetime) -> list[Any]:
    kinds = [kind.value for kind in COUNTED]
    return [list(school_ids), kinds, now, within.starts_on, within.ends_on]
