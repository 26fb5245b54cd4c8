"""A limit is exact, for whoever asks at once, and says when to come back.

Every promise is held by PostgreSQL and by a real Valkey alike.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backend import valkey
from backend.database import execute, fetch_one, transaction
from backend.errors import TooMany
from backend.settings import Settings
from backend.valkey import PATIENCE, REST, Valkey, open_valkey
from backend.web import limits
from backend.web.limits import Limit, WhenAway, spend
from tests.fakes.valkey import ValkeyServer, valkey_server

NOW = datetime(2026, 11, 23, 1, 30, 0, 123_457, tzinfo=UTC)
TEN = Limit(name="test", most=10, seconds=60)


async def spent(key: str, now: datetime = NOW, *, cost: int = 1, limit: Limit = TEN) -> bool:
    try:
        await spend(limit, key, now, cost=cost)
    except TooMany:
        return False
    return True


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine's Valkey be slow, but where slowness is what is tried."""
    if "hangs" not in request.node.name:
        monkeypatch.setattr(valkey, "PATIENCE", 30.0)


@pytest.fixture(params=["postgresql", "valkey"])
async def counting(request: pytest.FixtureRequest, db: None) -> AsyncIterator[str]:
    """Where the limits of this test are counted."""
    if request.param == "postgresql":
        yield request.param
        return
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            yield request.param
    row = await fetch_one("SELECT count(*)::int AS n FROM limits")
    assert row == {"n": 0}, "it was PostgreSQL that counted"


async def test_thirty_at_once_are_ten_and_twenty(counting: str) -> None:
    answers = await asyncio.gather(*(spent("a") for _ in range(30)))
    assert sum(answers) == 10


async def test_keys_and_names_do_not_share(counting: str) -> None:
    assert all([await spent("a") for _ in range(10)])
    assert await spent("b")
    await spend(Limit(name="another", most=1, seconds=60), "a", NOW)
    assert not await spent("a")


async def test_the_window_ends_when_it_says(counting: str) -> None:
    await spent("a", cost=10)
    with pytest.raises(TooMany) as caught:
        await spend(TEN, "a", NOW + timedelta(seconds=20))
    assert caught.value.retry_after == 40
    assert not await spent("a", NOW + timedelta(seconds=60, microseconds=-1))
    assert await spent("a", NOW + timedelta(seconds=60))


async def test_being_refused_does_not_put_it_off(counting: str) -> None:
    await spent("a", cost=10)
    for second in range(0, 60, 10):
        assert not await spent("a", NOW + timedelta(seconds=second))
    assert await spent("a", NOW + timedelta(seconds=61))


async def test_large_costs_are_counted_to_the_last(counting: str) -> None:
    day = Limit(name="kib", most=4 * 1024 * 1024, seconds=86_400)
    assert await spent("a", cost=4 * 1024 * 1024 - 1, limit=day)
    assert await spent("a", limit=day)
    assert not await spent("a", limit=day)


async def test_what_is_spent_in_a_transaction_is_given_back_with_it(db: None) -> None:
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            with pytest.raises(ZeroDivisionError):
                async with transaction():
                    await spend(TEN, "a", NOW, cost=10)
                    raise ZeroDivisionError
            async with transaction():
                await spend(TEN, "a", NOW, cost=10)
            async with transaction():
                assert not await spent("a")
        assert server.ask("DBSIZE") == ":0\r\n"


async def test_valkey_forgets_a_window_that_is_over(db: None) -> None:
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            await spent("a")
        left = int(server.ask("PTTL", "tongxing:here:limit:test:a").strip(":\r\n"))
        assert 60_000 < left <= 120_000


async def test_two_installations_on_one_valkey_do_not_share(db: None, settings: Settings) -> None:
    with valkey_server() as server:
        ours = open_valkey(_with(settings, server), f"postgresql:///{uuid4().hex}")
        theirs = open_valkey(_with(settings, server), f"postgresql:///{uuid4().hex}")
        async with limits.shared(ours):
            assert await spent("a", cost=10) and not await spent("a")
        async with limits.shared(theirs):
            assert await spent("a", cost=10)


async def test_without_valkey_the_count_goes_on_in_postgresql_and_heals(db: None) -> None:
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            assert await spent("a")
            server.kill()
            answers = await asyncio.gather(*(spent("a") for _ in range(30)))
            assert sum(answers) == 10, "as exact as ever, from an empty window"
            row = await fetch_one("SELECT used FROM limits WHERE name = 'test' AND key = 'a'")
            assert row == {"used": 30}
            server.start()
            await asyncio.sleep(REST + 0.1)
            await execute("DELETE FROM limits")
            assert await spent("a")
            row = await fetch_one("SELECT count(*)::int AS n FROM limits")
            assert row == {"n": 0}, "Valkey counts again"


async def test_a_limit_on_reads_lets_through_what_nobody_can_count(db: None) -> None:
    reads = Limit(name="reads", most=2, seconds=60, when_away=WhenAway.OPEN)
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            assert [await spent("a", limit=reads) for _ in range(3)] == [True, True, False]
            server.kill()
            assert all([await spent("a", limit=reads) for _ in range(5)])
    row = await fetch_one("SELECT count(*)::int AS n FROM limits")
    assert row == {"n": 0}


async def test_a_valkey_that_hangs_costs_one_short_wait_and_not_one_for_each(db: None) -> None:
    with valkey_server() as server:
        async with limits.shared(Valkey(server.url, "here")):
            assert await spent("a")
            server.hang()
            begun = time.monotonic()
            assert await spent("b")
            first = time.monotonic() - begun
            later = []
            # As long as it is left alone nobody waits, however many ask.
            while time.monotonic() - begun < first + REST * 0.8:
                asked = time.monotonic()
                await spent(uuid4().hex)
                later.append(time.monotonic() - asked)
            server.wake()
    assert first >= PATIENCE * 0.9
    assert sorted(later)[len(later) // 2] < PATIENCE / 2


async def test_a_valkey_that_is_full_counts_as_away(db: None) -> None:
    with valkey_server() as server:
        server.ask("CONFIG", "SET", "maxmemory", "1")
        async with limits.shared(Valkey(server.url, "here")):
            answers = [await spent("a") for _ in range(11)]
    assert answers == [True] * 10 + [False]


async def test_looking_before_counting_would_let_too_many_through(db: None) -> None:
    """The control: a script that is taken apart into two commands is no longer exact."""
    with valkey_server() as server:
        one = Valkey(server.url, "here")
        look, add = (
            "return {redis.call('GET', KEYS[1]) or 0}",
            "return {redis.call('INCR', KEYS[1])}",
        )

        async def careless() -> bool:
            (used,) = await one.run(look, ["n"], [])
            if used >= 10:
                return False
            await one.run(add, ["n"], [])
            return True

        assert sum(await asyncio.gather(*(careless() for _ in range(30)))) > 10
        await one.close()


def _with(settings: Settings, server: ValkeyServer) -> Settings:
    return Settings(environment="test", data_dir=settings.data_dir, valkey_url=server.url)
