"""A published result: everything somebody needs to check it without us.

Text, whole numbers and booleans alone, so that written canonically it has one form; moments
are UTC to the second (``2026-11-23T08:00:00Z``), digests and keys small hexadecimal digits.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from backend.ballots.models import CloseReason, Method, Mode, Outcome, Unit, Vote
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.counting import AGAINST, FOR, Question, Tally

FORMAT = "tongxing-vote-1"
SIGNATURE = "signature"
"""The one member that is not signed."""


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a result: each member is there, none is unknown."""


class Option(Part):
    key: str
    label: str


class Asked(Part):
    """The question as it stood when the vote opened."""

    title: str
    text: str
    method: Method
    options: list[Option]
    choose_most: int
    winners: int
    mode: Mode
    unit: Unit


class UnitLine(Part):
    """One ballot's worth of electorate. ``name`` is a seat's, in an open vote by name."""

    id: str
    commitment: str
    took_part: bool
    name: str | None


class Electorate(Part):
    """``recused`` is how many were left out before opening."""

    digest: str
    entitled: int
    recused: int
    units: list[UnitLine]


class Shown(StrEnum):
    """What the file says of the ballots cast on phones.

    ``names``: each with its unit; ``choices``: what they say, in an order that tells nothing;
    ``receipts``: that they were counted, and not what they say.
    """

    NAMES = "names"
    CHOICES = "choices"
    RECEIPTS = "receipts"


class NamedBallot(Part):
    unit: str
    choice: list[str]


class Ballots(Part):
    """What was cast on phones; the members that ``shown`` does not name are ``None``.

    ``unreadable`` is how many sealed ballots nobody could read: they count as invalid, and
    have no receipt. Two phones that sent one receipt stand there twice.
    """

    shown: Shown
    unreadable: int
    names: list[NamedBallot] | None
    choices: list[list[str]] | None
    receipts: list[str] | None


class PaperChoice(Part):
    choice: list[str]
    count: int


class Paper(Part):
    """What was cast on paper: how many, and what they say unless that would give somebody away."""

    ballots: int
    choices: list[PaperChoice] | None
    invalid: int | None


class Result(Part):
    """What the vote came to, a tie that the chair settled included."""

    outcome: Outcome
    chosen: list[str]
    cast: int
    quorum_needed: int
    has_quorum: bool


class TieSettled(Part):
    settled_for: str
    by: str


class Certification(Part):
    by: str
    at: str
    late: bool


class Objections(Part):
    raised: int
    rejected: int
    upheld: int


class Times(Part):
    opened: str
    closes: str
    closed: str
    close_reason: CloseReason
    counted: str
    objections_until: str
    published: str


class Signature(Part):
    algorithm: str
    key: str
    value: str


class Bundle(Part):
    """``tally`` is ``None`` where so few voted secretly that no split was kept."""

    format: str
    vote: str
    question: Asked
    rules: RuleSet
    question_digest: str
    electorate: Electorate
    ballots: Ballots
    paper: Paper | None
    tally: Tally | None
    result: Result
    tie: TieSettled | None
    certification: Certification
    objections: Objections
    recounts: int
    times: Times
    signature: Signature | None


def unsigned(bundle: Bundle) -> dict[str, Any]:
    """Return everything in a result but its signature, as it is signed."""
    told: dict[str, Any] = msgspec.to_builtins(bundle)
    del told[SIGNATURE]
    return told


def moment(value: datetime) -> str:
    """Return a moment as a result writes it; fractions of a second are cut off."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def question_of(vote: Vote) -> Question:
    """Return what the ballots of a vote may say."""
    return question(
        Method(vote.method),
        [option["key"] for option in vote.options],
        choose_most=vote.choose_most,
        winners=vote.winners,
    )


def question(method: Method, keys: list[str], *, choose_most: int, winners: int) -> Question:
    """Return what ballots may say; a motion is for or against, whatever its options say."""
    return Question(
        method=method,
        keys=(FOR, AGAINST) if method is Method.MOTION else tuple(keys),
        choose_most=choose_most,
        winners=winners,
    )


def rules_of(vote: Vote) -> RuleSet:
    """Return the rules frozen in a vote."""
    return msgspec.convert(vote.rules, RuleSet)


def tally_of(vote: Vote) -> Tally | None:
    """Return a vote's count; ``None`` before it, and where no split was kept."""
    return None if vote.tally is None or "votes" not in vote.tally else _tally(vote.tally)


def _tally(stored: dict[str, Any]) -> Tally:
    return msgspec.convert(stored, Tally)
