"""Lists of bookings: a person's own, and a slot's for whoever runs it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import fetch
from backend.web.cursors import Position


async def of_person(
    person_id: UUID, *, past: bool, now: datetime, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return a person's bookings with their slots: what is coming, soonest first, or past.

    What is coming at a school where they are nobody's guardian any more is left out: when
    and where its families meet is not theirs to follow (Q31).
    """
    order, edge, beyond = ("DESC", "<", "<=") if past else ("ASC", ">", ">")
    return await fetch(
        f"""
        SELECT b.id, to_jsonb(b)::text AS booking, queue_before(b) AS ahead, s.kind, s.title,
               s.place, s.cancel_until, b.starts_at, p.taken, s.school_id, s.about_id,
               x.name AS school,
               coalesce((SELECT array_agg(DISTINCT k.name ORDER BY k.name) FROM students k
                   JOIN family_ties t ON t.student_id = k.id AND t.person_id = $1 AND t.consented
                   WHERE k.id = ANY (b.student_ids)), '{{}}') AS children
        FROM bookings b JOIN slots s ON s.id = b.slot_id JOIN slot_places p ON p.slot_id = s.id
        JOIN schools x ON x.id = s.school_id
        WHERE b.person_id = $1 AND b.ends_at {beyond} $2
          AND b.state NOT IN ('cancelled', 'lapsed', 'rejected')
          AND (b.ends_at <= $2 OR EXISTS (SELECT 1 FROM family_ties t
               WHERE t.person_id = $1 AND t.school_id = s.school_id))
          AND ($3::timestamptz IS NULL OR (b.starts_at, b.id) {edge} ($3, $4))
        ORDER BY b.starts_at {order}, b.id {order} LIMIT $5
        """,
        person_id,
        now,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def of_slot(slot_id: UUID) -> list[dict[str, Any]]:
    """Return everybody who holds, awaits or held a place, those with places first.

    Names of adults and of the children a booking names; never a telephone number.
    """
    return await fetch(
        """
        SELECT b.id, b.person_id, q.name, to_jsonb(b)::text AS booking, queue_before(b) AS ahead,
               b.priority, b.priority_reason, b.queue_no,
               coalesce((SELECT array_agg(st.name ORDER BY st.name) FROM students st
                         WHERE st.id = ANY(b.student_ids)), '{}') AS children
        FROM bookings b JOIN persons q ON q.id = b.person_id
        WHERE b.slot_id = $1
        ORDER BY CASE b.state WHEN 'checked_in' THEN 0 WHEN 'confirmed' THEN 1
            WHEN 'completed' THEN 1 WHEN 'requested' THEN 2 WHEN 'offered' THEN 3
            WHEN 'waitlisted' THEN 4 ELSE 5 END, b.priority DESC, b.queue_no, b.id
        LIMIT 2000
        """,
        slot_id,
    )


async def belongs(person_id: UUID, school_id: UUID) -> bool:
    """Say whether the person is a guardian of a child at the school."""
    rows = await fetch(
        "SELECT 1 FROM family_ties WHERE person_id = $1 AND school_id = $2 LIMIT 1",
        person_id,
        school_id,
    )
    return bool(rows)
