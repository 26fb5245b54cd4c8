"""Requests settled together: each gets its own answer, whatever becomes of the others."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError

from backend import clock
from backend.batching import Batcher, batches, settled
from backend.bookings.operations import places
from backend.bookings.operations.places import Ask
from backend.bookings.rules import Collides
from backend.database import fetch, transaction
from tests.bookings.verbs import a_school, a_slot, families


class Till:
    """Settles numbers by doubling them; refuses to settle a batch with a 13 in it."""

    def __init__(self, most: int = 64) -> None:
        self.batches: list[list[int]] = []
        self.opened = asyncio.Event()
        self.opened.set()
        self.batcher = Batcher(self.settle, most=most)

    async def settle(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await asyncio.sleep(0)
        await self.opened.wait()
        if 13 in numbers:
            raise ValueError(13)
        return [number * 2 for number in numbers]


async def test_what_comes_while_a_batch_is_settled_is_the_next_batch() -> None:
    till = Till(most=4)
    many, requests = batches[__name__], settled[__name__]
    till.opened.clear()
    first = asyncio.create_task(till.batcher.ask(0))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(till.batcher.ask(n)) for n in range(1, 7)]
    await asyncio.sleep(0.01)
    till.opened.set()
    assert await asyncio.gather(first, *rest) == [0, 2, 4, 6, 8, 10, 12]
    assert till.batches == [[0], [1, 2, 3, 4], [5, 6]]
    assert (batches[__name__] - many, settled[__name__] - requests) == (3, 7)


async def test_one_that_cannot_be_settled_does_not_spoil_the_rest() -> None:
    till = Till()
    answers = await asyncio.gather(
        *(till.batcher.ask(n) for n in (1, 13, 2, 3)), return_exceptions=True
    )
    assert answers[0] == 2 and answers[2:] == [4, 6]
    assert isinstance(answers[1], ValueError)
    assert await till.batcher.ask(5) == 10


async def test_a_lost_line_is_waited_for_once_and_not_by_each() -> None:
    tries = []

    async def settle(asked: Sequence[int]) -> list[int]:
        tries.append(list(asked))
        raise ConnectionResetError

    batcher: Batcher[int, int] = Batcher(settle)
    answers = await asyncio.gather(*map(batcher.ask, range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionResetError] * 3
    assert sorted(map(len, tries)) in ([3], [1, 2])


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    till = Till()
    till.opened.clear()
    tasks = [asyncio.create_task(till.batcher.ask(n)) for n in (1, 2, 3)]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    till.opened.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert (answers[0], answers[2]) == (2, 6)
    assert isinstance(answers[1], asyncio.CancelledError)
    assert till.batches == [[1, 2, 3]]


def test_a_loop_that_was_closed_half_way_leaves_nothing_behind() -> None:
    holding = Till()

    async def give_up() -> None:
        holding.opened = asyncio.Event()
        asking = [asyncio.create_task(holding.batcher.ask(n)) for n in (1, 2)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in asking)

    async def ask_again() -> int:
        holding.opened = asyncio.Event()
        holding.opened.set()
        async with asyncio.timeout(2):
            return await holding.batcher.ask(4)

    asyncio.run(give_up())
    assert asyncio.run(ask_again()) == 8
    assert asyncio.run(ask_again()) == 8


@pytest.fixture
async def school(db: None) -> UUID:
    return await a_school()


async def slot_of(school: UUID, capacity: int = 9) -> UUID:
    begins = clock.now() + timedelta(days=10)
    return await a_slot(school, begins, capacity=capacity, max_party=3)


async def holders(slot: UUID) -> list[UUID]:
    rows = await fetch("SELECT person_id FROM bookings WHERE slot_id = $1 ORDER BY queue_no", slot)
    return [row["person_id"] for row in rows]


async def test_a_request_the_database_refuses_does_not_spoil_its_batch(school: UUID) -> None:
    slot, people = await slot_of(school), families(5)
    asks = [Ask(slot=slot, person=who, reach=[school]) for who in people]
    asks[2].party = 0
    answers = await asyncio.gather(*(places.take(ask) for ask in asks), return_exceptions=True)
    assert isinstance(answers.pop(2), IntegrityError)
    assert not any(isinstance(answer, BaseException) for answer in answers)
    assert await holders(slot) == [*people[:2], *people[3:]]


async def test_requests_of_one_batch_see_one_another(school: UUID) -> None:
    one, other = [await slot_of(school) for _ in range(2)]
    (who,) = families(1)
    answers = await asyncio.gather(
        *(places.take(Ask(slot=slot, person=who, reach=[school])) for slot in (one, one, other)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Collides)]
    # The slots of a batch are settled in the order of their ids.
    assert len(refused) == (1 if one < other else 2)
    assert len(await holders(one)) + len(await holders(other)) == 1


async def test_a_request_whose_caller_hung_up_is_carried_out(school: UUID) -> None:
    slot, (who, other) = await slot_of(school), families(2)
    asking = asyncio.create_task(places.take(Ask(slot=slot, person=who, reach=[school])))
    await asyncio.sleep(0)
    asking.cancel()
    await places.take(Ask(slot=slot, person=other, reach=[school]))
    assert await holders(slot) == [who, other]


async def test_a_batch_does_not_join_the_transaction_of_whoever_came_first(school: UUID) -> None:
    slot, (who,) = await slot_of(school), families(1)
    with pytest.raises(KeyError):
        async with transaction():
            await places.take(Ask(slot=slot, person=who, reach=[school]))
            raise KeyError
    assert await holders(slot) == [who]


async def test_a_plan_is_part_of_the_transaction_of_whoever_makes_it(school: UUID) -> None:
    slot, (who,) = await slot_of(school), families(1)
    with pytest.raises(KeyError):
        async with transaction():
            await places.take_all([Ask(slot=slot, person=who, reach=[school])])
            raise KeyError
    assert await holders(slot) == []
