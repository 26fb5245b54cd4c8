"""Meetings on the wire, and who is there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.committees.models import (
    AttendanceMode,
    Constituency,
    MeetingAnswer,
    MeetingState,
    Seat,
    SeatRole,
)
from backend.committees.operations.meetings import MeetingContent
from backend.committees.rules.meetings import Quorum
from backend.committees.schemas.agenda import AgendaTopOut
from backend.web.structs import Cursor, In, Moment, Out, Reason, Title

MeetingPlace = Annotated[str, Meta(max_length=80)]
MeetingLink = Annotated[str, Meta(max_length=300, pattern=r"^(https://[^\s]+)?$")]


class MeetingIn(In):
    """When and where a body meets; in a room, online, or both."""

    title: Title
    starts_at: Moment
    ends_at: Moment
    place: MeetingPlace = ""
    online_url: MeetingLink = ""

    def content(self) -> MeetingContent:
        return MeetingContent(
            title=self.title,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            place=self.place,
            online_url=self.online_url,
        )


class MeetingCancellationIn(In):
    """Why a meeting does not take place; everybody called to it reads this."""

    reason: Reason


class MeetingReplyIn(In):
    """Whether the caller comes, and how."""

    answer: MeetingAnswer


class AttendanceIn(In):
    """How somebody is there."""

    mode: AttendanceMode


class MeetingItem(Out):
    """A meeting in a list. ``myAnswer`` is what the caller's seat has replied.

    From outside, ``place`` and ``onlineUrl`` are empty, ``items``, which counts the agenda, and
    ``entitled``, which is known once it has ended, are ``null``.
    """

    id: UUID
    body_id: UUID
    body_name: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    online_url: str
    state: MeetingState
    items: int | None
    my_answer: MeetingAnswer | None
    entitled: int | None
    convened_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str

    @classmethod
    def of(cls, row: dict[str, Any], *, inside: bool) -> "MeetingItem":
        return cls(**meeting_members(row, inside=inside))


class MeetingPage(Out):
    """Meetings, the latest first."""

    items: list[MeetingItem]
    next_cursor: Cursor | None
    has_more: bool


class MyMeetingsOut(Out):
    """What the caller is called to, soonest first."""

    items: list[MeetingItem]


class PresenceOut(Out):
    """From when until when somebody was there, and how; ``leftAt`` ``null``: still there."""

    mode: AttendanceMode
    came_at: datetime
    left_at: datetime | None


class AttendeeSeatOut(Out):
    """A seat at a meeting: what it replied, and its presences in order."""

    seat_id: UUID
    name: str
    role: SeatRole
    constituency: Constituency
    office: str
    answer: MeetingAnswer | None
    there: bool
    presences: list[PresenceOut]


class MeetingOut(MeetingItem):
    """A meeting with its agenda and, from inside, everybody who serves or was there."""

    agenda: list[AgendaTopOut]
    attendance: list[AttendeeSeatOut]


class MissingSeatOut(Out):
    """A seat that is not there, and what it replied."""

    seat_id: UUID
    name: str
    answer: MeetingAnswer | None


class QuorumOut(Out):
    """Whether enough are there, now or, of an ended meeting, at its end.

    ``needed`` of ``entitled`` make a quorum; seats that stand aside from the item asked about
    count nowhere. ``mayCome`` counts who is there and who is not there but has not replied
    that they stay away; ``reachable`` says whether that would be enough. ``missing`` is for
    chair and secretary; ``null`` for everybody else.
    """

    entitled: int
    in_person: int
    online: int
    present: int
    needed: int
    has_quorum: bool
    may_come: int
    reachable: bool
    missing: list[MissingSeatOut] | None

    @classmethod
    def of(cls, found: Quorum, missing: list[MissingSeatOut] | None) -> "QuorumOut":
        return cls(
            entitled=found.entitled,
            in_person=found.in_person,
            online=found.online,
            present=found.present,
            needed=found.needed,
            has_quorum=found.has_quorum,
            may_come=found.may_come,
            reachable=found.reachable,
            missing=missing,
        )


def meeting_members(row: dict[str, Any], *, inside: bool) -> dict[str, Any]:
    """Return what somebody sees of a meeting's row, by member."""
    members = {name: row[name] for name in MeetingItem.__struct_fields__ if name in row}
    over = row["ended_at"] is not None
    return members | {
        "state": MeetingState(row["state"]),
        "place": row["place"] if inside else "",
        "online_url": row["online_url"] if inside else "",
        "items": row["items"] if inside else None,
        "my_answer": MeetingAnswer(row["answer"]) if row["answer"] else None,
        "entitled": row["entitled"] if over and inside else None,
    }


def attendance_of(
    serving: Sequence[Seat],
    intervals: Sequence[dict[str, Any]],
    replies: dict[UUID, MeetingAnswer],
) -> list[AttendeeSeatOut]:
    """Return the seats in force, then those that were there and serve no longer."""
    known: dict[UUID, dict[str, Any]] = {
        seat.id: {
            "name": seat.name,
            "role": seat.role,
            "constituency": seat.constituency,
            "office": seat.office,
        }
        for seat in serving
    }
    presences: dict[UUID, list[PresenceOut]] = {}
    for row in intervals:
        known.setdefault(row["seat_id"], row)
        presences.setdefault(row["seat_id"], []).append(
            PresenceOut(
                mode=AttendanceMode(row["mode"]), came_at=row["came_at"], left_at=row["left_at"]
            )
        )
    return [
        AttendeeSeatOut(
            seat_id=seat_id,
            name=seat["name"],
            role=SeatRole(seat["role"]),
            constituency=Constituency(seat["constituency"]),
            office=seat["office"],
            answer=replies.get(seat_id),
            there=any(one.left_at is None for one in presences.get(seat_id, [])),
            presences=presences.get(seat_id, []),
        )
        for seat_id, seat in known.items()
    ]
