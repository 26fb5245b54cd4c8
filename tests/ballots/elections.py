"""Votes of every kind, and how a count is held against the slow one."""

from collections.abc import Callable, Sequence
from itertools import product

import msgspec
from hypothesis import strategies as st

from backend.ballots.models import Method
from backend.ballots.rules import counting
from backend.ballots.rules.charter import Base, RuleSet, Share
from backend.ballots.rules.counting import Choice, Question, Tally
from tests.ballots.slow_count import Teller

NOBODY = Share(of=0, out_of=1, at_least=True)
A_THIRD = Share(of=1, out_of=3, at_least=True)
HALF = Share(of=1, out_of=2, at_least=True)
MORE_THAN_HALF = Share(of=1, out_of=2)
TWO_THIRDS = Share(of=2, out_of=3, at_least=True)
MORE_THAN_TWO_THIRDS = Share(of=2, out_of=3)
ALL = Share(of=1, out_of=1, at_least=True)

QUORUMS = (NOBODY, A_THIRD, MORE_THAN_HALF, HALF, TWO_THIRDS, ALL)
MAJORITIES = (None, A_THIRD, MORE_THAN_HALF, HALF, TWO_THIRDS, MORE_THAN_TWO_THIRDS, ALL)
RULES = tuple(
    RuleSet(quorum=quorum, majority=majority, base=base)
    for quorum, majority, base in product(QUORUMS, MAJORITIES, Base)
)
KEYS = ("a", "b", "c", "d", "e")

Counter = Callable[..., Tally]


class Election(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a count is given."""

    question: Question
    rules: RuleSet
    entitled: int
    ballots: Sequence[Choice]
    paper: Sequence[tuple[Choice, int]] = ()
    paper_invalid: int = 0

    def counted(self, count: Counter = counting.count) -> Tally:
        return count(
            self.question,
            self.rules,
            self.entitled,
            self.ballots,
            paper=self.paper,
            paper_invalid=self.paper_invalid,
        )


def differences(election: Election, count: Counter = counting.count) -> list[str]:
    """Name what ``count`` says of an election otherwise than the slow count."""
    tally = election.counted(count)
    teller = Teller(election.question, election.rules, election.entitled)
    told = teller.tell(election.ballots, election.paper, election.paper_invalid)
    alike = {
        "cast": tally.cast == told.cast,
        "valid": tally.valid == told.cast - told.invalid,
        "invalid": tally.invalid == told.invalid,
        "abstained": tally.abstained == told.abstained,
        "of_paper": tally.of_paper == told.of_paper,
        "has_quorum": tally.has_quorum == told.has_quorum,
        "quorum_needed": (tally.cast >= tally.quorum_needed) == told.has_quorum,
        "whole": tally.whole == told.whole,
        "votes": tally.votes == told.votes,
        "outcome": tally.outcome.value == told.outcome,
        "chosen": set(tally.chosen) == told.chosen and len(set(tally.chosen)) == len(tally.chosen),
        "tied": set(tally.tied) == told.tied,
    }
    return [name for name, is_alike in alike.items() if not is_alike]


def rule_sets(
    base: Base | None = None, majorities: Sequence[Share | None] = MAJORITIES
) -> st.SearchStrategy[RuleSet]:
    """Rule sets with these shares, or with any other."""
    odd = st.integers(1, 12).flatmap(
        lambda out_of: st.builds(
            Share, of=st.integers(0, out_of), out_of=st.just(out_of), at_least=st.booleans()
        )
    )
    return st.builds(
        RuleSet,
        quorum=st.sampled_from(QUORUMS) | odd,
        majority=st.sampled_from(majorities) if len(majorities) == 1
        else st.sampled_from(majorities) | odd,
        base=st.sampled_from(Base) if base is None else st.just(base),
        may_abstain=st.booleans(),
    )  # fmt: skip


@st.composite
def elections(
    draw: st.DrawFn,
    methods: Sequence[Method] = tuple(Method),
    rules: st.SearchStrategy[RuleSet] | None = None,
) -> Election:
    """Draw a vote with up to twenty ballots, of which some are spoilt and some on paper."""
    method = draw(st.sampled_from(methods))
    if method is Method.MOTION:
        keys: tuple[str, ...] = ("for", "against")
    else:
        keys = KEYS[: draw(st.integers(2, 5))]
    question = Question(
        method=method,
        keys=keys,
        choose_most=draw(st.integers(1, len(keys))) if method is Method.MULTIPLE else 1,
        winners=draw(st.integers(1, len(keys)))
        if method in (Method.SINGLE, Method.MULTIPLE)
        else 1,
    )
    most = {Method.RANKED: len(keys), Method.MULTIPLE: question.choose_most}.get(method, 1)
    proper = st.permutations(keys).flatmap(
        lambda order: st.integers(1, most).map(lambda cut: tuple(order[:cut]))
    )
    spoilt = st.lists(st.sampled_from([*keys, "abstain", "zz", ""]), max_size=3).map(tuple)
    choices = proper | proper | proper | st.just(("abstain",)) | spoilt
    ballots = draw(st.lists(choices, max_size=14))
    paper = draw(st.lists(st.tuples(choices, st.integers(0, 4)), max_size=3))
    paper_invalid = draw(st.integers(0, 2))
    cast = len(ballots) + sum(number for _, number in paper) + paper_invalid
    return Election(
        question=question,
        rules=draw(rule_sets() if rules is None else rules),
        entitled=cast + draw(st.integers(0, 8)),
        ballots=ballots,
        paper=paper,
        paper_invalid=paper_invalid,
    )
