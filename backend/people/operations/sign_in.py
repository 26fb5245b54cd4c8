"""Coming in: by a code sent to the phone, or by a password."""

from datetime import datetime
from uuid import UUID

from backend.audit.operations import record
from backend.database import execute, fetch_one, transaction
from backend.identifiers import uuid7
from backend.people import passwords, queries, rules
from backend.people.operations.codes import spend_code, try_code
from backend.people.operations.sessions import Device, SignedIn, lock_person, open_session
from backend.people.tokens import Keys
from backend.web import limits


async def sign_in_with_code(
    request_id: UUID, code: str, device: Device, *, keys: Keys, now: datetime
) -> SignedIn:
    """Open a session for whoever holds the phone the code was sent to.

    An unknown phone becomes a new person without children, who can then ask to join a
    class. Raises :class:`rules.CodeExpired`, :class:`rules.CodeWrong` and
    :class:`rules.AccountClosed`.
    """
    phone = await try_code(request_id, code, device.key, keys=keys, now=now)
    async with transaction():
        await spend_code(request_id, now)
        # The same statement finds and creates, so both take the same time; it also
        # locks the person's row.
        person = await fetch_one(_FIND_OR_CREATE, uuid7(), f"用户{phone[-4:]}", phone, now)
        assert person is not None
        if person["closed_at"] is not None:
            raise rules.AccountClosed
        await forgive(keys.subject("phone", phone))
        return await open_session(person["id"], device, "code", keys=keys, now=now)


async def sign_in_with_password(
    phone: str, password: str, device: Device, address: str, *, keys: Keys, now: datetime
) -> SignedIn:
    """Open a session for the person with this phone and password.

    A number nobody has takes the same path, and the same time, as a wrong password.
    Raises :class:`rules.PasswordWrong`, :class:`rules.SignInLocked`,
    :class:`rules.CodeSignInNeeded`, :class:`backend.errors.TooMany` and, when too many
    wait to be checked, :class:`backend.errors.Busy`.
    """
    await limits.spend(rules.PASSWORDS_PER_ADDRESS, keys.subject("address", address), now)
    candidate = await queries.candidate(phone, device.key)
    stored = candidate["password_hash"] if candidate else None
    bucket = device.key if candidate and candidate["knows_device"] else rules.STRANGERS
    subject = keys.subject("phone", phone)
    with passwords.counter.place():
        await charge(subject, bucket, now)
        is_right = await passwords.counter.check(password, stored)
        better = None
        if is_right and stored and passwords.is_outdated(stored):
            better = await passwords.counter.make(password)
    if not is_right or candidate is None:
        raise rules.PasswordWrong
    person_id: UUID = candidate["id"]
    async with transaction():
        await lock_person(person_id)
        if better is not None:
            await execute(_REHASH, person_id, stored, better)
            await record("people.password_rehashed", "person", person_id, by=person_id)
        await forgive(subject, bucket)
        return await open_session(person_id, device, "password", keys=keys, now=now)


async def charge(subject: str, bucket: str, now: datetime) -> None:
    """Count a try before it is made.

    Raises :class:`rules.SignInLocked` while the bucket is locked and
    :class:`rules.CodeSignInNeeded` after a hundred failures in a row on the account.
    """
    locked_until, total = await queries.charge_failure(subject, bucket, now)
    if locked_until is not None:
        seconds = max(int((locked_until - now).total_seconds()), 1)
        raise rules.SignInLocked(retry_after=seconds, minutes=-(-seconds // 60))
    if total > rules.FAILURES_BEFORE_CODE_ONLY:
        raise rules.CodeSignInNeeded


async def forgive(subject: str, bucket: str | None = None) -> None:
    """Forget failures after a success.

    A password clears its own bucket and the count in a row; a code, which proves the
    phone, clears the locks of all devices.
    """
    buckets = None if bucket is None else [bucket, rules.EVERYWHERE]
    await execute(_FORGIVE, subject, buckets)


_FIND_OR_CREATE = """
INSERT INTO persons AS p (id, name, phone, activated_at, created_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (phone) DO UPDATE SET activated_at = coalesce(p.activated_at, excluded.activated_at)
RETURNING id, closed_at
"""

_REHASH = "UPDATE persons SET password_hash = $3 WHERE id = $1 AND password_hash = $2"

_FORGIVE = """
DELETE FROM sign_in_failures
WHERE subject = $1 AND ($2::text[] IS NULL OR device_key = ANY($2::text[]))
"""
