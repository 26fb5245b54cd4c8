"""Lists that are reports: pupils with guardians, claims, groups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import fetch
from backend.replicas import from_replica


@from_replica
async def pupils_of(class_id: UUID, after: str, limit: int) -> list[dict[str, Any]]:
    """Return pupils by number after ``after``, each with the guardians who may be told."""
    return await fetch(
        """
        SELECT s.id, s.number, s.name,
            coalesce((
                SELECT json_agg(json_build_object('id', p.id, 'name', p.name,
                    'relation', f.relation, 'phone', p.phone,
                    'has_account', p.activated_at IS NOT NULL) ORDER BY f.relation, p.id)
                FROM family_ties f JOIN persons p ON p.id = f.person_id
                WHERE f.student_id = s.id), '[]') AS guardians
        FROM enrolments e JOIN students s ON s.id = e.student_id
        WHERE e.class_id = $1 AND e.until IS NULL AND s.left_at IS NULL AND s.number > $2
        ORDER BY s.number LIMIT $3
        """,
        class_id,
        after,
        limit,
    )


async def claims_on(
    class_id: UUID, state: str | None, before: datetime, before_id: UUID, limit: int
) -> list[dict[str, Any]]:
    """Return a class's claims, newest first, with namesakes of the child in the class."""
    return await fetch(
        f"""
        {_CLAIMS}
        WHERE j.class_id = $1 AND ($2::text IS NULL OR j.state = $2)
          AND (j.created_at, j.id) < ($3, $4)
        ORDER BY j.created_at DESC, j.id DESC LIMIT $5
        """,
        class_id,
        state,
        before,
        before_id,
        limit,
    )


async def claim(claim_id: UUID) -> dict[str, Any]:
    """Return one claim as :func:`claims_on` does; it exists."""
    return (await fetch(f"{_CLAIMS} WHERE j.id = $1", claim_id))[0]


async def claims_by(
    person_id: UUID, before: datetime, before_id: UUID, limit: int
) -> list[dict[str, Any]]:
    """Return somebody's own claims, newest first."""
    return await fetch(
        """
        SELECT j.*, s.name AS school_name, g.name AS grade_name, c.name AS class_name
        FROM join_claims j
        JOIN classes c ON c.id = j.class_id
        JOIN grades g ON g.id = c.grade_id
        JOIN schools s ON s.id = c.school_id
        WHERE j.person_id = $1 AND (j.created_at, j.id) < ($2, $3)
        ORDER BY j.created_at DESC, j.id DESC LIMIT $4
        """,
        person_id,
        before,
        before_id,
        limit,
    )


@from_replica
async def groups_in(
    school_id: UUID, creator_id: UUID | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Return groups by name after ``after``; only one creator's when given."""
    return await fetch(
        """
        SELECT g.id, g.name, count(m.student_id)::int AS students, count(m.person_id)::int AS staff
        FROM groups g LEFT JOIN group_members m ON m.group_id = g.id
        WHERE g.school_id = $1 AND ($2::uuid IS NULL OR g.created_by = $2) AND g.name > $3
        GROUP BY g.id ORDER BY g.name LIMIT $4
        """,
        school_id,
        creator_id,
        after,
        limit,
    )


async def group_students(group_id: UUID) -> list[dict[str, Any]]:
    """Return the pupils of a group with their classes."""
    return await fetch(
        """
        SELECT s.id, s.name, g.name || c.name AS class_name
        FROM group_members m
        JOIN students s ON s.id = m.student_id
        JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
        JOIN classes c ON c.id = e.class_id
        JOIN grades g ON g.id = c.grade_id
        WHERE m.group_id = $1 ORDER BY g.position, c.name, s.number
        """,
        group_id,
    )


async def group_staff(group_id: UUID) -> list[dict[str, Any]]:
    """Return the adults of a group."""
    return await fetch(
        """
        SELECT p.id, p.name FROM group_members m JOIN persons p ON p.id = m.person_id
        WHERE m.group_id = $1 ORDER BY p.name, p.id
        """,
        group_id,
    )


_CLAIMS = """
SELECT j.*, p.name AS claimant_name, p.phone,
    (SELECT array_agg(s.id ORDER BY s.number) FROM enrolments e
     JOIN students s ON s.id = e.student_id AND s.left_at IS NULL
     WHERE e.class_id = j.class_id AND e.until IS NULL AND s.name = j.child_name) AS matches
FROM join_claims j JOIN persons p ON p.id = j.person_id
"""


@from_replica
async def staff_of(school_id: UUID) -> list[dict[str, Any]]:
    """Return who works at a school, by name, each with their posts; never a number."""
    return await fetch(
        """
        SELECT p.id, p.name, json_agg(json_build_object('role', f.role, 'subject', f.subject,
            'grade', g.name, 'class', c.name) ORDER BY f.role, g.position, c.name) AS posts
        FROM standings_in_force f JOIN persons p ON p.id = f.person_id
        LEFT JOIN grades g ON g.id = f.grade_id LEFT JOIN classes c ON c.id = f.class_id
        WHERE f.school_id = $1 AND f.is_staff
        GROUP BY p.id ORDER BY p.name, p.id LIMIT 1000
        """,
        school_id,
    )
