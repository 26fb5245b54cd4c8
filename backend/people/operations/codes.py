"""Asking for a sign-in code, and spending one."""

import hmac
from datetime import datetime
from uuid import UUID

import msgspec

from backend.database import execute, fetch_one, transaction
from backend.people import rules
from backend.people.models import SignInCode, SmsMessage
from backend.people.tokens import Keys, new_code, new_request_id
from backend.web import limits
from notifications import origin

POST_CHANNEL = "tongxing_post"
"""On it workers hear that something is waiting to leave."""


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A code under way; ``resend_after`` is in seconds."""

    request_id: UUID
    expires_at: datetime
    resend_after: int


async def request_code(
    phone: str, device_key: str, address: str, *, keys: Keys, now: datetime
) -> CodeRequest:
    """Leave a code for the worker to send to ``phone`` (normalised).

    Nobody looks up whose phone it is, so known and unknown numbers cannot be told apart.
    Raises :class:`backend.errors.TooMany`.
    """
    subject = keys.subject("phone", phone)
    # Shortest window first: an impatient thumb spends minutes, not the day's ration.
    await limits.spend(rules.CODES_PER_ADDRESS, keys.subject("address", address), now)
    for limit in rules.CODES_PER_PHONE:
        await limits.spend(limit, subject, now)
    code, request_id, sms_id = new_code(), new_request_id(), new_request_id()
    expires_at = now + rules.CODE_LIFE
    async with transaction():
        await SignInCode.create(
            id=request_id,
            phone=phone,
            device_key=device_key,
            digest=keys.code_digest(request_id, code),
            expires_at=expires_at,
        )
        await SmsMessage.create(
            id=sms_id,
            phone=phone,
            template="sign_in_code",
            payload=keys.seal(sms_id, code),
            due_at=now,
            expires_at=expires_at,
            request_id=origin.request_id(),
        )
        await execute("SELECT pg_notify($1, 'sms')", POST_CHANNEL)
    return CodeRequest(
        request_id=request_id,
        expires_at=expires_at,
        resend_after=int(rules.RESEND_AFTER.total_seconds()),
    )


async def try_code(
    request_id: UUID, code: str, device_key: str, *, keys: Keys, now: datetime
) -> str:
    """Use up one of the tries on a code and return the phone it proves.

    The try is counted, and committed, before the code is looked at. Raises
    :class:`rules.CodeExpired` (also for used, exhausted and unknown requests) and
    :class:`rules.CodeWrong`.
    """
    row = await fetch_one(_TRY, request_id, device_key, now, rules.CODE_TRIES)
    if row is None:
        raise rules.CodeExpired
    if not hmac.compare_digest(row["digest"], keys.code_digest(request_id, code)):
        left = rules.CODE_TRIES - row["attempts"]
        if left == 0:
            raise rules.CodeExpired
        raise rules.CodeWrong(left=left)
    return str(row["phone"])


async def spend_code(request_id: UUID, now: datetime) -> None:
    """Mark the code used, in the caller's transaction.

    Raises :class:`rules.CodeExpired` when somebody spent it first.
    """
    if await fetch_one(_SPEND, request_id, now) is None:
        raise rules.CodeExpired


_TRY = """
UPDATE sign_in_codes SET attempts = attempts + 1
WHERE id = $1 AND device_key = $2 AND used_at IS NULL AND expires_at > $3 AND attempts < $4
RETURNING phone, digest, attempts
"""

_SPEND = """
UPDATE sign_in_codes SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id
"""
