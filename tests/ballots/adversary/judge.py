"""What chance alone would find, how sure that is, and what each linker found.

A linker lays the counted ballots beside the voters, one each. Were it blind, that would be a
draw without replacement: voter *i* matches ballot *j* when their choices are alike, and the
number of matches is a linear rank statistic whose mean and variance are exact.

The best of many readings is better than one by luck alone. So that the best of *m* is held to
what three sigma is for a single one (one false alarm in 741 runs), each is held to the
quantile of 1 - (1 - p)^(1/m) with p = 0.00135 (Šidák's correction; readings that agree with
each other make it stricter, never laxer). Beside choices the judge scores whole ballots: there
a blind reading finds one of every election, however the votes are split.
"""

import math
import random
from collections import Counter
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from tests.ballots.adversary.cases import Case, Guess, settle
from tests.ballots.adversary.linkers.reading import Reading
from tests.ballots.adversary.loot import Loot
from tests.ballots.adversary.plans import Held, Truth

SIGMAS = 3.0
_ONE_SIDED = 1 - NormalDist().cdf(SIGMAS)


class Expected(NamedTuple):
    """Matches that chance gives: their mean and their variance."""

    mean: float
    variance: float


class Score(msgspec.Struct, kw_only=True):
    """What a reading found: of ``voters`` so many ``choices``, and so many very ``ballots``."""

    reading: str
    among: str
    voters: int = 0
    choices: int = 0
    ballots: int = 0
    expected: float = 0.0
    variance: float = 0.0
    expected_ballots: float = 0.0

    @property
    def share(self) -> float:
        return self.choices / self.voters

    @property
    def chance(self) -> float:
        return self.expected / self.voters

    @property
    def sigma(self) -> float:
        return math.sqrt(self.variance) / self.voters

    @property
    def z(self) -> float:
        return (self.choices - self.expected) / math.sqrt(self.variance or 1)

    @property
    def z_ballots(self) -> float:
        """Whole ballots found by chance follow Poisson's law; as the sigma of a normal one."""
        at_least = tail(self.ballots, self.expected_ballots)
        return -NormalDist().inv_cdf(min(max(at_least, 1e-16), 1 - 1e-16))


def bound(readings: int) -> float:
    """Return how many sigma the best of so many readings may be above chance."""
    return NormalDist().inv_cdf((1 - _ONE_SIDED) ** (1 / readings))


def tail(found: int, mean: float) -> float:
    """Return how likely chance finds at least so many where it finds ``mean`` on average."""
    one = math.exp(-mean + found * math.log(mean) - math.lgamma(found + 1)) if mean else 0.0
    whole = 0.0
    while one > whole * 1e-12:
        whole += one
        found += 1
        one *= mean / found
    return min(whole, 1.0)


def blind(some: Counter[str | None], everything: Counter[str | None]) -> Expected:
    """Return what a blind reading finds among ``some`` of an election's voters, by choice."""
    n = everything.total()
    alike = sum(some[choice] * count for choice, count in everything.items())
    if n < 2:
        return Expected(float(alike), 0.0)
    rows = sum(some[choice] * count**2 for choice, count in everything.items()) / n
    columns = sum(count * some[choice] ** 2 for choice, count in everything.items()) / n
    return Expected(alike / n, (alike - rows - columns + (alike / n) ** 2) / (n - 1))


GROUPS: dict[str, Callable[[Held, Truth], bool]] = {
    "everybody": lambda held, truth: True,
    "who changed their ballot": lambda held, truth: truth.changed,
    "who sent it again": lambda held, truth: truth.repeated,
    "whose ballot the house sealed": lambda held, truth: truth.by_house,
    "who voted over HTTP": lambda held, truth: held.over_http,
}


def try_all(
    readings: list[Reading], cases: list[Case], held: dict[str, Held], loot: Loot, seed: int
) -> list[Score]:
    """Let every reading guess every election; returns its score in every group of voters."""
    scores = []
    for reading in readings:
        found = {name: Score(reading=str(reading), among=name) for name in GROUPS}
        for case in cases:
            lots = random.Random(f"{seed}/{reading}/{case.vote_id}")
            _add(found, case, held[case.vote_id], reading.guess(case, loot), lots)
        scores += [score for score in found.values() if score.voters]
    return scores


def _add(
    found: dict[str, Score], case: Case, held: Held, guess: Guess, lots: random.Random
) -> None:
    truth = {one.unit_id: one for one in held.truth}
    whole = Counter(one.choice for one in held.truth)
    answer = settle(case, guess, lots)
    for name, belongs in GROUPS.items():
        some: Counter[str | None] = Counter()
        score = found[name]
        for n, voter in enumerate(case.voters):
            real: Truth = truth[voter.unit_id]
            if not belongs(held, real):
                continue
            some[real.choice] += 1
            ballot = case.ballots[answer[n]]
            score.voters += 1
            score.choices += ballot.choice == real.choice
            score.ballots += ballot.id is not None and ballot.id == real.ballot
        expected = blind(some, whole)
        score.expected += expected.mean
        score.variance += expected.variance
        score.expected_ballots += some.total() / len(case.voters)
