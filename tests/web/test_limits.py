"""A limit is exact, for whoever asks at once, and says when to come back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.errors import TooMany
from backend.web.limits import Limit, spend

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TEN = Limit(name="test", most=10, seconds=60)


async def spent(key: str, now: datetime = NOW, *, cost: int = 1) -> bool:
    try:
        await spend(TEN, key, now, cost=cost)
    except TooMany:
        return False
    return True


async def test_thirty_at_once_are_ten_and_twenty(db: None) -> None:
    answers = await asyncio.gather(*(spent("a") for _ in range(30)))
    assert sum(answers) == 10


async def test_keys_and_names_do_not_share(db: None) -> None:
    assert all([await spent("a") for _ in range(10)])
    assert await spent("b")
    await spend(Limit(name="another", most=1, seconds=60), "a", NOW)
    assert not await spent("a")


async def test_the_window_ends_when_it_says(db: None) -> None:
    await spent("a", cost=10)
    with pytest.raises(TooMany) as caught:
        await spend(TEN, "a", NOW + timedelta(seconds=20))
    assert caught.value.retry_after == 40
    assert not await spent("a", NOW + timedelta(seconds=59))
    assert await spent("a", NOW + timedelta(seconds=60))


async def test_being_refused_does_not_put_it_off(db: None) -> None:
    await spent("a", cost=10)
    for second in range(0, 60, 10):
        assert not await spent("a", NOW + timedelta(seconds=second))
    assert await spent("a", NOW + timedelta(seconds=61))
