"""The door's list, and the rows that scans are merged into."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.bookings.models import BookingState
from backend.database import fetch, fetch_one

SETTLED = frozenset({BookingState.COMPLETED, BookingState.NO_SHOW})
PRESENT = SETTLED | {BookingState.CONFIRMED, BookingState.CHECKED_IN}
"""States of a booking whose holder may be let in."""


async def list_of(slot_id: UUID) -> list[dict[str, Any]]:
    """Return whoever may come in at a slot's door, by name, with the children named."""
    return await fetch(
        """
        SELECT b.id, p.name, b.party, b.state, b.checked_in_at, b.checked_out_at,
               coalesce((SELECT array_agg(c.name ORDER BY c.name) FROM students c
                         WHERE c.id = ANY(b.student_ids)), '{}') AS children
        FROM bookings b JOIN persons p ON p.id = b.person_id
        WHERE b.slot_id = $1 AND b.state = ANY($2::text[])
        ORDER BY p.name, b.id
        """,
        slot_id,
        sorted(PRESENT),
    )


async def place_held(slot_id: UUID, person_id: UUID) -> UUID | None:
    """Return the booking with which a person may come in, if they have one."""
    row = await fetch_one(
        "SELECT id FROM bookings WHERE slot_id = $1 AND person_id = $2 AND state = ANY($3::text[])",
        slot_id,
        person_id,
        sorted(PRESENT),
    )
    return row["id"] if row else None


async def ticket_of(slot_id: UUID, person_id: UUID) -> dict[str, Any] | None:
    """Return what the person's ticket for a slot says: the booking and its party."""
    return await fetch_one(
        "SELECT id, party FROM bookings WHERE slot_id = $1 AND person_id = $2 "
        "AND state IN ('confirmed', 'checked_in')",
        slot_id,
        person_id,
    )


async def lock_bookings(slot_id: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Hold bookings of a slot until the transaction ends, always in the same order."""
    return await fetch(
        """
        SELECT id, state, starts_at, ends_at, checked_in_at, checked_out_at FROM bookings
        WHERE id = ANY($1::uuid[]) AND slot_id = $2 ORDER BY id FOR NO KEY UPDATE
        """,
        list(ids),
        slot_id,
    )


async def known_scans(slot_id: UUID, nonces: Sequence[str]) -> dict[str, tuple[str, UUID | None]]:
    """Return outcome and booking of those scans that were handed in before, by nonce."""
    rows = await fetch(
        "SELECT nonce, outcome, booking_id FROM scans "
        "WHERE slot_id = $1 AND nonce = ANY($2::text[])",
        slot_id,
        list(nonces),
    )
    return {row["nonce"]: (row["outcome"], row["booking_id"]) for row in rows}


async def log_of(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the scans that count in the stories of these bookings."""
    return await fetch(
        """
        SELECT booking_id, kind, scanned_at, counts_at FROM scans
        WHERE booking_id = ANY($1::uuid[]) AND (kind <> 'undo' AND outcome IN (
                'checked_in', 'already_in', 'checked_out', 'already_out', 'undone', 'not_in')
            OR kind = 'undo' AND outcome IN ('undone', 'not_in'))
        """,
        list(ids),
    )
