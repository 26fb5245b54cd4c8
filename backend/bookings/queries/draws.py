"""What a draw reads: who had entered at closing, how heavy each lot is, how it came out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.bookings import lots
from backend.bookings.models import Draw, Slot
from backend.database import fetch, fetch_one

# Whoever waited at the moment of closing, whatever became of them since.
_ENTRIES = """
WITH fortunate AS MATERIALIZED (
    SELECT x.person_id, x.student_ids FROM bookings x JOIN slots d ON d.id = x.slot_id
    WHERE d.school_id = (SELECT school_id FROM slots WHERE id = $1) AND d.id <> $1
      AND d.mode = 'draw' AND d.drawn_at >= $3::date
      AND x.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'no_show',
                      'late_cancelled'))
SELECT b.id::text AS code, b.party,
       b.person_id IN (SELECT person_id FROM fortunate) OR b.student_ids && coalesce((
           SELECT array_agg(child) FROM fortunate f, unnest(f.student_ids) child), '{}') AS won
FROM bookings b
WHERE b.slot_id = $1 AND 'waitlisted' = (
    SELECT m.became FROM booking_moves m WHERE m.booking_id = b.id AND m.at < $2
    ORDER BY m.id DESC LIMIT 1)
ORDER BY b.id::text
"""


def source_of(draw: Draw, slot: Slot) -> lots.Source:
    """Return what the organiser announced, or else the beacon ten minutes after closing.

    A source whose value would exist before closing (the slot was moved) does not count.
    """
    if draw.public_source and draw.value_expected_at and draw.value_expected_at > slot.closes_at:
        return lots.Source(
            text=draw.public_source,
            expected_at=draw.value_expected_at,
            length=draw.value_length,
            announced_at=draw.source_announced_at,
        )
    return lots.beacon(slot.closes_at + lots.BEACON_AFTER)


async def entries(
    slot_id: UUID, moment: datetime, year_from: date, *, never: int, won: int
) -> list[dict[str, Any]]:
    """Return the entries that stood at ``moment`` as ``{code, party, weight}``, by code.

    ``won`` is the weight of a family (the adult, or any child named) that has had a place
    by lot at this school since ``year_from`` and has not given it back in time.
    """
    return [
        {"code": row["code"], "party": row["party"], "weight": won if row["won"] else never}
        for row in await fetch(_ENTRIES, slot_id, moment, year_from)
    ]


async def year_start(school_id: UUID, moment: datetime) -> date:
    """Return the first day of the district's school year, or of the usual one in September."""
    row = await fetch_one(
        """
        SELECT x.today, (SELECT y.starts_on FROM school_years y
            WHERE y.district_id = x.district_id AND x.today BETWEEN y.starts_on AND y.ends_on
            ORDER BY y.starts_on DESC LIMIT 1) AS starts_on
        FROM (SELECT d.id AS district_id, ($2::timestamptz AT TIME ZONE d.timezone)::date AS today
              FROM schools s JOIN districts d ON d.id = s.district_id WHERE s.id = $1) x
        """,
        school_id,
        moment,
    )
    assert row is not None
    today: date = row["today"]
    found: date | None = row["starts_on"]
    return found or date(today.year - (today.month < 9), 9, 1)


async def free_places(slot_id: UUID) -> int:
    """Return how many places a draw would give away now."""
    row = await fetch_one(
        """
        SELECT least(p.capacity - p.taken, (SELECT min(q.capacity - q.taken)
            FROM shared_quotas q WHERE q.id = ANY (s.quota_ids))) AS free
        FROM slots s JOIN slot_places p ON p.slot_id = s.id WHERE s.id = $1
        """,
        slot_id,
    )
    return max(row["free"], 0) if row else 0


async def outcome(codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the state of each entry's booking and the code of its last line."""
    rows = await fetch(
        "SELECT id::text AS code, state, line ->> 'code' AS line FROM bookings "
        "WHERE id = ANY($1::uuid[])",
        list(codes),
    )
    return {row["code"]: (row["state"], row["line"]) for row in rows}


async def due(now: datetime) -> list[UUID]:
    """Return slots whose list of entries is to be published."""
    rows = await fetch(
        """
        SELECT s.id FROM slots s LEFT JOIN draws d ON d.slot_id = s.id
        WHERE s.mode = 'draw' AND s.state = 'open' AND s.drawn_at IS NULL AND s.closes_at <= $1
          AND (d.closed_at IS NULL OR d.closed_at < s.closes_at)
        ORDER BY s.closes_at LIMIT 200
        """,
        now,
    )
    return [row["id"] for row in rows]
