"""Counting a published result again, from whatever it shows of the ballots."""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from backend.ballots.models import Method, Outcome
from backend.ballots.rules.bundle import Bundle, question
from backend.ballots.rules.charter import Base, RuleSet
from backend.ballots.rules.counting import ABSTAIN, Choice, Question, Tally, count, is_valid
from backend.ballots.rules.runoff import Round

_NOT_FROM_TOTALS = ("rounds", "outcome", "chosen", "tied")
"""What the totals of a ranked vote do not determine."""


def asked(bundle: Bundle) -> Question:
    """Return what ballots could say."""
    return question(
        bundle.question.method,
        [option.key for option in bundle.question.options],
        choose_most=bundle.question.choose_most,
        winners=bundle.question.winners,
    )


def shown(bundle: Bundle) -> list[Choice] | None:
    """Return what every ballot cast on a phone says, ``None`` where the file keeps it back."""
    ballots = bundle.ballots
    if ballots.names is not None:
        return [tuple(ballot.choice) for ballot in ballots.names]
    if ballots.choices is not None:
        return [tuple(choice) for choice in ballots.choices]
    return None


def differences(bundle: Bundle, tally: Tally) -> Iterator[str]:
    """Yield each member of the published ``tally`` that a second count gives otherwise.

    Ballots that are shown are counted. Where only receipts are, the totals are counted: of a
    ranked vote they leave the rounds open, which are looked at one by one.
    """
    entitled, ballots = bundle.electorate.entitled, shown(bundle)
    if ballots is not None:
        paper, invalid = _paper(bundle)
        again = count(
            asked(bundle), bundle.rules, entitled, ballots, paper=paper, paper_invalid=invalid
        )
        yield from _unlike(tally, again)
        return
    if impossible := list(_impossible(bundle, tally)):
        yield from impossible
        return
    given, invalid = _stand_ins(bundle, tally), tally.invalid
    again = count(asked(bundle), bundle.rules, entitled, (), paper=given, paper_invalid=invalid)
    again = msgspec.structs.replace(again, of_paper=bundle.paper.ballots if bundle.paper else 0)
    if bundle.question.method is Method.RANKED:
        kept = {name: getattr(tally, name) for name in _NOT_FROM_TOTALS}
        again = msgspec.structs.replace(again, **kept)
        yield from _rounds(bundle.rules, tally)
    yield from _unlike(tally, again)


def _unlike(told: Tally, again: Tally) -> Iterator[str]:
    for name in Tally.__struct_fields__:
        said, found = getattr(told, name), getattr(again, name)
        if said != found:
            yield f"{name}: {msgspec.to_builtins(said)} ≠ {msgspec.to_builtins(found)}"


def _paper(bundle: Bundle) -> tuple[list[tuple[Choice, int]], int]:
    if bundle.paper is None or bundle.paper.choices is None:
        return [], 0
    lines = [(tuple(line.choice), line.count) for line in bundle.paper.choices]
    return lines, bundle.paper.invalid or 0


def _impossible(bundle: Bundle, tally: Tally) -> Iterator[str]:
    """Yield totals that no ballots can have, so that none need be made up for them."""
    numbers = (tally.cast, tally.valid, tally.invalid, tally.abstained, *tally.votes.values())
    if min(numbers) < 0 or tally.cast > len(bundle.electorate.units):
        yield f"cast: {tally.cast}"
        return
    decided = tally.valid - tally.abstained
    most = bundle.question.choose_most if bundle.question.method is Method.MULTIPLE else 1
    total = sum(tally.votes.values())
    if tally.valid + tally.invalid != tally.cast or not decided <= total <= decided * most:
        yield f"votes: {total} ({decided}–{decided * most})"
    elif any(number > decided for number in tally.votes.values()):
        yield f"votes: {max(tally.votes.values())} > {decided}"
    paper, paper_invalid = _paper(bundle)
    of_paper = dict.fromkeys((*tally.votes, ABSTAIN), 0)
    for choice, number in paper:
        for key in choice[:1] if bundle.question.method is Method.RANKED else choice:
            of_paper[key] = of_paper.get(key, 0) + number
    whole = {**tally.votes, ABSTAIN: tally.abstained}
    if paper_invalid > tally.invalid:
        yield f"paper invalid: {paper_invalid} > {tally.invalid}"
    for key, number in of_paper.items():
        if number > whole.get(key, 0):
            yield f"paper {key}: {number} > {whole.get(key, 0)}"


