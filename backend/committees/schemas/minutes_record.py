"""What was found of a meeting, on the wire."""

from datetime import date
from uuid import UUID

from backend.ballots.models import VoteState
from backend.committees.models import (
    AttendanceMode,
    BodyKind,
    Constituency,
    ItemState,
    SeatRole,
)
from backend.committees.schemas.votes import VoteMethod, VoteMode, VoteOutcome
from backend.web.structs import Count, Moment, Out


class MinutesAttendeeOut(Out):
    """A seat and whether it was there; without ``mode`` it was not."""

    seat_id: UUID
    name: str
    role: SeatRole
    office: str
    constituency: Constituency
    mode: AttendanceMode | None
    came_at: Moment | None
    left_at: Moment | None


class MinutesOptionOut(Out):
    """What an option received; nothing where no split is kept."""

    key: str
    label: str
    votes: Count | None


class MinutesVoteOut(Out):
    """A vote as certified."""

    vote_id: UUID
    state: VoteState
    method: VoteMethod
    mode: VoteMode
    outcome: VoteOutcome | None
    entitled: Count
    cast: Count
    invalid: Count | None
    abstained: Count | None
    of_paper: Count
    quorum_needed: Count | None
    options: list[MinutesOptionOut]
    chosen: list[str]
    settled_for: str
    certified_at: Moment | None


class MinutesRecusalOut(Out):
    """Who stood aside, and why."""

    name: str
    reason: str


class MinutesItemOut(Out):
    """An item of the agenda; ``number`` is its place in the tree, such as 2 or 2.1."""

    item_id: UUID
    number: str
    title: str
    text: str
    state: ItemState
    outcome: VoteOutcome | None
    conclusion: str
    reason: str
    present: Count | None
    has_quorum: bool | None
    quorum_needed: Count | None
    recused: list[MinutesRecusalOut]
    vote: MinutesVoteOut | None


class MinutesDecisionOut(Out):
    """A decision of the meeting; ``item`` is the number of the agenda it came from."""

    number: Count
    item: str
    text: str
    owner: str
    due_on: date | None
    digest: str


class AnsweredObjectionOut(Out):
    """An objection that had been answered when this was written."""

    name: str
    text: str
    upheld: bool
    answer: str
    answered_at: Moment


class MinutesRecordOut(Out):
    """What the system found of a meeting."""

    body_id: UUID
    body: str
    kind: BodyKind
    district: str
    school: str
    zone: str
    meeting_id: UUID
    meeting: str
    started_at: Moment
    ended_at: Moment
    place: str
    online: bool
    chair: str
    secretary: str
    entitled: Count
    attendees: list[MinutesAttendeeOut]
    items: list[MinutesItemOut]
    decisions: list[MinutesDecisionOut]
    objections: list[AnsweredObjectionOut]
