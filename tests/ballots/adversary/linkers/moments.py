"""Linkers 2 and 7: what happened in one transaction, at one moment, or side by side in a log."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from tests.ballots.adversary.cases import Case, Guess
from tests.ballots.adversary.journal import Change
from tests.ballots.adversary.linkers.reading import Reading
from tests.ballots.adversary.loot import Loot, Said, token

_CHANGES: dict[int, dict[int, list[Change]]] = {}


def _by_xid(loot: Loot) -> dict[int, list[Change]]:
    """Return all changes by transaction, worked out once for a loot."""
    if id(loot) not in _CHANGES:
        found: dict[int, list[Change]] = defaultdict(list)
        for change in loot.changes:
            found[change.xid].append(change)
        _CHANGES.clear()
        _CHANGES[id(loot)] = found
    return _CHANGES[id(loot)]


def _together(case: Case, loot: Loot, *, last: bool) -> Guess:
    """Guess by transaction: voters a transaction touched, with the ballots it wrote.

    Several of both are paired in the order of its changes, the first or the last of each.
    """
    named = {name: n for n, voter in enumerate(case.voters) for name in voter.names}
    ballots: dict[int, list[int]] = defaultdict(list)
    for n, ballot in enumerate(case.ballots):
        ballots[ballot.stored.xmin].append(n)
    guess = Guess(exact={})
    for xid, written in ballots.items():
        written.sort(key=lambda n: (case.ballots[n].stored.cmin, case.ballots[n].stored.ctid))
        touched: dict[int, int] = {}
        for at, change in enumerate(_by_xid(loot).get(xid, ())):
            for row in (change.old, change.new):
                for value in row.values():
                    who = named.get(token(value)) if value and len(value) < 40 else None
                    if who is not None and (last or who not in touched):
                        touched[who] = at
        met = sorted(touched, key=lambda who: touched[who])
        guess.exact.update(zip(met, written, strict=False))
    return guess


def _nearest(case: Case, _: Loot) -> Guess:
    """Guess that a ballot belongs to whoever's cast was committed last before it."""
    casts = sorted(
        (change.at, n) for n, voter in enumerate(case.voters) for change in voter.casts[-1:]
    )
    moments, taken = [at for at, _ in casts], set()
    guess = Guess(exact={})
    for n in sorted(range(len(case.ballots)), key=lambda n: case.ballots[n].stored.at):
        at = bisect_right(moments, case.ballots[n].stored.at) - 1
        while at >= 0 and at in taken:
            at -= 1
        if at >= 0:
            taken.add(at)
            guess.exact[casts[at][1]] = n
    return guess


def _around(case: Case, loot: Loot) -> Guess:
    """Guess by what the logs say next after they have named a voter: a ballot, or a choice."""
    named = {name: n for n, voter in enumerate(case.voters) for name in voter.names}
    for n, voter in enumerate(case.voters):
        for change in voter.casts:
            named[token(change.new.get("attempt") or "-")] = n
    ballots = {token(ballot.id): n for n, ballot in enumerate(case.ballots) if ballot.id}
    vote = token(case.vote_id)
    guess = Guess(exact={}, choices={})
    current: int | None = None
    for said in _while_open(case, loot, {vote, *named, *ballots}):
        who = {named[one] for one in said.tokens if one in named}
        if len(who) == 1:
            [current] = who
        if current is None:
            continue
        for one in said.tokens & ballots.keys():
            guess.exact.setdefault(current, ballots[one])
        if vote in said.tokens and (keys := [one for one in said.row if one in case.keys]):
            guess.choices[current] = keys[0]
    return guess


def _in_turn(case: Case, loot: Loot) -> Guess:
    """Guess that the lines that name the vote and a choice came in the order of the casts."""
    choices = [
        keys[0]
        for said in _while_open(case, loot, {token(case.vote_id)})
        if (keys := [one for one in said.row if one in case.keys])
    ]
    casts = sorted(
        (change.place, n) for n, voter in enumerate(case.voters) for change in voter.casts
    )
    return Guess(choices={n: choice for (_, n), choice in zip(casts, choices, strict=False)})


def _while_open(case: Case, loot: Loot, about: set[str]) -> Iterator[Said]:
    """Return what the logs said about any of these from the first cast to just after the last."""
    moments = [change.at for voter in case.voters for change in voter.casts]
    if moments:
        opened, ended = min(moments) - 0.05, max(moments) + 0.05
        for n in sorted({n for one in about for n in loot.naming.get(one, ())}):
            if opened <= loot.said[n].at <= ended:
                yield loot.said[n]


JOINED, LOGGED = "2 transactions and times", "7 logs"
READINGS = [
    Reading(JOINED, "same transaction, first touch", lambda c, x: _together(c, x, last=False)),
    Reading(JOINED, "same transaction, last touch", lambda c, x: _together(c, x, last=True)),
    Reading(JOINED, "nearest commit before", _nearest),
    Reading(LOGGED, "what is said beside a voter", _around),
    Reading(LOGGED, "choices in the order of casts", _in_turn),
]
