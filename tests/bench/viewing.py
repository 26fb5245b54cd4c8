"""Phones that report on the clock: each sends its next request when that is due.

Every phone keeps a connection of its own between reports, and opens another when the
server has closed it; or all of them share a few that stay open, as behind a proxy. Time
is counted from the moment a report was due, not from when it was sent. Run as
``python -m tests.bench.viewing PLAN``; the answer is JSON.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
import uvloop

from tests.bench import phones


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``requests`` of each phone, one every ``every`` seconds; the phones' first ones are
    spread evenly, in order, over that time. ``shared`` is the number of connections that
    all of them share, 0 for one each.
    """

    port: int
    every: float
    requests: list[list[bytes]]
    shared: int = 0

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


class Report(NamedTuple):
    """A request that is due: the phone's ``lap``-th, at ``due`` on the loop's clock."""

    phone: int
    lap: int
    due: float


class Lines:
    """Connections that some phones share, and the reports that wait for one."""

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self.waiting: deque[Report] = deque()
        self.idle = [Line(crowd, self) for _ in range(number)]

    def carry(self, report: Report) -> None:
        self.waiting.append(report)
        if self.idle:
            self.idle.pop().next()


class Line(asyncio.Protocol):
    """One connection; carries one report at a time."""

    def __init__(self, crowd: "Crowd", lines: Lines) -> None:
        self.crowd, self.lines = crowd, lines
        self.transport: asyncio.Transport | None = None
        self.report: Report | None = None
        self.buffer = b""

    def next(self) -> None:
        if not self.lines.waiting:
            self.lines.idle.append(self)
            return
        self.report = self.lines.waiting.popleft()
        self.crowd.begin(self)

    async def send(self) -> None:
        assert self.report is not None
        self.buffer = b""
        if self.transport is None:
            self.crowd.connections += 1
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self, "127.0.0.1", self.crowd.plan.port)
        assert self.transport is not None
        self.transport.write(self.crowd.plan.requests[self.report.phone][self.report.lap])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0 or self.report is None:
            return
        start = self.buffer[:head].lower()
        length = int(start.split(b"content-length:", 1)[1].split(b"\r", 1)[0])
        if len(self.buffer) < head + 4 + length:
            return
        report, self.report = self.report, None
        self.crowd.answered(report, int(start[9:12]), self.buffer[head + 4 :])
        self.next()

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if self.report is not None:
            # The server closes what was idle, and may do so at that very moment.
            self.crowd.begin(self)


class Crowd:
    """All phones together, and what they have been told."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = asyncio.get_running_loop()
        number = len(plan.requests)
        if plan.shared:
            self.lines = [Lines(self, plan.shared)] * number
        else:
            self.lines = [Lines(self, 1) for _ in range(number)]
        self.left = sum(map(len, plan.requests))
        self.connections = 0
        self.answers: list[tuple[int, int, bytes]] = []
        self.waited: list[float] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.finished = asyncio.Event()

    def plan_for(self, report: Report) -> None:
        self.loop.call_at(report.due, self.lines[report.phone].carry, report)

    def begin(self, line: Line) -> None:
        task = self.loop.create_task(line.send())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def answered(self, report: Report, status: int, body: bytes) -> None:
        phone, lap, due = report
        self.waited.append(self.loop.time() - due)
        self.answers.append((phone, status, body))
        self.left -= 1
        if self.left == 0:
            self.finished.set()
        elif lap + 1 < len(self.plan.requests[phone]):
            self.plan_for(Report(phone, lap + 1, due + self.plan.every))


async def watch(plan: Plan) -> Outcome:
    """Carry the plan out."""
    crowd = Crowd(plan)
    cpu, start = time.process_time(), crowd.loop.time() + 0.5
    number = len(plan.requests)
    for phone in range(number):
        crowd.plan_for(Report(phone, 0, start + plan.every * phone / number))
    await crowd.finished.wait()
    waited = sorted(crowd.waited)
    told = [
        msgspec.structs.replace(msgspec.json.decode(body, type=Told), phone=phone)
        for phone, status, body in crowd.answers
        if status == 200
    ]
    return Outcome(
        rate=len(waited) / (crowd.loop.time() - start),
        p50=waited[len(waited) // 2] * 1e3,
        p99=waited[len(waited) * 99 // 100] * 1e3,
        done=len(waited),
        sent=len(waited),
        refused=[phone for phone, status, _ in crowd.answers if status != 200],
        cpu=time.process_time() - cpu,
        told=told,
        connections=crowd.connections,
    )


if __name__ == "__main__":
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(watch(wanted))))
