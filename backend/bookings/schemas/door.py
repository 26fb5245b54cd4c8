"""What a phone sees at the door: tickets, codes, the list, and what became of its scans."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.bookings.models import BookingState, ScanKind, ScanOutcome
from backend.bookings.operations.attendance import Merged
from backend.bookings.operations.stories import Sighting
from backend.web.structs import Count, In, Moment, Out, check_text

TicketText = Annotated[str, Meta(min_length=20, max_length=200, pattern=r"^TXT1\.[\w\-]+$")]
CodeText = Annotated[str, Meta(min_length=20, max_length=80, pattern=r"^TXD1\.[\w\-]+$")]
Nonce = Annotated[str, Meta(min_length=16, max_length=40, pattern=r"^[A-Za-z0-9_\-]+$")]


class TicketOut(Out):
    """A family's ticket as a text to show as a QR code.

    ``TXT1.`` and base64url of: version (1 byte, 1), booking (16), slot (16), party (1), and
    the Ed25519 signature (64) over ``TXT1.`` and the 34 bytes before it.
    """

    booking_id: UUID
    slot_id: UUID
    party: Count
    ticket: str
    public_key: str


class DoorCodeOut(Out):
    """What to show as a QR code from ``shownFrom`` for half a minute."""

    shown_from: datetime
    code: str


class DoorEntryOut(Out):
    """Somebody who may come in."""

    booking_id: UUID
    name: str
    children: list[str]
    party: Count
    state: BookingState
    checked_in_at: datetime | None
    checked_out_at: datetime | None


class DoorOut(Out):
    """All a phone at the door needs without a network.

    ``now`` is the house's clock, for a phone whose own is wrong; ``publicKey`` (base64url)
    checks tickets; ``codes`` are those of half an hour.
    """

    slot_id: UUID
    now: datetime
    opens_at: datetime
    closes_at: datetime
    public_key: str
    codes: list[DoorCodeOut]
    items: list[DoorEntryOut]


class DoorCodeIn(In):
    """The code just scanned from the host's phone."""

    code: CodeText


class ByHandIn(In):
    """When they came or left, if not now."""

    at: Moment | None = None


class ScanIn(In):
    """One scan: either the ticket's text or a booking ticked off the list."""

    nonce: Nonce
    kind: ScanKind
    scanned_at: Moment
    ticket: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    booking_id: UUID | None = None

    def __post_init__(self) -> None:
        check_text("ticket", self.ticket)
        if (self.ticket is None) == (self.booking_id is None):
            raise ValueError("either ticket or bookingId is needed")

    def sighting(self) -> Sighting:
        """Return the scan as the verbs take it."""
        return Sighting(
            nonce=self.nonce,
            kind=self.kind,
            scanned_at=self.scanned_at,
            ticket=self.ticket,
            booking_id=self.booking_id,
        )


class ScansIn(In):
    """What a phone saw since it last had a network."""

    scans: Annotated[list[ScanIn], Meta(min_length=1, max_length=500)]


class ScanOut(Out):
    """What became of one scan, and how the booking stands."""

    nonce: str
    outcome: ScanOutcome
    booking_id: UUID | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None

    @classmethod
    def of(cls, merged: Merged) -> "ScanOut":
        """Build from the answer of the merge."""
        return cls(
            nonce=merged.nonce,
            outcome=merged.outcome,
            booking_id=merged.booking_id,
            checked_in_at=merged.checked_in_at,
            checked_out_at=merged.checked_out_at,
        )


class ScansOut(Out):
    """One answer for each scan, in the order they were sent."""

    items: list[ScanOut]
