"""Votes on the wire: the question, who may vote, how many have."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.ballots.models import CloseReason, Method, Mode, Outcome, Unit, VoteState
from backend.committees.models import Constituency
from backend.web.structs import In, Moment, Out, Reason


class VoteMode(StrEnum):
    """Whether a ballot keeps the name of whoever cast it."""

    OPEN = Mode.OPEN.value
    SECRET = Mode.SECRET.value


class VoteMethod(StrEnum):
    """For, against or abstain; one option; several; an order of options."""

    MOTION = Method.MOTION.value
    SINGLE = Method.SINGLE.value
    MULTIPLE = Method.MULTIPLE.value
    RANKED = Method.RANKED.value


class VoteOutcome(StrEnum):
    """What the count says."""

    PASSED = Outcome.PASSED.value
    FAILED = Outcome.FAILED.value
    NO_QUORUM = Outcome.NO_QUORUM.value
    TIED = Outcome.TIED.value


OptionKey = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9\-]+$")]
OptionLabel = Annotated[str, Meta(min_length=1, max_length=80)]
Question = Annotated[str, Meta(min_length=2, max_length=120)]
MOST_OPTIONS = 30
Few = Annotated[int, Meta(ge=1, le=MOST_OPTIONS)]


class VoteOptionIn(In):
    """An option. Without a ``key`` it is numbered; in an election the key is the seat's id."""

    label: OptionLabel
    key: OptionKey | None = None


class VoteIn(In):
    """A question. A motion has no options: it is voted for, against, or abstained from.

    ``title`` is the agenda item's unless given, ``mode`` and ``unit`` those of its rule set.
    ``choose_most`` bounds what a ballot names where it names several; ``winners`` is how many
    options are to be chosen.
    """

    closes_at: Moment
    title: Question | None = None
    text: Annotated[str, Meta(max_length=4000)] = ""
    method: VoteMethod = VoteMethod.MOTION
    options: Annotated[list[VoteOptionIn], Meta(max_length=MOST_OPTIONS)] = []
    choose_most: Few = 1
    winners: Few = 1
    mode: VoteMode | None = None
    unit: Unit | None = None


class VoteOpeningIn(In):
    """Another moment to close at than the draft's, or ``null``."""

    closes_at: Moment | None = None


class AnnulmentIn(In):
    """Why a vote is called off; whoever could vote reads it."""

    reason: Reason


class VoteOptionOut(Out):
    key: str
    label: str


class MyVotingUnitOut(Out):
    """A unit the caller may vote for, with what proves that it is in the electorate:
    ``commitment`` is the SHA-256 of ``salt``, the unit's reference and its voters' ids.
    """

    unit_id: UUID
    ref_id: UUID
    voter_ids: list[UUID]
    salt: str
    commitment: str
    has_voted: bool
    on_paper: bool


class RecusedOut(Out):
    """A seat that stands aside, for those inside the body."""

    name: str
    reason: str


class VoteOut(Out):
    """A vote as the caller may see it. ``turnout`` is for those inside the body, ``outcome``
    for them once counted and for others once certified. ``public_key`` (hexadecimal) is what
    the ballots of a secret vote are sealed to, each padded to ``sealed_length`` octets before
    (see ``openapi/ballot/``). ``secrecy`` and ``rules`` say in plain words
    what the mode does and does not protect, and when a result stands.
    """

    id: UUID
    item_id: UUID
    body_id: UUID
    body_name: str
    title: str
    text: str
    method: VoteMethod
    options: list[VoteOptionOut]
    choose_most: int
    winners: int
    mode: VoteMode
    secrecy: str
    unit: Unit
    rules: list[str]
    may_abstain: bool
    may_change: bool
    chair_may_close: bool
    state: VoteState
    created_at: datetime
    opened_at: datetime | None
    closes_at: datetime
    entitled: int
    electorate_digest: str | None
    question_digest: str | None
    public_key: str | None
    sealed_length: int | None
    recused: list[RecusedOut]
    my_units: list[MyVotingUnitOut]
    turnout: int | None
    closed_at: datetime | None
    close_reason: CloseReason | None
    key_destroyed_at: datetime | None
    outcome: VoteOutcome | None
    certified_at: datetime | None
    objections_until: datetime | None
    published_at: datetime | None
    annulled_at: datetime | None
    annulled_reason: str | None


class VoteCard(Out):
    """One line of a body's votes."""

    id: UUID
    item_id: UUID
    title: str
    method: VoteMethod
    mode: VoteMode
    unit: Unit
    state: VoteState
    entitled: int
    created_at: datetime
    closes_at: datetime
    published_at: datetime | None
    outcome: VoteOutcome | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "VoteCard":
        """Show one row of :func:`backend.committees.queries.votes.of_body`."""
        return cls(
            **{
                **row,
                "method": VoteMethod(row["method"]),
                "mode": VoteMode(row["mode"]),
                "unit": Unit(row["unit"]),
                "state": VoteState(row["state"]),
                "outcome": VoteOutcome(row["outcome"]) if row["outcome"] else None,
            }
        )


class VotePage(Out):
    """A body's votes, newest first."""

    items: list[VoteCard]
    next_cursor: str | None


class MyVoteOut(Out):
    """A vote the caller may take part in; ``owed`` of their ``units`` have not voted yet."""

    id: UUID
    body_name: str
    title: str
    mode: VoteMode
    state: VoteState
    closes_at: datetime
    units: int
    owed: int

    @classmethod
    def of(cls, row: dict[str, Any]) -> "MyVoteOut":
        """Show one row of :func:`backend.committees.queries.votes.mine`."""
        return cls(**{**row, "mode": VoteMode(row["mode"]), "state": VoteState(row["state"])})


class MyVotesOut(Out):
    """What the caller still owes a ballot first, by deadline; then what is over."""

    items: list[MyVoteOut]


class ConstituencyTurnoutOut(Out):
    constituency: Constituency
    entitled: int
    cast: int


class VoteTurnoutOut(Out):
    """How many units have voted, never which. Constituencies of fewer than five are left
    out, and so is a single one that could be found by subtracting the others.
    """

    entitled: int
    cast: int
    on_paper: int
    quorum_needed: int
    has_quorum: bool
    constituencies: list[ConstituencyTurnoutOut]


class VoteReminderOut(Out):
    """How many people were reminded; who they are stays untold."""

    told: int
