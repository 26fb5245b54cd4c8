"""An open load: requests begin when they are due, whether or not others were answered.

A client that waits for its answer before it asks again goes easy on a server that is slow;
people do not. Every request is judged by the moment it was due. Raw sockets, in a process
of its own: ``python -m tests.drills.surge PLAN``; what was seen is written to ``PLAN.seen``.
"""

import asyncio
import heapq
import random
import re
import sys
import time
from collections import deque
from pathlib import Path
from typing import Literal, cast

import msgspec
import uvloop

REFUSED = (429, 503)
UNANSWERED = 0
_NEXT = re.compile(rb'"refreshToken":"([^"]+)"')
_LENGTH = re.compile(rb"Content-Length: \d+")
_NOW = re.compile(rb'"refreshToken":"[^"]+"')


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request: ``weight`` of all are of it, sent in turn.

    With ``chained`` each answer brings the token of the same person's next request.
    """

    name: str
    weight: int
    requests: list[bytes]
    chained: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``rate`` requests a second for ``seconds``; 0: each answer is followed by a request.

    ``connections`` are kept open at most (all of them are used when ``rate`` is 0), ``fresh``
    is the share of requests on connections of their own. ``at_once`` are due in one moment
    in the middle. A refused phone gives up (``never``), comes back when it was told to but
    with no more than one request in five (``politely``), or at once (``rudely``). With
    ``once`` no request is sent again.
    """

    port: int
    seconds: float
    rate: float
    kinds: list[Kind]
    connections: int = 2_000
    fresh: float = 0.02
    at_once: int = 0
    returns: Literal["never", "politely", "rudely"] = "never"
    patience: float = 10.0
    once: bool = False
    seed: int = 0


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One answer: which kind, when it was due and how long it took (seconds), how often it
    had been asked before, whether the answer said when to come back."""

    kind: int
    due: float
    waited: float
    status: int
    before: int
    said_when: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, how late the generator itself was at worst (seconds), and the requests
    with the tokens that were brought last, by kind."""

    seen: list[Seen]
    requests: list[list[bytes]]
    late: float
    cpu: float


class Line(asyncio.Protocol):
    """One connection with at most one request in flight."""

    def __init__(self, crowd: "Crowd", kept: bool) -> None:
        self.crowd, self.kept = crowd, kept
        self.buffer, self.is_over = b"", False
        self.asked: tuple[int, int, float, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, kind: int, at: int, due: float, before: int) -> None:
        self.asked = (kind, at, due, before)
        self.transport.write(self.crowd.requests[kind][at])

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0 or self.asked is None:
            return
        start = self.buffer[:head].lower()
        mark = start.find(b"content-length:")
        length = int(start[mark + 15 :].split(b"\r", 1)[0]) if mark >= 0 else 0
        if len(self.buffer) < head + 4 + length:
            return
        body, self.buffer = self.buffer[head + 4 :], b""
        mark = start.find(b"retry-after:")
        after = int(start[mark + 12 :].split(b"\r", 1)[0]) if mark >= 0 else 0
        asked, self.asked = self.asked, None
        self.crowd.answered(asked, int(start[9:12]), after, body)
        if self.kept and b"connection: close" not in start:
            self.crowd.idle.append(self)
            self.crowd.serve_waiting()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.is_over = True
        self.crowd.lost(self)


