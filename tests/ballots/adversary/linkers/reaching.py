"""Linkers 8 and 9: whatever leads from a voter to a receipt, and whatever opens a box."""

import hashlib
import re
from collections import Counter, defaultdict

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.ballots import sealing
from tests.ballots.adversary.cases import Case, Guess
from tests.ballots.adversary.linkers.contents import dossiers
from tests.ballots.adversary.linkers.reading import Reading
from tests.ballots.adversary.loot import Loot, token

_PREFIX = 12
_NEAR = 256
_STEPS = 2
_MANY = 60
_DEEP = 96
_HEX = re.compile(rb"[0-9a-fA-F]{12,}")
_KEY_LIKE = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")


def forms(ballot_id: str) -> list[str]:
    """Return a ballot's id and its digests, as they might be written down, hexadecimal."""
    text, octets = ballot_id.encode(), bytes.fromhex(ballot_id)
    digests = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b)
    return [
        token(ballot_id),
        text.hex(),
        *(digest(one).hexdigest() for digest in digests for one in (text, octets)),
    ]


def _followed(case: Case, loot: Loot) -> Guess:
    """Follow what lies beside a voter, and beside that, to a counted ballot."""
    ballots = {
        form[:_PREFIX]: n
        for n, ballot in enumerate(case.ballots)
        if ballot.id
        for form in forms(ballot.id)
    }
    guess = Guess(exact={})
    reached = dossiers(case, loot)
    for _ in range(_STEPS):
        owners: dict[str, set[int]] = defaultdict(set)
        for n, met in enumerate(reached):
            for one in met:
                owners[one].add(n)
        for n, met in enumerate(reached):
            for one in met:
                ballot = ballots.get(one[:_PREFIX])
                if ballot is not None and len(owners[one]) == 1:
                    guess.exact.setdefault(n, ballot)
        for met in reached:
            for one in [one for one in met if len(owners[one]) == 1]:
                facts = loot.index.get(one, ())
                if len(facts) <= _MANY:
                    for fact in facts:
                        met |= loot.facts[fact].tokens
    return guess


class _Nearby:
    """Where in the files receipts and their digests are, and which units and people are near."""

    def __init__(self, loot: Loot, cases: list[Case]) -> None:
        ballots: dict[bytes, tuple[str, int]] = {}
        for case in cases:
            for n, ballot in enumerate(case.ballots):
                for form in forms(ballot.id) if ballot.id else ():
                    ballots[form[:_PREFIX].encode()] = case.vote_id, n
        names: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
        for case in cases:
            for n, voter in enumerate(case.voters):
                for name in voter.names:
                    names[bytes.fromhex(name)].append((case.vote_id, n))
        self.ballots, self.names = ballots, dict(names)
        self.seen: set[str] = set()
        """Ids of ballots that were met anywhere in the files."""
        self.ids = {case.vote_id: [one.id or "" for one in case.ballots] for case in cases}
        self.met: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        for path in loot.raw:
            self._read(path.read_bytes())

    def _read(self, data: bytes) -> None:
        for run in _HEX.finditer(data):
            digits = run[0].lower()
            for at in range(min(len(digits) - _PREFIX + 1, _DEEP)):
                known = self.ballots.get(digits[at : at + _PREFIX])
                if known:
                    self._look(data, run.start() + at, *known)

    def _look(self, data: bytes, at: int, vote_id: str, ballot: int) -> None:
        self.seen.add(self.ids[vote_id][ballot])
        window = data[max(at - _NEAR, 0) : at + _NEAR]
        met = set()
        for start in range(len(window) - 15):
            for of, voter in self.names.get(window[start : start + 16], ()):
                if of == vote_id:
                    met.add(voter)
        for text in re.findall(rb"[0-9a-f]{8}-[0-9a-f-]{27}", window):
            written = text.replace(b"-", b"").decode()
            if len(written) == 32:
                for of, voter in self.names.get(bytes.fromhex(written), ()):
                    if of == vote_id:
                        met.add(voter)
        if len(met) == 1:
            self.met[vote_id][met.pop(), ballot] += 1


class Adversary:
    """What is worked out once for the whole loot: nearby bytes, and keys that were found."""

    def __init__(self, loot: Loot, cases: list[Case]) -> None:
        self.loot = loot
        self.nearby = _Nearby(loot, cases)
        self.tried = 0
        self.keys = self._keys(cases)

    def _keys(self, cases: list[Case]) -> dict[str, bytes]:
        """Try everything of 32 octets in the database, its files and logs, and what may be
        made of it, as a private key: of a vote, or of whoever sealed a box.
        """
        wanted = {case.seal.public_key for case in cases}
        wanted |= {box[:64] for case in cases for voter in case.voters for box in voter.boxes}
        found: dict[str, bytes] = {}
        for secret in self._secrets(cases):
            self.tried += 1
            public = sealing.public_half(secret)
            if public in wanted:
                found[public] = secret
        return found

    def _secrets(self, cases: list[Case]) -> set[bytes]:
        secrets = {bytes.fromhex(one) for one in self.loot.index if _is_key_like(one)}
        for path in self.loot.raw:
            secrets |= {bytes.fromhex(one.decode()) for one in _KEY_LIKE.findall(path.read_bytes())}
        for case in cases:
            secrets |= _derived(case)
        return secrets

    def opened(self, case: Case, boxes: list[str]) -> list[sealing.Opened]:
        """Return what the keys that were found open."""
        private = self.keys.get(case.seal.public_key)
        if private is None:
            return []
        return sealing.open_all(case.seal, private, [bytes.fromhex(box) for box in boxes])

    def by_key(self, case: Case, _: Loot) -> Guess:
        ballots = {ballot.id: n for n, ballot in enumerate(case.ballots) if ballot.id}
        guess = Guess(exact={})
        for n, voter in enumerate(case.voters):
            for one in self.opened(case, voter.boxes[-1:]):
                if one.receipt in ballots:
                    guess.exact[n] = ballots[one.receipt]
        return guess

    def by_bytes(self, case: Case, _: Loot) -> Guess:
        met = self.nearby.met.get(case.vote_id, Counter())
        guess = Guess(exact={})
        for (voter, ballot), _count in met.most_common():
            guess.exact.setdefault(voter, ballot)
        return guess

    def readings(self) -> list[Reading]:
        return [
            Reading("8 receipts", "near a unit or a person in the bytes", self.by_bytes),
            Reading("9 keys", "everything of 32 octets", self.by_key),
        ]


def _is_key_like(one: str) -> bool:
    return len(one) == 64 and re.fullmatch(r"[0-9a-f]{64}", one) is not None


def _derived(case: Case) -> set[bytes]:
    """Return keys somebody careless might have made of what is public."""
    public = [str(value) for value in case.public.values() if value]
    public += ["tongxing", "tongxing-ballot-1"]
    texts = [one.encode() for one in public]
    texts += [bytes.fromhex(token(one)) for one in public if re.fullmatch(r"[0-9a-f-]{32,64}", one)
              and len(token(one)) % 2 == 0]  # fmt: skip
    found = {hashlib.sha256(text).digest() for text in texts}
    found |= {hashlib.sha256(case.vote_id.encode() + text).digest() for text in texts}
    for text in texts:
        for info in (b"", sealing.LABEL, case.seal.info):
            found.add(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(text))
    found |= {text for text in texts if len(text) == 32}
    return found


READINGS = [Reading("8 receipts", "what lies beside what lies beside a voter", _followed)]
