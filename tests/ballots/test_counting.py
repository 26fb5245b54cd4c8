"""What a count says, case by case: one line is one vote."""

import pytest

from backend.ballots.models import Method, Outcome
from backend.ballots.rules.charter import CHARTER, ORDINARY, PERSONNEL, Base, RuleSet, Share
from backend.ballots.rules.counting import (
    BadQuestion,
    Choice,
    Question,
    check_question,
    count,
    is_valid,
)
from tests.ballots.elections import ALL, HALF, MORE_THAN_HALF, NOBODY, TWO_THIRDS

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NO_QUORUM, TIED = Outcome.NO_QUORUM, Outcome.TIED
DECIDED, CAST, ENTITLED = Base.DECIDED, Base.CAST, Base.ENTITLED
MOTION = Question(method=Method.MOTION, keys=("for", "against"))


def rules(quorum: Share, majority: Share | None, base: Base, **more: object) -> RuleSet:
    return RuleSet(quorum=quorum, majority=majority, base=base, **more)  # type: ignore[arg-type]


# Every letter is a ballot: + for, - against, o abstaining, ? invalid.
SAYS: dict[str, Choice] = {"+": ("for",), "-": ("against",), "o": ("abstain",), "?": ("maybe",)}

MOTIONS = [
    # entitled, ballots, quorum, majority, base, outcome
    (0, "", NOBODY, None, DECIDED, NO_QUORUM),
    (0, "", ALL, ALL, ENTITLED, NO_QUORUM),
    (9, "", NOBODY, MORE_THAN_HALF, DECIDED, NO_QUORUM),
    (9, "+", NOBODY, MORE_THAN_HALF, DECIDED, PASSED),
    # Exactly half is not more than half.
    (8, "++++", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, NO_QUORUM),
    (8, "+++++", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, PASSED),
    (8, "++++", HALF, MORE_THAN_HALF, DECIDED, PASSED),
    (9, "++++", HALF, MORE_THAN_HALF, DECIDED, NO_QUORUM),
    # Two thirds of nine are six, of ten seven.
    (9, "++++++", TWO_THIRDS, TWO_THIRDS, DECIDED, PASSED),
    (10, "++++++", TWO_THIRDS, TWO_THIRDS, DECIDED, NO_QUORUM),
    (10, "+++++++", TWO_THIRDS, TWO_THIRDS, DECIDED, PASSED),
    # Whoever abstains, and whoever spoils a ballot, took part.
    (8, "+oooo", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, PASSED),
    (8, "+oo??", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, PASSED),
    (8, "+ooo", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, NO_QUORUM),
    # The same ballots by another base.
    (9, "+++--oo", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, PASSED),
    (9, "+++--oo", MORE_THAN_HALF, MORE_THAN_HALF, CAST, FAILED),
    (9, "++++-oo", MORE_THAN_HALF, MORE_THAN_HALF, CAST, PASSED),
    (9, "++++-oo", MORE_THAN_HALF, MORE_THAN_HALF, ENTITLED, FAILED),
    (9, "+++++-o", MORE_THAN_HALF, MORE_THAN_HALF, ENTITLED, PASSED),
    (9, "+++++o??", MORE_THAN_HALF, TWO_THIRDS, CAST, PASSED),
    # A spoilt ballot is in no base but that of everybody entitled.
    (8, "+++---?", MORE_THAN_HALF, HALF, CAST, PASSED),
    (8, "+++---?", MORE_THAN_HALF, HALF, ENTITLED, FAILED),
    # A tie is one where the greater part of the decided ballots prevails, and nowhere else.
    (8, "+++---", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, TIED),
    (8, "+++---", MORE_THAN_HALF, Share(of=50, out_of=100), DECIDED, TIED),
    (8, "++--oo", MORE_THAN_HALF, None, CAST, TIED),
    (8, "+++---", MORE_THAN_HALF, MORE_THAN_HALF, CAST, FAILED),
    (8, "+++---", MORE_THAN_HALF, MORE_THAN_HALF, ENTITLED, FAILED),
    (8, "+++---", MORE_THAN_HALF, TWO_THIRDS, DECIDED, FAILED),
    (8, "+++---", MORE_THAN_HALF, HALF, DECIDED, PASSED),
    (8, "++--", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, NO_QUORUM),
    # All abstaining decides nothing, and ties nothing.
    (8, "ooooo", MORE_THAN_HALF, MORE_THAN_HALF, DECIDED, FAILED),
    (8, "ooooo", MORE_THAN_HALF, NOBODY, DECIDED, FAILED),
    (8, "ooooo", MORE_THAN_HALF, None, DECIDED, FAILED),
    # Without a majority those for must be more than those against.
    (8, "+oooo", MORE_THAN_HALF, None, ENTITLED, PASSED),
    (8, "-oooo", MORE_THAN_HALF, None, ENTITLED, FAILED),
    # Nobody for it is never enough.
    (8, "-----", MORE_THAN_HALF, NOBODY, CAST, FAILED),
    (5, "+++++", ALL, ALL, ENTITLED, PASSED),
    (5, "++++o", ALL, ALL, ENTITLED, FAILED),
    (5, "++++o", ALL, ALL, DECIDED, PASSED),
    # More than all of them is more than there are.
    (5, "+++++", Share(of=1, out_of=1), MORE_THAN_HALF, DECIDED, NO_QUORUM),
]


