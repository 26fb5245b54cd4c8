"""A school under load: who asks for what, the servers they ask, and what they saw."""

from __future__ import annotations

import asyncio
import secrets
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
from tests.drills.outcome import Outcome, is_alive, surge
from tests.drills.surge import Kind, Plan
from tests.journeys.town import Town, free_port, town, until

PARENTS = 300
REFRESHERS = 60
CLOSED = 64
EVENTS = 6
_PAIRS = """
SELECT DISTINCT ON (m.person_id, p.notice_id) m.person_id, p.notice_id
FROM audience_members m JOIN notice_postings p USING (node_id, who)
WHERE p.current AND m.person_id = ANY($1::uuid[])
"""


class Server:
    """One API process: its port, and the process that started it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    async def surge(self, **plan: Any) -> Outcome:
        """Let a crowd loose on it; see :class:`Plan`."""
        return await surge(Plan(port=self.port, **plan), self.pid)


class School:
    """The house with its people, served with its door and without it."""

    def __init__(self, built: Town) -> None:
        self.town = built
        self.parents: list[tuple[UUID, str]] = []
        self.refresh: list[bytes] = []
        self.marks: list[bytes] = []
        self.events: range = range(0)
        self.dice = secrets.SystemRandom()
        self._servers: dict[str, Server] = {}
        self._turn = 0

    async def furnish(self, connection: asyncpg.Connection[Any]) -> None:
        """Grow the district, sign people in, open shifts."""
        await connection.execute("SET session_replication_role = replica")
        for step in (*district.SCAFFOLD, *district.SIGNATURES, district.NOTICES[0]):
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

    async def served(self, name: str, *command: str) -> Server:
        """Serve the house by ``python -m command PORT``, once."""
        if name not in self._servers:
            port = free_port()
            process = self.town.start(name, *command, str(port))
            self._servers[name] = Server(port, process.pid)
            await asyncio.to_thread(until, lambda: is_alive(port))
        return self._servers[name]

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


async def capacity(server: Server, kinds: list[Kind], seconds: float) -> Outcome:
    """See what is settled when as many ask as keep the server busy, and nobody in excess."""
    return await server.surge(seconds=seconds, rate=0, kinds=kinds, connections=CLOSED)
