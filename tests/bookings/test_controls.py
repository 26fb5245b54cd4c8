"""Negative controls: every safeguard of the engine, taken out, is missed by the invariants.

The same scramble leaves nothing to complain of while all of them are in place.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise.context import TortoiseContext

from backend.database import config
from tests.bookings.invariants import broken
from tests.bookings.sabotage import ALL, EMPTY, Sabotage, sabotaged
from tests.bookings.scramble import AFTERWARDS, CONNECTIONS, scramble
from tests.bookings.verbs import a_school
from tests.conftest import Clone

AT_MOST = 25


class Ground:
    """A database of its own, a school in it, and connections to scramble on."""

    def __init__(self, context: TortoiseContext, pool: "asyncpg.Pool[Any]", school: UUID) -> None:
        self.context, self.pool, self.school = context, pool, school

    async def wrong_after(self, number: int) -> list[str]:
        with self.context:
            wrong = await scramble(self.pool, self.school, number)
        async with self.pool.acquire() as connection:
            wrong += await broken(connection.fetch, AFTERWARDS)
            await connection.execute(EMPTY)
        return wrong


@pytest.fixture(scope="module")
async def ground(clone: Clone) -> AsyncIterator[Ground]:
    dsn = await clone("controls")
    async with (
        TortoiseContext() as context,
        asyncpg.create_pool(dsn, min_size=1, max_size=CONNECTIONS) as pool,
    ):
        await context.init(config=config(dsn, pool_size=2))
        yield Ground(context, pool, await a_school())


async def test_nothing_is_wrong_while_every_safeguard_is_in_place(ground: Ground) -> None:
    for number in range(6):
        assert await ground.wrong_after(number) == []


@pytest.mark.parametrize("act", ALL, ids=lambda act: act.seen.replace(" ", "-"))
async def test_without_the_safeguard_something_is_wrong(ground: Ground, act: Sabotage) -> None:
    async with ground.pool.acquire() as connection, sabotaged(connection, act):
        for number in range(AT_MOST):
            wrong = await ground.wrong_after(number)
            if any(act.seen in sentence for sentence in wrong):
                break
        else:
            pytest.fail(f"{AT_MOST} rounds without {act.function} and nobody noticed")
    assert await ground.wrong_after(0) == []
