"""Repeatable creation: the same ``Idempotency-Key`` twice creates once.

The key is claimed in the transaction of the act and keeps the answer, so a phone that
lost the reply asks again and reads the same bytes.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from asyncpg import LockNotAvailableError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.params import HeaderParameter

from backend.database import execute, fetch_one, transaction
from backend.errors import BadInput, Refusal
from backend.identifiers import uuid7

T = TypeVar("T")
_KEY = re.compile(r"[\x21-\x7e]{8,80}")
KeyHeader = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]
"""How a handler that creates takes the caller's key."""


class KeyNeeded(BadInput):
    code = "idempotency_key_needed"
    zh = "请在请求头中提供 Idempotency-Key（8 至 80 个字符）。"
    en = "Send an Idempotency-Key header of 8 to 80 characters."


class KeyReused(Refusal):
    status = 422
    code = "idempotency_key_reused"
    zh = "该 Idempotency-Key 已用于另一个不同的请求。"
    en = "That Idempotency-Key was used for a different request."


class KeyInFlight(Refusal):
    """The first copy is still being worked on; its answer can be had a little later."""

    code = "idempotency_key_in_flight"
    zh = "相同的请求正在处理，请稍后重试。"
    en = "The same request is being worked on; please ask again shortly."


async def once(
    person_id: UUID,
    operation: str,
    key: str | None,
    request: object,
    kind: type[T],
    act: Callable[[], Awaitable[T]],
    *,
    secret: str,
) -> T:
    """Run ``act`` once per (person, operation, key) and return its answer each time.

    ``request`` is fingerprinted with ``secret``; ``kind`` is the answer's Struct. Two
    copies in flight wait for each other on the key's row. Raises :class:`KeyNeeded`,
    :class:`KeyReused`, :class:`KeyInFlight` when that takes as long as a lock may, and
    whatever ``act`` raises (a refused act claims no key).
    """
    if key is None or not _KEY.fullmatch(key):
        raise KeyNeeded(field="Idempotency-Key")
    plain = msgspec.json.encode(request, order="deterministic")
    fingerprint = hmac.new(secret.encode(), plain, hashlib.sha256).hexdigest()
    async with transaction():
        try:
            claimed = await fetch_one(
                """
                INSERT INTO idempotency_keys AS k
                    (id, person_id, operation, key, fingerprint, created_at)
                VALUES ($1, $2, $3, $4, $5, now())
                ON CONFLICT (person_id, operation, key) DO UPDATE SET key = k.key
                RETURNING id, fingerprint, body
                """,
                uuid7(),
                person_id,
                operation,
                key,
                fingerprint,
            )
        except LockNotAvailableError:
            raise KeyInFlight(retry_after=1) from None
        assert claimed is not None
        if claimed["fingerprint"] != fingerprint:
            raise KeyReused
        if claimed["body"] is not None:
            kept = _cipher(secret).decrypt(claimed["body"][:12], claimed["body"][12:], None)
            return msgspec.json.decode(kept, type=kind)
        answer = await act()
        nonce = os.urandom(12)
        sealed = nonce + _cipher(secret).encrypt(nonce, msgspec.json.encode(answer), None)
        await execute("UPDATE idempotency_keys SET body = $2 WHERE id = $1", claimed["id"], sealed)
        return answer


def _cipher(secret: str) -> AESGCM:
    """Answers hold personal data: they rest sealed, and are purged after two days."""
    return AESGCM(hashlib.sha256(f"idempotency:{secret}".encode()).digest())
