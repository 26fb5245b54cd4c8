"""A process of its own that spends from one limit: ``python spender.py DSN TRIES [careless]``.

It prints how many of its acts were let through.
"""

import asyncio
import sys

from backend import clock
from backend.database import database, execute, fetch_one
from backend.errors import TooMany
from backend.settings import Settings
from backend.web.limits import Limit, spend

LIMIT = Limit(name="shared", most=40, seconds=3_600)


async def careless_spend(limit: Limit, key: str, now: object) -> None:
    """Look first and write afterwards, as a limit without one deciding statement would."""
    row = await fetch_one("SELECT used FROM limits WHERE name = $1", limit.name)
    used = row["used"] if row else 0
    if used >= limit.most:
        raise TooMany(seconds=1)
    await asyncio.sleep(0.005)
    await execute(
        "INSERT INTO limits (name, key, started_at, used) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (name, key) DO UPDATE SET used = $4",
        limit.name,
        key,
        now,
        used + 1,
    )


async def main(dsn: str, tries: int, way: str) -> int:
    act = careless_spend if way == "careless" else spend

    async def one() -> bool:
        try:
            await act(LIMIT, "everyone", clock.now())
        except TooMany:
            return False
        return True

    async with database(dsn, Settings(database_url=dsn, pool_size=4), name="spender"):
        return sum(await asyncio.gather(*(one() for _ in range(tries))))


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))))
