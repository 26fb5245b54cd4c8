"""Opaque keyset cursors: a position in a list that nobody can read or forge."""

import base64
import hashlib
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from backend.errors import BadInput

T = TypeVar("T")


class Position(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended in a list ordered by moment, newest first, then id."""

    at: datetime
    id: UUID


class BadCursor(BadInput):
    code = "bad_cursor"
    zh = "翻页标记无效，请从第一页重新开始。"
    en = "That cursor is not valid here; start again from the first page."


class Cursors:
    """Seals and opens the positions of one installation, bound to list and person."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCMSIV(hashlib.sha256(f"cursor:{secret}".encode()).digest())

    def seal(self, purpose: str, position: Any) -> str:
        """Return the cursor for ``position``, which opens only for the same ``purpose``."""
        plain = msgspec.json.encode(position)
        # GCM-SIV under a fixed nonce is deterministic encryption: equal positions give
        # equal cursors, which keeps ETags stable, and nothing else is revealed.
        sealed = self._cipher.encrypt(b"\0" * 12, plain, purpose.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, purpose: str, cursor: str, kind: type[T]) -> T:
        """Return the position inside ``cursor``. Raises :class:`BadCursor`."""
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            plain = self._cipher.decrypt(b"\0" * 12, sealed, purpose.encode())
            return msgspec.json.decode(plain, type=kind)
        except (ValueError, InvalidTag, msgspec.MsgspecError):
            raise BadCursor(field="cursor") from None
