"""What a process says of itself while its database is there, and while it is not."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from litestar import Litestar, get

from backend.web.guard import guard
from backend.web.health import liveness
from backend.web.problems import EXCEPTION_HANDLERS
from tests.house import Visitor


@get("/ask")
async def ask() -> None:
    """Connect to a database whose address leads nowhere."""
    await asyncpg.connect(host="/nowhere/at/all", port=1, user="nobody", database="none", timeout=1)


@get("/file", sync_to_thread=False)
def file() -> None:
    """Miss a file of ours."""
    Path("/nowhere/at/all").read_bytes()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [ask, file, liveness],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=guard(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as one:
        yield one


async def test_a_process_with_its_database_lives_and_is_ready(anyone: Visitor) -> None:
    for path in ("live", "ready"):
        answer = await anyone.get(f"http://house/health/{path}")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})


async def test_a_database_that_is_gone_makes_us_busy_and_not_broken(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/ask")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.get("/health/live")).status_code == 200


async def test_a_file_that_is_gone_is_an_accident(client: httpx.AsyncClient) -> None:
    """The same error as above from another place."""
    assert (await client.get("/file")).status_code == 500
