"""Which places of the tree must take a course, and whom a new assignment concerns."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.queries import reminders
from backend.courses.rules.assigning import Place
from backend.database import fetch

_PLACES = """
SELECT 'class' AS kind, c.id, c.school_id, c.grade_id, c.id AS class_id, g.name || c.name AS label
FROM classes c JOIN grades g ON g.id = c.grade_id WHERE c.id = ANY($1::uuid[])
UNION ALL
SELECT 'grade', g.id, g.school_id, g.id, NULL, g.name FROM grades g WHERE g.id = ANY($1::uuid[])
UNION ALL
SELECT 'school', s.id, s.id, NULL, NULL, s.name FROM schools s WHERE s.id = ANY($1::uuid[])
"""
_ASSIGNED = """
SELECT a.id, a.course_id, a.school_id, a.node_id, a.due_on, a.assigned_at, a.ended_at,
       p.name AS assigned_by,
       CASE WHEN c.id IS NOT NULL THEN 'class' WHEN g.id IS NOT NULL THEN 'grade'
            ELSE 'school' END AS kind,
       coalesce(h.name || c.name, g.name, s.name) AS label
FROM course_assignments a JOIN persons p ON p.id = a.assigned_by
JOIN schools s ON s.id = a.school_id
LEFT JOIN classes c ON c.id = a.node_id LEFT JOIN grades h ON h.id = c.grade_id
LEFT JOIN grades g ON g.id = a.node_id
WHERE a.course_id = $1 AND a.school_id = ANY($2::uuid[]) AND ($3::uuid IS NULL OR a.id = $3)
  AND (a.ended_at IS NULL OR $3 IS NOT NULL)
ORDER BY s.name, a.school_id, a.node_id <> a.school_id,
         coalesce(h.position, g.position), g.id IS NULL, c.name, a.id
LIMIT 2000
"""
# Whoever was asked by the school need not hear it from the class teacher as well, nor a second
# time from somebody who ends an assignment and makes it again.
_TOLD = """
SELECT DISTINCT m.person_id FROM course_assignments a
JOIN course_assignments o ON o.course_id = a.course_id AND o.id <> a.id
    AND (o.ended_at IS NULL OR o.ended_at > $2::timestamptz - interval '30 days')
JOIN audience_members m ON m.node_id = o.node_id AND m.who = 'families'
WHERE a.id = $1
"""


async def places(node_ids: Collection[UUID]) -> dict[UUID, Place]:
    """Return the schools, grades and classes among ``node_ids``, by id."""
    rows = await fetch(_PLACES, sorted(set(node_ids)))
    return {row["id"]: msgspec.convert(row, Place) for row in rows}


async def assignments_at(
    course_id: UUID, school_ids: Sequence[UUID], assignment_id: UUID | None = None
) -> list[dict[str, Any]]:
    """Return what is assigned at the schools now, the whole school first; or one assignment,
    also one that has ended.
    """
    return await fetch(_ASSIGNED, course_id, list(school_ids), assignment_id)


async def concerned(assignment_id: UUID, now: datetime) -> list[UUID]:
    """Return the guardians whom a new assignment asks for something that is news to them: who
    has finished the course, or was asked to take it before, is not among them.
    """
    owing = await reminders.owing(assignment_id, now)
    told = {row["person_id"] for row in await fetch(_TOLD, assignment_id, now)}
    return [person for person in owing if person not in told]
