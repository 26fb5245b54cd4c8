"""Parents at eight o'clock: each on a connection of their own, some on a bad network.

Run as ``python -m tests.bench.parents PLAN``: writes ``ready`` when everybody is at the
gate, reads the moment (seconds since 1970) from standard input, and leaves the outcome in
``PLAN.told``.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import uvloop

PATIENCE = 10.0
"""Seconds without an answer after which a phone hangs up and asks again."""
AGAIN = 0.3
"""Seconds until a phone that lost its answer asks again."""
TIMES = 6


class Try(msgspec.Struct, frozen=True, array_like=True):
    """One parent's request, ``at`` so many seconds after the opening.

    ``loss`` says what happens to its first answer: nothing, or the phone hangs up
    ``at_once`` after asking, or when the answer arrives, unread.
    """

    parent: int
    at: float
    request: bytes
    loss: Literal["", "at_once", "unread"] = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``waiting``: everybody is connected before the opening, else each comes when asking."""

    port: int
    tries: list[Try]
    waiting: bool


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a parent was told in the end: ``status`` 0 is nothing at all.

    ``waited`` is the time of the request that was answered, in milliseconds; ``at`` when
    that was, in seconds from the opening; ``asked`` how many times they had asked.
    """

    parent: int
    status: int
    booking: str
    state: str
    ahead: int | None
    waited: float
    at: float
    asked: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What all parents of one process were told, and its CPU seconds."""

    told: list[Told]
    cpu: float


class Parent(asyncio.Protocol):
    """One parent; asks until there is an answer that was read."""

    def __init__(self, crowd: "Crowd", wish: Try) -> None:
        self.crowd, self.wish = crowd, wish
        self.transport: asyncio.Transport | None = None
        self.asked, self.sent_at, self.done = 0, 0.0, False
        self.buffer = b""
        self.patience: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self.crowd.port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    async def ask(self) -> None:
        self.asked += 1
        self.buffer = b""
        self.sent_at = time.time()
        try:
            if self.transport is None:
                await self.connect()
        except OSError:
            self.connection_lost(None)
            return
        assert self.transport is not None
        self.transport.write(self.wish.request)
        loop = asyncio.get_running_loop()
        if self.loses("at_once"):
            loop.call_later(0.005, self.transport.abort)
        else:
            self.patience = loop.call_later(PATIENCE, self.transport.abort)

    def loses(self, how: str) -> bool:
        return self.asked == 1 and self.wish.loss == how

    def data_received(self, data: bytes) -> None:
        if self.done or self.loses("at_once"):
            return
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self.buffer[:head].lower()
        mark = start.find(b"content-length:")
        length = int(start[mark + 15 :].split(b"\r", 1)[0]) if mark >= 0 else 0
        if len(self.buffer) < head + 4 + length:
            return
        assert self.transport is not None
        if self.loses("unread"):
            self.transport.abort()
            return
        body: dict[str, Any] = msgspec.json.decode(self.buffer[head + 4 : head + 4 + length])
        self.finish(int(start[9:12]), body)
        self.transport.close()

    def finish(self, status: int, body: dict[str, Any]) -> None:
        self.done = True
        if self.patience is not None:
            self.patience.cancel()
        now = time.time()
        self.crowd.tell(
            Told(
                parent=self.wish.parent,
                status=status,
                booking=body.get("id", ""),
                state=body.get("state", body.get("code", "")),
                ahead=body.get("ahead"),
                waited=(now - self.sent_at) * 1e3,
                at=now - self.crowd.opening,
                asked=self.asked,
            )
        )

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if self.patience is not None:
            self.patience.cancel()
        if self.done or self.asked == 0:
            return
        if self.asked == TIMES:
            self.finish(0, {})
            return
        asyncio.get_running_loop().call_later(AGAIN, self.crowd.start, self)


class Crowd:
    """All parents of this process."""

    def __init__(self, plan: Plan) -> None:
        self.port, self.opening = plan.port, 0.0
        self.parents = [Parent(self, wish) for wish in plan.tries]
        self.told: list[Told] = []
        self.finished = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, parent: Parent) -> None:
        task = asyncio.get_running_loop().create_task(parent.ask())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def tell(self, told: Told) -> None:
        self.told.append(told)
        if len(self.told) == len(self.parents):
            self.finished.set()


async def rush(plan: Plan) -> Outcome:
    """Gather, wait for the moment, and ask."""
    crowd = Crowd(plan)
    if plan.waiting:
        for first in range(0, len(crowd.parents), 100):
            await asyncio.gather(*(p.connect() for p in crowd.parents[first : first + 100]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    crowd.opening = float(await asyncio.to_thread(sys.stdin.readline))
    cpu = time.process_time()
    loop = asyncio.get_running_loop()
    # A timer may be a millisecond early, and early is refused.
    delay = crowd.opening - time.time() + 0.002
    for parent in crowd.parents:
        loop.call_later(delay + parent.wish.at, crowd.start, parent)
    await crowd.finished.wait()
    return Outcome(told=crowd.told, cpu=time.process_time() - cpu)


if __name__ == "__main__":
    plan_file = Path(sys.argv[1])
    wanted = msgspec.msgpack.decode(plan_file.read_bytes(), type=Plan)
    plan_file.with_suffix(".told").write_bytes(msgspec.msgpack.encode(uvloop.run(rush(wanted))))
