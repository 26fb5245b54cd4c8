"""Linkers 4 and 5: what a box's size gives away, and what a digest beside a voter was made of."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterable

from tests.ballots.adversary.cases import Case, Guess, Voter
from tests.ballots.adversary.linkers.reading import Reading, pair
from tests.ballots.adversary.loot import Loot, token

_DIGESTS: tuple[Callable[[bytes], "hashlib._Hash"], ...] = (
    hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b,
)  # fmt: skip
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
    said = [(key, None) for key in case.keys]
    ballots = [(ballot.id, n) for n, ballot in enumerate(case.ballots) if ballot.id]
    shared = dossiers(case, loot)
    guess = Guess(exact={}, choices={})
    for n, voter in enumerate(case.voters):
        beside = {one[:_PREFIX] for one in shared[n]}
        known = _known(case, voter)
        for key, _ in said:
            if _is_beside(beside, _said(key), known):
                guess.choices[n] = key
        for receipt, ballot in ballots:
            if _is_beside(beside, [receipt.encode(), bytes.fromhex(receipt)], known[:4]):
                guess.exact[n] = ballot
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


def _known(case: Case, voter: Voter) -> list[bytes]:
    """Return what might have gone into a digest together with a choice."""
    row = voter.unit.row
    texts = ["", voter.unit_id, voter.people[0], case.vote_id]
    texts += [str(row[name]) for name in ("salt", "commitment", "ref_id") if row.get(name)]
    texts += [change.new.get("attempt") or "" for change in voter.casts]
    return list(dict.fromkeys(text.encode() for text in texts))


def _said(key: str) -> list[bytes]:
    """Return the ways in which a body may say a choice."""
    values: list[object] = [key, [key], {"choice": key}, {"choice": [key]}]
    written = [key.encode()]
    for value in values:
        written.append(json.dumps(value, separators=(",", ":")).encode())
        written.append(json.dumps(value).encode())
    return list(dict.fromkeys(written))


def _is_beside(beside: set[str], written: Iterable[bytes], known: list[bytes]) -> bool:
    for text in written:
        for more in known:
            mixed = [text] if not more else [more + text, text + more, more + b":" + text]
            for digest in _DIGESTS:
                if any(digest(one).hexdigest()[:_PREFIX] in beside for one in mixed):
                    return True
            if more and hmac.digest(more, text, "sha256").hex()[:_PREFIX] in beside:
                return True
    return False


READINGS = [
    Reading("4 sizes", "length of the box", _boxes),
    Reading("4 sizes", "length of its record in the journal", _records),
    Reading("5 digests", "of every choice and ballot", _inverted),
]
