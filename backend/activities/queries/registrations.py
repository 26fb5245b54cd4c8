"""Who registered: for organisers, for class teachers, for the rules, for exports."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import execute, fetch
from backend.web.cursors import Position

# Bookings that came to nothing are left out. A class teacher's rows name the children of
# their own classes only, even where a booking is for a sibling elsewhere as well.
_ROWS = """
SELECT b.id, b.slot_id AS session_id, n.title AS session, s.place AS room, b.starts_at,
       b.ends_at, b.state, b.party, b.answers, b.created_at, b.checked_in_at,
       q.name AS adult, CASE WHEN $6 THEN q.phone ELSE '' END AS phone, k.children
FROM activity_sessions n JOIN slots s ON s.id = n.id JOIN bookings b ON b.slot_id = n.id
JOIN persons q ON q.id = b.person_id
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('name', st.name,
               'class_name', coalesce(g.name || c.name, '')) ORDER BY st.name), '[]') AS children,
           count(*) AS n
    FROM students st LEFT JOIN enrolments e ON e.student_id = st.id AND e.until IS NULL
    LEFT JOIN classes c ON c.id = e.class_id LEFT JOIN grades g ON g.id = c.grade_id
    WHERE st.id = ANY (b.student_ids)
      AND ($3::uuid[] IS NULL OR e.class_id = ANY ($3::uuid[]))) k
WHERE n.activity_id = $1 AND ($2::uuid IS NULL OR n.id = $2)
  AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in', 'completed',
      'no_show')
  AND ($3::uuid[] IS NULL OR k.n > 0)
  AND ($4::timestamptz IS NULL OR (b.starts_at, b.id) > ($4, $5))
ORDER BY b.starts_at, b.id LIMIT $7
"""


async def page(
    activity_id: UUID,
    *,
    session_id: UUID | None,
    class_ids: Collection[UUID] | None,
    with_phones: bool = False,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return registrations in order of time; ``class_ids`` limits them to some classes'."""
    return await fetch(
        _ROWS,
        activity_id,
        session_id,
        None if class_ids is None else sorted(class_ids),
        after.at if after else None,
        after.id if after else None,
        with_phones,
        limit,
    )


async def count(activity_id: UUID) -> int:
    """Return how many registrations there are, whatever became of those who hold a place."""
    rows = await fetch(
        """
        SELECT count(*)::int AS n FROM activity_sessions n JOIN bookings b ON b.slot_id = n.id
        WHERE n.activity_id = $1 AND b.state IN ('requested', 'confirmed', 'waitlisted',
            'offered', 'checked_in', 'completed', 'no_show')
        """,
        activity_id,
    )
    return int(rows[0]["n"])


async def lock_children(activity_id: UUID, student_ids: Collection[UUID]) -> None:
    """Let registrations of these children for the activity wait for one another."""
    await execute(
        """
        SELECT pg_advisory_xact_lock(k) FROM (
            SELECT hashtextextended($1::uuid::text || child::text, 7311) AS k
            FROM unnest($2::uuid[]) child ORDER BY 1) x
        """,
        activity_id,
        sorted(set(student_ids)),
    )


async def held_by(activity_id: UUID, student_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Return the sessions each child has a booking on, whichever guardian made it."""
    rows = await fetch(
        """
        SELECT c.student_id, c.slot_id FROM activity_sessions n
        JOIN booking_children c ON c.slot_id = n.id
        WHERE n.activity_id = $1 AND c.student_id = ANY($2::uuid[])
        """,
        activity_id,
        sorted(set(student_ids)),
    )
    held: dict[UUID, set[UUID]] = {}
    for row in rows:
        held.setdefault(row["student_id"], set()).add(row["slot_id"])
    return held


async def commitments(person_id: UUID, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """Return the hours in which somebody holds a place anywhere, between two moments."""
    return await fetch(
        """
        SELECT starts_at, ends_at FROM bookings
        WHERE person_id = $1 AND starts_at < $3 AND ends_at > $2
          AND state IN ('requested', 'confirmed', 'offered', 'checked_in')
        """,
        person_id,
        first,
        last,
    )


async def visitors(activity_id: UUID) -> list[UUID]:
    """Return everybody who came to one of the sessions."""
    rows = await fetch(
        """
        SELECT DISTINCT b.person_id FROM activity_sessions n JOIN bookings b ON b.slot_id = n.id
        WHERE n.activity_id = $1 AND b.state IN ('checked_in', 'completed')
        """,
        activity_id,
    )
    return [row["person_id"] for row in rows]


async def came(activity_id: UUID, person_id: UUID) -> bool:
    """Say whether somebody came to one of the sessions."""
    rows = await fetch(
        """
        SELECT 1 AS yes FROM activity_sessions n JOIN bookings b ON b.slot_id = n.id
        WHERE n.activity_id = $1 AND b.person_id = $2 AND b.state IN ('checked_in', 'completed')
        LIMIT 1
        """,
        activity_id,
        person_id,
    )
    return bool(rows)


async def joining(session_id: UUID, now: datetime) -> list[UUID]:
    """Return everybody whose place at a session yet to end is certain."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM bookings WHERE slot_id = $1 AND ends_at > $2 "
        "AND state IN ('confirmed', 'checked_in')",
        session_id,
        now,
    )
    return [row["person_id"] for row in rows]
