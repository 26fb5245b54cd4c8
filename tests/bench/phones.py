"""The load: keep-alive connections in a process of their own, one request in flight each.

Raw sockets and prepared bytes, so that the client costs little of the machine it shares
with what it measures. Run as ``python -m tests.bench.phones PLAN``; the answer is JSON.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

WARM_SECONDS = 0.3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. With ``once`` every request goes out at most once, in order;
    otherwise they go round. Stops after ``seconds`` or when nothing is left."""

    port: int
    connections: int
    seconds: float
    requests: list[bytes]
    once: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: ``rate`` per second and ``p50``/``p99`` in milliseconds, of the
    time after warming up; ``cpu`` in seconds and ``done`` of all of it.

    ``refused`` lists the positions of requests that were not answered with ``2xx`` or
    ``304``. All positions below ``sent`` were answered.
    """

    rate: float
    p50: float
    p99: float
    done: int
    sent: int
    refused: list[int]
    cpu: float


class Phone(asyncio.Protocol):
    """One connection; it sends the next request when an answer is complete."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.buffer = b""
        self.position = -1
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        self.position = self.crowd.next_position()
        if self.position < 0:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.crowd.requests[self.position])

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self.buffer[:head].lower()
        status = int(start[9:12])
        length, mark = 0, start.find(b"content-length:")
        if mark >= 0:
            length = int(start[mark + 15 :].split(b"\r", 1)[0])
        if len(self.buffer) < head + 4 + length:
            return
        self.buffer = b""
        self.crowd.answered(self.position, status, self.sent_at)
        self.send()

    def connection_lost(self, _: Exception | None) -> None:
        self.crowd.hung_up()


class Crowd:
    """All phones together, and what they have seen."""

    def __init__(self, plan: Plan) -> None:
        self.requests, self.once = plan.requests, plan.once
        self.begun = time.perf_counter()
        self.warm_until = self.begun + min(WARM_SECONDS, plan.seconds / 3)
        self.until = self.warm_until + plan.seconds
        self.at = 0
        self.seen: list[float] = []
        self.refused: list[int] = []
        self.done = 0
        self.last = self.begun
        self.open = plan.connections
        self.finished = asyncio.Event()

    def next_position(self) -> int:
        if time.perf_counter() > self.until or (self.once and self.at >= len(self.requests)):
            return -1
        self.at += 1
        return (self.at - 1) % len(self.requests)

    def answered(self, position: int, status: int, sent_at: float) -> None:
        now = time.perf_counter()
        self.done += 1
        if not (200 <= status < 300 or status == 304):
            self.refused.append(position)
        if sent_at >= self.warm_until:
            self.seen.append(now - sent_at)
            self.last = now

    def hung_up(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.finished.set()


async def send(plan: Plan) -> Outcome:
    """Carry the plan out."""
    cpu = time.process_time()
    crowd = Crowd(plan)
    loop = asyncio.get_running_loop()
    for _ in range(plan.connections):
        await loop.create_connection(lambda: Phone(crowd), "127.0.0.1", plan.port)
    await crowd.finished.wait()
    seen = sorted(crowd.seen) or [0.0]
    return Outcome(
        rate=len(crowd.seen) / max(crowd.last - crowd.warm_until, 1e-9),
        p50=seen[len(seen) // 2] * 1e3,
        p99=seen[len(seen) * 99 // 100] * 1e3,
        done=crowd.done,
        sent=min(crowd.at, len(plan.requests)) if plan.once else crowd.at,
        refused=crowd.refused,
        cpu=time.process_time() - cpu,
    )


def request(
    method: str, path: str, token: str, *, etag: str | None = None, body: bytes | None = None
) -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    if etag is not None:
        lines.append(f"If-None-Match: {etag}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    elif method != "GET":
        lines.append("Content-Length: 0")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


if __name__ == "__main__":
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(send(wanted))))
