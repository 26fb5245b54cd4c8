"""Live events between processes: heard by all, over PostgreSQL alone and over a real Valkey.

Each ``Hub`` here is what one API process has. The truth of whether something happened is
the transaction's: what is rolled back is told to nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend.database import execute, fetch_one, transaction
from backend.inbox.listening import BRIDGE_LOCK, SILENCE, Listening
from backend.inbox.live import ENDED, Hub, Phone
from backend.people.operations.sessions import SESSIONS_CHANNEL
from backend.valkey import Valkey
from notifications import LIVE_CHANNEL
from tests.fakes.valkey import ValkeyServer, valkey_server

PATIENCE = 90.0
WHO = uuid4()


class Process:
    """One hub with one open phone on it."""

    def __init__(self, hub: Hub, phone: Phone) -> None:
        self.hub, self.phone = hub, phone

    async def hears(self, what: str) -> None:
        """Wait until the phone is told ``what``, whatever else it is told."""
        async with asyncio.timeout(PATIENCE):
            while what not in await self.phone.changes():
                pass

    async def heard_at_once(self) -> set[str]:
        try:
            return set(await asyncio.wait_for(self.phone.changes(), 0.5))
        except TimeoutError:
            return set()


@asynccontextmanager
async def processes(
    dsn: str, count: int, server: ValkeyServer | None = None
) -> AsyncIterator[list[Process]]:
    """Hold as many hubs as there would be processes, each with a phone of the same person."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            valkey = Valkey(server.url, "here") if server else None
            if valkey is not None:
                stack.push_async_callback(valkey.close)
            hub = Hub(dsn, valkey)
            phone = await stack.enter_async_context(hub.phone(WHO, WHO))
            await stack.enter_async_context(hub.listening())
            opened.append(Process(hub, phone))
        yield opened


async def tell(person: UUID = WHO) -> None:
    await execute("SELECT pg_notify($1, $2)", LIVE_CHANNEL, f"p:{person}")


async def on_the_wire(several: list[Process], wanted: int) -> None:
    """Wait until exactly ``wanted`` processes listen to PostgreSQL, and all others to Valkey."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await _are_on_wire([process.hub.ears for process in several], wanted):
                return
            await asyncio.sleep(0.1)


async def _are_on_wire(ears: list[Listening], wanted: int) -> bool:
    row = await fetch_one(
        "SELECT count(*)::int AS n FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'tongxing-live'"
    )
    return (
        row == {"n": wanted}
        and sum(one.on_wire for one in ears) == wanted
        and all(one.on_wire or one.has_voice for one in ears)
    )


async def drained(several: list[Process]) -> None:
    for process in several:
        while await process.heard_at_once():
            pass


@pytest.mark.parametrize("over", ["postgresql", "valkey"])
async def test_every_process_hears_of_what_is_committed_and_of_nothing_else(
    db: None, dsn: str, over: str
) -> None:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(valkey_server()) if over == "valkey" else None
        several = await stack.enter_async_context(processes(dsn, 3, server))
        await on_the_wire(several, 3 if server is None else 1)
        await drained(several)

        with pytest.raises(ZeroDivisionError):
            async with transaction():
                await tell()
                raise ZeroDivisionError
        await tell(uuid4())
        assert [await process.heard_at_once() for process in several] == [set()] * 3

        async with transaction():
            await tell()
            assert [await process.heard_at_once() for process in several] == [set()] * 3
        await asyncio.gather(*(process.hears("inbox") for process in several))

        await execute("SELECT pg_notify($1, $2)", SESSIONS_CHANNEL, str(WHO))
        await asyncio.gather(*(process.hears(ENDED) for process in several))


async def test_over_valkey_one_connection_listens_for_all_and_each_hears_once(
    db: None, dsn: str
) -> None:
    with valkey_server() as server:
        async with processes(dsn, 4, server) as several:
            await on_the_wire(several, 1)
            await drained(several)
            await tell()
            await asyncio.gather(*(process.hears("inbox") for process in several))
            assert [await process.heard_at_once() for process in several] == [set()] * 4


async def test_while_valkey_is_away_each_listens_itself_and_nothing_is_missed(
    db: None, dsn: str
) -> None:
    with valkey_server() as server:
        async with processes(dsn, 3, server) as several:
            await on_the_wire(several, 1)
            await drained(several)
            for _ in range(2):
                server.kill()
                # Told in the worst moment: nobody carries it, but all are told to look.
                await tell()
                await asyncio.gather(*(_hears_or_looks(process) for process in several))
                await on_the_wire(several, 3)
                await drained(several)
                await tell()
                await asyncio.gather(*(process.hears("inbox") for process in several))
                server.start()
                await on_the_wire(several, 1)
                await drained(several)
                await tell()
                await asyncio.gather(*(process.hears("inbox") for process in several))


async def test_when_the_bridge_loses_its_connection_another_takes_over(db: None, dsn: str) -> None:
    with valkey_server() as server:
        async with processes(dsn, 3, server) as several:
            await on_the_wire(several, 1)
            for _ in range(3):
                await drained(several)
                await execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks "
                    "WHERE locktype = 'advisory' AND objid = $1",
                    BRIDGE_LOCK,
                )
                await tell()
                await asyncio.gather(*(_hears_or_looks(process) for process in several))
                await on_the_wire(several, 1)


async def test_a_valkey_that_hangs_is_noticed_by_its_silence(db: None, dsn: str) -> None:
    with valkey_server() as server:
        async with processes(dsn, 2, server) as several:
            await on_the_wire(several, 1)
            await drained(several)
            server.hang()
            await tell()
            async with asyncio.timeout(SILENCE * 4):
                await asyncio.gather(*(_hears_or_looks(process) for process in several))
            await on_the_wire(several, 2)
            server.wake()
            await on_the_wire(several, 1)


async def test_somebody_else_holding_the_lock_without_a_voice_leaves_all_on_the_wire(
    db: None, dsn: str
) -> None:
    stuck = await asyncpg.connect(dsn)
    try:
        assert await stuck.fetchval("SELECT pg_try_advisory_lock($1)", BRIDGE_LOCK)
        with valkey_server() as server:
            async with processes(dsn, 2, server) as several:
                await on_the_wire(several, 2)
                await drained(several)
                await tell()
                await asyncio.gather(*(process.hears("inbox") for process in several))
                await stuck.close()
                await on_the_wire(several, 1)
    finally:
        if not stuck.is_closed():
            await stuck.close()


async def test_without_its_bridge_valkey_alone_would_tell_nobody(
    db: None, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a bridge that gives signs of life but passes nothing on is seen."""
    publish = Valkey.publish

    async def mute(self: Valkey, messages: list[tuple[str, str]]) -> None:
        signs = [one for one in messages if one[0] not in (LIVE_CHANNEL, SESSIONS_CHANNEL)]
        await publish(self, signs)

    monkeypatch.setattr(Valkey, "publish", mute)
    with valkey_server() as server:
        async with processes(dsn, 3, server) as several:
            await on_the_wire(several, 1)
            await drained(several)
            await tell()
            heard = [await process.heard_at_once() for process in several]
    assert sorted(map(len, heard)) == [0, 0, 1], "only the bridge itself heard"


async def _hears_or_looks(process: Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while not {"inbox", "reconnected"} & set(await process.phone.changes()):
            pass
