"""Schools, grades and classes by id, and who is meant by them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.activities.rules import Node
from backend.database import fetch, fetch_one

_NODES = """
SELECT 'class' AS kind, c.id, c.school_id, c.grade_id, c.id AS class_id, g.name || c.name AS label
FROM classes c JOIN grades g ON g.id = c.grade_id WHERE c.id = ANY($1::uuid[])
UNION ALL
SELECT 'grade', g.id, g.school_id, g.id, NULL, g.name FROM grades g WHERE g.id = ANY($1::uuid[])
UNION ALL
SELECT 'school', s.id, s.id, NULL, NULL, s.name FROM schools s WHERE s.id = ANY($1::uuid[])
"""


async def nodes(ids: Collection[UUID]) -> dict[UUID, Node]:
    """Return the schools, grades and classes among ``ids``, by id."""
    rows = await fetch(_NODES, sorted(set(ids)))
    return {row["id"]: msgspec.convert(row, Node) for row in rows}


async def guardians_among(people: Collection[UUID], node_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of ``people`` who have a child at one of the nodes."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM family_ties WHERE person_id = ANY($1::uuid[]) "
        "AND (class_id = ANY($2::uuid[]) OR grade_id = ANY($2::uuid[]) "
        "OR school_id = ANY($2::uuid[]))",
        list(people),
        list(node_ids),
    )
    return {row["person_id"] for row in rows}


async def committees_at(node_ids: Sequence[UUID]) -> set[UUID]:
    """Return everybody with a committee seat in force within the nodes."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM standings_in_force "
        "WHERE role IN ('committee_member', 'committee_chair') AND (class_id = ANY($1::uuid[]) "
        "OR grade_id = ANY($1::uuid[]) OR school_id = ANY($1::uuid[]))",
        list(node_ids),
    )
    return {row["person_id"] for row in rows}


async def staff_among(people: Collection[UUID], school_id: UUID) -> set[UUID]:
    """Return those of ``people`` who work at the school."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM standings_in_force "
        "WHERE person_id = ANY($1::uuid[]) AND school_id = $2 AND is_staff",
        list(people),
        school_id,
    )
    return {row["person_id"] for row in rows}


async def slot_of(session_id: UUID) -> dict[str, Any] | None:
    """Return until when a session's slot lasts and its state; drafts have none."""
    return await fetch_one("SELECT ends_at, state FROM slots WHERE id = $1", session_id)


async def who_runs(school_id: UUID) -> list[UUID]:
    """Return the school's administrators, or its principal when it has none."""
    rows = await fetch(
        "SELECT DISTINCT person_id, role FROM standings_in_force "
        "WHERE school_id = $1 AND role IN ('school_admin', 'principal')",
        school_id,
    )
    admins = [row["person_id"] for row in rows if row["role"] == "school_admin"]
    return admins or [row["person_id"] for row in rows]
