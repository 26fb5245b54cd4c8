"""Whether this process lives, and whether it should be given work."""

import asyncio

from litestar import Response, get

from backend.database import fetch
from backend.errors import Busy
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Out

PATIENCE = 2.0
"""Seconds the database may take to answer before we call ourselves not ready."""


class Health(Out):
    """``ok`` is always true; a process that is not ready answers 503 instead."""

    ok: bool


@get(
    "/health/live",
    opt={"policy": Policy.PUBLIC},
    operation_id="getLiveness",
    tags=["运行 Operations"],
    summary="存活检查 Is the process alive",
)
async def liveness() -> Health:
    """Answered without looking at anything."""
    return Health(ok=True)


@get(
    "/health/ready",
    opt={"policy": Policy.PUBLIC},
    operation_id="getReadiness",
    tags=["运行 Operations"],
    summary="就绪检查 Is the process ready for work",
    responses=refusals(Busy),
)
async def readiness() -> Response[Health]:
    """Ready means the database answers."""
    try:
        async with asyncio.timeout(PATIENCE):
            await fetch("SELECT 1")
    except TimeoutError:
        raise Busy(retry_after=1) from None
    return Response(Health(ok=True), headers={"cache-control": "no-store"})