@pytest.mark.parametrize(("entitled", "says", "quorum", "majority", "base", "outcome"), MOTIONS)
def test_motions(
    entitled: int, says: str, quorum: Share, majority: Share | None, base: Base, outcome: Outcome
) -> None:
    tally = count(
        MOTION, rules(quorum, majority, base), entitled, [SAYS[letter] for letter in says]
    )
    assert tally.outcome is outcome
    assert tally.chosen == (("for",) if outcome is PASSED else ())
    assert tally.tied == (("for", "against") if outcome is TIED else ())
    assert tally.votes == {"for": says.count("+"), "against": says.count("-")}
    assert (tally.cast, tally.invalid, tally.abstained) == (
        len(says), says.count("?"), says.count("o"))  # fmt: skip


OPTIONS = [
    # votes, abstaining, entitled, winners, majority, base, outcome, chosen, tied
    ({"a": 5, "b": 3, "c": 2}, 0, 12, 1, None, DECIDED, PASSED, "a", ""),
    ({"a": 5, "b": 5, "c": 2}, 0, 12, 1, None, DECIDED, TIED, "", "ab"),
    ({"a": 5, "b": 3, "c": 2}, 0, 12, 1, MORE_THAN_HALF, DECIDED, FAILED, "", ""),
    ({"a": 6, "b": 3, "c": 2}, 0, 12, 1, MORE_THAN_HALF, DECIDED, PASSED, "a", ""),
    ({"a": 6, "b": 3, "c": 2}, 1, 12, 1, MORE_THAN_HALF, CAST, FAILED, "", ""),
    # Equal halves: neither has more than half, so nobody ties for the place.
    ({"a": 5, "b": 5, "c": 0}, 0, 12, 1, MORE_THAN_HALF, DECIDED, FAILED, "", ""),
    ({"a": 5, "b": 5, "c": 0}, 0, 12, 1, HALF, DECIDED, TIED, "", "ab"),
    ({"a": 5, "b": 5, "c": 0}, 0, 12, 2, HALF, DECIDED, PASSED, "ab", ""),
    # Ties at the last places leave them empty; who stands above is chosen.
    ({"a": 5, "b": 3, "c": 3}, 0, 12, 2, None, DECIDED, TIED, "a", "bc"),
    ({"a": 4, "b": 4, "c": 3}, 0, 12, 2, None, DECIDED, PASSED, "ab", ""),
    ({"a": 4, "b": 4, "c": 4}, 0, 12, 2, None, DECIDED, TIED, "", "abc"),
    ({"a": 4, "b": 4, "c": 4}, 0, 12, 3, None, DECIDED, PASSED, "abc", ""),
    # A place may stay empty because nobody else reaches what is asked.
    ({"a": 8, "b": 2, "c": 2}, 0, 12, 2, MORE_THAN_HALF, DECIDED, PASSED, "a", ""),
    ({"a": 8, "b": 0, "c": 0}, 0, 12, 3, None, DECIDED, PASSED, "a", ""),
    # Nobody voted for any.
    ({"a": 0, "b": 0, "c": 0}, 8, 12, 1, None, DECIDED, FAILED, "", ""),
    ({"a": 0, "b": 0, "c": 0}, 8, 12, 1, NOBODY, DECIDED, FAILED, "", ""),
    ({"a": 6, "b": 0, "c": 0}, 0, 12, 1, MORE_THAN_HALF, ENTITLED, NO_QUORUM, "", ""),
    ({"a": 6, "b": 1, "c": 0}, 0, 12, 1, MORE_THAN_HALF, ENTITLED, FAILED, "", ""),
    ({"a": 7, "b": 1, "c": 0}, 0, 12, 1, MORE_THAN_HALF, ENTITLED, PASSED, "a", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("votes", "abstaining", "entitled", "winners", "majority", "base", "outcome", "chosen", "tied"),
    OPTIONS,
)
def test_options(
    votes: dict[str, int],
    abstaining: int,
    entitled: int,
    winners: int,
    majority: Share | None,
    base: Base,
    outcome: Outcome,
    chosen: str,
    tied: str,
) -> None:
    question = Question(method=Method.SINGLE, keys=("a", "b", "c"), winners=winners)
    ballots = [(key,) for key, number in votes.items() for _ in range(number)]
    ballots += [("abstain",)] * abstaining
    tally = count(question, rules(MORE_THAN_HALF, majority, base), entitled, ballots)
    assert (tally.outcome, "".join(tally.chosen), "".join(tally.tied)) == (outcome, chosen, tied)


RANKED = [
    # ballots and how many of each, majority, base, outcome, chosen, tied, who falls
    ({"abc": 6, "bca": 3, "cab": 2}, None, DECIDED, PASSED, "a", "", [""]),
    ({"ab": 4, "bc": 3, "cb": 2}, None, DECIDED, PASSED, "b", "", ["c", ""]),
    # Whoever ranks none that is left has run out.
    ({"a": 4, "bc": 3, "c": 2}, None, DECIDED, PASSED, "a", "", ["c", ""]),
    # Equal last ones: either way a wins.
    ({"a": 5, "ba": 3, "ca": 3}, None, DECIDED, PASSED, "a", "", ["c", ""]),
    # Equal last ones, and on them it depends.
    ({"a": 4, "bc": 3, "cb": 3}, None, DECIDED, TIED, "", "bc", [""]),
    # Equal last ones without a chance fall together.
    ({"ad": 6, "ba": 5, "ca": 1, "db": 1}, None, DECIDED, PASSED, "a", "", ["cd", ""]),
    ({"a": 4, "b": 4}, MORE_THAN_HALF, DECIDED, TIED, "", "ab", ["c", ""]),
    ({"a": 4, "b": 4}, MORE_THAN_HALF, CAST, FAILED, "", "", ["c", ""]),
    # Ahead in the run-off, and yet less than half of all who decided.
    ({"a": 4, "b": 3, "c": 2}, MORE_THAN_HALF, DECIDED, FAILED, "", "", ["c", ""]),
    ({"a": 4, "b": 3, "ca": 2}, MORE_THAN_HALF, DECIDED, PASSED, "a", "", ["c", ""]),
    # More than half, but not two thirds before the last one fell.
    ({"a": 5, "b": 3, "ca": 1}, TWO_THIRDS, DECIDED, PASSED, "a", "", ["c", ""]),
    # What a rival's ballots say further down is not said for the winner.
    ({"a": 5, "ba": 4}, TWO_THIRDS, DECIDED, FAILED, "", "", ["c", ""]),
    ({}, None, DECIDED, FAILED, "", "", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("orders", "majority", "base", "outcome", "chosen", "tied", "falls"), RANKED
)
def test_run_offs(
    orders: dict[str, int],
    majority: Share | None,
    base: Base,
    outcome: Outcome,
    chosen: str,
    tied: str,
    falls: list[str],
) -> None:
    keys = tuple("abcd") if any("d" in order for order in orders) else tuple("abc")
    question = Question(method=Method.RANKED, keys=keys)
    ballots = [tuple(order) for order, number in orders.items() for _ in range(number)]
    ballots.append(("abstain",))
    tally = count(question, rules(NOBODY, majority, base), 20, ballots)
    assert (tally.outcome, "".join(tally.chosen), "".join(tally.tied)) == (outcome, chosen, tied)
    assert ["".join(step.out) for step in tally.rounds] == falls


SPOILT = [
    (Method.MOTION, ("maybe",)),
    (Method.MOTION, ("for", "against")),
    (Method.MOTION, ("abstain", "abstain")),
    (Method.MOTION, ("for", "abstain")),
    (Method.SINGLE, ()),
    (Method.SINGLE, ("a", "b")),
    (Method.SINGLE, ("",)),
    (Method.SINGLE, ("A",)),
    (Method.MULTIPLE, ("a", "a")),
    (Method.MULTIPLE, ("a", "b", "c")),
    (Method.MULTIPLE, ("a", "d")),
    (Method.RANKED, ("a", "b", "a")),
    (Method.RANKED, ("a", "b", "c", "d")),
]


@pytest.mark.parametrize(("method", "choice"), SPOILT)
def test_what_no_ballot_may_say_is_counted_as_invalid(method: Method, choice: Choice) -> None:
    question = asked(method)
    assert not is_valid(question, ORDINARY, choice)
    tally = count(question, ORDINARY, 1, [choice])
    assert (tally.cast, tally.valid, tally.invalid) == (1, 0, 1)


@pytest.mark.parametrize(
    ("method", "choice"),
    [
        (Method.MOTION, ("for",)),
        (Method.SINGLE, ("c",)),
        (Method.MULTIPLE, ("c", "a")),
        (Method.RANKED, ("b",)),
        (Method.RANKED, ("c", "b", "a")),
    ],
)
def test_what_a_ballot_may_say(method: Method, choice: Choice) -> None:
    assert is_valid(asked(method), ORDINARY, choice)


@pytest.mark.parametrize("method", Method)
def test_abstaining_is_a_choice_only_where_the_rules_allow_it(method: Method) -> None:
    strict = rules(MORE_THAN_HALF, MORE_THAN_HALF, CAST, may_abstain=False)
    allowed = count(asked(method), PERSONNEL, 3, [("abstain",)] * 2)
    refused = count(asked(method), strict, 3, [("abstain",)] * 2)
    assert (allowed.abstained, allowed.invalid, allowed.whole) == (2, 0, 2)
    assert (refused.abstained, refused.invalid, refused.whole) == (0, 2, 0)
    assert allowed.has_quorum
    assert refused.has_quorum


def test_a_charter_is_changed_by_two_thirds_of_everybody() -> None:
    eight = count(MOTION, CHARTER, 12, [("for",)] * 8)
    seven = count(MOTION, CHARTER, 12, [("for",)] * 7 + [("against",)] * 5)
    assert (eight.outcome, eight.needed, eight.whole) == (PASSED, 8, 12)
    assert (seven.outcome, seven.needed, seven.whole) == (FAILED, 8, 12)


def test_paper_is_a_labelled_part_of_the_same_count() -> None:
    paper = [(("for",), 3), (("abstain",), 1), (("maybe",), 1)]
    tally = count(MOTION, ORDINARY, 10, [("against",)], paper=paper, paper_invalid=2)
    assert (tally.cast, tally.of_paper, tally.invalid, tally.abstained) == (8, 7, 3, 1)
    assert tally.votes == {"for": 3, "against": 1}


BAD = [
    ({"method": Method.RANKED, "keys": ("a", "b", "c"), "winners": 2}, "winners"),
    ({"method": Method.RANKED, "keys": ("a",)}, "options"),
    ({"method": Method.RANKED, "keys": tuple(f"k{n}" for n in range(13))}, "options"),
    ({"method": Method.MOTION, "keys": ("against", "for")}, "options"),
    ({"method": Method.MOTION, "keys": ("for", "against"), "winners": 2}, "winners"),
    ({"method": Method.MOTION, "keys": ("for", "against"), "choose_most": 2}, "chooseMost"),
    ({"method": Method.SINGLE, "keys": ()}, "options"),
    ({"method": Method.SINGLE, "keys": ("a", "a")}, "options"),
    ({"method": Method.SINGLE, "keys": ("a", "abstain")}, "options"),
    ({"method": Method.SINGLE, "keys": ("a", "")}, "options"),
    ({"method": Method.SINGLE, "keys": tuple(f"k{n}" for n in range(31))}, "options"),
    ({"method": Method.SINGLE, "keys": ("a", "b"), "choose_most": 2}, "chooseMost"),
    ({"method": Method.SINGLE, "keys": ("a", "b"), "winners": 0}, "winners"),
    ({"method": Method.MULTIPLE, "keys": ("a", "b"), "winners": 3}, "winners"),
    ({"method": Method.MULTIPLE, "keys": ("a", "b"), "choose_most": 3}, "chooseMost"),
    ({"method": Method.MULTIPLE, "keys": ("a", "b"), "choose_most": 0}, "chooseMost"),
]


@pytest.mark.parametrize(("members", "field"), BAD)
def test_a_question_that_cannot_be_counted_is_refused(
    members: dict[str, object], field: str
) -> None:
    question = Question(**members)  # type: ignore[arg-type]
    for refused in (lambda: check_question(question), lambda: count(question, ORDINARY, 0, [])):
        with pytest.raises(BadQuestion) as refusal:
            refused()
        assert (refusal.value.code, refusal.value.facts) == ("bad_question", {"field": field})


def asked(method: Method) -> Question:
    if method is Method.MOTION:
        return MOTION
    return Question(
        method=method, keys=("a", "b", "c"), choose_most=2 if method is Method.MULTIPLE else 1
    )
