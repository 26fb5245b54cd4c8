"""A school under load: who asks for what, the servers they ask, and what they saw."""

from __future__ import annotations

import asyncio
import http.client
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from tortoise.context import TortoiseContext

from backend import clock
from backend.database import config, transaction
from backend.people.operations import sessions
from backend.people.tokens import keys_for
from backend.settings import DEMO_SECRET
from tests.bench import district, shifts
from tests.bench.phones import request
from tests.drills.surge import REFUSED, Kind, Plan, Report, Seen
from tests.journeys.town import Town, free_port, town, until

PARENTS = 300
REFRESHERS = 60
CLOSED = 64
EVENTS = 6
_PAIRS = """
SELECT DISTINCT ON (m.person_id, p.notice_id) m.person_id, p.notice_id
FROM bench.members m JOIN notice_postings p USING (node_id, who)
WHERE p.current AND m.person_id = ANY($1::uuid[])
"""


class School:
    """The house with its people, served with its door and without it."""

    def __init__(self, built: Town) -> None:
        self.town = built
        self.parents: list[tuple[UUID, str]] = []
        self.refresh: list[bytes] = []
        self.marks: list[bytes] = []
        self.events: range = range(0)
        self.dice = secrets.SystemRandom()
        self._ports: dict[str, int] = {}
        self._turn = 0

    async def furnish(self, connection: asyncpg.Connection[Any]) -> None:
        """Grow the district, sign people in, open shifts."""
        await connection.execute("SET session_replication_role = replica")
        for step in (*district.SCAFFOLD, *district.SIGNATURES, *district.NOTICES):
            await connection.execute(step)
        await connection.execute("RESET ALL")
        gate = asyncio.Semaphore(6)

        async def sign_in(number: int) -> None:
            person = district.guardian(shifts.SCHOOL, number)
            device = sessions.Device(key=secrets.token_hex(8), name="phone", platform="android")
            async with gate, transaction():
                await sessions.lock_person(person)
                signed = await sessions.open_session(
                    person, device, "code", keys=keys_for(DEMO_SECRET), now=clock.now()
                )
            if number < PARENTS:
                self.parents.append((person, signed.access_token))
                return
            self.refresh.append(
                _post("/v1/auth/refresh", refreshToken=signed.refresh_token, deviceId=device.key)
            )

        await asyncio.gather(*(sign_in(number) for number in range(PARENTS + REFRESHERS)))
        tokens = dict(self.parents)
        self.marks = [
            request(
                "PUT",
                f"/v1/notices/{row['notice_id']}/reading",
                tokens[row["person_id"]],
                body=b'{"revision":1}',
            )
            for row in await connection.fetch(_PAIRS, list(tokens))
        ]
        self.dice.shuffle(self.marks)
        desk = shifts.Shifts(connection)
        desk.made = shifts.PAST
        self.events = await desk.events(EVENTS)
        await connection.execute("VACUUM (ANALYZE)")

    async def served(self, name: str, *command: str) -> int:
        """Serve the house by ``python -m command PORT``, once; returns the port."""
        if name not in self._ports:
            port = self._ports[name] = free_port()
            self.town.start(name, *command, str(port))
            await asyncio.to_thread(until, lambda: is_alive(port))
        return self._ports[name]

    def kinds(self) -> list[Kind]:
        """Return the mix of a morning: feeds, marks, renewed sign-ins, places."""
        feeds = [request("GET", "/v1/feed", token) for _, token in self.parents]
        return [
            Kind(name="feed", weight=60, requests=feeds),
            Kind(name="mark", weight=25, requests=self.marks[:3_000]),
            Kind(name="refresh", weight=5, requests=self.refresh, chained=True),
            Kind(name="place", weight=10, requests=self.places()),
        ]

    def places(self) -> list[bytes]:
        """Return a wish of everybody for a place of the next event."""
        event = self.events[self._turn % len(self.events)]
        self._turn += 1
        return [
            request(
                "PUT",
                f"/v1/slots/{shifts.slot_id(event, self.dice.randrange(shifts.SHIFTS))}/booking",
                token,
                body=b'{"party":1}',
            )
            for _, token in self.parents
        ]

    def passwords(self, number: int) -> list[bytes]:
        """Return sign-ins with a wrong password, each from an address of its own."""
        return [
            _post(
                "/v1/auth/password-sessions",
                forwarded=f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}",
                phone=f"137{n:08}",
                password=secrets.token_hex(8),
                deviceId=secrets.token_hex(8),
                deviceName="phone",
                platform="android",
            )
            for n in range(number)
        ]


