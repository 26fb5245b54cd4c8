"""What was found of a meeting: the part of its minutes that the system writes."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class Attendee(msgspec.Struct, frozen=True, kw_only=True):
    """A seat and whether it was there; ``mode`` is ``None`` for whoever stayed away."""

    seat_id: UUID
    name: str
    role: str
    office: str
    constituency: str
    mode: str | None
    came_at: datetime | None = None
    left_at: datetime | None = None


class OptionVotes(msgspec.Struct, frozen=True, kw_only=True):
    """What an option received; ``None`` where no split is kept (small secret votes)."""

    key: str
    label: str
    votes: int | None


class VoteFound(msgspec.Struct, frozen=True, kw_only=True):
    """A vote as certified; numbers are ballots."""

    vote_id: UUID
    state: str
    method: str
    mode: str
    outcome: str | None
    entitled: int
    cast: int
    invalid: int | None
    abstained: int | None
    of_paper: int
    quorum_needed: int | None
    options: tuple[OptionVotes, ...]
    chosen: tuple[str, ...]
    settled_for: str = ""
    certified_at: datetime | None = None


class RecusalFound(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    reason: str


class DecisionFound(msgspec.Struct, frozen=True, kw_only=True):
    """A decision taken; ``digest`` is that of the body's log, which these minutes vouch for."""

    number: int
    item: str
    text: str
    owner: str
    due_on: date | None
    digest: str


class ItemFound(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the agenda; ``number`` is its place in the tree, such as 2 or 2.1.

    ``present``, ``has_quorum`` and ``quorum_needed`` are as found when its discussion began.
    """

    item_id: UUID
    number: str
    title: str
    text: str
    state: str
    outcome: str | None
    conclusion: str
    reason: str
    present: int | None
    has_quorum: bool | None
    quorum_needed: int | None
    recused: tuple[RecusalFound, ...] = ()
    vote: VoteFound | None = None


class ObjectionFound(msgspec.Struct, frozen=True, kw_only=True):
    """An objection to these minutes that has been answered."""

    name: str
    text: str
    upheld: bool
    answer: str
    answered_at: datetime


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting as it was found. Who comes first in ``attendees``: chair, then by name."""

    body_id: UUID
    body: str
    kind: str
    district: str
    school: str
    zone: str
    meeting_id: UUID
    meeting: str
    started_at: datetime
    ended_at: datetime
    place: str
    online: bool
    chair: str
    secretary: str
    entitled: int
    attendees: tuple[Attendee, ...]
    items: tuple[ItemFound, ...]
    decisions: tuple[DecisionFound, ...]
    objections: tuple[ObjectionFound, ...] = ()

    @property
    def present(self) -> int:
        """How many seats were there."""
        return sum(attendee.mode is not None for attendee in self.attendees)
