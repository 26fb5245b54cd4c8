"""What was held, and who came: the facts that policy rules count (N03 to N05)."""

from datetime import date
from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one
from backend.replicas import from_replica

_FACTS = """
WITH held AS (
    SELECT a.id, a.kind, (min(s.starts_at) AT TIME ZONE d.timezone)::date AS day
    FROM activities a JOIN schools x ON x.id = a.school_id JOIN districts d ON d.id = x.district_id
    JOIN activity_sessions n ON n.activity_id = a.id
    JOIN slots s ON s.id = n.id AND s.state <> 'cancelled'
    WHERE a.school_id = $1 AND a.state IN ('held', 'summarised')
    GROUP BY a.id, d.timezone),
came AS (
    SELECT h.id, count(DISTINCT b.person_id)::int AS families, sum(b.party)::int AS people
    FROM held h JOIN activity_sessions n ON n.activity_id = h.id
    JOIN bookings b ON b.slot_id = n.id AND b.state IN ('checked_in', 'completed')
    GROUP BY h.id)
SELECT t.id AS term_id, t.name AS term, t.starts_on, t.ends_on, h.kind,
       count(h.id)::int AS held, count(c.id)::int AS attended,
       coalesce(sum(c.families), 0)::int AS families, coalesce(sum(c.people), 0)::int AS people
FROM terms t LEFT JOIN held h ON h.day BETWEEN t.starts_on AND t.ends_on
LEFT JOIN came c ON c.id = h.id
WHERE t.year_id = $2
GROUP BY t.id, h.kind ORDER BY t.starts_on, h.kind
"""


@from_replica
async def held_facts(school_id: UUID, year_id: UUID) -> list[dict[str, Any]]:
    """Return, for each term of a school year and kind, what was held there and who came.

    ``held`` activities took place; at ``attended`` of them somebody was checked in;
    ``families`` and ``people`` came, a family counted once for each activity. A term in
    which nothing was held has one row whose ``kind`` is ``None``.
    """
    return await fetch(_FACTS, school_id, year_id)


async def year_on(school_id: UUID, day: date) -> dict[str, Any] | None:
    """Return the id and name of the school year of the school's district that holds ``day``."""
    return await fetch_one(
        """
        SELECT y.id, y.name FROM schools s JOIN school_years y ON y.district_id = s.district_id
        WHERE s.id = $1 AND $2 BETWEEN y.starts_on AND y.ends_on ORDER BY y.starts_on LIMIT 1
        """,
        school_id,
        day,
    )
