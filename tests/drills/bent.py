"""The product's own command with a defence taken out: ``python -m tests.drills.bent worker``.

As a worker it writes the outbox outside its transaction: moves are marked as told first, and
the letters about them are left afterwards; whoever kills it in between loses letters. As an
API process it has no patience with what is in flight when it is told to stop.
"""

import asyncio
import sys

import msgspec

from backend import cli
from backend.bookings import jobs
from backend.database import execute, fetch, transaction

DAWDLES = 3.0


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
    cli.DRAIN_SECONDS = dict.fromkeys(cli.DRAIN_SECONDS, 1)
    jobs.tell_moves = _tell_moves_outside
    sys.exit(cli.app())
