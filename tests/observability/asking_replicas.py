"""A process that reads from a replica, from one that breaks off, and from one that rests.

    python -m tests.observability.asking_replicas DSN REPLICA

prints what it has counted after each, as JSON lines.
"""

import asyncio
import json
import sys

from backend import replicas
from backend.database import database, fetch
from backend.settings import Settings


async def _is_there() -> bool:
    return bool((await fetch("SELECT pg_is_in_recovery() AS there"))[0]["there"])


@replicas.from_replica
async def read() -> bool:
    return await _is_there()


@replicas.from_replica
async def read_and_break_off() -> bool:
    if there := await _is_there():
        await fetch("SELECT pg_terminate_backend(pg_backend_pid())")
    return there


def tell(where: list[bool]) -> None:
    sys.stdout.write(json.dumps({"there": where, **replicas.answered}) + "\n")


async def main(dsn: str, replica: str) -> None:
    settings = Settings(
        environment="test", database_url=dsn, replica_urls=(replica,), replica_patience=5
    )
    async with database(dsn, settings, name="tests"):
        tell([await read()])
        async with replicas.reading(settings):
            tell([await read() for _ in range(3)])
            tell([await read_and_break_off()])
            tell([await read()])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
