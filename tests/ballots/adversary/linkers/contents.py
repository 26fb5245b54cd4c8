"""Linkers 4 and 5: what a box's size gives away, and what a digest beside a voter was made of."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tests.ballots.adversary.cases import Case, Guess, Voter
from tests.ballots.adversary.linkers.reading import Reading, pair
from tests.ballots.adversary.loot import Loot, token

T = TypeVar("T")
_Digest = Callable[[bytes], Any]
_DIGESTS: tuple[_Digest, ...] = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b)
_PREFIX = 16


def _by_size(case: Case, sizes: dict[int, int]) -> Guess:
    """Guess that longer boxes hold longer choices; where all are alike there is nothing to say."""
    if len(set(sizes.values())) < 2:
        return Guess()
    voters = sorted(sizes, key=lambda n: sizes[n])
    ballots = sorted(range(len(case.ballots)), key=lambda n: len(case.ballots[n].choice or ""))
    return pair(voters, ballots)


def _boxes(case: Case, _: Loot) -> Guess:
    return _by_size(
        case, {n: len(voter.boxes[-1]) for n, voter in enumerate(case.voters) if voter.boxes}
    )


def _records(case: Case, loot: Loot) -> Guess:
    """Guess by the length of the records that the physical journal has of the box's table."""
    file = loot.files[case.box_table]
    of_xid: dict[int, list[int]] = defaultdict(list)
    for n, voter in enumerate(case.voters):
        for change in voter.casts:
            of_xid[change.xid].append(n)
    sizes: dict[int, int] = {}
    for record in loot.records:
        if (
            record.file.endswith(file)
            and record.what.startswith(("INSERT", "UPDATE", "HOT_UPDATE"))
            and of_xid.get(record.xid)
        ):
            # First inserts are comparable with each other; changes carry other overhead.
            who = of_xid[record.xid].pop(0)
            if record.what.startswith("INSERT"):
                sizes[who] = record.length
    return _by_size(case, sizes)


def _inverted(case: Case, loot: Loot) -> Guess:
    """Guess by finding, beside a voter, the digest of a choice or of a counted ballot.

    Every choice and every ballot is digested as it is, as JSON, and with everything known of
    the voter before it, behind it or as the key.
    """
    everybody = [b"", case.vote_id.encode(), bytes.fromhex(token(case.vote_id))]
    choices = {key: _said(key) for key in case.keys}
    ballots = {
        n: [ballot.id.encode(), bytes.fromhex(ballot.id)]
        for n, ballot in enumerate(case.ballots)
        if ballot.id
    }
    choice_of = _digests(choices, everybody, _DIGESTS)
    ballot_of = _digests(ballots, everybody, _DIGESTS)
    guess = Guess(exact={}, choices={})
    for n, met in enumerate(dossiers(case, loot)):
        beside = {one[:_PREFIX] for one in met}
        known = _known(case.voters[n])
        found = choice_of | _digests(choices, known, _DIGESTS[:3])
        exact = ballot_of | _digests(ballots, known[:2], _DIGESTS[:1])
        for one in beside & found.keys():
            guess.choices[n] = found[one]
        for one in beside & exact.keys():
            guess.exact[n] = exact[one]
    return guess


def dossiers(case: Case, loot: Loot) -> list[set[str]]:
    """Return what was found beside each voter and beside no other of the same election."""
    owners: dict[int, set[int]] = defaultdict(set)
    for n, voter in enumerate(case.voters):
        names = {*voter.names, token(voter.unit.row.get("salt") or "-")}
        names |= {token(change.new.get("attempt") or "-") for change in voter.casts}
        for name in names:
            for fact in loot.index.get(name, ()):
                owners[fact].add(n)
    found: list[set[str]] = [set() for _ in case.voters]
    for fact, who in owners.items():
        if len(who) == 1:
            [n] = who
            found[n] |= loot.facts[fact].tokens
    return found


def _known(voter: Voter) -> list[bytes]:
    """Return what of a voter might have gone into a digest together with a choice."""
    row = voter.unit.row
    texts = [voter.unit_id, voter.people[0]]
    texts += [str(row[name]) for name in ("salt", "commitment", "ref_id") if row.get(name)]
    texts += [change.new.get("attempt") or "" for change in voter.casts]
    return list(dict.fromkeys(text.encode() for text in texts if text))


def _said(key: str) -> list[bytes]:
    """Return the ways in which a body may say a choice."""
    values: list[object] = [key, [key], {"choice": key}, {"choice": [key]}]
    written = [key.encode()]
    for value in values:
        written.append(json.dumps(value, separators=(",", ":")).encode())
        written.append(json.dumps(value).encode())
    return list(dict.fromkeys(written))


def _digests(
    written: Mapping[T, Sequence[bytes]], known: Sequence[bytes], digests: Sequence[_Digest]
) -> dict[str, T]:
    """Return what each digest says, by its first digits."""
    found: dict[str, T] = {}
    for what, texts in written.items():
        for text in texts:
            for more in known:
                mixed = [text] if not more else [more + text, text + more, more + b":" + text]
                for digest in digests:
                    for one in mixed:
                        found[digest(one).hexdigest()[:_PREFIX]] = what
                if more:
                    found[hmac.digest(more, text, "sha256").hex()[:_PREFIX]] = what
    return found


READINGS = [
    Reading("4 sizes", "length of the box", _boxes),
    Reading("4 sizes", "length of its record in the journal", _records),
    Reading("5 digests", "of every choice and ballot", _inverted),
]
