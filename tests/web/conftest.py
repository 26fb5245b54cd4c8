"""The world of the authorisation matrix, asked here with requests nobody should send."""

from collections.abc import AsyncIterator

import httpx
import pytest

from backend.database import execute
from tests.authz.conftest import application, operations, world  # noqa: F401
from tests.authz.routes import Operation
from tests.authz.world import World
from tests.web.asking import Asker


@pytest.fixture
async def asker(
    world: World,  # noqa: F811
    operations: dict[str, Operation],  # noqa: F811
    transport: httpx.ASGITransport,
) -> AsyncIterator[Asker]:
    """Whoever may do each thing, ready to do it badly."""
    # The whole file may take longer than a sign-in counts as fresh.
    await execute("UPDATE sessions SET created_at = now()")
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield Asker(client, world, operations)
