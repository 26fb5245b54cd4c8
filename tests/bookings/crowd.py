"""A crowd with phones: guardians of one class, on sockets, with two API processes to ask.

Phones lose answers and ask again, and a process may be killed while they ask.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import psutil
from tortoise.context import TortoiseContext

from backend import clock
from backend.database import config, fetch, transaction
from backend.people.models import PrivacyNotice, Relation
from backend.people.operations import consents, sessions, ties
from backend.people.tokens import keys_for
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.settings import DEMO_SECRET
from backend.web.actor import Role
from tests.journeys.town import Town, free_port, town, until

PEOPLE = 64
PATIENCE = 240.0
RECOVERY = 8.0
REFUSED = {404, 409}


class Guardian:
    """Somebody with a token; two share a child."""

    def __init__(self, person: UUID, child: UUID | None, token: str) -> None:
        self.person, self.child, self.token = person, child, token


class Houses:
    """The two API processes, the database behind them, and everybody who may ask."""

    def __init__(self, built: Town, dsn: str, context: TortoiseContext) -> None:
        self.town, self.dsn, self.context = built, dsn, context
        self.ports = [free_port(), free_port()]
        self.killed_at = [0.0, 0.0]
        self.school = UUID(int=0)
        self.guardians: list[Guardian] = []
        self.organiser = Guardian(UUID(int=0), None, "")
        self.watch: asyncpg.Connection[Any]

    async def open(self) -> None:
        for number, port in enumerate(self.ports):
            self.town.start(f"api-{number}", "backend.cli", "serve", "--port", str(port))
        for port in self.ports:
            await asyncio.to_thread(until, lambda port=port: answers(port), patience=PATIENCE)

    def kill_one(self, number: int) -> int:
        """Kill a serving process the hard way; its supervisor starts another.

        Returns how many were killed: none shortly after the last time, for a process that
        keeps dying is not started again.
        """
        if time.monotonic() < self.killed_at[number] + RECOVERY:
            return 0
        self.killed_at[number] = time.monotonic()
        serving = psutil.Process(self.town.processes[f"api-{number}"].pid).children()
        for child in serving:
            child.send_signal(signal.SIGKILL)
        return len(serving)

    def accidents(self) -> list[str]:
        """Return what the processes logged as errors, but for the deaths we caused."""
        logs = "".join(self.town.log(f"api-{number}") for number in range(len(self.ports)))
        errors = [line for line in logs.splitlines() if _is_error(line)]
        return [line for line in errors if "Unexpected exit from worker" not in line]

    async def settle_in(self) -> None:
        """Make the school, the class and everybody in it, signed in."""
        await PrivacyNotice.get_or_create(
            version=1,
            defaults={"title": "告知书", "text": "告知书", "in_force_from": clock.now()},
        )
        district = await tree.create_district("RACES", "竞速区")
        school = await tree.create_school(district.id, "R-1", "竞速小学", Stage.PRIMARY)
        grade = await tree.create_grade(school.id, "一年级", 1)
        class_ = await tree.create_class(grade.id, "1班")
        self.school = school.id
        child = None
        for number in range(PEOPLE):
            if number % 2 == 0:
                child = await ties.admit(school.id, class_.id, f"{number:06}", f"孩子{number}")
            assert child is not None
            person = await ties.open_account(f"家长{number}", f"+86199100{number:05}")
            await ties.bind(person.id, child.id, Relation.OTHER)
            await consents.accept(person.id, child.id, school.id, 1, clock.now())
            self.guardians.append(Guardian(person.id, child.id, await signed_in(person.id)))
        admin = await ties.open_account("许建安", "+8619910099999")
        await ties.appoint(admin.id, Role.SCHOOL_ADMIN, school)
        self.organiser = Guardian(admin.id, None, await signed_in(admin.id))


def _is_error(line: str) -> bool:
    try:
        return bool(msgspec.json.decode(line).get("level") in ("error", "critical"))
    except msgspec.DecodeError:
        # A trace, or a line that a kill has cut short.
        return line.startswith("Traceback")


async def signed_in(person: UUID) -> str:
    device = sessions.Device(key=secrets.token_hex(8), name="phone", platform="android")
    async with transaction():
        await sessions.lock_person(person)
        signed = await sessions.open_session(
            person, device, "code", keys=keys_for(DEMO_SECRET), now=clock.now()
        )
        await fetch("UPDATE persons SET activated_at = now() WHERE id = $1 RETURNING id", person)
    return signed.access_token


def answers(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2)
    except httpx.TransportError:
        return False
    return answer.status_code == 200


@asynccontextmanager
async def houses(dsn: str, folder: Path) -> AsyncIterator[Houses]:
    """Hold the processes and a pool of our own over one database."""
    async with TortoiseContext() as context:
        await context.init(config=config(dsn, pool_size=6, name="races"))
        with town(dsn, folder) as built:
            both = Houses(built, dsn, context)
            both.watch = await asyncpg.connect(dsn)
            await both.settle_in()
            await both.open()
            yield both
            await both.watch.close()


class Phone:
    """Keeps a connection to each process, loses some answers, and asks until it has one.

    ``lost`` are the methods of requests it hung up on: the process may carry such a request
    out later than the one that repeated it, and even than the one after that.
    """

    patience = PATIENCE

    def __init__(self, ports: list[int], guardian: Guardian, dice: random.Random) -> None:
        self.ports, self.guardian, self.dice = ports, guardian, dice
        self.lines: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.counts: Counter[str] = Counter()
        self.lost: set[str] = set()

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and body of the first answer that is neither lost nor ``503``.

        ``key`` is the ``Idempotency-Key``, the same for every repetition.
        """
        payload = msgspec.json.encode(body) if body is not None else b""
        head = (
            f"{method} /v1{path} HTTP/1.1\r\nHost: races\r\n"
            f"Authorization: Bearer {self.guardian.token}\r\n"
            + (f"Idempotency-Key: {key}\r\n" if key else "")
            + f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        loses = method != "GET" and self.dice.random() < 0.1
        async with asyncio.timeout(self.patience):
            while True:
                port = self.dice.choice(self.ports)
                try:
                    answer = await self._try(port, head.encode() + payload, hang_up=loses)
                except (OSError, asyncio.IncompleteReadError):
                    answer = None
                    self._drop(port)
                self.counts["requests"] += 1
                loses = False
                if answer is not None and answer[0] != 503:
                    return answer
                self.counts["repeated"] += 1
                await asyncio.sleep(0.02 + 0.1 * self.dice.random())

    async def _try(self, port: int, request: bytes, *, hang_up: bool) -> Any:
        if port not in self.lines:
            self.lines[port] = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = self.lines[port]
        writer.write(request)
        if hang_up:
            await asyncio.sleep(0.02 * self.dice.random())
            self._drop(port)
            self.lost.add(request.split(b" ", 1)[0].decode())
            return None
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        body = await reader.readexactly(length)
        return int(head[9:12]), msgspec.json.decode(body) if body else {}

    def _drop(self, port: int) -> None:
        if port in self.lines:
            # Written to a name: a writer that is let go of before it is closed complains.
            _, writer = self.lines.pop(port)
            writer.transport.abort()

    def hang_up(self) -> None:
        for port in self.ports:
            self._drop(port)
