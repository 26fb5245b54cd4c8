"""How scans become a check-in: which of them count, from when, and what they tell together.

Nothing here reads the database or the clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.bookings.models import ScanKind, ScanOutcome
from backend.bookings.queries.door import PRESENT, SETTLED

BEFORE = AFTER = timedelta(minutes=30)
"""How long before the start and after the end the door is open (Q7)."""
LATEST = timedelta(hours=72)
"""How long after the end a phone that was offline may still hand in what it saw."""

Hours = tuple[datetime | None, datetime | None]
"""When somebody came and when they left."""
Said = tuple[datetime, str, datetime]
"""One scan: when it was made, of what kind, and the moment it counts at."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone saw: a ticket or a booking from its list, and its own clock.

    ``counts_at`` is the moment to write down when it is another than that of the scan.
    """

    nonce: str
    kind: ScanKind
    scanned_at: datetime
    counts_at: datetime | None = None
    ticket: str | None = None
    booking_id: UUID | None = None


def story(said: Sequence[Said]) -> Hours:
    """Return when somebody came and left, as their scans tell it in the order of time.

    The first way in counts, however often they were scanned; whoever comes back after
    leaving has not left. An undo takes back a check-in that was not followed by a check-out.
    """
    came: datetime | None = None
    left: datetime | None = None
    for _, kind, at in sorted(said):
        if kind == ScanKind.IN:
            came, left = min(came or at, at), None
        elif kind == ScanKind.OUT and came is not None:
            left = left or max(at, came)
        elif kind == ScanKind.UNDO and left is None:
            came = None
    return came, left


def in_time(booking: dict[str, Any], seen: Sighting, now: datetime) -> tuple[datetime, datetime]:
    """Bring a phone's clock, and the moment claimed, between the door's hours and now."""
    opens, closes = booking["starts_at"] - BEFORE, booking["ends_at"] + AFTER
    at = min(max(seen.scanned_at, opens), now)
    return at, min(max(seen.counts_at or at, opens), closes, now)


def judge(booking: dict[str, Any], seen: Sighting, now: datetime) -> ScanOutcome:
    """Return why a scan does not count, or ``CHECKED_IN`` when it does."""
    if booking["state"] not in PRESENT:
        return ScanOutcome.NOT_BOOKED
    if not booking["starts_at"] - BEFORE <= now <= booking["ends_at"] + LATEST:
        return ScanOutcome.DOOR_CLOSED
    if seen.kind is ScanKind.UNDO and booking["state"] in SETTLED:
        return ScanOutcome.SETTLED
    if seen.kind is ScanKind.UNDO and booking["checked_out_at"] is not None:
        return ScanOutcome.ALREADY_OUT
    return ScanOutcome.CHECKED_IN


def outcome(kind: ScanKind, was: Hours, now: Hours) -> ScanOutcome:
    """Return what a scan that counts has changed."""
    if now[0] is None:
        taken_back = kind is ScanKind.IN or was[0] is not None
        return ScanOutcome.UNDONE if taken_back else ScanOutcome.NOT_IN
    if kind is ScanKind.IN:
        came = was[0] is None or (was[1] is not None and now[1] is None)
        return ScanOutcome.CHECKED_IN if came else ScanOutcome.ALREADY_IN
    if kind is ScanKind.OUT:
        left = was[1] is None and now[1] is not None
        return ScanOutcome.CHECKED_OUT if left else ScanOutcome.ALREADY_OUT
    return ScanOutcome.ALREADY_OUT
