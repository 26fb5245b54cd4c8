"""What everybody sees of a draw, and what the organiser enters."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.bookings import lots
from backend.bookings.models import Draw, Slot
from backend.web.structs import Count, In, Line, Moment, Out

PublicValue = Annotated[str, Meta(min_length=3, max_length=128, pattern=r"^[0-9a-z]+$")]
Trials = Annotated[int, Meta(ge=1, le=2_000)]


class DrawStage(StrEnum):
    """open -> closed -> drawn."""

    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"


class PassedReason(StrEnum):
    """Why an entry got no place where its turn had come."""

    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    COLLIDES = "collides"
    RESERVED = "reserved"


class DrawSourceIn(In):
    """Where the public value will come from, in words exact enough to look it up, and the
    number of digits or small letters it is written with."""

    public_source: Line
    expected_at: Moment
    value_length: Annotated[int, Meta(ge=3, le=128)]


class DrawIn(In):
    """The public value, now that it exists, and the source as it was announced."""

    public_source: Line
    public_value: PublicValue


class EntryOut(Out):
    """One family's entry: ``code`` is the id of its booking, ``weight`` its number of lots."""

    code: str
    party: Count
    weight: Count


class PassedOut(Out):
    code: str
    reason: PassedReason


class DrawOut(Out):
    """The public record of a draw: everything needed to compute it again, and no names.

    Hashes, seed and secret are hexadecimal. The entries are there from closing on, the
    secret and what follows from it once the draw has been held.
    """

    slot_id: UUID
    stage: DrawStage
    algorithm: str
    commitment: str
    weight_never: Count
    weight_won: Count
    year_from: date | None
    public_source: str
    value_length: Count
    value_expected_at: datetime
    source_announced_at: datetime | None
    closes_at: datetime
    closed_at: datetime | None
    entries: list[EntryOut]
    entries_hash: str | None
    public_value: str | None
    secret: str | None
    seed: str | None
    drawn_at: datetime | None
    places: Count | None
    ranking: list[str]
    winners: list[str]
    passed_over: list[PassedOut]

    @classmethod
    def of(cls, slot: Slot, draw: Draw, source: lots.Source) -> "DrawOut":
        """Build from the rows; what has not happened yet is null or empty."""
        settled = draw.closed_at is not None and draw.closed_at >= slot.closes_at
        drawn = draw.drawn_at is not None
        stage = DrawStage.DRAWN if drawn else DrawStage.CLOSED if settled else DrawStage.OPEN
        return cls(
            slot_id=slot.id,
            stage=stage,
            algorithm=lots.ALGORITHM,
            commitment=draw.commitment,
            weight_never=draw.weight_never,
            weight_won=draw.weight_won,
            year_from=draw.year_from,
            public_source=source.text,
            value_length=source.length,
            value_expected_at=source.expected_at,
            source_announced_at=source.announced_at,
            closes_at=slot.closes_at,
            closed_at=draw.closed_at if settled else None,
            entries=msgspec.convert(draw.entries, list[EntryOut]) if settled else [],
            entries_hash=draw.entries_hash if settled else None,
            public_value=draw.public_value if drawn else None,
            secret=draw.secret if drawn else None,
            seed=draw.seed if drawn else None,
            drawn_at=draw.drawn_at,
            places=draw.places,
            ranking=draw.ranking,
            winners=draw.winners,
            passed_over=msgspec.convert(draw.passed_over, list[PassedOut]),
        )


class ChanceOut(Out):
    """Entries of one weight and the share of them that won in rehearsal."""

    weight: Count
    entries: Count
    chance: Annotated[float, Meta(ge=0, le=1)]


class RehearsalOut(Out):
    """What a draw among the present entries would be like; nothing was drawn."""

    entries: Count
    places: Count
    trials: Count
    chances: list[ChanceOut]
