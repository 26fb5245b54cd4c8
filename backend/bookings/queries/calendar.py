"""Which bookings belong in a person's calendar, and how firm each is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.bookings.calendars import Entry, Status
from backend.bookings.models import BookingState
from backend.database import fetch, fetch_one

_FIRM = frozenset(
    {
        BookingState.CONFIRMED,
        BookingState.CHECKED_IN,
        BookingState.COMPLETED,
        BookingState.NO_SHOW,
    }
)
_OPEN = frozenset({BookingState.REQUESTED, BookingState.OFFERED})

# A turn in the queue is no appointment. What was one and is cancelled stays for thirty days,
# so that phones take it off; what never was one never appears. What is ahead at a school
# ends with the guardianship (Q31).
_ENTRIES = """
SELECT b.id, b.state, b.starts_at, b.ends_at, b.sequence + s.sequence AS sequence, b.updated_at,
       s.title, s.place, x.name AS school
FROM bookings b JOIN slots s ON s.id = b.slot_id JOIN schools x ON x.id = s.school_id
WHERE b.person_id = $1 AND ($2::uuid IS NULL OR b.slot_id = $2) AND b.state <> 'waitlisted'
  AND b.ends_at > $3::timestamptz - interval '180 days'
  AND (b.ends_at <= $3 OR EXISTS (SELECT 1 FROM family_ties t
       WHERE t.person_id = $1 AND t.school_id = s.school_id))
  AND (b.state IN ('requested', 'confirmed', 'offered', 'checked_in', 'completed', 'no_show')
       OR b.updated_at > $3::timestamptz - interval '30 days' AND EXISTS (
           SELECT 1 FROM booking_moves m WHERE m.booking_id = b.id
             AND m.became IN ('requested', 'confirmed', 'offered')))
  AND NOT EXISTS (SELECT 1 FROM feature_switches f WHERE f.school_id = s.school_id AND NOT f.is_on
      AND f.function = CASE s.kind WHEN 'shift' THEN 'volunteering' ELSE 'activities' END)
ORDER BY b.starts_at, b.id LIMIT 1000
"""


async def entries_of(person_id: UUID, now: datetime) -> list[Entry]:
    """Return a person's appointments of the last half year and all that are to come."""
    return [_entry(row) for row in await fetch(_ENTRIES, person_id, None, now)]


async def entries_on(slot_id: UUID, person_id: UUID, now: datetime) -> list[Entry]:
    """Return what a person's calendar says of one slot: also a booking given back lately."""
    return [_entry(row) for row in await fetch(_ENTRIES, person_id, slot_id, now)]


async def feed_by(digest: str) -> Mapping[str, Any] | None:
    """Return the feed that an address stands for, if its person's account is open."""
    return await fetch_one(
        "SELECT f.id, f.person_id FROM calendar_feeds f JOIN persons p ON p.id = f.person_id "
        "WHERE f.digest = $1 AND p.closed_at IS NULL",
        digest,
    )


async def feed_of(person_id: UUID) -> datetime | None:
    """Return since when a person's feed has its address, or ``None`` without one."""
    row = await fetch_one("SELECT created_at FROM calendar_feeds WHERE person_id = $1", person_id)
    return row["created_at"] if row else None


def _entry(row: Mapping[str, Any]) -> Entry:
    status = Status.CANCELLED
    if row["state"] in _FIRM:
        status = Status.CONFIRMED
    elif row["state"] in _OPEN:
        status = Status.TENTATIVE
    return Entry(
        booking_id=row["id"],
        title=row["title"],
        location=" ".join(part for part in (row["school"], row["place"]) if part),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=status,
        sequence=row["sequence"],
        changed_at=row["updated_at"],
    )
