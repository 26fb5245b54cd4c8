"""Minutes as lists, what is owed, and how many meetings have filed minutes (N23)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.committees.models import MinutesTemplate, SeatRole
from backend.committees.queries.seats import IN_FORCE, today
from backend.committees.rules.wording import STANDARD, Wording, read
from backend.database import fetch, fetch_one
from backend.web.cursors import Position

_PAGE = """
SELECT m.meeting_id, m.body_id, b.name AS body_name, b.kind, b.school_id,
       coalesce(s.name, '') AS school_name, t.title, t.ended_at AS held_at, m.state,
       m.submitted_at, m.filed_at, m.filing_number, m.returned_reason, m.id
FROM minutes m JOIN bodies b ON b.id = m.body_id JOIN meetings t ON t.id = m.meeting_id
LEFT JOIN schools s ON s.id = b.school_id
WHERE b.district_id = $1 AND m.state = $2 AND m.submitted_at IS NOT NULL
  AND ($3::timestamptz IS NULL OR (m.submitted_at, m.id) < ($3, $4))
ORDER BY m.submitted_at DESC, m.id DESC LIMIT $5
"""
_COUNTS = """
SELECT b.school_id, coalesce(s.name, '') AS school_name, b.kind,
       count(*)::int AS held,
       count(m.id) FILTER (WHERE m.state IN ('confirmed', 'submitted', 'filed', 'returned'))::int
           AS confirmed,
       count(m.id) FILTER (WHERE m.state = 'filed')::int AS filed
FROM meetings t JOIN bodies b ON b.id = t.body_id
JOIN districts d ON d.id = b.district_id
LEFT JOIN minutes m ON m.meeting_id = t.id LEFT JOIN schools s ON s.id = b.school_id
WHERE t.state IN ('ended', 'closed') AND b.district_id = $1
  AND ($2::uuid IS NULL OR b.school_id = $2)
  AND ($3::date IS NULL OR (t.ended_at AT TIME ZONE d.timezone)::date >= $3)
  AND ($4::date IS NULL OR (t.ended_at AT TIME ZONE d.timezone)::date <= $4)
GROUP BY b.school_id, s.name, b.kind
ORDER BY b.school_id IS NOT NULL, s.name, b.school_id, b.kind
"""


async def page(
    district_id: UUID, state: str, before: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return minutes in one state after submission, the latest submitted first."""
    at, last = (before.at, before.id) if before else (None, None)
    return await fetch(_PAGE, district_id, state, at, last, limit)


async def counts(
    district_id: UUID, school_id: UUID | None, first: date | None, last: date | None
) -> list[dict[str, Any]]:
    """Return for every school and kind of body how many meetings were held, how many have
    confirmed minutes, and how many filed ones.
    """
    return await fetch(_COUNTS, district_id, school_id, first, last)


async def wording_of(district_id: UUID, school_id: UUID | None) -> tuple[Wording, int]:
    """Return the newest wording of a school, or of a district's own bodies, and its version;
    0 while nobody has written one.
    """
    row = (
        await MinutesTemplate.filter(district_id=district_id, school_id=school_id)
        .order_by("-version")
        .first()
    )
    return (read(row.wording), row.version) if row else (STANDARD, 0)


async def undrafted() -> list[UUID]:
    """Return ended meetings that have no minutes yet, the longest ended first."""
    rows = await fetch(
        "SELECT t.id FROM meetings t LEFT JOIN minutes m ON m.meeting_id = t.id "
        "WHERE t.state = 'ended' AND m.id IS NULL ORDER BY t.ended_at LIMIT 200"
    )
    return [row["id"] for row in rows]


async def unconfirmed(ended_before: datetime, reminded_before: datetime) -> list[UUID]:
    """Return drafts of meetings long ended, of which nobody was reminded lately."""
    rows = await fetch(
        "SELECT m.id FROM minutes m JOIN meetings t ON t.id = m.meeting_id "
        "WHERE m.state = 'draft' AND t.ended_at < $1 "
        "AND (m.reminded_at IS NULL OR m.reminded_at < $2) ORDER BY t.ended_at LIMIT 500",
        ended_before,
        reminded_before,
    )
    return [row["id"] for row in rows]


async def people_of(body_id: UUID, *roles: SeatRole) -> list[UUID]:
    """Return who holds one of these roles in a body now; without roles, every seat."""
    rows = await fetch(
        f"SELECT DISTINCT s.person_id FROM seats s WHERE {IN_FORCE} AND s.body_id = $2 "
        "AND (cardinality($3::text[]) = 0 OR s.role = ANY ($3))",
        today(),
        body_id,
        [role.value for role in roles],
    )
    return [row["person_id"] for row in rows]


async def keepers(body_id: UUID) -> list[UUID]:
    """Return who keeps a body's papers: its secretary, else its chair."""
    return await people_of(body_id, SeatRole.SECRETARY) or await people_of(body_id, SeatRole.CHAIR)


async def objections_of(minutes_id: UUID) -> list[dict[str, Any]]:
    """Return every objection to minutes, with the name of the seat it came from, oldest first."""
    return await fetch(
        """
        SELECT o.id, o.text, o.raised_at, o.raised_by, o.upheld, o.answer, o.answered_at,
               coalesce((SELECT s.name FROM seats s WHERE s.body_id = m.body_id
                         AND s.person_id = o.raised_by ORDER BY s.created_at DESC LIMIT 1), '')
                   AS name
        FROM minutes_objections o JOIN minutes m ON m.id = o.minutes_id
        WHERE m.id = $1 ORDER BY o.raised_at, o.id
        """,
        minutes_id,
    )


async def unanswered(minutes_id: UUID) -> int:
    """Return how many objections await an answer."""
    row = await fetch_one(
        "SELECT count(*)::int AS n FROM minutes_objections "
        "WHERE minutes_id = $1 AND upheld IS NULL",
        minutes_id,
    )
    return int(row["n"]) if row else 0
