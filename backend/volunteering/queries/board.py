"""The organiser's board: shifts of the coming days that something is wrong with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import fetch

# Addresses belong to the post office, whose table is read here because the board is one
# statement over all shifts and their people.
_BOARD = """
SELECT x.id, x.duty, s.title, s.place, s.starts_at, s.ends_at, s.minimum, p.capacity, p.taken,
       p.waiting, x.needed_school, x.needed_police, coalesce(h.school, 0) AS held_school,
       coalesce(h.police, 0) AS held_police, b.confirmed, b.unanswered, b.unreachable,
       c.state AS call_state, coalesce(r.kept, 0) AS kept, coalesce(r.made, 0) AS made,
       s.starts_at < $4 AS is_soon,
       (SELECT count(*) FROM shift_asks a WHERE a.shift_id = x.id AND a.asked_at IS NOT NULL
          AND a.willing IS NOT false)::int AS asked
FROM shifts x JOIN slots s ON s.id = x.id JOIN slot_places p ON p.slot_id = x.id
LEFT JOIN shift_calls c ON c.shift_id = x.id
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE o.side = 'school')::int AS school,
    count(*) FILTER (WHERE o.side = 'police')::int AS police
    FROM post_holders o WHERE o.shift_id = x.id) h ON true
CROSS JOIN LATERAL (
    SELECT count(*)::int AS confirmed,
           count(*) FILTER (WHERE b.coming IS NULL)::int AS unanswered,
           count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM post_device d
               WHERE d.person_id = b.person_id AND d.retired_at IS NULL))::int AS unreachable
    FROM bookings b WHERE b.slot_id = x.id AND b.state = 'confirmed') b
LEFT JOIN (
    SELECT o.duty, count(*)::int AS made,
           count(*) FILTER (WHERE k.state = 'completed')::int AS kept
    FROM bookings k JOIN shifts o ON o.id = k.slot_id
    WHERE o.school_id = $1 AND k.state IN ('completed', 'no_show', 'late_cancelled')
      AND k.starts_at > $2::timestamptz - interval '365 days'
    GROUP BY o.duty) r ON r.duty = x.duty
WHERE s.school_id = $1 AND s.kind = 'shift' AND s.state = 'open'
  AND s.starts_at > $2 AND s.starts_at < $3
ORDER BY s.starts_at, s.id LIMIT 500
"""


async def upcoming(
    school_id: UUID, now: datetime, until: datetime, soon: datetime
) -> list[dict[str, Any]]:
    """Return every open shift until a moment with what could be wrong with it.

    ``is_soon`` marks those before ``soon``, whose people have been asked whether they come.
    """
    return await fetch(_BOARD, school_id, now, until, soon)
