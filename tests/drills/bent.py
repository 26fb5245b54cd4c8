"""The product's own command with one defence taken out: ``python -m tests.drills.bent worker``.

Here the outbox is written outside its transaction: moves are marked as told first, and the
letters about them are left afterwards. Whoever kills this worker in between loses letters.
"""

import asyncio
import sys

import msgspec

from backend import cli
from backend.bookings import jobs
from backend.database import execute, fetch, transaction

DAWDLES = 0.5


async def _tell_moves_outside() -> int:
    rows = await fetch(jobs._UNTOLD)
    moves = [row["id"] for row in rows]
    await execute("UPDATE booking_moves SET told = true WHERE id = ANY($1::bigint[])", moves)
    if rows:
        await asyncio.sleep(DAWDLES)
    async with transaction():
        for row in rows:
            row["facts"] = msgspec.json.decode(row["facts"])
            await jobs._tell_move(row)
    return len(rows)


if __name__ == "__main__":
    jobs.tell_moves = _tell_moves_outside
    sys.exit(cli.app())
