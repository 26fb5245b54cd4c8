"""Counters that are wrong in one place: holding them against the slow count notices each."""

import inspect
import types

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from backend.ballots.models import Method
from backend.ballots.rules import counting, runoff
from tests.ballots.elections import Counter, differences, elections

SABOTAGE = {
    "reaching counts as exceeding": (
        "ayes >= needed", "ayes > needed", Method.MOTION),
    "a motion passes with a tie": (
        "ayes > noes", "ayes >= noes", Method.MOTION),
    "abstaining counts as against": (
        "_motion(votes[FOR], votes[AGAINST],", "_motion(votes[FOR], votes[AGAINST] + abstained,",
        Method.MOTION),
    "the bases are mixed up": (
        "Base.DECIDED: decided, Base.CAST: decided + abstained",
        "Base.CAST: decided, Base.DECIDED: decided + abstained", Method.SINGLE),
    "quorum without those who abstained": (
        "is_reached(cast, entitled)", "is_reached(cast - abstained, entitled)", Method.MOTION),
    "quorum without spoilt ballots": (
        "is_reached(cast, entitled)", "is_reached(decided + abstained, entitled)", Method.MULTIPLE),
    "nobody voting is a quorum": (
        "cast > 0 and ", "", Method.MOTION),
    "paper is left out of the quorum": (
        "is_reached(cast, entitled)", "is_reached(cast - of_paper, entitled)", Method.SINGLE),
    "a bucket of paper is one ballot": (
        "given[choice] += number", "given[choice] += 1", Method.SINGLE),
    "spoilt paper is forgotten": (
        "sum(given.values()) + paper_invalid", "sum(given.values())", Method.SINGLE),
    "an option may be named twice": (
        "and len(set(choice)) == len(choice)", "", Method.MULTIPLE),
    "as many options as one likes": (
        "Method.MULTIPLE: question.choose_most", "Method.MULTIPLE: len(question.keys)",
        Method.MULTIPLE),
    "abstaining is always allowed": (
        "return rules.may_abstain", "return True", Method.MOTION),
    "the list breaks a tie for the last place": (
        "= winners - len(chosen)", "= winners - len(chosen); level = level[:places]",
        Method.SINGLE),
    "a tie for the last place is a failure": (
        "Outcome.TIED if tied else Outcome.PASSED", "Outcome.FAILED", Method.SINGLE),
    "places are filled without a majority": (
        "number >= (needed or 1)", "number >= 1", Method.SINGLE),
    "nobody's option is chosen": (
        "number >= (needed or 1)", "number >= (needed or 0)", Method.SINGLE),
    "every majority can tie": (
        "settles_halves=_is_simple(rules)", "settles_halves=True", Method.RANKED),
    "each preference is a vote": (
        "for key in choice[:1] if question.method is Method.RANKED else choice",
        "for key in choice", Method.RANKED),
    "the first falls out": (
        "return [(key,) for key in last]", "return [(max(votes, key=lambda k: votes[k]),)]",
        Method.RANKED),
    "a run-off is won by most votes at once": (
        "if len(votes) > 2:", "if 2 * most > sum(votes.values()) and len(votes) > 2:",
        Method.RANKED),
    "all the last fall out at once": (
        "if len(votes) - len(last) >= 2 and fewest * len(last) < min(above):", "if above:",
        Method.RANKED),
    "lots are drawn by the list": (
        "return [(key,) for key in last]", "return [(last[-1],)]", Method.RANKED),
    "a run-off asks for no majority": (
        "self._needed is None or most >= self._needed", "True", Method.RANKED),
    "a ballot that has run out stays with its last": (
        "                    break\n",
        "                    break\n            else:\n                votes[min(votes)] += 1\n",
        Method.RANKED),
}  # fmt: skip

SEARCH = settings(
    max_examples=1500,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sabotaged(right: str, wrong: str) -> Counter:
    """Return a count from whose source one place was changed."""
    sources = {module: inspect.getsource(module) for module in (runoff, counting)}
    assert sum(source.count(right) for source in sources.values()) >= 1
    made: dict[str, types.ModuleType] = {}
    for module, source in sources.items():
        made[module.__name__] = copy = types.ModuleType(module.__name__)
        exec(compile(source.replace(right, wrong), f"<{wrong}>", "exec"), copy.__dict__)
        if module is counting:
            copy.__dict__["run_off"] = made[runoff.__name__].__dict__["run_off"]
    count: Counter = made[counting.__name__].__dict__["count"]
    return count


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_wrong_count_is_noticed(name: str) -> None:
    right, wrong, method = SABOTAGE[name]
    count = sabotaged(right, wrong)
    found = find(elections([method]), lambda vote: bool(differences(vote, count)), settings=SEARCH)
    assert differences(found, count)
    # The same vote, counted as it should be, is told alike.
    assert not differences(found)


def test_a_count_that_is_right_is_not_accused() -> None:
    count = sabotaged("ayes >= needed", "needed <= ayes")
    briefly = settings(SEARCH, max_examples=200)
    with pytest.raises(NoSuchExample):
        find(elections(), lambda vote: bool(differences(vote, count)), settings=briefly)