class Crowd:
    """All phones together."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = [list(kind.requests) for kind in plan.kinds]
        self.free = [deque(range(len(kind.requests))) for kind in plan.kinds]
        weights = [kind.weight for kind in plan.kinds]
        self.dice = random.Random(plan.seed)
        self.order = self.dice.choices(range(len(weights)), weights, k=9973)
        self.number = 0
        self.idle: list[Line] = []
        self.lines: set[Line] = set()
        self.opening = 0
        self.waiting: deque[tuple[int, int, float, int]] = deque()
        self.again: list[tuple[float, int, int, int]] = []
        self.budget = 0.0
        self.seen: list[Seen] = []
        self.begun = 0.0
        self.late = 0.0
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, due: float) -> None:
        """Let the next request begin."""
        for _ in self.plan.kinds:
            kind = self.order[self.number % len(self.order)]
            self.number += 1
            if self.free[kind]:
                break
        else:
            return
        self.budget += 0.2
        self.send(kind, self.free[kind].popleft(), due, 0)

    def send(self, kind: int, at: int, due: float, before: int) -> None:
        if self.dice.random() < self.plan.fresh:
            self._open((kind, at, due, before), kept=False)
            return
        while self.idle:
            line = self.idle.pop()
            if not line.is_over:
                line.ask(kind, at, due, before)
                return
        self.waiting.append((kind, at, due, before))
        if len(self.lines) + self.opening < self.plan.connections:
            self._open(None, kept=True)

    def _open(self, asked: tuple[int, int, float, int] | None, kept: bool) -> None:
        self.opening += 1
        task = asyncio.get_running_loop().create_task(self._connect(asked, kept))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _connect(self, asked: tuple[int, int, float, int] | None, kept: bool) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.plan.patience):
                _, line = await loop.create_connection(
                    lambda: Line(self, kept), "127.0.0.1", self.plan.port
                )
        except (OSError, TimeoutError):
            if asked is not None:
                self.answered(asked, UNANSWERED, 0, b"")
            return
        finally:
            self.opening -= 1
        self.lines.add(line)
        if asked is not None:
            line.ask(*asked)
        else:
            self.idle.append(line)
            self.serve_waiting()

    def serve_waiting(self) -> None:
        while self.waiting and self.idle:
            line = self.idle.pop()
            if not line.is_over:
                line.ask(*self.waiting.popleft())

    def lost(self, line: Line) -> None:
        self.lines.discard(line)
        if line.asked is not None:
            self.answered(line.asked, UNANSWERED, 0, b"")

    def answered(
        self, asked: tuple[int, int, float, int], status: int, after: int, body: bytes
    ) -> None:
        kind, at, due, before = asked
        now = time.perf_counter()
        self.seen.append(Seen(kind, due - self.begun, now - due, status, before, after > 0))
        if self.plan.kinds[kind].chained and status == 200 and (found := _NEXT.search(body)):
            self.requests[kind][at] = _renewed(self.requests[kind][at], found[1])
        if status in REFUSED and self._comes_back(before):
            wait = after + self.dice.random() if self.plan.returns == "politely" else 0.1
            heapq.heappush(self.again, (now + wait, kind, at, before + 1))
        elif not self.plan.once:
            self.free[kind].append(at)
        if not self.plan.rate and now < self.begun + self.plan.seconds:
            asyncio.get_running_loop().call_soon(self.begin, now)

    def _comes_back(self, before: int) -> bool:
        if self.plan.returns == "rudely":
            return before < 10
        if self.plan.returns == "never" or self.budget < 1:
            return False
        self.budget -= 1
        return True

    async def run(self) -> Report:
        """Carry the plan out."""
        plan, cpu = self.plan, time.process_time()
        self.begun = time.perf_counter()
        if not plan.rate:
            for _ in range(plan.connections):
                self.begin(self.begun)
            await asyncio.sleep(plan.seconds)
        sent, burst = 0, self.begun + plan.seconds / 2 if plan.at_once else 0.0
        while plan.rate and (now := time.perf_counter()) < self.begun + plan.seconds:
            if burst and now >= burst:
                for _ in range(plan.at_once):
                    self.begin(burst)
                burst = 0.0
            while (due := self.begun + sent / plan.rate) <= now:
                self.late = max(self.late, now - due)
                self.begin(due)
                sent += 1
            while self.again and self.again[0][0] <= now:
                due, kind, at, before = heapq.heappop(self.again)
                self.send(kind, at, due, before)
            await asyncio.sleep(0.001)
        await self._hang_up()
        return Report(
            seen=self.seen,
            requests=[
                asked if kind.chained else []
                for kind, asked in zip(plan.kinds, self.requests, strict=True)
            ],
            late=self.late,
            cpu=time.process_time() - cpu,
        )

    async def _hang_up(self) -> None:
        for _ in range(int(self.plan.patience / 0.02)):
            if not (self.waiting or self.opening or any(line.asked for line in self.lines)):
                break
            await asyncio.sleep(0.02)
        for line in list(self.lines):
            line.transport.abort()
        await asyncio.sleep(0.05)
        for asked in self.waiting:
            self.answered(asked, UNANSWERED, 0, b"")


def _renewed(request: bytes, token: bytes) -> bytes:
    """Return the same request with another token."""
    head, _, body = request.partition(b"\r\n\r\n")
    body = _NOW.sub(b'"refreshToken":"' + token + b'"', body)
    return _LENGTH.sub(b"Content-Length: %d" % len(body), head) + b"\r\n\r\n" + body


if __name__ == "__main__":
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    report = uvloop.run(Crowd(wanted).run())
    Path(sys.argv[1] + ".seen").write_bytes(msgspec.msgpack.encode(report))
