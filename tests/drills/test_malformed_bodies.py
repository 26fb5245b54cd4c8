"""Thousands of requests nobody should send, over sockets: refused in time, and forgotten.

Every route that writes is sent its good request made bad (see :mod:`tests.drills.malformed`).
Nothing answers with a 5xx, nothing hangs, a bystander hardly notices, no memory is kept, and
whoever comes next with a good request is served.
"""

import asyncio
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import psutil
import pytest

from backend.database import execute
from backend.settings import Settings
from tests.authz.routes import Operation
from tests.authz.world import World
from tests.drills import dice, seen, size
from tests.drills.malformed import Answer, Mutant, Seed, mutant, seed_of, send
from tests.drills.standing import Standing, standing
from tests.web.asking import Asker, entries

MUTANTS = size(1_000, 10_000)
AT_ONCE = 8
EVERY = 50
"""After that many, a good request has to be served."""
PATIENCE = 30.0
LONGEST = 2.0
"""Seconds an answer may take where nobody else uses the machine."""
LAG = 0.1
"""Seconds a bystander may wait, in the middle of them."""
GROWTH = 50 << 20
READER = "class_teacher"


@pytest.fixture(scope="module")
def served(
    world: World, dsn: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standing]:
    with standing(dsn, tmp_path_factory.mktemp("malformed"), settings.data_dir) as found:
        yield found


@pytest.fixture(scope="module")
async def seeds(
    world: World, operations: dict[str, Operation], transport: httpx.ASGITransport
) -> list[Seed]:
    await execute("UPDATE sessions SET created_at = now()")
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        asker = Asker(client, world, operations)
        found = [seed_of(asker.good(name)) for name in entries()]
    return [seed for seed in found if seed is not None and seed.method != "GET"]


@dataclass
class Watch:
    """A bystander who asks for next to nothing, and how long it takes; a machine's own pace."""

    base: str
    waits: list[float] = field(default_factory=list)
    drifts: list[float] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _look(self) -> None:
        with httpx.Client(base_url=self.base, timeout=PATIENCE) as client:
            while not self.done.is_set():
                begun = time.perf_counter()
                time.sleep(0.02)
                slept = time.perf_counter()
                client.get("/health/live")
                self.drifts.append(slept - begun - 0.02)
                self.waits.append(time.perf_counter() - slept)


@dataclass
class Seen:
    """What came of all the mutants."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def judge(self, sent: Mutant, answer: Answer) -> None:
        """Count one answer, and note what is wrong with it."""
        said = f"{sent.seed}: {sent.kind}: {shown(sent.wire)} → {shown(answer.raw)}"
        self.statuses[answer.status] += 1
        self.kinds[sent.kind] += 1
        self.slowest = max(self.slowest, (answer.seconds, said))
        if answer.status >= 500:
            self.broken.append(said)
        if sent.whole and answer.status == 0:
            self.broken.append(f"no answer: {said}")
        if sent.marker and sent.marker in answer.raw:
            self.broken.append(f"a hidden request was answered: {said}")


def shown(wire: bytes) -> str:
    """Return a message short enough to be read: its first line, and how its body begins."""
    head, _, body = wire.partition(b"\r\n\r\n")
    return f"{head.split(b' HTTP')[0][:120]!r} {body[:200]!r} ({len(body)} bytes)"


async def rain(
    port: int, seeds: list[Seed], chance: random.Random, count: int, good: dict[str, str]
) -> Seen:
    """Send that many mutants, some at a time; in between, a good request."""
    found = Seen()
    # Every route at least once, if there are enough of them to go round.
    order = chance.sample(seeds, len(seeds))
    numbers = iter(range(count))

    async def one_phone(client: httpx.AsyncClient) -> None:
        for number in numbers:
            sent = mutant(order[number % len(order)], chance)
            try:
                found.judge(sent, await send(port, sent, patience=PATIENCE))
            except TimeoutError:
                found.broken.append(f"hung: {sent.seed}: {sent.kind}: {sent.wire[:200]!r}")
            if number % EVERY == 0:
                answer = await client.get("/v1/me", headers=good)
                assert answer.status_code == 200, answer.text

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        await asyncio.gather(*(one_phone(client) for _ in range(AT_ONCE)))
    return found


def resident(processes: list[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)


async def test_what_nobody_should_send_is_refused_in_time_and_forgotten(
    served: Standing, world: World, seeds: list[Seed]
) -> None:
    chance, good = dice("malformed bodies"), world.headers[READER]
    assert len(seeds) >= 120
    [port], [serving] = served.ports, served.serving()
    # What every process fetches once, and every cache, is there before anything is measured.
    await rain(port, seeds, random.Random(1), 2 * len(seeds), good)
    before, begun = resident([serving]), time.monotonic()
    with Watch(served.bases[0]) as watch:
        found = await rain(port, seeds, chance, MUTANTS, good)
    took, grown = time.monotonic() - begun, resident([serving]) - before
    lag, pace = statistics.median(watch.waits), statistics.median(watch.drifts)
    late = statistics.quantiles(watch.waits, n=100)[98]
    seen(
        "malformed bodies", mutants=sum(found.kinds.values()), routes=len(seeds),
        per_second=round(MUTANTS / took), statuses=dict(sorted(found.statuses.items())),
        slowest_s=round(found.slowest[0], 2), lag_ms=round(lag * 1e3, 1),
        lag_p99_ms=round(late * 1e3, 1), growth_mb=round(grown / 2**20, 1),
    )  # fmt: skip
    assert not found.broken, "\n".join(found.broken)
    assert served.accidents() == []
    assert serving.is_running() and served.serving() == [serving]
    # A machine on which even sleeping takes longer makes everything take longer.
    slow = max(1.0, pace / 0.001)
    assert found.slowest[0] <= LONGEST * slow, found.slowest
    assert lag <= LAG * slow
    assert grown <= GROWTH
    assert found.statuses[400] > sum(found.statuses.values()) / 3


@pytest.fixture(scope="module")
async def bare(
    world: World, dsn: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Standing]:
    folder = tmp_path_factory.mktemp("unguarded")
    app = "tests.drills.unguarded:create_app"
    with standing(dsn, folder, settings.data_dir, serving=app) as found:
        yield found


async def test_control_without_the_guard_they_do_harm(
    bare: Standing, world: World, seeds: list[Seed]
) -> None:
    for chance in range(2, 8):
        found = await rain(bare.ports[0], seeds, random.Random(chance), 400, world.headers[READER])
        if found.broken:
            break
    seen("malformed bodies, unguarded", statuses=dict(sorted(found.statuses.items())))
    assert found.broken


async def test_control_an_answer_to_a_hidden_request_would_be_seen(served: Standing) -> None:
    """Two requests plainly one after the other are both answered, and the second is noticed."""
    first = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    hidden = b"GET /v1/smuggled-7 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    sent = Mutant("smuggling", "getLiveness", first + hidden, whole=False, marker=b"smuggled-7")
    found = Seen()
    found.judge(sent, await send(served.ports[0], sent, patience=PATIENCE))
    assert [line.partition(":")[0] for line in found.broken] == ["a hidden request was answered"]
