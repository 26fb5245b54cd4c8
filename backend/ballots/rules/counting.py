"""Counting: from ballots to an outcome, by one pure function.

Everything is counted in whole ballots; shares are compared as exact fractions. What reaches
a share, and what ties, is said at :func:`count`; a run-off is told at
:mod:`backend.ballots.rules.runoff`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from backend.ballots.models import Method, Outcome
from backend.ballots.rules.charter import Base, RuleSet
from backend.ballots.rules.runoff import Round, run_off
from backend.errors import BadInput

Choice = tuple[str, ...]
"""What one ballot says: option keys, in order for a ranked vote; ``("abstain",)`` abstains."""

FOR, AGAINST, ABSTAIN = "for", "against", "abstain"

MOST_OPTIONS = 30
MOST_RANKED = 12
"""More than a dozen nobody puts in order in earnest."""

__all__ = [
    "ABSTAIN",
    "AGAINST",
    "FOR",
    "BadQuestion",
    "Choice",
    "Question",
    "Round",
    "Tally",
    "check_question",
    "count",
    "is_valid",
]  # fmt: skip


class BadQuestion(BadInput):
    """The question cannot be counted; ``field`` names the member that does not fit."""

    code = "bad_question"
    zh = "这样的问题无法计票：{field}。"
    en = "Such a question cannot be counted: {field}."


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a ballot may say. ``keys`` leave abstaining out; a motion's are for and against.

    ``choose_most`` bounds a ``multiple`` ballot; a ``ranked`` one may order every option.
    ``winners`` is the number of places to be filled.
    """

    method: Method
    keys: tuple[str, ...]
    choose_most: int = 1
    winners: int = 1


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


def check_question(question: Question) -> None:
    """Raise :class:`BadQuestion` unless the question can be counted.

    A motion has ``for`` and ``against`` and is adopted or not; ``single`` takes one option,
    ``multiple`` up to ``choose_most``; only these two may fill several places. A ``ranked``
    vote fills one, among two to :data:`MOST_RANKED` options.
    """
    keys, method = question.keys, question.method
    most = MOST_RANKED if method is Method.RANKED else MOST_OPTIONS
    fewest = 2 if method is Method.RANKED else 1
    if not fewest <= len(keys) <= most or len(set(keys)) != len(keys):
        raise BadQuestion(field="options")
    if ABSTAIN in keys or not all(keys):
        raise BadQuestion(field="options")
    if method is Method.MOTION and keys != (FOR, AGAINST):
        raise BadQuestion(field="options")
    several = method in (Method.SINGLE, Method.MULTIPLE)
    if not 1 <= question.winners <= (len(keys) if several else 1):
        raise BadQuestion(field="winners")
    if method is Method.MULTIPLE and not 1 <= question.choose_most <= len(keys):
        raise BadQuestion(field="chooseMost")
    if method in (Method.MOTION, Method.SINGLE) and question.choose_most != 1:
        raise BadQuestion(field="chooseMost")


def is_valid(question: Question, rules: RuleSet, choice: Choice) -> bool:
    """Say whether a ballot may say ``choice``.

    Abstaining stands alone, and only where the rules let anybody abstain. Everything else
    names options of the question, none twice, at least one and no more than the method
    takes: one, ``choose_most``, or in a ranked vote as many as there are.
    """
    if choice == (ABSTAIN,):
        return rules.may_abstain
    most = {Method.MULTIPLE: question.choose_most, Method.RANKED: len(question.keys)}
    return (
        1 <= len(choice) <= most.get(question.method, 1)
        and len(set(choice)) == len(choice)
        and set(choice) <= set(question.keys)
    )


