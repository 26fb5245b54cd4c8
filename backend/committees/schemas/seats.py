"""Seats on the wire. A telephone number goes in and never comes out."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from backend.committees.models import Constituency, Seat, SeatRole, SeatState
from backend.committees.operations.seats import Nominee
from backend.committees.rules.seats import SeatEnd
from backend.people import phones
from backend.web.structs import In, Name, Out, Phone, Reason

Office = Annotated[str, Meta(max_length=40)]


class BodySeatIn(In):
    """Somebody known by ``personId``; or, from outside the house, by ``name`` and ``phone``.

    ``studentId`` says for which of their children a parent sits. ``until`` goes on at once:
    to ``appointed``, or to ``serving``.
    """

    constituency: Constituency
    role: SeatRole = SeatRole.MEMBER
    office: Office = ""
    person_id: UUID | None = None
    student_id: UUID | None = None
    name: Name | None = None
    phone: Phone | None = None
    until: Literal["nominated", "appointed", "serving"] = "nominated"

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.name is None) is not (self.phone is None):
            raise ValueError("a name and a phone go together")
        if (self.person_id is None) is not (self.phone is not None):
            raise ValueError("say who: either personId, or name and phone")

    def nominee(self) -> Nominee:
        """Raises :class:`backend.people.phones.BadPhone`."""
        return Nominee(
            constituency=self.constituency,
            role=self.role,
            office=self.office,
            person_id=self.person_id,
            student_id=self.student_id,
            name=self.name or "",
            phone=phones.normalise(self.phone) if self.phone else "",
        )


class SeatRoleIn(In):
    """What the seat does, and the office it is listed under."""

    role: SeatRole
    office: Office = ""


class SeatEndIn(In):
    """Why it ends."""

    reason: Reason


class ChairIn(In):
    """The seat that is to be the chair."""

    seat_id: UUID


class BodySeatOut(Out):
    """A seat. ``inForce``: it serves today.

    ``personId`` and ``studentId`` are for those who run the body; ``endedReason`` is empty
    until it ends.
    """

    id: UUID
    body_id: UUID
    name: str
    role: SeatRole
    constituency: Constituency
    office: str
    state: SeatState
    in_force: bool
    term_from: date
    term_until: date
    ended_reason: SeatEnd | None
    is_mine: bool
    person_id: UUID | None
    student_id: UUID | None

    @classmethod
    def of(cls, row: dict[str, Any], person_id: UUID, *, runs: bool) -> "BodySeatOut":
        """Show one row of :mod:`backend.committees.queries.seats` to ``person_id``."""
        return cls(
            id=row["id"],
            body_id=row["body_id"],
            name=row["name"],
            role=SeatRole(row["role"]),
            constituency=Constituency(row["constituency"]),
            office=row["office"],
            state=SeatState(row["state"]),
            in_force=row["in_force"],
            term_from=row["term_from"],
            term_until=row["term_until"],
            ended_reason=SeatEnd(row["ended_reason"]) if row["ended_reason"] else None,
            is_mine=row["person_id"] == person_id,
            person_id=row["person_id"] if runs else None,
            student_id=row["student_id"] if runs else None,
        )

    @classmethod
    def row_of(cls, seat: Seat, *, in_force: bool) -> dict[str, Any]:
        """Return a seat as :meth:`of` takes it."""
        names = (
            "id", "body_id", "name", "role", "constituency", "office", "state", "term_from",
            "term_until", "ended_reason", "person_id", "student_id",
        )  # fmt: skip
        return {name: getattr(seat, name) for name in names} | {"in_force": in_force}


class BodySeatsOut(Out):
    """Seats that have ended, the latest first."""

    items: list[BodySeatOut]
