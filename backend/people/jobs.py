"""What people's room does unasked: it sends codes and throws away what has expired."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag

from backend import clock
from backend.database import execute, fetch, fetch_one
from backend.people.gateways import Gateway, GatewayRefusal, GatewayTrouble, Sms
from backend.people.rules import CODE_LIFE
from backend.people.tokens import Keys
from notifications import origin

log = structlog.get_logger("sms")

BATCH = 20
LEASE = timedelta(seconds=60)
TRIES = 6
_FIRST_PAUSE = 2.0
_PURGE_BATCH = 5_000


async def send_sms(gateway: Gateway, keys: Keys, now: datetime) -> int:
    """Send the messages that are due and return how many were claimed.

    A claimed message is leased, so any number of workers share the work; a worker that
    dies leaves its messages to come due again. A full batch means there may be more.
    """
    claimed = await fetch(_CLAIM, now, now + LEASE, BATCH)
    await asyncio.gather(*(_send_one(gateway, keys, row, now) for row in claimed))
    return len(claimed)


async def purge() -> dict[str, int]:
    """Delete what has expired and return how many rows of each table went."""
    now, gone = clock.now(), {}
    for table, (condition, age) in _PURGE.items():
        gone[table] = 0
        while True:
            count = await execute(
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("
                f"SELECT ctid FROM {table} WHERE {condition} LIMIT {_PURGE_BATCH}))",
                now - age,
            )
            gone[table] += count
            if count < _PURGE_BATCH:
                break
    return gone


async def _send_one(gateway: Gateway, keys: Keys, row: dict[str, Any], now: datetime) -> None:
    with origin.slip_of(row["request_id"]):
        await _carry(gateway, keys, row, now)


async def _carry(gateway: Gateway, keys: Keys, row: dict[str, Any], now: datetime) -> None:
    try:
        code = keys.unseal(row["id"], row["payload"])
    except InvalidTag:
        # The installation's key has changed since the message was left.
        await _close(row, "given_up", "unreadable")
        return
    minutes = str(int(CODE_LIFE.total_seconds()) // 60)
    sms = Sms(
        id=row["id"],
        phone=row["phone"],
        template=row["template"],
        values={"code": code, "minutes": minutes},
    )
    try:
        await gateway.send(sms)
    except GatewayTrouble as trouble:
        pause = _FIRST_PAUSE * 2 ** (row["attempts"] - 1) * (0.75 + secrets.randbelow(51) / 100)
        again_at = now + timedelta(seconds=max(pause, trouble.retry_after or 0.0))
        if row["attempts"] >= TRIES or again_at >= row["expires_at"]:
            await _close(row, "given_up", str(trouble))
        else:
            log.warning("sms_delayed", id=str(row["id"]), reason=str(trouble))
            await fetch_one(_DELAY, row["id"], row["attempts"], again_at)
    except GatewayRefusal as refusal:
        await _close(row, "given_up", str(refusal))
    else:
        await _close(row, "sent", "")


async def _close(row: dict[str, Any], state: str, reason: str) -> None:
    if reason:
        log.error("sms_given_up", id=str(row["id"]), reason=reason)
    await fetch_one(_CLOSE, row["id"], row["attempts"], state)


# Messages whose code has expired meanwhile are closed unsent in the same sweep.
_CLAIM = """
WITH late AS (
    UPDATE sms_outbox SET state = 'given_up', payload = '', leased_until = NULL
    WHERE state = 'queued' AND expires_at <= $1
), due AS (
    SELECT id FROM sms_outbox
    WHERE state = 'queued' AND due_at <= $1 AND expires_at > $1
        AND (leased_until IS NULL OR leased_until <= $1)
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE sms_outbox AS m SET leased_until = $2, attempts = m.attempts + 1
FROM due WHERE m.id = due.id
RETURNING m.id, m.phone, m.template, m.payload, m.attempts, m.expires_at, m.request_id
"""

# The number of attempts fences off a worker whose lease ran out while it was sending.
_CLOSE = """
UPDATE sms_outbox SET state = $3, payload = '', leased_until = NULL
WHERE id = $1 AND attempts = $2 AND state = 'queued' RETURNING id
"""

_DELAY = """
UPDATE sms_outbox SET due_at = $3, leased_until = NULL
WHERE id = $1 AND attempts = $2 AND state = 'queued' RETURNING id
"""

_PURGE = {
    "access_tokens": ("expires_at <= $1", timedelta(0)),
    "sign_in_codes": ("expires_at <= $1", timedelta(days=1)),
    "sms_outbox": ("created_at <= $1 AND state <> 'queued'", timedelta(days=1)),
    "idempotency_keys": ("created_at <= $1", timedelta(days=2)),
    "limits": ("started_at <= $1", timedelta(days=2)),
    "sign_in_failures": ("last_at <= $1", timedelta(days=90)),
    # Ended sessions are kept that long: they say on which devices a person is known.
    "sessions": ("coalesce(revoked_at, expires_at) <= $1", timedelta(days=180)),
}
