"""Lists of the tree that are reports rather than rows."""

from datetime import date
from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one

SMALLEST_SHOWN = 5
"""Above class level, smaller numbers of people are not told apart."""


async def school_places(school_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the names of each school's town, current zone and district."""
    rows = await fetch(
        """
        SELECT s.id, d.name AS district, t.name AS town, z.id AS zone_id, z.name AS zone
        FROM schools s
        JOIN districts d ON d.id = s.district_id
        LEFT JOIN towns t ON t.id = s.town_id
        LEFT JOIN zone_memberships m ON m.school_id = s.id AND m.until IS NULL
        LEFT JOIN zones z ON z.id = m.zone_id
        WHERE s.id = ANY($1::uuid[])
        """,
        school_ids,
    )
    return {row["id"]: row for row in rows}


async def classes_of(school_id: UUID) -> list[dict[str, Any]]:
    """Return the school's classes with their grades, in the order people list them."""
    return await fetch(
        """
        SELECT g.id AS grade_id, g.name AS grade, c.id AS class_id, c.name AS class
        FROM grades g LEFT JOIN classes c ON c.grade_id = g.id
        WHERE g.school_id = $1
        ORDER BY g.position, g.name, coalesce(substring(c.name FROM '^[0-9]{1,4}')::int, 9999),
            c.name
        """,
        school_id,
    )


async def zones_of(district_id: UUID) -> list[dict[str, Any]]:
    """Return each zone, its lead and current members, and how many pupils they have.

    ``pupils`` is ``None`` below :data:`SMALLEST_SHOWN`.
    """
    rows = await fetch(
        """
        SELECT z.id, z.name, z.lead_school_id, l.name AS lead_school,
            coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'stage', s.stage,
                'since', m.since) ORDER BY s.code) FILTER (WHERE s.id IS NOT NULL), '[]')
                AS members,
            coalesce(sum((SELECT count(*) FROM students p
                          WHERE p.school_id = s.id AND p.left_at IS NULL)), 0)::int AS pupils
        FROM zones z
        LEFT JOIN schools l ON l.id = z.lead_school_id
        LEFT JOIN zone_memberships m ON m.zone_id = z.id AND m.until IS NULL
        LEFT JOIN schools s ON s.id = m.school_id
        WHERE z.district_id = $1
        GROUP BY z.id, l.id ORDER BY z.name
        """,
        district_id,
    )
    for row in rows:
        if row["pupils"] < SMALLEST_SHOWN:
            row["pupils"] = None
    return rows


async def calendar_of(
    district_id: UUID, first: date, last: date
) -> dict[str, list[dict[str, Any]]]:
    """Return the years that touch ``first`` to ``last``, their terms, and the special days."""
    years = await fetch(
        """
        SELECT id, name, starts_on, ends_on FROM school_years
        WHERE district_id = $1 AND starts_on <= $3 AND ends_on >= $2 ORDER BY starts_on
        """,
        district_id,
        first,
        last,
    )
    terms = await fetch(
        """
        SELECT year_id, name, starts_on, ends_on FROM terms
        WHERE year_id = ANY($1::uuid[]) ORDER BY starts_on
        """,
        [year["id"] for year in years],
    )
    days = await fetch(
        """
        SELECT day, is_school_day, label FROM calendar_days
        WHERE district_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day
        """,
        district_id,
        first,
        last,
    )
    return {"years": years, "terms": terms, "days": days}


async def rule_followed(district_id: UUID, code: str) -> dict[str, Any] | None:
    """Return the number a district's schools are held to by a rule, with its source.

    Where several packs name one, a binding rule stands over advice, and among those the
    larger amount. ``period`` is the district's own choice where it made one.
    """
    return await fetch_one(
        """
        SELECT r.code, r.subject, r.amount, r.unit, coalesce(f.period, r.period) AS period,
               f.binding, p.name AS pack, p.source
        FROM district_rules f JOIN policy_rules r ON r.id = f.rule_id
        JOIN rule_packs p ON p.id = r.pack_id
        WHERE f.district_id = $1 AND r.code = $2 AND r.scope = 'school'
        ORDER BY f.binding DESC, r.amount DESC, r.id LIMIT 1
        """,
        district_id,
        code,
    )


async def year_beginning_in(
    district_id: UUID, year: int | None, day: date
) -> dict[str, Any] | None:
    """Return first and last day of the school year that begins in ``year``.

    Without one it is the school year that holds ``day``; the calendar may know neither.
    """
    return await fetch_one(
        """
        SELECT starts_on, ends_on FROM school_years
        WHERE district_id = $1 AND CASE WHEN $2::int IS NULL
            THEN $3 BETWEEN starts_on AND ends_on ELSE extract(year FROM starts_on) = $2 END
        ORDER BY starts_on LIMIT 1
        """,
        district_id,
        year,
        day,
    )
