"""Designs that look secret and are not, each in the same database as the product's own.

Every one has a table of marks (who has voted) and a table of ballots (what was chosen), and
differs from a sound one in a single thing. The linkers must find each of them out.
"""

import hashlib
import random
import secrets
from uuid import UUID, uuid4

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from backend.ballots import sealing
from backend.database import execute, execute_many, transaction
from backend.identifiers import uuid7
from tests.ballots.adversary.plans import VOTERS, Held, Truth

DESIGNS = {
    "a": "mark and ballot in one transaction",
    "b": "mark and ballot in two transactions, at sparse traffic",
    "c": "idempotency fingerprint of a yes/no body",
    "d": "ballots whose ids tell the time",
    "e": "boxes as long as what lies in them",
    "f": "the key in a table, deleted after the count",
    "g": "ballots written in the order of the voting units",
    "h": "the choice in the application log, without a name",
    "i": "the digest of the receipt beside the unit",
}
KEYS = ("yes", "no")
TABLES = """
CREATE SCHEMA naive;
CREATE TABLE naive.votes (id uuid PRIMARY KEY, design text, options text[], public_key text,
    question_digest text, length int);
CREATE TABLE naive.units (id uuid PRIMARY KEY, vote_id uuid, person_id uuid);
CREATE TABLE naive.marks (vote_id uuid, unit_id uuid PRIMARY KEY, box bytea, note text);
CREATE TABLE naive.ballots (vote_id uuid, id text PRIMARY KEY, choice text);
CREATE TABLE naive.answers (person_id uuid, operation text, key text, fingerprint text);
CREATE TABLE naive.keys (vote_id uuid PRIMARY KEY, private bytea);
"""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_MARK = "INSERT INTO naive.marks (vote_id, unit_id, box, note) VALUES ($1, $2, $3, $4)"
_BALLOT = "INSERT INTO naive.ballots (vote_id, id, choice) VALUES ($1, $2, $3)"

log: structlog.stdlib.BoundLogger = structlog.get_logger("ballots")


class Poll:
    """One election under a naive design."""

    def __init__(self, design: str, lots: random.Random) -> None:
        self.design, self.lots = design, lots
        private, public = sealing.new_key()
        self.private = private
        self.seal = sealing.Seal(
            vote_id=uuid4(),
            public_key=public,
            question_digest=secrets.token_hex(32),
            length=sealing.length_for(KEYS),
        )
        self.units = [uuid4() for _ in range(VOTERS)]
        self.people = [uuid7() for _ in range(VOTERS)]
        yes = lots.uniform(0.4, 0.6)
        self.choices = [KEYS[lots.random() > yes] for _ in range(VOTERS)]
        self.coming = lots.sample(range(VOTERS), VOTERS)
        self.truth: list[Truth] = []

    @property
    def id(self) -> UUID:
        return self.seal.vote_id

    async def open(self) -> None:
        await execute(
            "INSERT INTO naive.votes VALUES ($1, $2, $3, $4, $5, $6)",
            self.id, self.design, list(KEYS), self.seal.public_key, self.seal.question_digest,
            self.seal.length,
        )  # fmt: skip
        await execute_many(
            "INSERT INTO naive.units VALUES ($1, $2, $3)",
            [(unit, self.id, who) for unit, who in zip(self.units, self.people, strict=True)],
        )
        if self.design == "f":
            await execute("INSERT INTO naive.keys VALUES ($1, $2)", self.id, self.private)

    async def cast_next(self) -> None:
        """Let the next voter cast a ballot."""
        voter = self.coming.pop()
        unit, choice = self.units[voter], self.choices[voter]
        ballot = secrets.token_hex(16)
        if self.design == "d":
            ballot = uuid7().hex
        self.truth.append(Truth(unit_id=str(unit), choice=choice, ballot=ballot))
        if self.design == "a":
            async with transaction():
                await execute(_MARK, self.id, unit, None, None)
                await execute(_BALLOT, self.id, ballot, choice)
        elif self.design == "b":
            await execute(_MARK, self.id, unit, None, None)
            await execute(_BALLOT, self.id, ballot, choice)
        else:
            await self._cast_sealed(voter, unit, choice, ballot)

    async def _cast_sealed(self, voter: int, unit: UUID, choice: str, ballot: str) -> None:
        inside = sealing.Ballot(choice=(choice,), receipt=ballot)
        if self.design == "e":
            key = X25519PublicKey.from_public_bytes(bytes.fromhex(self.seal.public_key))
            box = _SUITE.encrypt(msgspec.json.encode(inside), key, info=self.seal.info)
        else:
            box = sealing.close(self.seal, inside)
        note = hashlib.sha256(ballot.encode()).hexdigest() if self.design == "i" else None
        await execute(_MARK, self.id, unit, box, note)
        if self.design == "c":
            body = msgspec.json.encode({"choice": [choice]})
            await execute(
                "INSERT INTO naive.answers VALUES ($1, 'castBallot', $2, $3)",
                self.people[voter], secrets.token_hex(8), hashlib.sha256(body).hexdigest(),
            )  # fmt: skip
        if self.design == "h":
            log.info("ballot cast", vote=str(self.id), choice=[choice])

    async def count(self) -> Held:
        """Write the ballots, if they are not there yet."""
        if self.design not in "ab":
            ordered = sorted(self.truth, key=lambda one: one.unit_id)
            if self.design != "g":
                self.lots.shuffle(ordered)
            async with transaction():
                for one in ordered:
                    await execute(_BALLOT, self.id, one.ballot, one.choice)
                if self.design == "f":
                    await execute("DELETE FROM naive.keys WHERE vote_id = $1", self.id)
        return Held(
            vote_id=str(self.id),
            design=self.design,
            over_http=False,
            truth=self.truth,
            entitled=VOTERS,
        )
