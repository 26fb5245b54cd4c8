"""Sealed ballots: what lies in one, how it is closed, and how it is opened.

A box is HPKE in base mode (RFC 9180: X25519, HKDF-SHA256, AES-128-GCM), closed to the key
of one vote and bound to the question that was asked. What lies in it is JSON,
``{"choice": [key, …], "receipt": "32 hexadecimal digits"}``, padded with spaces to one
length for all ballots of the vote, so that a box's size says nothing.
``openapi/ballot/seal.mjs`` does the same on a phone.
"""

import re
from collections.abc import Iterable
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from backend.ballots.rules.counting import ABSTAIN, Choice

LABEL = b"tongxing-ballot-1"
OVERHEAD = 32 + 16
"""Octets of a box beside what lies in it: the sender's public key, and the tag."""
NOTHING: Choice = ()
"""What an invalid ballot says."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_STEP = 64
_RECEIPT = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Ballot(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a box. ``receipt`` is 128 random bits that the phone made and keeps."""

    choice: tuple[str, ...]
    receipt: str


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a box: no receipt and no choice where nobody can read it."""

    receipt: str | None
    choice: Choice


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to seal a ballot of one vote; all of it is public.

    ``public_key`` and ``question_digest`` are hexadecimal, ``length`` is that of what lies in
    a box, in octets.
    """

    vote_id: UUID
    public_key: str
    question_digest: str
    length: int

    @property
    def info(self) -> bytes:
        """What every box is bound to: the vote, and the question as it was asked."""
        return LABEL + self.vote_id.bytes + bytes.fromhex(self.question_digest)

    @property
    def box_length(self) -> int:
        """The length of every box of this vote, in octets."""
        return self.length + OVERHEAD


def length_for(keys: Iterable[str]) -> int:
    """Return the length of what lies in a box, in octets: room for every option at once."""
    fullest = Ballot(choice=(*keys, ABSTAIN), receipt="0" * 32)
    return -(-len(msgspec.json.encode(fullest)) // _STEP) * _STEP


def is_receipt(receipt: str) -> bool:
    """Say whether ``receipt`` is 32 lower-case hexadecimal digits."""
    return _RECEIPT.fullmatch(receipt) is not None


def new_key() -> tuple[bytes, str]:
    """Make the key of one vote: its private half, 32 octets, and the public one, hexadecimal."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw().hex()


def public_half(private: bytes) -> str:
    """Return the public half, hexadecimal, of a private key of 32 octets."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw().hex()


def close(seal: Seal, ballot: Ballot) -> bytes:
    """Seal a ballot. Raises ``ValueError`` for one that does not fit into a box of this vote."""
    plain = msgspec.json.encode(ballot)
    if len(plain) > seal.length:
        raise ValueError("more than a ballot of this vote can say")
    key = X25519PublicKey.from_public_bytes(bytes.fromhex(seal.public_key))
    return _SUITE.encrypt(plain.ljust(seal.length), key, info=seal.info)


def open_all(seal: Seal, private: bytes, boxes: Iterable[bytes]) -> list[Opened]:
    """Open boxes, in the order of their receipts, which no voter's place in a list decides.

    A box that cannot be opened, or holds no ballot, counts as an invalid ballot. It takes
    about a tenth of a millisecond a box: call it in a thread.
    """
    key = X25519PrivateKey.from_private_bytes(private)
    found = [_open(seal, key, box) for box in boxes]
    return sorted(found, key=lambda one: (one.receipt is None, one.receipt or "", one.choice))


def _open(seal: Seal, key: X25519PrivateKey, box: bytes) -> Opened:
    try:
        ballot = msgspec.json.decode(_SUITE.decrypt(box, key, info=seal.info), type=Ballot)
    except (InvalidTag, ValueError, msgspec.MsgspecError, RecursionError):
        # Whoever spoils their ballot may.
        return Opened(receipt=None, choice=NOTHING)
    receipt = ballot.receipt if is_receipt(ballot.receipt) else None
    return Opened(receipt=receipt, choice=ballot.choice)
