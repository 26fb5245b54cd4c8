"""Whether this process lives, and whether it should be given work."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
from litestar import Response, get
from litestar.di import NamedDependency
from tortoise.exceptions import BaseORMException

from backend import migrations
from backend.database import fetch
from backend.errors import Busy, Refusal
from backend.settings import Settings
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Out

PATIENCE = 2.0
"""Seconds the database may take to answer before we call ourselves not ready."""

_KNOWN = tuple(migrations.names())
_APPLIED = """
SELECT count(*)::int AS count FROM tortoise_migrations
WHERE app = 'school' AND name = ANY($1::text[])
"""


class Health(Out):
    """``ok`` is always true; a process that is not ready answers 503 instead."""

    ok: bool


class NotReady(Refusal):
    """This process should be given no work; ``sick`` names the parts, and no more than that:
    anybody may ask.
    """

    status = 503
    code = "not_ready"
    zh = "服务暂未就绪，请稍后重试。"
    en = "Not ready yet; please try again shortly."


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
    responses=refusals(NotReady, Busy),
)
async def readiness(settings: NamedDependency[Settings]) -> Response[Health]:
    """Ready means that the database answers, its tables are as new as this code, and there is
    room on the disk. The problem's `facts.sick` names what is not: `database`, `tables`, `disk`.
    """
    applied = await _migrations_applied()
    sick = []
    if applied is None:
        sick.append("database")
    elif applied < len(_KNOWN):
        sick.append("tables")
    if not _has_room(settings.data_dir, settings.disk_floor):
        sick.append("disk")
    if sick:
        raise NotReady(retry_after=1, sick=sick)
    return Response(Health(ok=True), headers={"cache-control": "no-store"})


async def _migrations_applied() -> int | None:
    """Return how many of our migrations the database has; ``None`` when it does not answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            return int((await fetch(_APPLIED, list(_KNOWN)))[0]["count"])
    except BaseORMException as error:
        # A database nobody has migrated yet lacks even the list of migrations.
        is_bare = bool(error.args) and isinstance(error.args[0], asyncpg.UndefinedTableError)
        return 0 if is_bare else None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None


def _has_room(place: Path, floor: int) -> bool:
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free >= floor
