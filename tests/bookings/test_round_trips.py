"""What taking a place costs: finding out who asks, and one statement, however it ends.

BEGIN and COMMIT count. Requests of one moment share their statement, which is what the
eight-o'clock rush lives on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tortoise.connection import get_connection

from seed.cast import Cast
from tests.bench.counting import Statements
from tests.bookings.slots import a_slot
from tests.house import SignIn, Visitor

SIGN_IN = 1
NAMES = ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")


@pytest.fixture
async def sent(pool: None) -> AsyncIterator[Statements]:
    """Everything that is sent through the pool, which batches use on their own account."""
    statements = Statements()
    connections = get_connection("default")._pool
    async with AsyncExitStack() as stack:
        held = [
            await stack.enter_async_context(connections.acquire())
            for _ in range(connections.get_max_size())
        ]
        for connection in held:
            # The driver asks about a kind of value once for each connection.
            await connection.fetch(
                "SELECT * FROM take_places('[]', now()), (SELECT '{}'::uuid[], '{}'::text[]) x"
            )
            connection.add_query_logger(statements.note)
    yield statements
    async with AsyncExitStack() as stack:
        for _ in held:
            connection = await stack.enter_async_context(connections.acquire())
            connection.remove_query_logger(statements.note)


async def cost(phone: Visitor, sent: Statements, url: str, state: str) -> int:
    sent.clear()
    answer = await phone.put(url, json={})
    assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
    return await sent.count()


async def test_taking_a_place_is_one_statement_however_it_ends(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    slot = await a_slot(cast)
    url = f"/slots/{slot}/booking"
    phones = [await as_(name) for name in NAMES]
    # How often places come free at the school is asked once in ten minutes.
    await phones[0].put(url, json={})
    await phones[1].put(url, json={})
    again = await a_slot(cast, title="第二班岗", hours=3)
    url = f"/slots/{again}/booking"
    assert await cost(phones[2], sent, url, "confirmed") == SIGN_IN + 1
    assert await cost(phones[2], sent, url, "confirmed") == SIGN_IN + 1
    assert await cost(phones[3], sent, url, "waitlisted") == SIGN_IN + 1
    assert await cost(phones[3], sent, url, "waitlisted") == SIGN_IN + 1
    sent.clear()
    refused = await phones[0].put(url, json={})
    assert refused.json()["code"] == "collides"
    assert await sent.count() == SIGN_IN + 1


async def test_requests_of_one_moment_share_their_statement(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    slot = await a_slot(cast, capacity=9)
    phones = [await as_(name) for name in NAMES]
    sent.clear()
    answers = await asyncio.gather(*(p.put(f"/slots/{slot}/booking", json={}) for p in phones))
    assert {answer.json()["state"] for answer in answers} == {"confirmed"}
    await sent.count()
    taking = [one for one in sent.sent if "take_places" in one.sql]
    asking = [one for one in sent.sent if "access_tokens" in one.sql]
    assert 1 <= len(taking) < len(phones)
    assert 1 <= len(asking) < len(phones)
    assert len(sent.sent) == len(taking) + len(asking)