def _post(path: str, *, forwarded: str = "", **members: str) -> bytes:
    body = msgspec.json.encode(members)
    head = [f"POST {path} HTTP/1.1", "Host: drill", "Content-Type: application/json"]
    if forwarded:
        head.append(f"X-Forwarded-For: {forwarded}")
    head += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


@asynccontextmanager
async def school(dsn: str, folder: Path) -> AsyncIterator[School]:
    """Hold the school and its processes over a database of their own."""
    async with TortoiseContext() as context:
        await context.init(config=config(dsn, pool_size=6, name="overload"))
        with town(dsn, folder) as built:
            built.environment["TONGXING_PUSH_PROVIDER"] = "console"
            built.environment["TONGXING_TRUSTED_PROXIES"] = "127.0.0.1"
            held = School(built)
            connection = await asyncpg.connect(dsn)
            try:
                await held.furnish(connection)
            finally:
                await connection.close()
            yield held


class Watch:
    """Asks a server on a connection of its own whether it is alive, all the time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.waits: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            begun = time.perf_counter()
            answered = is_alive(self.port, patience=5)
            self.waits.append(time.perf_counter() - begun if answered else 5.0)

    @property
    def p99(self) -> float:
        return percentile(self.waits, 0.99)


class Outcome:
    """What a load was answered."""

    def __init__(self, plan: Plan, report: Report, alive: float) -> None:
        self.plan, self.late, self.cpu, self.alive = plan, report.late, report.cpu, alive
        self.seen = report.seen
        self.kept = [one for one in report.seen if 200 <= one.status < 300 or one.status == 409]
        self.refused = [one for one in report.seen if one.status in REFUSED]

    @property
    def goodput(self) -> float:
        """Return how many were answered with their result in a second, warming up aside."""
        begin, end = self.plan.seconds * 0.2, self.plan.seconds
        return sum(begin <= one.due + one.waited < end for one in self.kept) / (end - begin)

    def in_time(self, seconds: float) -> float:
        """Return the same, of those alone who had not waited longer than ``seconds``."""
        begin, end = self.plan.seconds * 0.2, self.plan.seconds
        return sum(
            one.waited <= seconds and begin <= one.due + one.waited < end for one in self.kept
        ) / (end - begin)

    def waited(self, share: float, *kinds: str) -> float:
        """Return how long the given share of those who got their result waited at most."""
        wanted = {n for n, kind in enumerate(self.plan.kinds) if not kinds or kind.name in kinds}
        return percentile([one.waited for one in self.kept if one.kind in wanted], share)

    @property
    def wrong(self) -> list[Seen]:
        """Return answers that are neither a result nor a refusal that says when to return."""
        good = {id(one) for one in self.kept}
        good.update(id(one) for one in self.refused if one.said_when)
        return [one for one in self.seen if id(one) not in good]

    @property
    def attempts(self) -> float:
        """Return how often a request was made, on average."""
        return len(self.seen) / max(sum(one.before == 0 for one in self.seen), 1)

    def figures(self) -> dict[str, object]:
        """Return what is worth a line."""
        return {
            "asked": len(self.seen),
            "goodput": round(self.goodput),
            "p50_ms": round(self.waited(0.5) * 1e3),
            "p99_ms": round(self.waited(0.99) * 1e3),
            "refused": len(self.refused),
            "wrong": len(self.wrong),
            "alive_p99_ms": round(self.alive * 1e3),
            "generator_late_ms": round(self.late * 1e3),
            "generator_cpu_s": round(self.cpu, 1),
        }


async def surge(plan: Plan) -> Outcome:
    """Let a crowd loose from a process of its own while a watch looks on."""
    with tempfile.TemporaryDirectory(prefix="tongxing-surge-") as scratch:
        file = Path(scratch) / "plan"
        file.write_bytes(msgspec.msgpack.encode(plan))
        with Watch(plan.port) as watch:
            await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "tests.drills.surge", str(file)],
                check=True,
                timeout=plan.seconds + 6 * plan.patience + 60,
            )
        report = msgspec.msgpack.decode((Path(scratch) / "plan.seen").read_bytes(), type=Report)
    for kind, requests in zip(plan.kinds, report.requests, strict=True):
        # The next surge goes on with the tokens this one brought.
        kind.requests[:] = requests or kind.requests
    return Outcome(plan, report, watch.p99)


async def capacity(held: School, port: int, seconds: float, rounds: int = 3) -> float:
    """Return how many requests of the mix are settled in a second when none is in excess."""
    found = []
    for _ in range(rounds):
        plan = Plan(port=port, seconds=seconds, rate=0, kinds=held.kinds(), connections=CLOSED)
        found.append((await surge(plan)).goodput)
    return statistics.median(found)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def is_alive(port: int, *, patience: float = 2.0) -> bool:
    """Ask on a new connection whether the process lives."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
