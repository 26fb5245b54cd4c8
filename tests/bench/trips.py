"""What one request of the product sends to the database, heard from inside one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from backend.app import build, near
from tests.bench.counting import Statements, counted
from tests.bench.figures import Figure
from tests.bench.ground import Ground


@asynccontextmanager
async def listened(
    ground: Ground, token: str
) -> AsyncIterator[tuple[httpx.AsyncClient, Statements]]:
    """Yield a phone signed in by ``token`` and all that its requests make the product send."""
    house = near(build(ground.settings, ground.dsn), ground.settings)
    transport = httpx.ASGITransport(app=house)  # type: ignore[arg-type]
    async with (
        counted(ground.dsn, everywhere=True) as statements,
        httpx.AsyncClient(
            transport=transport,
            base_url="http://bench/v1",
            headers={"Authorization": f"Bearer {token}"},
        ) as client,
    ):
        yield client, statements


def figure(job: str, request: str, statements: int, goal: float | None = None) -> Figure:
    """Return the line of the report."""
    return Figure(
        job=job,
        measured=f"statements: {request}",
        value=statements,
        unit="",
        goal=goal,
        sense="at_most",
    )
