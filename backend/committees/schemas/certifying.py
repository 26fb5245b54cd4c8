"""Results, objections and what makes a count final, on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.ballots.models import Objection, ObjectionState, VoteState
from backend.committees.schemas.votes import OptionKey, VoteMethod, VoteMode, VoteOutcome
from backend.web.structs import In, Out

Grounds = Annotated[str, Meta(min_length=2, max_length=500)]


class TieIn(In):
    """What the chair settles a tie for: ``for``, ``against``, or one of the tied options."""

    settled_for: OptionKey


class ObjectionIn(In):
    """Why the count is doubted."""

    reason: Grounds


class ObjectionAnswerIn(In):
    """Whether the caller upholds an objection, and why."""

    upheld: bool
    answer: Grounds


class ObjectionOut(Out):
    """An objection. ``awaits_second`` says that one of the two who must uphold it has.

    ``raised_by`` is a name, for those who have to answer and for whoever objected.
    """

    id: UUID
    vote_id: UUID
    reason: str
    raised_by: str
    is_mine: bool
    raised_at: datetime
    state: ObjectionState
    awaits_second: bool
    answered_at: datetime | None
    answer: str | None

    @classmethod
    def of(cls, row: Objection, name: str, caller: UUID) -> "ObjectionOut":
        """Show one objection to ``caller``."""
        return cls(
            id=row.id,
            vote_id=row.vote_id,
            reason=row.reason,
            raised_by=name,
            is_mine=row.raised_by == caller,
            raised_at=row.raised_at,
            state=ObjectionState(row.state),
            awaits_second=row.state == ObjectionState.RAISED and row.first_by is not None,
            answered_at=row.answered_at,
            answer=row.answer or None,
        )


class ObjectionsOut(Out):
    """Objections, oldest first."""

    items: list[ObjectionOut]


class OptionResultOut(Out):
    """What one option got; ``votes`` is ``null`` where so few voted that no split is kept."""

    key: str
    label: str
    votes: int | None
    chosen: bool
    tied: bool


class CountRoundOut(Out):
    """One round of a ranked count: votes of each option still in, and which fell out."""

    votes: dict[str, int]
    out: list[str]


class NamedBallotOut(Out):
    """How a seat voted in an open vote."""

    name: str
    choice: list[str]


class VoteResultOut(Out):
    """A count. ``suppressed`` says that a secret vote had fewer than five ballots, of which
    only the outcome is kept. ``whole`` is the number the majority is a share of, ``needed``
    the votes that reach it. ``ballots`` name seats, in a published open vote, as its rule set
    says; ``null`` otherwise.
    """

    vote_id: UUID
    title: str
    method: VoteMethod
    mode: VoteMode
    state: VoteState
    outcome: VoteOutcome
    entitled: int
    cast: int
    quorum_needed: int
    has_quorum: bool
    suppressed: bool
    valid: int | None
    invalid: int | None
    abstained: int | None
    of_paper: int | None
    whole: int | None
    needed: int | None
    options: list[OptionResultOut]
    rounds: list[CountRoundOut]
    tie_settled_for: str | None
    ballots: list[NamedBallotOut] | None
    objections: int
    recounts: int
    counted_at: datetime | None
    certified_at: datetime | None
    certified_by: str | None
    objections_until: datetime | None
    published_at: datetime | None


class SigningKeyOut(Out):
    """The Ed25519 key (hexadecimal) this installation signs published results with."""

    algorithm: str
    public_key: str
