"""The house as tests visit it: the whole application over HTTP, and its cast signed in."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import pytest

from backend import clock
from backend.app import build, near
from backend.database import fetch, transaction
from backend.people.operations import consents, sessions
from backend.people.tokens import keys_for
from backend.settings import Settings
from seed.cast import Cast, plant
from tests import contract


class Visitor(httpx.AsyncClient):
    """A phone: an HTTP client that sends an ``Idempotency-Key`` with every POST."""

    session_id: UUID | None = None
    person_id: UUID | None = None

    async def post(self, url: httpx.URL | str, **more: object) -> httpx.Response:  # type: ignore[override]
        headers = {"Idempotency-Key": secrets.token_hex(8), **(more.pop("headers", None) or {})}  # type: ignore[dict-item]
        return await super().post(url, headers=headers, **more)  # type: ignore[arg-type]

    async def send(self, request: httpx.Request, **more: object) -> httpx.Response:  # type: ignore[override]
        """Send, and hold the answer to the published contract."""
        response = await super().send(request, **more)  # type: ignore[arg-type]
        await response.aread()
        contract.hold(request, response)
        return response


SignIn = Callable[[str], Awaitable[Visitor]]


@pytest.fixture(scope="session")
def transport(settings: Settings, dsn: str) -> httpx.ASGITransport:
    """The application itself; its pool is the test session's."""
    return httpx.ASGITransport(app=near(build(settings, dsn), settings))  # type: ignore[arg-type]


@pytest.fixture
async def anyone(db: None, transport: httpx.ASGITransport) -> AsyncIterator[Visitor]:
    """Somebody who has not signed in."""
    async with Visitor(transport=transport, base_url="http://house/v1") as client:
        yield client


@pytest.fixture
async def cast(db: None) -> Cast:
    """The district of the seed; every guardian has accepted the privacy notice."""
    planted = await plant()
    ties = await fetch("SELECT person_id, student_id, school_id FROM family_ties")
    for tie in ties:
        await consents.accept(tie["person_id"], tie["student_id"], tie["school_id"], 1, clock.now())
    return planted


@pytest.fixture
async def as_(
    cast: Cast, transport: httpx.ASGITransport, settings: Settings
) -> AsyncIterator[SignIn]:
    """Return a phone signed in as a member of the cast."""
    async with AsyncExitStack() as stack:
        known: dict[str, Visitor] = {}

        async def sign_in(name: str) -> Visitor:
            if name not in known:
                known[name] = await stack.enter_async_context(
                    Visitor(transport=transport, base_url="http://house/v1")
                )
                await _open(known[name], cast.id(name), settings)
            return known[name]

        yield sign_in


async def _open(client: Visitor, person_id: UUID, settings: Settings) -> None:
    device = sessions.Device(key=secrets.token_hex(8), name="test phone", platform="android")
    async with transaction():
        await sessions.lock_person(person_id)
        signed = await sessions.open_session(
            person_id, device, "code", keys=keys_for(settings.secret_key), now=clock.now()
        )
        await fetch(
            "UPDATE persons SET activated_at = coalesce(activated_at, now()) WHERE id = $1 "
            "RETURNING id",
            person_id,
        )
    client.session_id, client.person_id = signed.session_id, person_id
    client.headers["Authorization"] = f"Bearer {signed.access_token}"
