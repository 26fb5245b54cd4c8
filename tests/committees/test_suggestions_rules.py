"""Suggestions by the book: thresholds and transitions, without a database."""

import pytest

from backend.committees.models import SuggestionState
from backend.committees.rules import suggestions as rules

STATES = list(SuggestionState)
STEPS = {
    "accept": rules.ACCEPT,
    "merge": rules.MERGE,
    "decline": rules.DECLINE,
    "withdraw": rules.WITHDRAW,
}


@pytest.mark.parametrize(
    ("families", "needed"),
    [(0, 3), (1, 3), (29, 3), (30, 3), (31, 4), (45, 5), (100, 10), (299, 30), (300, 30),
     (301, 30), (5000, 30)],
)  # fmt: skip
def test_a_tenth_of_the_families_but_three_at_least_and_thirty_at_most(
    families: int, needed: int
) -> None:
    assert rules.threshold(families) == needed


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", sorted(STEPS))
def test_only_what_is_open_is_answered_and_an_answer_is_given_once(
    step: str, state: SuggestionState
) -> None:
    if state is SuggestionState.OPEN:
        assert STEPS[step].is_news(state)
    elif state is STEPS[step].target:
        assert not STEPS[step].is_news(state)
    else:
        with pytest.raises(rules.WrongSuggestionState) as refusal:
            STEPS[step].is_news(state)
        assert refusal.value.facts == {"state": state.value}


@pytest.mark.parametrize("state", STATES)
def test_only_what_is_open_is_signed_or_handed_up(state: SuggestionState) -> None:
    if state is SuggestionState.OPEN:
        rules.STAY_OPEN.check(state)
    else:
        with pytest.raises(rules.WrongSuggestionState):
            rules.STAY_OPEN.check(state)
