"""What a phone sees of a search for a stand-in. Parents are called by surname only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.bookings.models import StandInState
from backend.people.names import surname
from backend.web.structs import In, Out, Reason


class StandInIn(In):
    """A word to those who might help; may be empty."""

    note: Annotated[str, Meta(max_length=200)] = ""


class TakingIn(In):
    """Who of those who offered takes the place over."""

    person_id: UUID


class VetoIn(In):
    """Why the organiser says no; both families read it."""

    reason: Reason


class StandInOffererOut(Out):
    """Somebody who offered."""

    person_id: UUID
    name: str


class StandInOut(Out):
    """The caller's own search: who offered, first come first, and what became of it."""

    id: UUID
    slot_id: UUID
    note: str
    state: StandInState
    offers: list[StandInOffererOut]
    taker: str | None
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, row: dict[str, Any], offers: Sequence[dict[str, Any]]) -> "StandInOut":
        """Build from a request with its taker's name, and those who offered."""
        return cls(
            id=row["id"],
            slot_id=row["slot_id"],
            note=row["note"],
            state=row["state"],
            offers=[
                StandInOffererOut(person_id=o["person_id"], name=called(o["name"])) for o in offers
            ],
            taker=called(row["taker"]) if row["taker"] else None,
            reason=row["reason"],
            created_at=row["created_at"],
        )


class StandInItem(Out):
    """A search the caller could help with."""

    id: UUID
    slot_id: UUID
    asker: str
    note: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    offered: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "StandInItem":
        """Build from a request with its slot and its asker's name."""
        return cls(**row | {"asker": called(row["asker"])})


class StandInsOut(Out):
    """Searches the caller could help with, soonest first; at most a hundred."""

    items: list[StandInItem]


class SlotStandInOut(Out):
    """A search as the organiser sees it."""

    id: UUID
    asker: str
    note: str
    state: StandInState
    offers: list[StandInOffererOut]
    taker: str | None
    taken_at: datetime | None
    ended_at: datetime | None
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, row: dict[str, Any], offers: Sequence[dict[str, Any]]) -> "SlotStandInOut":
        """Build from a request with the names of both sides, and those who offered."""
        shown = {field: row[field] for field in cls.__struct_fields__ if field in row}
        by_name = [StandInOffererOut(person_id=o["person_id"], name=o["name"]) for o in offers]
        return cls(**shown | {"offers": by_name})


class SlotStandInsOut(Out):
    """Every search on a slot, newest first."""

    items: list[SlotStandInOut]


def called(name: str) -> str:
    """Return how a parent is called before other parents."""
    return f"{surname(name)}家长"
