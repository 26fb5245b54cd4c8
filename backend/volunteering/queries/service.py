"""Hours of service, from completed bookings. Nothing here is ordered by hours."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.replicas import from_replica

_DONE = """
FROM bookings b
JOIN slots s ON s.id = b.slot_id AND s.kind = 'shift'
JOIN shifts sh ON sh.id = s.id
JOIN schools sc ON sc.id = s.school_id
JOIN districts d ON d.id = sc.district_id
CROSS JOIN LATERAL (SELECT (s.starts_at AT TIME ZONE d.timezone)::date AS day) at
"""
_KIND = """
LEFT JOIN LATERAL (SELECT k.name, k.position FROM duty_kinds k
    WHERE k.key = sh.duty AND (k.school_id = s.school_id OR k.school_id IS NULL)
    ORDER BY k.school_id NULLS LAST LIMIT 1) kind ON true
"""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did at a school within a period; duties in the order of their kinds."""

    shifts: int
    minutes: int
    duties: list[dict[str, Any]]


async def by_term(person_id: UUID, school_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return a person's shifts and minutes for each school, year and term, newest first.

    What lies outside every term has none; missed shifts are counted apart.
    """
    return await fetch(
        f"""
        SELECT s.school_id, sc.name AS school_name, y.name AS year, t.name AS term,
               count(*) FILTER (WHERE b.state = 'completed')::int AS shifts,
               coalesce(sum(b.minutes) FILTER (WHERE b.state = 'completed'), 0)::int AS minutes,
               count(*) FILTER (WHERE b.state = 'no_show')::int AS missed
        {_DONE}
        LEFT JOIN school_years y ON y.district_id = d.id AND at.day BETWEEN y.starts_on
            AND y.ends_on
        LEFT JOIN terms t ON t.year_id = y.id AND at.day BETWEEN t.starts_on AND t.ends_on
        WHERE b.person_id = $1 AND b.state IN ('completed', 'no_show')
          AND ($2::uuid IS NULL OR s.school_id = $2)
        GROUP BY s.school_id, sc.name, y.name, t.name
        ORDER BY max(at.day) DESC, sc.name LIMIT 200
        """,
        person_id,
        school_id,
    )


async def latest(
    person_id: UUID, school_id: UUID | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Return a person's last completed shifts, newest first."""
    return await fetch(
        f"""
        SELECT s.id AS shift_id, s.school_id, sh.duty, coalesce(kind.name, sh.duty) AS duty_name,
               s.place, s.starts_at, b.minutes
        {_DONE} {_KIND}
        WHERE b.person_id = $1 AND b.state = 'completed'
          AND ($2::uuid IS NULL OR s.school_id = $2)
        ORDER BY s.starts_at DESC, s.id LIMIT $3
        """,
        person_id,
        school_id,
        limit,
    )


@from_replica
async def totals(school_id: UUID, first: date, last: date) -> list[dict[str, Any]]:
    """Return what was done at a school for each kind of duty, in the order of the kinds."""
    return await fetch(
        f"""
        SELECT sh.duty, coalesce(kind.name, sh.duty) AS duty_name,
               count(DISTINCT s.id)::int AS shifts, count(*)::int AS turns,
               sum(b.minutes)::int AS minutes
        {_DONE} {_KIND}
        WHERE s.school_id = $1 AND b.state = 'completed' AND at.day BETWEEN $2 AND $3
        GROUP BY sh.duty, kind.name, kind.position ORDER BY kind.position NULLS LAST, sh.duty
        """,
        school_id,
        first,
        last,
    )


@from_replica
async def dual_sessions(school_id: UUID, first: date, last: date) -> dict[str, int]:
    """Count shifts of a teacher and a parent: ``held`` with a parent there, ``counted`` with
    both there (requirements V16).
    """
    row = await fetch_one(
        f"""
        SELECT count(DISTINCT s.id)::int AS held,
               count(DISTINCT s.id) FILTER (WHERE sh.teacher_came_at IS NOT NULL)::int AS counted
        {_DONE}
        WHERE s.school_id = $1 AND b.state = 'completed' AND sh.teacher_id IS NOT NULL
          AND at.day BETWEEN $2 AND $3
        """,
        school_id,
        first,
        last,
    )
    assert row is not None
    return row


async def done_by(person_id: UUID, school_id: UUID, first: date, last: date) -> Service:
    """Return what a certificate for this period would say."""
    rows = await fetch(
        f"""
        SELECT coalesce(kind.name, sh.duty) AS name, count(*)::int AS shifts,
               sum(b.minutes)::int AS minutes
        {_DONE} {_KIND}
        WHERE b.person_id = $1 AND s.school_id = $2 AND b.state = 'completed'
          AND b.minutes > 0 AND at.day BETWEEN $3 AND $4
        GROUP BY sh.duty, kind.name, kind.position ORDER BY kind.position NULLS LAST, sh.duty
        """,
        person_id,
        school_id,
        first,
        last,
    )
    return Service(
        shifts=sum(row["shifts"] for row in rows),
        minutes=sum(row["minutes"] for row in rows),
        duties=rows,
    )


async def has_served(person_id: UUID, school_id: UUID) -> str | None:
    """Return the person's name if they ever had a place on a shift of the school."""
    row = await fetch_one(
        """
        SELECT p.name FROM persons p WHERE p.id = $1 AND (EXISTS (
            SELECT 1 FROM bookings b JOIN slots s ON s.id = b.slot_id AND s.kind = 'shift'
            WHERE b.person_id = p.id AND s.school_id = $2)
          OR EXISTS (SELECT 1 FROM volunteers v WHERE v.person_id = p.id AND v.school_id = $2))
        """,
        person_id,
        school_id,
    )
    return row["name"] if row else None
