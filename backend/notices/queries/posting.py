"""Audiences and postings: who a notice is for, and putting it on their boards."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import execute, fetch
from backend.notices.rules import Place

# A node may be a class, a grade, a school, a district or a named group; whatever it is,
# its path says which standings may write to it.
PLACES = """
SELECT c.id, 'class' AS kind, s.district_id, c.school_id, c.grade_id, c.id AS class_id,
       NULL::uuid AS owner_id, g.name || c.name AS label
FROM classes c JOIN grades g ON g.id = c.grade_id JOIN schools s ON s.id = c.school_id
WHERE c.id = ANY($1::uuid[])
UNION ALL
SELECT g.id, 'grade', s.district_id, g.school_id, g.id, NULL, NULL, s.name || g.name
FROM grades g JOIN schools s ON s.id = g.school_id WHERE g.id = ANY($1::uuid[])
UNION ALL
SELECT s.id, 'school', s.district_id, s.id, NULL, NULL, NULL, s.name
FROM schools s WHERE s.id = ANY($1::uuid[])
UNION ALL
SELECT d.id, 'district', d.id, NULL, NULL, NULL, NULL, d.name
FROM districts d WHERE d.id = ANY($1::uuid[])
UNION ALL
SELECT x.id, 'group', s.district_id, x.school_id, NULL, NULL, x.created_by, x.name
FROM groups x JOIN schools s ON s.id = x.school_id WHERE x.id = ANY($1::uuid[])
"""

POST = """
WITH board AS (
    INSERT INTO audience_counters AS c (node_id, who, next_seq)
    SELECT DISTINCT node, who, 1 FROM unnest($2::uuid[], $3::text[]) AS x (node, who)
    ORDER BY node, who
    ON CONFLICT (node_id, who) DO UPDATE SET next_seq = c.next_seq + 1
    RETURNING node_id, who, next_seq - 1 AS seq)
INSERT INTO notice_postings
    (node_id, who, seq, notice_id, revision, published_at, expires_at, pinned)
SELECT b.node_id, b.who, b.seq, n.id, n.revision, $4, $5, n.pinned
FROM board b, notices n WHERE n.id = $1 RETURNING seq
"""

# OFFSET 0 keeps each node's members a question of its own; joined, the planner lists the
# members of every node there is. In subselects the lists' lengths are unknown to it, so
# it does not plan anew each time.
COUNTS = """
SELECT count(DISTINCT student_id) AS families, count(DISTINCT person_id) AS people,
       count(DISTINCT person_id) FILTER (WHERE p.activated_at IS NULL) AS without_account
FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[])) AS x (node, who)
CROSS JOIN LATERAL (SELECT person_id, student_id FROM audience_members
                    WHERE node_id = x.node AND who = x.who OFFSET 0) m
JOIN persons p ON p.id = m.person_id
"""

BUSY_WEEK = """
SELECT x.node, x.who, count(p.seq) AS sent
FROM unnest($1::uuid[], $2::text[]) AS x (node, who)
LEFT JOIN notice_postings p ON p.node_id = x.node AND p.who = x.who AND p.published_at > $3
GROUP BY 1, 2
"""


async def places(audiences: list[tuple[UUID, str]]) -> list[Place]:
    """Resolve ``(node, who)`` pairs; pairs whose node does not exist are left out."""
    rows = {row["id"]: row for row in await fetch(PLACES, [node for node, _ in audiences])}
    return [
        Place(
            kind=row["kind"],
            node_id=node,
            who=who,
            label=row["label"],
            district_id=row["district_id"],
            school_id=row["school_id"],
            grade_id=row["grade_id"],
            class_id=row["class_id"],
            owner_id=row["owner_id"],
        )
        for node, who in audiences
        if (row := rows.get(node)) is not None
    ]


async def post(
    notice_id: UUID, keys: list[tuple[UUID, str]], *, published_at: datetime, expires_at: datetime
) -> None:
    """Put the notice on each audience's board under that board's next number."""
    await fetch(
        POST, notice_id, [n for n, _ in keys], [w for _, w in keys], published_at, expires_at
    )


async def take_down(notice_id: UUID) -> int:
    """Take the notice off every board it hangs on; returns how many those were."""
    return await execute(
        "UPDATE notice_postings SET current = false WHERE notice_id = $1 AND current", notice_id
    )


async def hanging_on(notice_id: UUID) -> list[tuple[UUID, str]]:
    """Return the boards the notice hangs on now."""
    rows = await fetch(
        "SELECT node_id, who FROM notice_postings WHERE notice_id = $1 AND current", notice_id
    )
    return [(row["node_id"], row["who"]) for row in rows]


async def counts(keys: list[tuple[UUID, str]]) -> dict[str, int]:
    """Count distinct families (children), people, and people who never signed in."""
    rows = await fetch(COUNTS, [n for n, _ in keys], [w for _, w in keys])
    return {name: int(value) for name, value in rows[0].items()}


async def sent_since(keys: list[tuple[UUID, str]], moment: datetime) -> dict[Any, int]:
    """Return how many notices each audience got since ``moment``."""
    rows = await fetch(BUSY_WEEK, [n for n, _ in keys], [w for _, w in keys], moment)
    return {(row["node"], row["who"]): int(row["sent"]) for row in rows}
