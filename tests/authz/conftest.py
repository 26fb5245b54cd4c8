"""The world, put up for each module of tests that leave it as they found it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar
from tortoise.connection import get_connection

from backend.app import build
from backend.database import execute
from backend.settings import Settings
from tests.authz import expecting
from tests.authz.kept import a_world
from tests.authz.matrix import Matrix
from tests.authz.routes import Operation, operations_of
from tests.authz.state import State
from tests.authz.world import World


@pytest.fixture(scope="session")
def application(settings: Settings, dsn: str) -> Litestar:
    return build(settings, dsn)


@pytest.fixture(scope="session")
def operations(application: Litestar) -> dict[str, Operation]:
    return operations_of(application)


# A module at most: between modules a worker may run tests that empty the database.
@pytest.fixture(scope="module")
async def world(
    pool: None, settings: Settings, transport: httpx.ASGITransport
) -> AsyncIterator[World]:
    try:
        yield await a_world(settings, transport)
    finally:
        await get_connection("default").execute_script("select keep.reset()")


@pytest.fixture
async def matrix(
    world: World, operations: dict[str, Operation], transport: httpx.ASGITransport
) -> AsyncIterator[Matrix]:
    # A file may take longer, on a busy machine, than a sign-in counts as fresh.
    await execute("UPDATE sessions SET created_at = now()")
    state = await State.read_catalogue()
    async with httpx.AsyncClient(transport=transport) as client:
        yield Matrix(world, operations, expecting.read(), state, client)
