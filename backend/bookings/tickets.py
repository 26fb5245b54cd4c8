"""Proof of a place that a phone can check without a network, and the code at the door.

A *ticket* is what a family shows: ``TXT1.`` and base64url of version, booking, slot, party
and an Ed25519 signature over everything before it, prefix included. Whoever has the public
key can check it offline. A *door code* is what the host's phone shows: ``TXD1.`` and
base64url of the slot and a MAC that changes every half minute; only the house can check it,
so a host prepared for a place without network carries the next ones along.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TICKET_PREFIX = "TXT1."
DOOR_PREFIX = "TXD1."
STEP = timedelta(seconds=30)
"""How long the host's phone shows one door code."""
AHEAD = timedelta(minutes=30)
"""For how long a host's phone without network goes on showing codes."""

_VERSION = 1
_SAID = struct.Struct(">B16s16sB")
_SIGNATURE = 64
_MAC = 14
"""112 bits: with the slot's 16 bytes a multiple of three, so no bits are left to change."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket says once its signature has been checked."""

    booking_id: UUID
    slot_id: UUID
    party: int


class DoorCode(msgspec.Struct, frozen=True, kw_only=True):
    """The text of the code to show from ``shown_from`` until the next one."""

    shown_from: datetime
    code: str


class Signer:
    """The keys of one installation, derived from its secret."""

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_derive(secret, b"ticket signing 1"))
        self._public = self._key.public_key()
        self._door = _derive(secret, b"door codes 1")

    @property
    def public_key(self) -> str:
        """The raw Ed25519 public key, base64url without padding."""
        return _text(self._public.public_bytes_raw())

    def ticket(self, booking_id: UUID, slot_id: UUID, party: int) -> str:
        """Return the text of a ticket; the same place always has the same one."""
        said = _SAID.pack(_VERSION, booking_id.bytes, slot_id.bytes, party)
        return TICKET_PREFIX + _text(said + self._key.sign(TICKET_PREFIX.encode() + said))

    def read(self, ticket: str) -> Ticket | None:
        """Return what ``ticket`` says, or ``None`` when the house did not sign it."""
        raw = _bytes(ticket, TICKET_PREFIX)
        if raw is None or len(raw) != _SAID.size + _SIGNATURE:
            return None
        said, signature = raw[: _SAID.size], raw[_SAID.size :]
        try:
            self._public.verify(signature, TICKET_PREFIX.encode() + said)
        except InvalidSignature:
            return None
        _, booking, slot, party = _SAID.unpack(said)
        return Ticket(booking_id=UUID(bytes=booking), slot_id=UUID(bytes=slot), party=party)

    def door_codes(self, slot_id: UUID, since: datetime) -> list[DoorCode]:
        """Return the codes of a slot's door for half an hour from ``since``."""
        first = _step(since)
        return [
            DoorCode(
                shown_from=datetime.fromtimestamp(step * STEP.total_seconds(), UTC),
                code=self._door_code(slot_id, step),
            )
            for step in range(first, first + AHEAD // STEP)
        ]

    def opens(self, code: str, slot_id: UUID, now: datetime) -> bool:
        """Say whether ``code`` is the one at this slot's door now, or was just before."""
        step = _step(now)
        return any(
            hmac.compare_digest(code.encode(), self._door_code(slot_id, one).encode())
            for one in (step, step - 1)
        )

    def _door_code(self, slot_id: UUID, step: int) -> str:
        said = slot_id.bytes + step.to_bytes(8, "big")
        mac = hmac.new(self._door, said, hashlib.sha256).digest()[:_MAC]
        return DOOR_PREFIX + _text(slot_id.bytes + mac)


@lru_cache(maxsize=4)
def signer_for(secret: str) -> Signer:
    """Return the signer of an installation."""
    return Signer(secret)


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"tongxing " + purpose).derive(secret.encode())


def _step(moment: datetime) -> int:
    return int(moment.timestamp()) // int(STEP.total_seconds())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str, prefix: str) -> bytes | None:
    """Decode only the one spelling we write: another one would be another ticket's text."""
    if not text.startswith(prefix):
        return None
    body = text.removeprefix(prefix)
    try:
        raw = base64.b64decode(body.encode() + b"=" * (-len(body) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return raw if _text(raw) == body else None
