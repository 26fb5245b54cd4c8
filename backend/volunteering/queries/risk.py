"""Whom a call may ask, what became of past promises, and who still has to be warned."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one
from backend.volunteering.models import CallStep

# Somebody who is asked could take the place this minute: the engine's own judgement says so.
_CANDIDATES = """
SELECT v.person_id
FROM volunteers v JOIN slots s ON s.id = $1 JOIN shifts x ON x.id = s.id
CROSS JOIN LATERAL (
    SELECT count(*) AS recent, max(a.asked_at) AS last FROM shift_asks a
    WHERE a.school_id = v.school_id AND a.person_id = v.person_id
      AND a.asked_at > $2::timestamptz - interval '30 days') asks
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT n) AS nodes
    FROM family_ties f, unnest(ARRAY[f.school_id, f.grade_id, f.class_id]) n
    WHERE f.person_id = v.person_id AND f.consented) reach
WHERE v.school_id = s.school_id AND v.state = 'active' AND {step}
  AND NOT EXISTS (SELECT 1 FROM shift_asks a WHERE a.shift_id = s.id
                  AND a.person_id = v.person_id)
  AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.slot_id = s.id
                  AND b.person_id = v.person_id)
  AND refusal_of(s, v.person_id, coalesce(reach.nodes, '{{}}'), $2) IS NULL
ORDER BY asks.recent, asks.last NULLS FIRST, v.id LIMIT $3
"""
_STEPS = {
    CallStep.PAST: """EXISTS (
        SELECT 1 FROM bookings b JOIN shifts o ON o.id = b.slot_id
        WHERE b.person_id = v.person_id AND b.state = 'completed'
          AND o.school_id = s.school_id AND o.duty = x.duty)""",
    CallStep.FREE_THAT_DAY: """extract(isodow FROM s.starts_at AT TIME ZONE (
        SELECT d.timezone FROM schools c JOIN districts d ON d.id = c.district_id
        WHERE c.id = s.school_id))::int = ANY (v.weekdays)""",
}


async def candidates(shift_id: UUID, step: CallStep, now: datetime, limit: int) -> list[UUID]:
    """Return whom the step asks next: those asked least in the last 30 days come first."""
    rows = await fetch(_CANDIDATES.format(step=_STEPS[step]), shift_id, now, limit)
    return [row["person_id"] for row in rows]


async def places_on(shift_id: UUID) -> tuple[int, int, int]:
    """Return capacity, places taken and families waiting."""
    row = await fetch_one(
        "SELECT capacity, taken, waiting FROM slot_places WHERE slot_id = $1", shift_id
    )
    assert row is not None
    return row["capacity"], row["taken"], row["waiting"]


async def let_queue_in(shift_id: UUID, now: datetime) -> None:
    """Have the engine offer what is free to those who wait."""
    await fetch("SELECT tidy_slot($1, $2)", shift_id, now)


async def asked_so_far(shift_id: UUID) -> list[dict[str, Any]]:
    """Return for each step how many were asked, and what came of it."""
    return await fetch(
        """
        SELECT a.step, count(*)::int AS asked,
               count(*) FILTER (WHERE b.person_id IS NOT NULL)::int AS booked,
               count(*) FILTER (WHERE b.person_id IS NULL AND a.willing)::int AS willing,
               count(*) FILTER (WHERE b.person_id IS NULL AND NOT a.willing)::int AS unwilling,
               count(*) FILTER (WHERE b.person_id IS NULL AND a.willing IS NULL)::int AS silent
        FROM shift_asks a LEFT JOIN LATERAL (
            SELECT x.person_id FROM bookings x WHERE x.slot_id = a.shift_id
              AND x.person_id = a.person_id AND x.state IN
                ('requested', 'confirmed', 'offered', 'checked_in', 'completed')
            LIMIT 1) b ON true
        WHERE a.shift_id = $1 AND a.asked_at IS NOT NULL
        GROUP BY a.step ORDER BY a.step DESC
        """,
        shift_id,
    )


async def history(
    school_id: UUID, duty: str, now: datetime
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return, of the last year, promises kept of all for the duty; and asks that led to a place."""
    kept = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE b.state = 'completed')::int AS kept, count(*)::int AS made
        FROM bookings b JOIN shifts x ON x.id = b.slot_id
        WHERE x.school_id = $1 AND x.duty = $2 AND b.state IN
            ('completed', 'no_show', 'late_cancelled')
          AND b.starts_at BETWEEN $3::timestamptz - interval '365 days' AND $3
        """,
        school_id,
        duty,
        now,
    )
    agreed = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE EXISTS (
                   SELECT 1 FROM bookings b WHERE b.slot_id = a.shift_id
                     AND b.person_id = a.person_id AND b.created_at >= a.asked_at))::int AS agreed,
               count(*)::int AS asked
        FROM shift_asks a JOIN slots s ON s.id = a.shift_id
        WHERE a.school_id = $1 AND a.asked_at > $2::timestamptz - interval '365 days'
          AND s.ends_at < $2
        """,
        school_id,
        now,
    )
    assert kept is not None and agreed is not None
    return (kept["kept"], kept["made"]), (agreed["agreed"], agreed["asked"])


async def still_needed(shift_id: UUID, people: list[UUID], now: datetime) -> set[UUID]:
    """Return whom of those asked a push may still reach: the shift lacks hands, they are silent."""
    rows = await fetch(
        """
        SELECT a.person_id FROM shift_asks a JOIN slots s ON s.id = a.shift_id
        JOIN slot_places p ON p.slot_id = s.id
        WHERE a.shift_id = $1 AND a.person_id = ANY($2::uuid[]) AND a.willing IS NOT false
          AND s.state = 'open' AND s.starts_at > $3 AND p.taken < p.capacity
          AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.slot_id = a.shift_id
                          AND b.person_id = a.person_id)
        """,
        shift_id,
        people,
        now,
    )
    return {row["person_id"] for row in rows}


async def short_soon(now: datetime) -> list[UUID]:
    """Return the open shifts that begin within a day and are below their minimum."""
    rows = await fetch(
        """
        SELECT s.id FROM slots s JOIN slot_places p ON p.slot_id = s.id
        WHERE s.kind = 'shift' AND s.state = 'open' AND p.taken < greatest(s.minimum, 1)
          AND s.starts_at > $1 AND s.starts_at <= $1::timestamptz + interval '24 hours'
          AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = s.school_id
                          AND w.function = 'volunteering' AND NOT w.is_on)
        ORDER BY s.starts_at, s.id
        """,
        now,
    )
    return [row["id"] for row in rows]


async def organisers_of(school_id: UUID, organiser_id: UUID) -> list[UUID]:
    """Return whom a shift's trouble concerns: its organiser while on the staff, else the school."""
    rows = await fetch(
        """
        SELECT DISTINCT person_id, person_id = $2 AS is_organiser FROM standings_in_force
        WHERE school_id = $1 AND is_staff
          AND (person_id = $2 OR role IN ('school_admin', 'principal'))
        """,
        school_id,
        organiser_id,
    )
    own = [row["person_id"] for row in rows if row["is_organiser"]]
    return own or [row["person_id"] for row in rows]