def _stand_ins(bundle: Bundle, tally: Tally) -> list[tuple[Choice, int]]:
    """Return ballots with these totals; whichever they were, a count of them is the same.

    The votes of a vote for several options are dealt round, which gives nobody the same
    option twice and everybody no more than they may choose.
    """
    abstained: list[tuple[Choice, int]] = [((ABSTAIN,), tally.abstained)]
    if bundle.question.method is not Method.MULTIPLE:
        return [*(((key,), number) for key, number in tally.votes.items()), *abstained]
    hands: list[list[str]] = [[] for _ in range(tally.valid - tally.abstained)]
    dealt = (key for key, number in tally.votes.items() for _ in range(number))
    for turn, key in enumerate(dealt):
        hands[turn % len(hands)].append(key)
    return [*((tuple(hand), 1) for hand in hands), *abstained]


def _rounds(rules: RuleSet, tally: Tally) -> Iterator[str]:
    """Yield what cannot be in a run-off, looking at its rounds alone."""
    decided = tally.valid - tally.abstained
    if (decided == 0) != (not tally.rounds):
        yield f"rounds: {len(tally.rounds)}"
        return
    if not tally.rounds:
        yield from _ending(tally, Outcome.FAILED, (), ())
        return
    if not all(this.votes for this in tally.rounds):
        yield "rounds: {}"
        return
    if tally.rounds[0].votes != tally.votes:
        yield f"rounds 1: {tally.rounds[0].votes} ≠ {tally.votes}"
    for number, (this, following) in enumerate(
        zip(tally.rounds, tally.rounds[1:], strict=False), 1
    ):
        if not _may_follow(this, following) or _wins(this, tally):
            yield f"rounds {number + 1}: {following.votes}"
    last = tally.rounds[-1]
    if last.out:
        yield f"rounds {len(tally.rounds)}: {list(last.out)}"
        return
    most, total = max(last.votes.values()), sum(last.votes.values())
    if winner := _wins(last, tally):
        yield from _ending(tally, Outcome.PASSED, (winner,), ())
    elif len(last.votes) > 2:
        fewest = min(last.votes.values())
        yield from _ending(
            tally, Outcome.TIED, (), [k for k, n in last.votes.items() if n == fewest]
        )
    elif 2 * most == total and (_settles_halves(rules) or _reaches(most, tally)):
        yield from _ending(tally, Outcome.TIED, (), last.votes)
    else:
        yield from _ending(tally, Outcome.FAILED, (), ())


def _may_follow(this: Round, following: Round) -> bool:
    """Say whether one round can come of the one before: the last are out, nobody lost votes."""
    fewest = min(this.votes.values())
    if not this.out or any(this.votes.get(key) != fewest for key in this.out):
        return False
    if not following.votes or set(following.votes) != set(this.votes) - set(this.out):
        return False
    gained = [number - this.votes[key] for key, number in following.votes.items()]
    return min(gained) >= 0 and sum(gained) <= fewest * len(this.out)


def _reaches(votes: int, tally: Tally) -> bool:
    return tally.needed is None or votes >= tally.needed


def _wins(this: Round, tally: Tally) -> str | None:
    """Return the option that is ahead of all the rest together and has its majority."""
    key = max(this.votes, key=lambda option: this.votes[option])
    ahead = 2 * this.votes[key] > sum(this.votes.values())
    return key if ahead and _reaches(this.votes[key], tally) else None


def _settles_halves(rules: RuleSet) -> bool:
    majority = rules.majority
    if majority is None:
        return True
    half = Fraction(majority.of, majority.out_of) == Fraction(1, 2)
    return half and not majority.at_least and rules.base is Base.DECIDED


def _ending(tally: Tally, outcome: Outcome, chosen: tuple[str, ...], tied: object) -> Iterator[str]:
    tied = set(tied)  # type: ignore[call-overload]
    if not tally.has_quorum:
        outcome, chosen, tied = Outcome.NO_QUORUM, (), set()
    if (tally.outcome, tally.chosen, set(tally.tied)) != (outcome, chosen, tied):
        yield f"outcome: {tally.outcome} {list(tally.chosen)} ≠ {outcome} {list(chosen)}"


def misfits(bundle: Bundle) -> list[Choice]:
    """Return what ballots are shown to say, and could not have said."""
    question, paper = asked(bundle), _paper(bundle)[0]
    said = [*(shown(bundle) or []), *(choice for choice, _ in paper)]
    return [choice for choice in said if not is_valid(question, bundle.rules, choice)]
