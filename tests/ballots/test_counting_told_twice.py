"""The count against the slow one: every small vote there is, and random larger ones."""

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, permutations

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.ballots.models import Method
from backend.ballots.rules.charter import Base, RuleSet, Share
from backend.ballots.rules.counting import Choice, Question, count
from tests.ballots.elections import (
    KEYS,
    MAJORITIES,
    NOBODY,
    RULES,
    Election,
    differences,
    elections,
    rule_sets,
)

THOROUGH = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
MOTION = Question(method=Method.MOTION, keys=("for", "against"))
ABC = ("a", "b", "c")


WITHOUT_QUORUM = [rules for rules in RULES if rules.quorum == NOBODY]


def every(
    question: Question,
    says: list[Choice],
    most: int,
    *,
    rule_sets: Sequence[RuleSet] = RULES,
    empty: int = 1,
) -> Iterator[Election]:
    """Yield every vote in which up to ``most`` ballots say one of ``says`` each; up to
    ``empty`` of those entitled stay away.
    """
    for number in range(most + 1):
        for ballots in combinations_with_replacement(says, number):
            for rules in rule_sets:
                for absent in range(empty + 1):
                    yield Election(
                        question=question, rules=rules, entitled=number + absent, ballots=ballots
                    )


def held_against_the_slow_count(votes: Iterator[Election]) -> int:
    """Compare them all; returns how many there were."""
    compared = 0
    for election in votes:
        assert not differences(election), election
        compared += 1
    return compared


def test_every_motion_of_up_to_five_ballots() -> None:
    says: list[Choice] = [("for",), ("against",), ("abstain",), ("spoilt",)]
    assert held_against_the_slow_count(every(MOTION, says, 5)) == 126 * len(RULES) * 2


@pytest.mark.parametrize("winners", [1, 2, 3])
def test_every_vote_for_one_of_three_with_up_to_four_ballots(winners: int) -> None:
    question = Question(method=Method.SINGLE, keys=ABC, winners=winners)
    says: list[Choice] = [("a",), ("b",), ("c",), ("abstain",)]
    assert held_against_the_slow_count(every(question, says, 4, empty=0)) == 70 * len(RULES)


@pytest.mark.parametrize("winners", [1, 2])
def test_every_vote_for_two_of_three_with_up_to_three_ballots(winners: int) -> None:
    question = Question(method=Method.MULTIPLE, keys=ABC, choose_most=2, winners=winners)
    says: list[Choice] = [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")]
    assert held_against_the_slow_count(every(question, says, 3, empty=0)) == 84 * len(RULES)


def test_every_run_off_of_three_with_up_to_three_ballots() -> None:
    question = Question(method=Method.RANKED, keys=ABC)
    says = [order for length in (1, 2, 3) for order in permutations(ABC, length)]
    votes = every(question, says, 3, rule_sets=WITHOUT_QUORUM, empty=0)
    assert held_against_the_slow_count(votes) == 816 * len(WITHOUT_QUORUM)


@pytest.mark.parametrize("majority", MAJORITIES)
@pytest.mark.parametrize("base", Base)
@pytest.mark.parametrize("method", Method)
def test_random_votes_of_every_kind(method: Method, base: Base, majority: Share | None) -> None:
    @THOROUGH
    @given(elections([method], rule_sets(base, [majority])))
    def held(election: Election) -> None:
        assert not differences(election)

    held()


@settings(THOROUGH, max_examples=300)
@given(elections(), st.randoms(use_true_random=False))
def test_the_order_ballots_come_in_never_matters(election: Election, chance: object) -> None:
    shuffled, paper = list(election.ballots), list(election.paper)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(paper)  # type: ignore[attr-defined]
    again = msgspec.structs.replace(election, ballots=shuffled, paper=paper)
    assert again.counted() == election.counted()


@settings(THOROUGH, max_examples=300)
@given(elections())
def test_paper_in_buckets_counts_like_the_same_ballots_one_by_one(election: Election) -> None:
    loose = [choice for choice, number in election.paper for _ in range(number)]
    loose += [("spoilt",)] * election.paper_invalid
    one_by_one = msgspec.structs.replace(
        election, ballots=[*election.ballots, *loose], paper=(), paper_invalid=0
    )
    bucketed = election.counted()
    assert bucketed.of_paper == len(loose)
    assert msgspec.structs.replace(bucketed, of_paper=0) == one_by_one.counted()


@settings(THOROUGH, max_examples=300)
@given(elections([Method.RANKED]))
def test_the_rounds_of_a_run_off_tell_how_it_came_about(election: Election) -> None:
    tally = election.counted()
    staying = list(election.question.keys)
    for step in tally.rounds[:-1]:
        assert list(step.votes) == staying
        assert step.out
        left = [key for key in staying if key not in step.out]
        # No option that stays had fewer votes than one that falls.
        assert max(step.votes[key] for key in step.out) <= min(step.votes[key] for key in left)
        staying = left
    if tally.rounds:
        final = tally.rounds[-1]
        assert list(final.votes) == staying
        assert final.out == ()
        assert set(tally.chosen) | set(tally.tied) <= set(staying)
        assert sum(final.votes.values()) <= tally.valid - tally.abstained


@settings(THOROUGH, max_examples=200)
@given(elections([Method.MOTION, Method.SINGLE]))
def test_one_more_ballot_for_what_was_chosen_never_loses_it(election: Election) -> None:
    before = election.counted()
    for key in before.chosen:
        more = msgspec.structs.replace(
            election, ballots=[*election.ballots, (key,)], entitled=election.entitled + 1
        )
        after = more.counted()
        assert key in after.chosen or not after.has_quorum


def test_twelve_options_all_alike_are_counted_in_time() -> None:
    keys = tuple(f"k{number}" for number in range(12))
    ballots = [keys[start:] + keys[:start] for start in range(12)] * 5
    rules = next(rules for rules in RULES if rules.majority is None)
    tally = count(Question(method=Method.RANKED, keys=keys), rules, 60, ballots)
    assert tally.tied == keys
    assert len(KEYS) < len(keys)
