"""Counting: from ballots to an outcome, by one pure function."""

from collections.abc import Sequence

import msgspec

from backend.ballots.models import Method, Outcome
from backend.ballots.rules.charter import Base, RuleSet

Choice = tuple[str, ...]
"""What one ballot says: option keys, in order for a ranked vote; ``("abstain",)`` abstains."""

FOR, AGAINST, ABSTAIN = "for", "against", "abstain"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a ballot may say. ``keys`` leave abstaining out; a motion's are for and against."""

    method: Method
    keys: tuple[str, ...]
    choose_most: int = 1
    winners: int = 1


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round of a ranked count: votes of each option still in, and who fell out."""

    votes: dict[str, int]
    out: tuple[str, ...] = ()


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """A count. ``cast`` = ``valid`` + ``invalid``; ``valid`` includes ``abstained``.

    ``of_paper`` is how many of ``cast`` came on paper. ``whole`` is the number the majority is
    a share of, ``needed`` the votes that reach it (``None``: most votes win). ``votes`` are
    first preferences in a ranked vote, whose ``rounds`` follow. ``tied`` are the options no
    count can tell apart.
    """

    entitled: int
    cast: int
    valid: int
    invalid: int
    abstained: int
    of_paper: int
    quorum_needed: int
    has_quorum: bool
    base: Base
    whole: int
    needed: int | None
    votes: dict[str, int]
    rounds: tuple[Round, ...] = ()
    outcome: Outcome
    chosen: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()


def is_valid(question: Question, rules: RuleSet, choice: Choice) -> bool:
    """Say whether a ballot may say ``choice``."""
    raise NotImplementedError


def count(
    question: Question,
    rules: RuleSet,
    entitled: int,
    ballots: Sequence[Choice],
    *,
    paper: Sequence[tuple[Choice, int]] = (),
    paper_invalid: int = 0,
) -> Tally:
    """Count ballots. The order they come in never matters."""
    raise NotImplementedError
