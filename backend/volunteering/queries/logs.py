"""Shifts as those on duty see them, and the logs of a shift."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.volunteering.rules.logs import Item


class DutyShift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift with the state of one person's booking on it, if that lets them be there."""

    id: UUID
    school_id: UUID
    duty: str
    place: str
    starts_at: datetime
    ends_at: datetime
    organiser_id: UUID
    is_draft: bool
    booking: str | None
    has_log: bool


_SHIFT = """
SELECT sh.id, sh.school_id, sh.duty, s.place, s.starts_at, s.ends_at, s.organiser_id,
       s.state = 'draft' AS is_draft,
       (SELECT b.state FROM bookings b WHERE b.slot_id = s.id AND b.person_id = $2
          AND b.state IN ('confirmed', 'checked_in', 'completed')) AS booking,
       EXISTS (SELECT 1 FROM duty_logs l WHERE l.shift_id = sh.id AND l.person_id = $2) AS has_log
FROM shifts sh JOIN slots s ON s.id = sh.id
"""
_ON_DUTY = (
    _SHIFT
    + """
WHERE sh.school_id = $1 AND sh.duty <> 'mediation'
  AND s.starts_at <= $3::timestamptz + interval '30 minutes'
  AND s.ends_at >= $3::timestamptz - interval '24 hours'
  AND EXISTS (SELECT 1 FROM bookings b WHERE b.slot_id = s.id AND b.person_id = $2
      AND b.state IN ('confirmed', 'checked_in', 'completed'))
"""
)


async def shift_for(shift_id: UUID, person_id: UUID) -> DutyShift | None:
    """Return a shift as it stands for the person."""
    row = await fetch_one(f"{_SHIFT} WHERE sh.id = $1", shift_id, person_id)
    return msgspec.convert(row, DutyShift) if row else None


async def on_duty_at(school_id: UUID, person_id: UUID, now: datetime) -> list[DutyShift]:
    """Return the person's shifts at the school whose logs are open now, mediation apart."""
    rows = await fetch(_ON_DUTY, school_id, person_id, now)
    return msgspec.convert(rows, list[DutyShift])


class WrittenLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log with its author's name."""

    id: UUID
    person_id: UUID
    author: str
    duty: str
    checklist: list[Item]
    rating: int | None
    remarks: str
    updated_at: datetime


async def of_shift(shift_id: UUID) -> list[WrittenLog]:
    """Return every log of a shift, in the order they were begun."""
    rows = await fetch(
        """
        SELECT l.id, l.person_id, l.duty, l.checklist::text AS checklist, l.rating, l.remarks,
               l.updated_at, p.name AS author
        FROM duty_logs l JOIN persons p ON p.id = l.person_id
        WHERE l.shift_id = $1 ORDER BY l.created_at, l.id LIMIT 200
        """,
        shift_id,
    )
    return [
        msgspec.convert(
            row | {"checklist": msgspec.json.decode(row["checklist"], type=list[Item])},
            WrittenLog,
        )
        for row in rows
    ]
