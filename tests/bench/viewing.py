"""Phones that report on the clock: each sends its next request when that is due.

Every phone keeps a connection of its own between reports, and opens another when the
server has closed it. Time is counted from the moment a report was due, not from when it
was sent. Run as ``python -m tests.bench.viewing PLAN``; the answer is JSON.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from tests.bench import phones


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``requests`` of each phone, one every ``every`` seconds; the phones' first ones are
    spread evenly, in order, over that time.
    """

    port: int
    every: float
    requests: list[list[bytes]]

    @property
    def seconds(self) -> float:
        """Return how long it takes."""
        return self.every * max(map(len, self.requests))


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What of an answer is compared with what is stored."""

    phone: int = -1
    covered_ms: int = 0
    refused_ms: int = 0
    lesson_completed: bool = False
    course_completed: bool = False


class Outcome(phones.Outcome, frozen=True, kw_only=True):
    """``told``: every answer of status 200; ``connections``: how many were opened in all."""

    told: list[Told]
    connections: int


class Phone(asyncio.Protocol):
    """One viewer's phone."""

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self.crowd, self.number = crowd, number
        self.transport: asyncio.Transport | None = None
        self.next, self.due, self.waiting = 0, 0.0, False
        self.buffer = b""

    async def connect(self) -> None:
        self.crowd.connections += 1
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self.crowd.plan.port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    async def report(self, due: float) -> None:
        self.due, self.buffer, self.waiting = due, b"", True
        if self.transport is None:
            await self.connect()
        assert self.transport is not None
        self.transport.write(self.crowd.plan.requests[self.number][self.next])

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self.buffer[:head].lower()
        length = int(start.split(b"content-length:", 1)[1].split(b"\r", 1)[0])
        if len(self.buffer) < head + 4 + length:
            return
        self.waiting = False
        self.next += 1
        self.crowd.answered(self, int(start[9:12]), self.buffer[head + 4 :])

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if self.waiting:
            # It happens when the server closes an idle connection at that very moment.
            self.crowd.begin(self, self.due)


class Crowd:
    """All phones together, and what they have been told."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.phones = [Phone(self, number) for number in range(len(plan.requests))]
        self.left = sum(map(len, plan.requests))
        self.connections = 0
        self.answers: list[tuple[int, int, bytes]] = []
        self.waited: list[float] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.finished = asyncio.Event()

    def begin(self, phone: Phone, due: float) -> None:
        task = asyncio.get_running_loop().create_task(phone.report(due))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def answered(self, phone: Phone, status: int, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.waited.append(loop.time() - phone.due)
        self.answers.append((phone.number, status, body))
        self.left -= 1
        if self.left == 0:
            self.finished.set()
        elif phone.next < len(self.plan.requests[phone.number]):
            due = phone.due + self.plan.every
            loop.call_at(due, self.begin, phone, due)


async def watch(plan: Plan) -> Outcome:
    """Carry the plan out."""
    crowd = Crowd(plan)
    loop = asyncio.get_running_loop()
    cpu, start = time.process_time(), loop.time() + 0.5
    for phone in crowd.phones:
        due = start + plan.every * phone.number / len(crowd.phones)
        loop.call_at(due, crowd.begin, phone, due)
    await crowd.finished.wait()
    waited = sorted(crowd.waited)
    told = [
        msgspec.structs.replace(msgspec.json.decode(body, type=Told), phone=number)
        for number, status, body in crowd.answers
        if status == 200
    ]
    return Outcome(
        rate=len(waited) / (loop.time() - start),
        p50=waited[len(waited) // 2] * 1e3,
        p99=waited[len(waited) * 99 // 100] * 1e3,
        done=len(waited),
        sent=len(waited),
        refused=[number for number, status, _ in crowd.answers if status != 200],
        cpu=time.process_time() - cpu,
        told=told,
        connections=crowd.connections,
    )


if __name__ == "__main__":
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(watch(wanted))))
