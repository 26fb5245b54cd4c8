"""The floor: the least application of the same framework that answers a feed.

One statement, no sign-in, no rules: what Litestar, granian and asyncpg cost by
themselves. ``python -m tests.bench.floor PORT`` serves it in one process.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server
from litestar import Litestar, MediaType, Response, get
from litestar.datastructures import State

from tests.bench.lean import S2


async def _keep_session(_: object) -> None:
    """Stand in for asyncpg's RESET, which the product leaves out as well."""


def create_app() -> Litestar:
    """Return the application; its database is named by ``TONGXING_DATABASE_URL``."""

    @asynccontextmanager
    async def life(app: Litestar) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            os.environ["TONGXING_DATABASE_URL"], min_size=1, max_size=10, reset=_keep_session
        ) as pool:
            app.state.pool = pool
            yield

    return Litestar(
        [feed, alive], lifespan=[life], logging_config=None, openapi_config=None, debug=False
    )


@get("/feed/{number:int}")
async def feed(state: State, number: int) -> Response[bytes]:
    """Answer with the newest twenty notices of the sampled person ``number``."""
    rows: list[Any] = await state.pool.fetch(S2.replace(":i", "$1::int"), number)
    body = msgspec.json.encode([dict(row) for row in rows])
    return Response(body, media_type=MediaType.JSON)


@get("/health/live")
async def alive() -> dict[str, bool]:
    return {"ok": True}


if __name__ == "__main__":
    Server(
        "tests.bench.floor:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=1,
        log_level=LogLevels.warning,
    ).serve()
