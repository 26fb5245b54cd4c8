"""Addresses of files that work for one person, in one session, for minutes or hours.

Whether a person may see an attachment is decided where its owner (a notice) is shown;
whoever shows it calls :func:`url_for`. The link is the proof of that decision.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from backend.media.models import Variant

LIFETIME = timedelta(minutes=5)
"""The least a fresh link lives; it lives less than twice that."""
LIFETIME_PLAY = timedelta(hours=4)
"""The same for what is watched or listened to: a pause must not end it."""
STREAM = "stream"
"""What a link is signed for that opens all files of an attachment's stream."""

_PURPOSE = b"tongxing file link 1"
_CLAIMS = struct.Struct(">16s16sQ")
_MAC_LENGTH = 17
"""136 bits: together with the claims a multiple of three bytes, so the text has no spare
bits that could be changed without a trace."""


class Claims(msgspec.Struct, frozen=True):
    """For whom a link was signed, and until when."""

    person_id: UUID
    session_id: UUID
    expires: datetime


def url_for(
    attachment_id: UUID,
    variant: Variant,
    person_id: UUID,
    session_id: UUID,
    *,
    key: str,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> str:
    """Return the path and query of one file, as this person's phone may ask for it.

    The end of its life is rounded up to a multiple of ``lifetime``, so a screen that is
    opened twice in a row gets the same address and the phone's cache can answer. ``key``
    is the installation's secret.
    """
    expires = _end(now, lifetime)
    token = sign(attachment_id, variant, person_id, session_id, expires, key=key)
    return f"/v1/attachments/{attachment_id}/{variant}?link={token}"


def stream_url_for(
    attachment_id: UUID,
    name: str,
    person_id: UUID,
    session_id: UUID,
    *,
    key: str,
    now: datetime,
) -> str:
    """Return the path of the file ``name`` of an attachment's stream.

    The link is a part of the path, so whatever that file names beside itself is reached
    with the same link.
    """
    expires = _end(now, LIFETIME_PLAY)
    token = sign(attachment_id, STREAM, person_id, session_id, expires, key=key)
    return f"/v1/attachments/{attachment_id}/stream/{token}/{name}"


def sign(
    attachment_id: UUID,
    what: str,
    person_id: UUID,
    session_id: UUID,
    expires: datetime,
    *,
    key: str,
) -> str:
    """Return the token that opens ``what`` (a variant, or :data:`STREAM`) for this person
    in this session.
    """
    claims = _CLAIMS.pack(person_id.bytes, session_id.bytes, int(expires.timestamp()))
    mac = _mac(attachment_id, what, claims, key)
    return base64.urlsafe_b64encode(claims + mac).rstrip(b"=").decode()


def verify(token: str, attachment_id: UUID, what: str, *, key: str, now: datetime) -> Claims | None:
    """Return whom ``token`` was signed for, or ``None`` if it does not open ``what`` now."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    claims, mac = raw[: _CLAIMS.size], raw[_CLAIMS.size :]
    if len(raw) != _CLAIMS.size + _MAC_LENGTH:
        return None
    if not hmac.compare_digest(mac, _mac(attachment_id, what, claims, key)):
        return None
    person, session, until = _CLAIMS.unpack(claims)
    if until < now.timestamp():
        return None
    return Claims(UUID(bytes=person), UUID(bytes=session), datetime.fromtimestamp(until, UTC))


def _end(now: datetime, lifetime: timedelta) -> datetime:
    step = int(lifetime.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // step + 2) * step, UTC)


def _mac(attachment_id: UUID, what: str, claims: bytes, key: str) -> bytes:
    said = _PURPOSE + attachment_id.bytes + what.encode().ljust(16) + claims
    return hmac.new(key.encode(), said, hashlib.sha256).digest()[:_MAC_LENGTH]
