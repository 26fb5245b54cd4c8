"""Rows of the places engine, split by noun."""

from backend.bookings.models.attending import (
    CalendarFeed,
    Scan,
    ScanKind,
    ScanOutcome,
    StandIn,
    StandInOffer,
    StandInState,
)
from backend.bookings.models.places import (
    Booking,
    BookingState,
    Draw,
    Invitation,
    Mode,
    Qualification,
    SharedQuota,
    Slot,
    SlotKind,
    SlotShare,
    SlotState,
)

__all__ = [
    "Booking",
    "BookingState",
    "CalendarFeed",
    "Draw",
    "Invitation",
    "Mode",
    "Qualification",
    "Scan",
    "ScanKind",
    "ScanOutcome",
    "SharedQuota",
    "Slot",
    "SlotKind",
    "SlotShare",
    "SlotState",
    "StandIn",
    "StandInOffer",
    "StandInState",
]
