"""A school's activities as a list, and one activity's sessions. A round trip each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one
from backend.web.cursors import Position

# Hours and rooms are the slot's once there is one: that is what organisers move.
_SESSIONS = """
SELECT n.id, n.title, n.node_ids, n.quota_keys, n.shares, n.host_ids, n.speakers::text,
       n.delivery, n.link, n.recording_id,
       coalesce(s.place, n.room) AS room, coalesce(s.starts_at, n.starts_at) AS starts_at,
       coalesce(s.ends_at, n.ends_at) AS ends_at, coalesce(p.capacity, n.capacity) AS capacity,
       coalesce(s.state = 'cancelled', false) AS called_off, s.cancelled_reason
FROM activity_sessions n LEFT JOIN slots s ON s.id = n.id
LEFT JOIN slot_places p ON p.slot_id = n.id
WHERE n.activity_id = $1 ORDER BY starts_at, n.title, n.id
"""

# Families see what has opened and is for their children, or to which they were invited;
# staff of the school everything that has opened; drafts only those who answer for them.
_PAGE = """
SELECT a.id, a.kind, a.state, a.title, a.mode, a.organiser_title, a.reason, x.opens_at,
       x.closes_at, x.first_at, x.last_at, x.sessions, x.free,
       t.term, t.year, coalesce(m.mine, '[]') AS mine
FROM activities a
JOIN schools sc ON sc.id = a.school_id JOIN districts d ON d.id = sc.district_id
CROSS JOIN LATERAL (
    SELECT coalesce(min(coalesce(s.starts_at, n.starts_at))
               FILTER (WHERE s.state IS DISTINCT FROM 'cancelled'),
               min(n.starts_at), a.created_at) AS first_at,
           coalesce(max(coalesce(s.ends_at, n.ends_at))
               FILTER (WHERE s.state IS DISTINCT FROM 'cancelled'),
               max(n.ends_at), 'infinity') AS ends_at,
           max(coalesce(s.ends_at, n.ends_at)) AS last_at,
           count(n.id) FILTER (WHERE s.state IS DISTINCT FROM 'cancelled')::int AS sessions,
           coalesce(sum(p.capacity - p.taken) FILTER (WHERE s.state = 'open'), 0)::int AS free,
           coalesce(min(s.opens_at), a.opens_at) AS opens_at,
           coalesce(max(s.closes_at) FILTER (WHERE s.state = 'open'), a.closes_at) AS closes_at
    FROM activity_sessions n LEFT JOIN slots s ON s.id = n.id
    LEFT JOIN slot_places p ON p.slot_id = n.id WHERE n.activity_id = a.id) x
LEFT JOIN LATERAL (
    SELECT t.name AS term, y.name AS year FROM school_years y JOIN terms t ON t.year_id = y.id
    WHERE y.district_id = d.id
      AND (x.first_at AT TIME ZONE d.timezone)::date BETWEEN t.starts_on AND t.ends_on
    LIMIT 1) t ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('session_id', b.slot_id, 'state', b.state,
               'party', b.party, 'student_ids', b.student_ids, 'starts_at', b.starts_at,
               'ends_at', b.ends_at) ORDER BY b.starts_at, b.slot_id) AS mine
    FROM activity_sessions n JOIN bookings b ON b.slot_id = n.id
    WHERE n.activity_id = a.id AND b.person_id = $2
      AND b.state NOT IN ('cancelled', 'late_cancelled', 'lapsed', 'rejected')) m ON true
WHERE a.school_id = $1
  AND ($3 OR (a.state <> 'draft' AND ($4 OR (
          a.node_ids && $5::uuid[]
          AND (a.mode <> 'invited' OR $2 = ANY (a.invitee_ids))))) OR ($4 AND a.organiser_id = $2))
  AND ($6::text IS NULL OR a.kind = $6)
  AND CASE WHEN $7 THEN x.ends_at <= $8 ELSE x.ends_at > $8 END
  AND ($9::timestamptz IS NULL OR CASE WHEN $7 THEN (x.first_at, a.id) < ($9, $10)
       ELSE (x.first_at, a.id) > ($9, $10) END)
ORDER BY {order} LIMIT $11
"""
_COMING = _PAGE.format(order="x.first_at, a.id")
_PAST = _PAGE.format(order="x.first_at DESC, a.id DESC")


async def sessions_of(activity_id: UUID) -> list[dict[str, Any]]:
    """Return the activity's sessions in order of time, as they stand now."""
    return await fetch(_SESSIONS, activity_id)


async def page(
    school_id: UUID,
    person_id: UUID,
    *,
    runs: bool,
    at_work: bool,
    reach: list[UUID],
    kind: str | None,
    past: bool,
    now: datetime,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return what the caller may see of a school's activities: coming, soonest first, or past.

    ``reach`` are the schools, grades and classes of the caller's children. Each row has
    ``mine``: the caller's own bookings, as JSON.
    """
    return await fetch(
        _PAST if past else _COMING,
        school_id,
        person_id,
        runs,
        at_work,
        reach,
        kind,
        past,
        now,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def term_of(school_id: UUID, moment: datetime) -> dict[str, Any] | None:
    """Return the names of the term and school year that hold ``moment`` by the calendar."""
    return await fetch_one(
        """
        SELECT t.name AS term, y.name AS year
        FROM schools s JOIN districts d ON d.id = s.district_id
        JOIN school_years y ON y.district_id = d.id JOIN terms t ON t.year_id = y.id
        WHERE s.id = $1
          AND ($2::timestamptz AT TIME ZONE d.timezone)::date BETWEEN t.starts_on AND t.ends_on
        LIMIT 1
        """,
        school_id,
        moment,
    )