def count(
    question: Question,
    rules: RuleSet,
    entitled: int,
    ballots: Sequence[Choice] | Mapping[Choice, int],
    *,
    paper: Sequence[tuple[Choice, int]] = (),
    paper_invalid: int = 0,
) -> Tally:
    """Count ballots, one by one or so many of each. The order they come in never matters.

    * Quorum: whoever cast a ballot took part, abstaining and invalid ballots included; of
      nobody entitled, and with nobody voting, there is none, whatever the rules ask.
    * The majority is a share of ``whole``: the ballots that decided (valid, not abstaining),
      every valid ballot, or everybody entitled. What nobody voted for never reaches it.
    * A motion is adopted when those for it reach the majority; without one, when they are
      more than those against. It ties when both are equal and above nothing, and the rule is
      just that the greater part of the decided ballots prevails.
    * Options are chosen in the order of their votes, those that reach the majority alone,
      until the places are filled. Options equal at the last places are all left out, and the
      vote is tied; those above them stay chosen.
    * A ranked vote is decided by :func:`backend.ballots.rules.runoff.run_off`.

    Raises :class:`BadQuestion`.
    """
    check_question(question)
    given = Counter(ballots)
    for choice, number in paper:
        given[choice] += number
    valid = {
        choice: number for choice, number in given.items() if is_valid(question, rules, choice)
    }
    of_paper = sum(number for _, number in paper) + paper_invalid
    cast = sum(given.values()) + paper_invalid
    abstained = valid.pop((ABSTAIN,), 0)
    decided = sum(valid.values())
    whole = {Base.DECIDED: decided, Base.CAST: decided + abstained, Base.ENTITLED: entitled}
    needed = _needed(rules, whole[rules.base])
    has_quorum = cast > 0 and rules.quorum.is_reached(cast, entitled)
    votes = _votes(question, valid)
    rounds: tuple[Round, ...] = ()
    if question.method is Method.RANKED:
        run = run_off(question.keys, valid, needed, settles_halves=_is_simple(rules))
        rounds, result = run.rounds, _Result(run.outcome, run.chosen, run.tied)
    elif question.method is Method.MOTION:
        result = _motion(votes[FOR], votes[AGAINST], needed, is_simple=_is_simple(rules))
    else:
        result = _options(votes, needed, question.winners)
    if not has_quorum:
        result = _Result(Outcome.NO_QUORUM)
    return Tally(
        entitled=entitled,
        cast=cast,
        valid=decided + abstained,
        invalid=cast - decided - abstained,
        abstained=abstained,
        of_paper=of_paper,
        quorum_needed=max(rules.quorum.needed(entitled), 1),
        has_quorum=has_quorum,
        base=rules.base,
        whole=whole[rules.base],
        needed=needed,
        votes=votes,
        rounds=rounds,
        outcome=result.outcome,
        chosen=result.chosen,
        tied=result.tied,
    )


class _Result(msgspec.Struct, frozen=True):
    """What a method makes of the votes."""

    outcome: Outcome
    chosen: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()


def _needed(rules: RuleSet, whole: int) -> int | None:
    if rules.majority is None:
        return None
    return max(rules.majority.needed(whole), 1)


def _is_simple(rules: RuleSet) -> bool:
    """Say whether the greater part of the decided ballots prevails, and nothing more is asked."""
    majority = rules.majority
    if majority is None:
        return True
    half = Fraction(majority.of, majority.out_of) == Fraction(1, 2)
    return half and not majority.at_least and rules.base is Base.DECIDED


def _votes(question: Question, valid: Mapping[Choice, int]) -> dict[str, int]:
    """Count what each option was given; of a ranked ballot, its first preference."""
    votes = dict.fromkeys(question.keys, 0)
    for choice, number in valid.items():
        for key in choice[:1] if question.method is Method.RANKED else choice:
            votes[key] += number
    return votes


def _motion(ayes: int, noes: int, needed: int | None, *, is_simple: bool) -> _Result:
    if ayes > noes if needed is None else ayes >= needed:
        return _Result(Outcome.PASSED, chosen=(FOR,))
    if is_simple and ayes == noes > 0:
        return _Result(Outcome.TIED, tied=(FOR, AGAINST))
    return _Result(Outcome.FAILED)


def _options(votes: Mapping[str, int], needed: int | None, winners: int) -> _Result:
    eligible = {key: number for key, number in votes.items() if number >= (needed or 1)}
    chosen: list[str] = []
    for most in sorted(set(eligible.values()), reverse=True):
        level = [key for key in votes if eligible.get(key) == most]
        places = winners - len(chosen)
        if len(level) > places:
            tied = tuple(level) if places else ()
            return _Result(Outcome.TIED if tied else Outcome.PASSED, tuple(chosen), tied)
        chosen += level
    return _Result(Outcome.PASSED if chosen else Outcome.FAILED, tuple(chosen))
