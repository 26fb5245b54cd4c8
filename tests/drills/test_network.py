"""A bad network between the API and its database, and between phones and the API.

Whatever the network does, every call ends, what was acknowledged is there, what was not may
be asked again without being done twice, and soon after the trouble everything is as before.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from tortoise.context import TortoiseContext

from backend.database import config
from tests.bookings.crowd import Houses, answers
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.asking import NO_ANSWER, Deed, Reply, ask, send
from tests.drills.deeds import Stage
from tests.fakes.toxics import (
    Bandwidth,
    Blackhole,
    Down,
    Latency,
    LimitData,
    Proxy,
    ResetPeer,
    Slicer,
    SlowClose,
    Toxic,
)
from tests.journeys.town import free_port, town, until

CALLS = size(20, 500)
AT_ONCE = size(20, 50)
DEADLINE = 10.0
PATIENCE = 9.0
"""Seconds until a phone gives up by itself."""
HEALED = 5.0
DEEDS = [
    "write a notice", "book a place", "suggest", "begin an upload", "write a course",
    "register a phone", "consent",
]  # fmt: skip
FAULTS: dict[str, Toxic] = {
    "latency": Latency(0.15, jitter=0.15),
    "bandwidth": Bandwidth(20_000),
    "slow close": SlowClose(3),
    "blackhole": Blackhole(),
    "reset peer": ResetPeer(0.15),
    "slicer": Slicer(40, 30, 0.001),
    "limit data": LimitData(2_000),
    "down": Down(),
}
AT_PHONES: dict[str, Toxic] = {"limit data": LimitData(300)}
"""Where an answer is too short for what would hurt a line to the database."""


@dataclass(frozen=True)
class Call:
    """One request during the trouble, and what became of it; ``None`` is a broken line."""

    deed: Deed | None
    reply: Reply | None
    seconds: float

    @property
    def ended_well(self) -> bool:
        """Whether it was done, or was put off in so many words, or broke; and in time."""
        if self.seconds > DEADLINE:
            return False
        if self.reply is None or self.reply.status in (200, 201, 204):
            return True
        return self.reply.status in (503, 504) and "retry-after" in self.reply.headers

    @property
    def acknowledged(self) -> bool:
        return self.reply is not None and self.reply.status < 300

    def contradicts(self, later: Reply) -> bool:
        """Whether what was acknowledged is told otherwise later."""
        if self.deed is None or self.reply is None or not self.acknowledged:
            return False
        return self.deed.told(self.reply) != self.deed.told(later)


class Wires:
    """An API whose lines can be spoilt, to its database and to its phones."""

    def __init__(self, both: Houses, to_database: Proxy, to_phones: Proxy, stage: Stage) -> None:
        self.houses, self.stage = both, stage
        self.proxies = {"database": to_database, "phones": to_phones}
        self.port = both.ports[0]

    async def call(self, deed: Deed | None, port: int) -> Call:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        reader = self.houses.guardians[0]
        try:
            if deed is None:
                reply = await ask(port, reader, "GET", "/feed", patience=PATIENCE)
            else:
                reply = await send(port, deed, patience=PATIENCE)
        except NO_ANSWER:
            return Call(deed, None, loop.time() - begun)
        return Call(deed, reply, loop.time() - begun)

    async def trouble(self, fault: Toxic, where: str, port: int) -> list[Call]:
        """Ask for things while the fault lasts; a third only looks."""
        deeds = [
            await self.stage.deed(DEEDS[number % len(DEEDS)]) if number % 3 else None
            for number in range(CALLS)
        ]
        await self.proxies[where].poison(fault)
        calls: list[Call] = []
        try:
            for start in range(0, CALLS, AT_ONCE):
                part = deeds[start : start + AT_ONCE]
                calls += await asyncio.gather(*(self.call(deed, port) for deed in part))
        finally:
            await self.proxies[where].cure()
        return calls

    async def healed(self, port: int) -> float:
        """Return after how many seconds twenty out of twenty are answered again."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            calls = await asyncio.gather(*(self.call(None, port) for _ in range(20)))
            if all(call.acknowledged for call in calls):
                return loop.time() - begun
            assert loop.time() - begun < 60, [call.reply for call in calls]
            await asyncio.sleep(0.1)

    async def reckon(self, calls: list[Call]) -> list[str]:
        """Ask for everything again; return what was lost, done twice or answered otherwise."""
        wrong = []
        for call in calls:
            if call.deed is None:
                continue
            if call.acknowledged and await call.deed.done() != 1:
                wrong.append(f"{call.deed.verb} was acknowledged and is not there")
            again = await send(self.port, call.deed)
            if again.status >= 300:
                wrong.append(f"{call.deed.verb} cannot be done afterwards: {again}")
            elif call.contradicts(again):
                wrong.append(f"{call.deed.verb} is answered differently afterwards")
            if (done := await call.deed.done()) != 1:
                wrong.append(f"{call.deed.verb} was done {done} times")
        return wrong


