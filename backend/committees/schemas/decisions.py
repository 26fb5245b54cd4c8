"""Decisions on the wire: the log, its chain, and what somebody is to carry out."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.committees.operations.decisions import NewDecision
from backend.web.structs import Count, Cursor, In, Moment, Out


class NewDecisionIn(In):
    """A decision of a passed item. Who carries it out, a seat of the body or somebody on the
    staff, comes with a date.
    """

    item_id: UUID
    text: Annotated[str, Meta(min_length=2, max_length=1000)]
    seat_id: UUID | None = None
    person_id: UUID | None = None
    due_on: date | None = None

    def new(self) -> NewDecision:
        return NewDecision(
            item_id=self.item_id,
            text=self.text,
            seat_id=self.seat_id,
            person_id=self.person_id,
            due_on=self.due_on,
        )


class DecisionCompletionIn(In):
    """What was done."""

    note: Annotated[str, Meta(min_length=2, max_length=500)]


class DecisionOut(Out):
    """A decision; ``isOverdue`` says that its day has passed and it is not done."""

    id: UUID
    body_id: UUID
    body_name: str
    number: Count
    item_id: UUID | None
    item_title: str | None
    meeting_id: UUID | None
    text: str
    owner_name: str
    is_mine: bool
    due_on: date | None
    is_overdue: bool
    decided_at: Moment
    digest: str
    done_at: Moment | None
    done_note: str


class DecisionPage(Out):
    items: list[DecisionOut]
    next_cursor: Cursor | None


class MyDecisionsOut(Out):
    """What the caller is to carry out, the first due first; at most 200."""

    items: list[DecisionOut]


class ChainEntryOut(Out):
    """What the digest of a decision covers: these members, sorted by name, as JSON without
    spaces, in UTF-8, after the previous digest.
    """

    number: Count
    body: UUID
    item: UUID | None
    meeting: UUID | None
    vote: UUID | None
    text: str
    owner: UUID | None
    owner_name: str
    due: date | None
    decided_at: Moment
    entered_by: UUID
    entered_at: Moment


class ChainLinkOut(Out):
    entry: ChainEntryOut
    previous: str
    digest: str


class ChainFlawOut(Out):
    """Where the chain does not hold: an entry is ``missing``, its ``previous`` or ``digest``
    is wrong, or confirmed minutes (``vouched``) say otherwise.
    """

    number: Count
    what: str


class DecisionChainOut(Out):
    """A body's whole log. ``head`` is the last digest; whoever keeps it can tell later whether
    anything before it was changed or cut off.
    """

    head: str
    links: list[ChainLinkOut]
    flaws: list[ChainFlawOut]
