"""The count told again, slowly and in other words, to hold the real one against.

Ballots are looked at one by one, shares are compared by multiplying out, what is chosen is
found by asking of each option who stands before it, and a run-off walks every way in which
options can fall, one at a time, without remembering any.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backend.ballots.models import Method
from backend.ballots.rules.charter import RuleSet, Share
from backend.ballots.rules.counting import Choice, Question


class Told(NamedTuple):
    """What the slow count says of a vote."""

    cast: int
    invalid: int
    abstained: int
    of_paper: int
    has_quorum: bool
    whole: int
    votes: dict[str, int]
    outcome: str
    chosen: set[str]
    tied: set[str]


class Teller:
    """Counts one vote."""

    def __init__(self, question: Question, rules: RuleSet, entitled: int) -> None:
        self.question, self.rules, self.entitled = question, rules, entitled

    def tell(
        self,
        ballots: Iterable[Choice],
        paper: Sequence[tuple[Choice, int]] = (),
        paper_invalid: int = 0,
    ) -> Told:
        on_paper = [choice for choice, number in paper for _ in range(number)]
        on_paper += [("spoilt", "spoilt")] * paper_invalid
        pile = [*ballots, *on_paper]
        said = [list(choice) for choice in pile if self.says_something(choice)]
        abstained = sum(1 for choice in pile if self.abstains(choice))
        bases = {
            "decided": len(said),
            "cast": len(said) + abstained,
            "entitled": self.entitled,
        }
        self.whole = bases[self.rules.base.value]
        took_part = bool(pile) and reaches(self.rules.quorum, len(pile), self.entitled)
        votes = dict.fromkeys(self.question.keys, 0)
        for choice in said:
            named = choice if self.question.method != Method.RANKED else [choice[0]]
            for key in named:
                votes[key] += 1
        outcome, chosen, tied = "no_quorum", set[str](), set[str]()
        if took_part:
            outcome, chosen, tied = self.result(said, votes)
        return Told(
            cast=len(pile),
            invalid=len(pile) - len(said) - abstained,
            abstained=abstained,
            of_paper=len(on_paper),
            has_quorum=took_part,
            whole=self.whole,
            votes=votes,
            outcome=outcome,
            chosen=chosen,
            tied=tied,
        )

    def abstains(self, choice: Choice) -> bool:
        return self.rules.may_abstain and list(choice) == ["abstain"]

    def says_something(self, choice: Choice) -> bool:
        bound = {
            "motion": 1,
            "single": 1,
            "multiple": self.question.choose_most,
            "ranked": len(self.question.keys),
        }[self.question.method.value]
        left = list(self.question.keys)
        for key in choice:
            if key not in left:
                return False
            left.remove(key)
        return len(choice) in range(1, bound + 1)

    def is_majority(self, votes: int) -> bool:
        share = self.rules.majority
        return votes > 0 and (share is None or reaches(share, votes, self.whole))

    def greater_part_prevails(self) -> bool:
        share = self.rules.majority
        if share is None:
            return True
        is_half = share.of * 2 == share.out_of and not share.at_least
        return is_half and self.rules.base.value == "decided"

    def result(
        self, said: list[list[str]], votes: dict[str, int]
    ) -> tuple[str, set[str], set[str]]:
        if self.question.method == Method.RANKED:
            return self.ranked(said)
        if self.question.method == Method.MOTION:
            return self.motion(votes["for"], votes["against"])
        may_be = [key for key in votes if self.is_majority(votes[key])]
        sure, doubtful = set(), set()
        for key in may_be:
            before = [other for other in may_be if votes[other] > votes[key]]
            beside = [other for other in may_be if votes[other] == votes[key]]
            if len(before) + len(beside) <= self.question.winners:
                sure.add(key)
            elif len(before) < self.question.winners:
                doubtful.add(key)
        if doubtful:
            return "tied", sure, doubtful
        return ("passed" if sure else "failed"), sure, set()

    def motion(self, ayes: int, noes: int) -> tuple[str, set[str], set[str]]:
        adopted = ayes > noes if self.rules.majority is None else self.is_majority(ayes)
        if adopted:
            return "passed", {"for"}, set()
        if ayes == noes and ayes and self.greater_part_prevails():
            return "tied", set(), {"for", "against"}
        return "failed", set(), set()

    def ranked(self, said: list[list[str]]) -> tuple[str, set[str], set[str]]:
        if not said:
            return "failed", set(), set()
        return self.follow(said, list(self.question.keys))

    def follow(self, said: list[list[str]], staying: list[str]) -> tuple[str, set[str], set[str]]:
        """Tell the run-off along the way in which the last listed falls, until ways part."""
        end = self.end_of(said, staying)
        if end is not None:
            outcome, winner = end
            return outcome, {winner} - {""}, set(staying) if outcome == "tied" else set()
        last = self.last_of(said, staying)
        ways = [self.all_ends(said, [k for k in staying if k != out]) for out in last]
        if any(way != ways[0] for way in ways):
            return "tied", set(), set(last)
        return self.follow(said, [key for key in staying if key != last[-1]])

    def all_ends(self, said: list[list[str]], staying: list[str]) -> set[tuple[str, str]]:
        end = self.end_of(said, staying)
        if end is not None:
            return {end}
        ends: set[tuple[str, str]] = set()
        for out in self.last_of(said, staying):
            ends |= self.all_ends(said, [key for key in staying if key != out])
        return ends

    def end_of(self, said: list[list[str]], staying: list[str]) -> tuple[str, str] | None:
        heads = self.heads(said, staying)
        for key in staying:
            rivals = sum(heads[other] for other in staying if other != key)
            if heads[key] > rivals and self.is_majority(heads[key]):
                return "passed", key
        if len(staying) > 2:
            return None
        first, second = (heads[key] for key in staying)
        if first == second and (self.greater_part_prevails() or self.is_majority(first)):
            return "tied", ""
        return "failed", ""

    def last_of(self, said: list[list[str]], staying: list[str]) -> list[str]:
        heads = self.heads(said, staying)
        return [key for key in staying if all(heads[key] <= heads[other] for other in staying)]

    def heads(self, said: list[list[str]], staying: list[str]) -> dict[str, int]:
        heads = dict.fromkeys(staying, 0)
        for choice in said:
            standing = [key for key in choice if key in staying]
            if standing:
                heads[standing[0]] += 1
        return heads


def reaches(share: Share, part: int, whole: int) -> bool:
    """Say whether ``part`` of ``whole`` is the share or more, or strictly more."""
    if whole == 0:
        return False
    if share.at_least:
        return part * share.out_of >= share.of * whole
    return part * share.out_of > share.of * whole
