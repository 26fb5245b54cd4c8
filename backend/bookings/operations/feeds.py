"""The private address of a person's calendar: made, renewed, revoked.

Only a digest of the address is kept: a copy of the database opens nobody's calendar.
"""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.database import execute, transaction
from backend.identifiers import uuid7

_BYTES = 32
"""256 bits, so that nobody finds an address by trying."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A new address, shown this once."""

    token: str
    created_at: datetime


async def renew(person_id: UUID) -> Address:
    """Give the person's calendar a new address; the one before stops at once."""
    address = Address(token=secrets.token_urlsafe(_BYTES), created_at=clock.now())
    async with transaction():
        await execute(
            """
            INSERT INTO calendar_feeds (id, person_id, digest, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (person_id) DO UPDATE
                SET digest = excluded.digest, created_at = excluded.created_at
            """,
            uuid7(),
            person_id,
            digest_of(address.token),
            address.created_at,
        )
        await record("bookings.calendar_renewed", "person", person_id, by=person_id)
    return address


async def revoke(person_id: UUID) -> None:
    """Stop the person's calendar; without one nothing happens."""
    async with transaction():
        if await execute("DELETE FROM calendar_feeds WHERE person_id = $1", person_id):
            await record("bookings.calendar_revoked", "person", person_id, by=person_id)


def digest_of(token: str) -> str:
    """Return what is kept of an address."""
    return hashlib.sha256(token.encode()).hexdigest()
