"""Who may hold which seat."""

from uuid import UUID

from backend.committees.models import Body
from backend.committees.queries.seats import IN_FORCE, VOTING, today
from backend.database import fetch, fetch_one


async def child_of(person_id: UUID, body: Body, student_id: UUID | None) -> UUID | None:
    """Return the child for whom somebody may sit on the body as a parent, if there is one.

    The guardianship gives a vote, and the child belongs to where the body stands. Of several
    the one asked for, else the one admitted first.
    """
    row = await fetch_one(
        f"""
        SELECT p.id FROM bodies b, guardianships g JOIN students p ON p.id = g.student_id
        JOIN schools h ON h.id = p.school_id
        WHERE b.id = $1 AND g.person_id = $2 AND {VOTING}
          AND (h.id = b.school_id OR (b.school_id IS NULL AND h.district_id = b.district_id))
          AND ($3::uuid IS NULL OR p.id = $3)
        ORDER BY p.id LIMIT 1
        """,
        body.id,
        person_id,
        student_id,
    )
    return row["id"] if row else None


async def child_on_committee(person_id: UUID, body: Body) -> UUID | None:
    """Return the child for whom somebody sits on a parent committee of the body's school, or
    for a district's body of any of its schools.
    """
    row = await fetch_one(
        f"""
        SELECT s.student_id FROM seats s JOIN bodies b ON b.id = s.body_id
        WHERE {IN_FORCE} AND s.person_id = $2 AND b.kind = 'parent_committee'
          AND b.state = 'active' AND b.district_id = $3
          AND ($4::uuid IS NULL OR b.school_id = $4)
        ORDER BY array_position(ARRAY['school', 'grade', 'class'], b.level::text), s.id LIMIT 1
        """,
        today(),
        person_id,
        body.district_id,
        body.school_id,
    )
    return row["student_id"] if row else None


async def works_for(person_id: UUID, body: Body, *, district_too: bool) -> bool:
    """Say whether somebody is on the staff of the body's school; ``district_too``: or of the
    district. For a district's body all its schools' staff count.
    """
    return bool(
        await fetch(
            """
            SELECT 1 FROM standings_in_force s
            WHERE s.person_id = $1 AND s.is_staff AND s.district_id = $2
              AND ($3::uuid IS NULL OR s.school_id = $3 OR ($4 AND s.school_id IS NULL))
            """,
            person_id,
            body.district_id,
            body.school_id,
            district_too,
        )
    )


async def is_known_to(person_id: UUID, body: Body) -> bool:
    """Say whether somebody has a child, or has had a seat, at the body's school or district."""
    return bool(
        await fetch(
            """
            SELECT 1 FROM family_ties t JOIN schools h ON h.id = t.school_id
            WHERE t.person_id = $1 AND h.district_id = $2 AND ($3::uuid IS NULL OR h.id = $3)
            UNION ALL
            SELECT 1 FROM seats s JOIN bodies b ON b.id = s.body_id
            WHERE s.person_id = $1 AND b.district_id = $2
              AND b.school_id IS NOT DISTINCT FROM $3
            LIMIT 1
            """,
            person_id,
            body.district_id,
            body.school_id,
        )
    )


async def name_of(person_id: UUID) -> str:
    """Return somebody's name, empty for nobody and for a closed account."""
    row = await fetch_one("SELECT name FROM persons WHERE id = $1 AND closed_at IS NULL", person_id)
    return row["name"] if row else ""
