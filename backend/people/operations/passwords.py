"""Setting a password."""

from datetime import datetime
from uuid import UUID

from backend.audit.operations import record
from backend.database import execute, fetch, fetch_one, transaction
from backend.identifiers import uuid7
from backend.people import notify, passwords, queries, rules
from backend.people.models import Session
from backend.people.operations.sessions import end_sessions, lock_person
from backend.people.operations.sign_in import charge, forgive
from backend.people.tokens import Keys


async def set_password(
    person_id: UUID,
    session: Session,
    new: str,
    current: str | None,
    *,
    keys: Keys,
    now: datetime,
) -> None:
    """Give the person a new password and sign their other devices out.

    It takes the present password, or a session signed in by code in the last ten minutes.
    A wrong present password counts towards the same lock as at sign-in. Raises
    :class:`rules.FreshSignInNeeded`, :class:`rules.PasswordWrong`,
    :class:`rules.PasswordTooShort`, :class:`rules.PasswordTooCommon` and what
    ``charge`` raises.
    """
    person = await fetch_one(_PERSON, person_id)
    assert person is not None
    new = passwords.normalise(new)
    rules.check_password(new, context=await _context(person_id, person["name"], person["phone"]))
    subject = keys.subject("phone", person["phone"] or person_id.hex)
    with passwords.counter.place():
        if current is None or person["password_hash"] is None:
            rules.check_fresh(
                signed_in_by=session.signed_in_by, signed_in_at=session.created_at, now=now
            )
        else:
            await charge(subject, session.device_key, now)
            if not await passwords.counter.check(current, person["password_hash"]):
                raise rules.PasswordWrong
        made = await passwords.counter.make(new)
    async with transaction():
        await lock_person(person_id)
        await execute("UPDATE persons SET password_hash = $2 WHERE id = $1", person_id, made)
        await forgive(subject, session.device_key)
        others = await fetch(_OTHERS, person_id, session.id)
        await end_sessions([row["id"] for row in others], "password_changed", now=now)
        await record("people.password_set", "person", person_id, by=person_id)
        await notify.password_changed(person_id, uuid7())


async def _context(person_id: UUID, name: str, phone: str | None) -> list[str]:
    """Return the words an acquaintance would try first."""
    words = [name, *name.split()]
    if phone:
        words += [phone[3:], phone[-8:], phone[-6:], phone[-4:]]
    for seat in await queries.seats_of(person_id):
        words += [word for word in (seat["school_name"], seat["node_name"]) if word]
    return words


_PERSON = "SELECT name, phone, password_hash FROM persons WHERE id = $1"

_OTHERS = """
SELECT id FROM sessions WHERE person_id = $1 AND id <> $2 AND revoked_at IS NULL
"""
