"""The world the matrix asks about: rows by place, and a phone for each principal.

Every row bears the canary of its tenant: ``CANARY-`` and a realm. ``A`` and ``B`` are
districts, ``A1`` is a school of A, ``A1X`` a class of A1. A further letter narrows it:
``D`` a draft, ``P`` a notice that waits for approval, ``F`` and ``K`` families, ``V`` a
district's notice at its schools. Who may come to see which realm stands in
``expectations/``.
"""

import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from uuid import UUID

import httpx

from backend import clock
from backend.database import execute, transaction
from backend.identifiers import uuid7
from backend.media import links
from backend.media.models import Variant
from backend.people.operations import sessions, ties
from backend.people.tokens import keys_for
from backend.settings import Settings
from tests.house import Visitor

PLACES = ("own", "other_class", "other_school", "other_district")
"""Where a row lives, seen from class A1X; rows that do not exist live in ``absent``."""


def mark(realm: str, text: str = "") -> str:
    """Return ``text`` with the canary of a realm."""
    return f"{text}CANARY-{realm}_"


class Absent(SimpleNamespace):
    """A place whose rows do not exist: any name is an id that nothing bears."""

    def __getattr__(self, name: str) -> UUID:
        made = uuid7()
        setattr(self, name, made)
        return made


@dataclass
class World:
    """Everything the matrix asks for: rows by place, and a phone for each principal."""

    settings: Settings
    transport: httpx.AsyncBaseTransport
    stack: AsyncExitStack
    places: dict[str, SimpleNamespace] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    phones: dict[str, Visitor] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(19900001000))

    async def person(self, name: str, realm: str) -> UUID:
        """Open an account that carries the canary of ``realm`` in its name."""
        made = await ties.open_account(mark(realm, "人"), f"+86{next(self.numbers)}")
        self.people[name] = made.id
        return made.id

    async def visitor(self, name: str | None) -> Visitor:
        """Return a phone; ``name`` is who has signed in on it by code just now."""
        phone = Visitor(transport=self.transport, base_url="http://house/v1")
        await self.stack.enter_async_context(phone)
        if name is not None:
            device = sessions.Device(key=secrets.token_hex(8), name="phone", platform="android")
            now, keys = clock.now(), keys_for(self.settings.secret_key)
            async with transaction():
                signed = await sessions.open_session(
                    self.people[name], device, "code", keys=keys, now=now
                )
            # Thousands of questions take longer, on a busy machine, than a token lives.
            await execute(
                "UPDATE access_tokens SET expires_at = expires_at + interval '1 day' "
                "WHERE session_id = $1",
                signed.session_id,
            )
            phone.session_id, phone.person_id = signed.session_id, signed.person_id
            phone.headers["Authorization"] = f"Bearer {signed.access_token}"
        return phone

    def link(self, name: str, file_id: UUID | str, what: str = Variant.ORIGINAL) -> str:
        """Sign a link to a file for somebody's phone; it, too, lives for a day."""
        phone = self.phones[name]
        assert phone.person_id and phone.session_id
        return links.sign(
            UUID(str(file_id)), what, phone.person_id, phone.session_id,
            clock.now() + timedelta(days=1), key=self.settings.secret_key,
        )  # fmt: skip

    async def sign_in(self, name: str) -> Visitor:
        """Give a principal their phone."""
        phone = self.phones[name] = await self.visitor(name)
        self.headers[name] = {"Authorization": phone.headers["Authorization"]}
        return phone
