"""A race without sockets: many connections, one slot, a rival at the same hour, any verb."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tests.bookings.verbs import NOON, Verbs, a_slot, families

CONNECTIONS = 8
BEGINS = NOON + timedelta(days=10)
AFTERWARDS = NOON + timedelta(days=2)


async def scramble(pool: "asyncpg.Pool[Any]", school: UUID, number: int) -> list[str]:
    """Let thirty families at two slots through as many connections as there are.

    Returns what the database itself complained of.
    """
    dice = random.Random(number)
    capacity = dice.randint(3, 8)
    slots = [
        await a_slot(school, BEGINS, capacity=capacity, max_party=3, skip_limit=number % 2),
        await a_slot(school, BEGINS, capacity=6),
    ]
    crowd = families(30)

    async def take(slot: UUID, who: UUID, party: int, *, at_once: bool) -> None:
        async with pool.acquire() as connection:
            verbs = Verbs(school, fetch=connection.fetch)
            await verbs.take(slot, who, party, at_once=at_once)

    async def one(who: UUID, dice: random.Random) -> None:
        party, at_once = dice.choice((1, 1, 2, 3)), dice.random() < 0.5
        wishes = [take(slots[0], who, party, at_once=at_once)]
        if dice.random() < 0.5:
            wishes.append(take(slots[1], who, 1, at_once=False))
        for end in await asyncio.gather(*wishes, return_exceptions=True):
            if end is not None:
                raise end
        # Some think again while others are still asking.
        await asyncio.sleep(0.02 * dice.random())
        async with pool.acquire() as connection:
            verbs = Verbs(school, fetch=connection.fetch)
            if dice.random() < 0.5:
                await verbs.cancel(slots[0], who)
            else:
                await verbs.accept(slots[0], who)
                await verbs.take(slots[1], who)

    ends = await asyncio.gather(
        *(one(who, random.Random(dice.random())) for who in crowd), return_exceptions=True
    )
    async with pool.acquire() as connection:
        verbs = Verbs(school, AFTERWARDS, connection.fetch)
        for slot in slots * 2:
            # Offers run out, and those they go to then say yes.
            await verbs.tidy(slot)
            for who in crowd:
                await verbs.accept(slot, who)
    return [repr(end) for end in ends if end is not None]
