"""Lists of bodies: at a school, in a district, one's own; and which organs a school has."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.committees.queries.seats import IN_FORCE, today
from backend.database import fetch, fetch_one

ROW = f"""
SELECT b.id, b.kind, b.level, b.district_id, b.school_id, b.grade_id, b.class_id, b.name,
       b.remit, b.state, b.term_from, b.term_until, b.activated_at, b.ended_at, b.ended_reason,
       concat(coalesce(h.name, d.name), coalesce(r.name, ''), coalesce(c.name, '')) AS place,
       (SELECT s.name FROM seats s WHERE {IN_FORCE} AND s.body_id = b.id AND s.role = 'chair')
           AS chair,
       (SELECT count(*)::int FROM seats s WHERE {IN_FORCE} AND s.body_id = b.id) AS seats,
       (SELECT s.role FROM seats s WHERE {IN_FORCE} AND s.body_id = b.id AND s.person_id = $2)
           AS my_role
FROM bodies b
JOIN districts d ON d.id = b.district_id
LEFT JOIN schools h ON h.id = b.school_id
LEFT JOIN grades r ON r.id = b.grade_id
LEFT JOIN classes c ON c.id = b.class_id
"""
MINE = f"EXISTS (SELECT 1 FROM seats s WHERE {IN_FORCE} AND s.body_id = b.id AND s.person_id = $2)"
ORDER = """
ORDER BY array_position(ARRAY['district', 'school', 'grade', 'class'], b.level::text),
         b.kind, r.position, c.name, b.term_from DESC, b.id
"""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a school's bodies somebody sees.

    ``runs``: all of them. ``at_work``: all that have begun. Everybody else those of
    ``nodes``, where their children are, that have begun; and those they sit on.
    """

    person_id: UUID
    runs: bool
    at_work: bool
    nodes: Collection[UUID] = ()


async def body(body_id: UUID, person_id: UUID) -> dict[str, Any]:
    """Return one body's row."""
    row = await fetch_one(f"{ROW} WHERE b.id = $3", today(), person_id, body_id)
    assert row is not None
    return row


async def of_school(school_id: UUID, reach: Reach, *, ended: bool) -> list[dict[str, Any]]:
    """Return the school's bodies as far as ``reach``, from the school's down to classes'.

    ``ended`` adds those that have ended.
    """
    return await fetch(
        f"""
        {ROW}
        WHERE b.school_id = $3 AND (b.state <> 'ended' OR $4)
          AND ($5 OR {MINE} OR (b.activated_at IS NOT NULL AND (
              $6 OR coalesce(b.class_id, b.grade_id, b.school_id) = ANY($7::uuid[]))))
        {ORDER}
        """,
        today(),
        reach.person_id,
        school_id,
        ended,
        reach.runs,
        reach.at_work,
        list(reach.nodes),
    )


async def of_district(district_id: UUID, person_id: UUID, *, ended: bool) -> list[dict[str, Any]]:
    """Return the bodies that stand at the district itself."""
    return await fetch(
        f"""
        {ROW} WHERE b.district_id = $3 AND b.level = 'district' AND (b.state <> 'ended' OR $4)
        {ORDER}
        """,
        today(),
        person_id,
        district_id,
        ended,
    )


async def of_person(person_id: UUID) -> list[dict[str, Any]]:
    """Return the bodies somebody sits on now, but those of schools that have none."""
    return await fetch(
        f"""
        {ROW}
        WHERE {MINE} AND NOT EXISTS (
            SELECT 1 FROM feature_switches f WHERE f.school_id = b.school_id
              AND f.function = 'committees' AND NOT f.is_on)
        {ORDER}
        """,
        today(),
        person_id,
    )


async def elsewhere_in_term(
    kind: str, node_id: UUID, term: tuple[date, date], but: UUID | None
) -> bool:
    """Say whether another body of the kind stands at the node in some of the term."""
    row = await fetch_one(
        """
        SELECT 1 FROM bodies b
        WHERE b.kind = $1 AND coalesce(b.class_id, b.grade_id, b.school_id) = $2
          AND b.state <> 'ended' AND b.id IS DISTINCT FROM $5::uuid
          AND daterange(b.term_from, b.term_until, '[]')
              && daterange($3::date, $4::date, '[]')
        """,
        kind,
        node_id,
        *term,
        but,
    )
    return row is not None


async def is_voting(body_id: UUID) -> bool:
    """Say whether an item of the body is being voted on."""
    row = await fetch_one(
        "SELECT 1 FROM agenda_items WHERE body_id = $1 AND state = 'voting'", body_id
    )
    return row is not None


async def term_over() -> list[UUID]:
    """Return the active bodies whose term is over."""
    rows = await fetch(
        "SELECT id FROM bodies WHERE state = 'active' AND term_until < $1::date ORDER BY id",
        today(),
    )
    return [row["id"] for row in rows]


async def organs(school_id: UUID) -> dict[str, Any]:
    """Return which organs a school has (council-7) and how far its parent committees reach."""
    row = await fetch_one(
        """
        WITH here AS (
            SELECT kind, level, grade_id, class_id FROM bodies
            WHERE school_id = $1 AND state = 'active' AND term_from <= $2 AND term_until >= $2)
        SELECT EXISTS (SELECT 1 FROM here WHERE kind = 'guidance_committee')
                   AS guidance_committee,
               EXISTS (SELECT 1 FROM parent_schools
                       WHERE school_id = $1 AND kind = 'school' AND closed_on IS NULL)
                   AS parent_school,
               EXISTS (SELECT 1 FROM here WHERE kind = 'parent_committee' AND level = 'school')
                   AS parent_committee,
               EXISTS (SELECT 1 FROM here WHERE kind = 'coeducation_committee')
                   AS coeducation_committee,
               EXISTS (SELECT 1 FROM here WHERE kind = 'working_group') AS working_group,
               (SELECT count(*)::int FROM grades WHERE school_id = $1) AS grades,
               (SELECT count(DISTINCT grade_id)::int FROM here
                WHERE kind = 'parent_committee' AND level = 'grade') AS grade_committees,
               (SELECT count(*)::int FROM classes WHERE school_id = $1) AS classes,
               (SELECT count(DISTINCT class_id)::int FROM here
                WHERE kind = 'parent_committee' AND level = 'class') AS class_committees
        """,
        school_id,
        today(),
    )
    assert row is not None
    return row