@asynccontextmanager
async def wired(dsn: str, folder: Path, chance: random.Random) -> AsyncIterator[Wires]:
    """Start an API that reaches its database over a line of ours."""
    url = urlsplit(dsn)
    sockets = parse_qs(url.query)["host"][0]
    async with (
        TortoiseContext() as context,
        Proxy(f"{sockets}/.s.PGSQL.5432", seed=chance.random()) as to_database,
    ):
        await context.init(config=config(dsn, pool_size=4, name="drill"))
        over_wire = f"postgresql://postgres@127.0.0.1:{to_database.port}{url.path}"
        with town(over_wire, folder) as built:
            both = Houses(built, dsn, context)
            both.ports = [free_port()]
            both.watch = await asyncpg.connect(dsn)
            await both.settle_in()
            # The proxy lives in this very loop, so nothing may hold it up.
            await both.open()
            stage = Stage(both, chance, both.ports[0])
            await stage.set_up()
            upstream = ("127.0.0.1", both.ports[0])
            async with Proxy(upstream, seed=chance.random()) as to_phones:
                yield Wires(both, to_database, to_phones, stage)
            await both.watch.close()


@pytest.fixture(scope="module")
async def wires(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wires]:
    folder = tmp_path_factory.mktemp("network")
    async with wired(await clone("network"), folder, dice("network")) as standing:
        yield standing


@pytest.mark.parametrize("where", ["database", "phones"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_bad_network_loses_nothing_and_doubles_nothing(
    wires: Wires, fault: str, where: str
) -> None:
    toxic, port = FAULTS[fault], wires.port
    if where == "phones":
        toxic, port = AT_PHONES.get(fault, toxic), wires.proxies["phones"].port
    with wires.houses.context:
        calls = await wires.trouble(toxic, where, port)
        healed = await wires.healed(port)
        wrong = await wires.reckon(calls)
    badly = [call for call in calls if not call.ended_well]
    seen(
        f"network: {fault} at the {where}",
        calls=len(calls),
        done=sum(call.acknowledged for call in calls),
        **Counter(str(call.reply.status) for call in calls if call.reply is not None),
        broken=sum(call.reply is None for call in calls),
        slowest=round(max(call.seconds for call in calls), 1),
        healed=round(healed, 1),
        wrong=len(wrong),
    )
    assert not badly, badly[:3]
    if where == "database":
        assert all(call.reply is not None for call in calls)
    assert healed <= HEALED
    assert not wrong, "\n".join(wrong)
    assert wires.houses.accidents() == []


async def test_control_without_the_deadline_a_call_into_a_black_hole_does_not_end(
    wires: Wires,
) -> None:
    built, port = wires.houses.town, free_port()
    built.environment["TONGXING_REQUEST_SECONDS"] = "600"
    built.start("patient", "backend.cli", "serve", "--port", str(port))
    await asyncio.to_thread(until, lambda: answers(port))
    await wires.proxies["database"].poison(Blackhole())
    try:
        call = await wires.call(None, port)
    finally:
        await wires.proxies["database"].cure()
        built.kill("patient")
    assert call.reply is None
    assert call.seconds >= PATIENCE
