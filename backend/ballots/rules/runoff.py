"""The run-off of a ranked vote: the last falls out until one is ahead of all the rest.

In each round a ballot counts for the option it prefers among those still in; one that ranks
none of them any more has run out. An option wins when it holds more than half of the ballots
still counting and, where the rules ask for a majority, reaches that too. Otherwise the option
with the fewest votes falls out, until two are left. Of two that are left the greater one wins
if it reaches the majority, and equal ones are tied.

When several have the fewest votes, it is not ours to draw lots: every way in which they could
fall is followed. If all lead to the same, that is the result, and the rounds show the way in
which the one listed last falls; if not, those options are tied and the count ends there.
"""

from collections.abc import Mapping, Sequence

import msgspec

from backend.ballots.models import Outcome


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round of a ranked count: votes of each option still in, and who fell out."""

    votes: dict[str, int]
    out: tuple[str, ...] = ()


class RunOff(msgspec.Struct, frozen=True, kw_only=True):
    """What a run-off found. ``tied`` are the options whose order of falling decides."""

    outcome: Outcome
    chosen: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()


_End = tuple[Outcome, str]


def run_off(
    keys: Sequence[str],
    ballots: Mapping[tuple[str, ...], int],
    needed: int | None,
    *,
    settles_halves: bool,
) -> RunOff:
    """Run ``ballots``, each an order of some of ``keys`` and how many say so.

    ``needed`` is the number of votes that reaches the majority, if one is asked for.
    ``settles_halves`` says whether equal halves at the end are a tie (the rules ask for no
    more than the greater part); otherwise neither half has reached what they ask.
    """
    if not sum(ballots.values()):
        return RunOff(outcome=Outcome.FAILED)
    ways = _Ways(ballots, needed, settles_halves=settles_halves)
    staying, rounds = tuple(keys), []
    while True:
        votes = ways.votes(staying)
        found = ways.decided(votes)
        if found is not None:
            outcome, winner = found
            rounds.append(Round(votes=votes))
            return RunOff(
                outcome=outcome,
                chosen=(winner,) if winner else (),
                tied=staying if outcome is Outcome.TIED else (),
                rounds=tuple(rounds),
            )
        last = ways.falling(votes)
        if len({ways.ends(_without(staying, out)) for out in last}) > 1:
            rounds.append(Round(votes=votes))
            tied = tuple(key for key in staying if votes[key] == min(votes.values()))
            return RunOff(outcome=Outcome.TIED, tied=tied, rounds=tuple(rounds))
        out = last[-1]
        rounds.append(Round(votes=votes, out=out))
        staying = _without(staying, out)


class _Ways:
    """Every way in which options can fall, each set of options looked at once."""

    def __init__(
        self,
        ballots: Mapping[tuple[str, ...], int],
        needed: int | None,
        *,
        settles_halves: bool,
    ) -> None:
        self._ballots = ballots
        self._needed, self._settles_halves = needed, settles_halves
        self._known: dict[tuple[str, ...], frozenset[_End]] = {}

    def votes(self, staying: Sequence[str]) -> dict[str, int]:
        """Count each ballot for the option it prefers among those staying."""
        votes = dict.fromkeys(staying, 0)
        for order, number in self._ballots.items():
            for key in order:
                if key in votes:
                    votes[key] += number
                    break
        return votes

    def decided(self, votes: Mapping[str, int]) -> _End | None:
        """Say how a round ends the run-off, or ``None`` when somebody must fall out."""
        most = max(votes.values())
        reaches = self._needed is None or most >= self._needed
        if 2 * most > sum(votes.values()) and reaches:
            return Outcome.PASSED, next(key for key in votes if votes[key] == most)
        if len(votes) > 2:
            return None
        if 2 * most > sum(votes.values()):
            return Outcome.FAILED, ""
        return (Outcome.TIED if self._settles_halves or reaches else Outcome.FAILED), ""

    def falling(self, votes: Mapping[str, int]) -> list[tuple[str, ...]]:
        """Return what may fall out now: options that fall together, or each that might.

        Several fall together when even all their votes in one hand would be the fewest: then
        their order changes nothing.
        """
        fewest = min(votes.values())
        last = tuple(key for key in votes if votes[key] == fewest)
        above = [number for number in votes.values() if number > fewest]
        if len(votes) - len(last) >= 2 and fewest * len(last) < min(above):
            return [last]
        return [(key,) for key in last]

    def ends(self, staying: tuple[str, ...]) -> frozenset[_End]:
        """Return every result that can come of the options staying."""
        known = self._known.get(staying)
        if known is None:
            votes = self.votes(staying)
            found = self.decided(votes)
            if found is not None:
                known = frozenset({found})
            else:
                known = frozenset(
                    end for out in self.falling(votes) for end in self.ends(_without(staying, out))
                )
            self._known[staying] = known
        return known


def _without(staying: tuple[str, ...], out: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in staying if key not in out)
