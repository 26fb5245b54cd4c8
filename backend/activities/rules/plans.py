"""What a family's plan is made of: sessions on offer, children's wishes, proposals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec


class Hours(msgspec.Struct, frozen=True):
    """A stretch of time, its end not included."""

    starts_at: datetime
    ends_at: datetime

    def meets(self, other: "Hours") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands: ``bar`` says why nobody can have it, ``free`` its places."""

    session_id: UUID
    title: str
    hours: Hours
    free: int
    bar: str | None = None


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """What one child should see: ``wanted`` sessions of those that ``suit`` its class.

    ``wishes`` come first, in order; ``avoid`` never; ``booked`` it has already.
    """

    student_id: UUID
    suit: frozenset[UUID]
    wanted: int = 1
    wishes: Sequence[UUID] = ()
    avoid: frozenset[UUID] = frozenset()
    booked: frozenset[UUID] = frozenset()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One adult at one session for some of the children; adults are counted from 1."""

    session_id: UUID
    adult: int
    student_ids: tuple[UUID, ...]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A set of visits in order of time, and the minutes the adults wait in between."""

    visits: tuple[Visit, ...]
    wishes_met: int
    idle_minutes: int


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """Why a session is not for a child, or (without a session) why there is no plan."""

    student_id: UUID
    code: str
    session_id: UUID | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The best proposals, and what stood in the way. ``complete`` says nothing better
    was left unseen.
    """

    proposals: list[Proposal]
    obstacles: list[Obstacle]
    complete: bool
