"""Lists from replicas that lag, die, come back and are promoted, and are never old.

A real primary with streaming standbys, two API processes that use them, and one that does
not check how far they are. What is written through one process is asked of the other.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tortoise.context import TortoiseContext

from backend import embedded
from backend.database import config
from backend.people.operations import ties
from backend.replicas import REST
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.web.actor import Role
from tests.bookings.crowd import answers, signed_in
from tests.conftest import Clone
from tests.drills import seen, size
from tests.fakes.standby import Standby, replication
from tests.journeys.town import Town, free_port, town, until

DELAY = 0.1
"""Seconds that the slow standby keeps every commit back."""
STARTING = 240.0
NAME = "replicas"


class Place:
    """The processes, the standby they read from, and an administrator with a phone."""

    def __init__(self, built: Town, primary: embedded.Server, standby: Standby) -> None:
        self.town, self.primary, self.standby = built, primary, standby
        self.ports = {name: free_port() for name in ("one", "two", "unchecked")}
        self.told_at = {name: free_port() for name in self.ports}
        self.school = UUID(int=0)
        self.person = UUID(int=0)
        self.phones: dict[str, httpx.AsyncClient] = {}
        self._number = 0

    async def write(self, through: str) -> str:
        """Make a group through one process and return its name."""
        self._number += 1
        # Groups come by name: the newest is on the first page.
        name = f"小组{9999 - self._number:04}"
        answer = await self.phones[through].post(
            f"/schools/{self.school}/groups",
            json={"name": name, "studentIds": [], "personIds": [str(self.person)]},
            headers={"Idempotency-Key": f"group-{self._number:04}"},
        )
        assert answer.status_code == 201, answer.text
        return name

    async def read(self, through: str) -> list[str]:
        answer = await self.phones[through].get(
            f"/schools/{self.school}/groups", params={"limit": 100}
        )
        assert answer.status_code == 200, answer.text
        return [group["name"] for group in answer.json()["items"]]

    def asked(self, about: str = "FROM groups") -> int:
        """Count what the standby was asked."""
        return self.standby.statements("tongxing-replica", about)

    async def counted(self) -> dict[str, float]:
        """Return the reads of process one, by who answered them."""
        async with httpx.AsyncClient() as prometheus:
            told = await prometheus.get(f"http://127.0.0.1:{self.told_at['one']}/metrics")
        return {
            sample.labels["answered"]: sample.value
            for family in text_string_to_metric_families(told.text)
            for sample in family.samples
            if sample.name == "tongxing_replica_reads_total"
        }

    async def from_standby(self) -> None:
        """Read until it is the standby that answers."""
        async with asyncio.timeout(180):
            for name in ("one", "two"):
                before = self.asked()
                while self.asked() == before:
                    await self.read(name)
                    await asyncio.sleep(0.2)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the standby receive everything and replay nothing."""
        self.standby.ask("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.standby.ask("SELECT pg_wal_replay_resume()")


@pytest.fixture(scope="module")
async def place(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp(NAME)
    with replication(NAME) as pair:
        dsn = pair.primary.dsn()
        like = urlsplit(await clone(NAME)).path.lstrip("/")
        await asyncio.to_thread(pair.fill, "tongxing", clone.server, like)
        # It keeps back what is committed, so its readers have something to wait for.
        standby = pair.standby("slow", recovery_min_apply_delay=f"{DELAY * 1000:.0f}ms")
        async with TortoiseContext() as context:
            await context.init(config=config(dsn, pool_size=2, name=NAME))
            with town(dsn, folder) as built:
                made = Place(built, pair.primary, standby)
                async with _opened(made, folder):
                    yield made


@asynccontextmanager
async def _opened(made: Place, folder: Path) -> AsyncIterator[None]:
    district = await tree.create_district("REPLICAS", "副本区")
    school = await tree.create_school(district.id, "REP-1", "副本小学", Stage.PRIMARY)
    admin = await ties.open_account("许建安", "+8619910088888")
    await ties.appoint(admin.id, Role.SCHOOL_ADMIN, school)
    made.school, made.person = school.id, admin.id
    made.town.environment |= {
        "TONGXING_REPLICA_URLS": made.standby.dsn("tongxing"),
        # Generous, for the machine may be busy; a standby that stands still is passed over.
        "TONGXING_REPLICA_PATIENCE": "3",
        "TONGXING_ENVIRONMENT": "test",
    }
    for name, port in made.ports.items():
        made.town.environment["TONGXING_PORT"] = str(port)
        made.town.environment["TONGXING_METRICS_PORT"] = str(made.told_at[name])
        command = ("tests.drills.unchecked",) if name == "unchecked" else ("backend.cli", "serve")
        made.town.start(f"api-{name}", *command)
    token = await signed_in(admin.id)
    for name, port in made.ports.items():
        await asyncio.to_thread(until, lambda port=port: answers(port), patience=STARTING)
        made.phones[name] = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/v1", timeout=30,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
    yield
    for phone in made.phones.values():
        await phone.aclose()


async def test_what_was_written_through_one_process_is_read_through_the_other(
    place: Place,
) -> None:
    await place.from_standby()
    before, begun, stale = place.asked(), time.monotonic(), 0
    told = await place.counted()
    rounds = size(12, 100)
    for number in range(rounds):
        writer, reader = ("one", "two") if number % 2 else ("two", "one")
        name = await place.write(writer)
        stale += name not in await place.read(reader)
    answered = place.asked() - before
    seconds = (time.monotonic() - begun) / rounds
    seen("replicas", written=rounds, stale=stale, by_standby=answered, seconds=round(seconds, 3))
    assert stale == 0
    # Almost all: a moment's pause of the machine may make the primary step in.
    assert answered >= rounds / 2
    now = await place.counted()
    assert sum(now.values()) - sum(told.values()) == rounds / 2, "process one read every other"
    assert now["replica"] - told["replica"] >= rounds / 4
    assert place.asked("FROM access_tokens") == place.asked("FROM standings") == 0


async def test_believing_the_standby_shows_the_past(place: Place) -> None:
    """The control: without the check the same standby, in the same state, is stale."""
    await place.from_standby()
    before = place.asked()
    stale = 0
    for _ in range(5):
        name = await place.write("one")
        stale += name not in await place.read("unchecked")
        await asyncio.sleep(DELAY * 2)
    assert place.asked() > before
    assert stale > 0


async def test_a_standby_that_stands_still_is_passed_over_and_comes_back(place: Place) -> None:
    await place.from_standby()
    with place.paused():
        name, told = await place.write("one"), await place.counted()
        assert name in await place.read("two"), "the primary answered, after some patience"
        before, begun = place.asked(), time.monotonic()
        for _ in range(5):
            name = await place.write("two")
            assert name in await place.read("one") and name in await place.read("two")
        # Both know by now, and do not wait for it again with every read.
        seen("replicas_paused", seconds_for_10_reads=round(time.monotonic() - begun, 2))
        assert place.asked() == before
        now = await place.counted()
        assert now["primary"] == told["primary"] + 5 and now["replica"] == told["replica"]
        assert name not in await place.read("unchecked"), "it really stood still"
    await place.from_standby()


async def test_a_right_that_ends_ends_at_once_however_far_behind_the_standby_is(
    place: Place,
) -> None:
    await place.from_standby()
    connection = await asyncpg.connect(place.primary.dsn())
    try:
        with place.paused():
            await connection.execute("UPDATE standings SET valid_until = now()")
            for name in ("one", "two", "unchecked"):
                url = f"/schools/{place.school}/groups"
                answer = await place.phones[name].get(url)
                assert answer.status_code in (403, 404), name
            await connection.execute("UPDATE standings SET valid_until = NULL")
    finally:
        await connection.close()
    await place.from_standby()


async def test_reads_that_are_broken_off_are_answered_by_the_primary(place: Place) -> None:
    await place.from_standby()
    watch = await asyncpg.connect(place.standby.dsn("tongxing"))
    stop, reads = asyncio.Event(), 0

    async def read(through: str) -> None:
        nonlocal reads
        while not stop.is_set():
            await place.read(through)
            reads += 1

    try:
        readers = [asyncio.create_task(read(name)) for name in ("one", "two") for _ in range(3)]
        broken = 0
        for _ in range(size(8, 60)):
            broken += await watch.fetchval(
                "SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity "
                "WHERE application_name = 'tongxing-replica'"
            )
            await asyncio.sleep(0.3)
        stop.set()
        await asyncio.gather(*readers)
    finally:
        stop.set()
        await watch.close()
    again = (await place.counted())["primary_again"]
    seen("replicas_broken_off", lines_cut=broken, reads=reads, again=again, failed=0)
    assert broken > 0 and reads > 0


async def test_a_standby_may_die_and_come_back_while_everybody_reads(place: Place) -> None:
    await place.from_standby()
    for _ in range(size(1, 5)):
        before = place.asked()
        readers = [asyncio.create_task(_reads(place, name)) for name in ("one", "two")]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(place.standby.kill)
        name = await place.write("one")
        await asyncio.gather(*readers)
        assert name in await place.read("two")
        assert place.asked() >= before
        await asyncio.to_thread(place.standby.start)
        await asyncio.sleep(REST)
        await place.from_standby()


async def _reads(place: Place, through: str) -> None:
    for _ in range(20):
        await place.read(through)
        await asyncio.sleep(0.1)


async def test_a_standby_that_was_promoted_is_nobodys_replica(place: Place) -> None:
    """The last: nothing follows the primary any more."""
    await place.from_standby()
    await asyncio.to_thread(place.standby.promote)
    assert await place.read("two") == await place.read("one")
    before = place.asked()
    for number in range(4):
        writer, reader = ("one", "two") if number % 2 else ("two", "one")
        name = await place.write(writer)
        assert name in await place.read(reader)
        await asyncio.sleep(REST / 2)
    assert place.asked() == before
    assert name not in await place.read("unchecked"), "it lives, and knows nothing of us"
