"""Open phones: live channels in a process of their own that write down when they hear.

``python -m tests.bench.listeners PLAN`` opens them all and prints how long that took and
how many were greeted; for every line it is then given it prints what each heard meanwhile.
Both are JSON. Raw sockets, so that listening costs little of the machine it shares.
"""

import asyncio
import base64
import os
import re
import resource
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast

import msgspec
import uvloop

AT_A_TIME = 200
"""Phones that connect at the same moment."""
PATIENCE = 120.0
TEXT, PING = 1, 9
_RETRY = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One phone for each token."""

    port: int
    tokens: list[str]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """How many were greeted, and in how many seconds all of them; how often somebody was
    told to come back later, and did."""

    greeted: int
    seconds: float
    refused: int


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """When each phone first heard of a change (seconds since 1970, 0: not at all), how
    often all of them did, and how many have been hung up on."""

    first: list[float]
    times: int
    lost: int
    cpu: float


class Phone(asyncio.Protocol):
    """One live channel."""

    def __init__(self, crowd: "Crowd", token: str) -> None:
        self.crowd, self.token = crowd, token
        self.buffer = b""
        self.is_open = self.is_refused = False
        self.heard: deque[float] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.buffer, self.is_refused = b"", False
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /v1/live HTTP/1.1", "Host: bench", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}",
            f"Authorization: Bearer {self.token}", "", "",
        )  # fmt: skip
        self.transport.write("\r\n".join(lines).encode())

    def data_received(self, data: bytes) -> None:
        at = time.time()
        self.buffer += data
        if not self.is_open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                after = _RETRY.search(head)
                self.crowd.come_back(self, int(after[1]) if after else 1)
                return
            self.is_open, self.buffer = True, rest
        # A server's frames are not masked, and ours are short.
        while len(self.buffer) >= 2 and len(self.buffer) >= 2 + self.buffer[1]:
            kind, length = self.buffer[0] & 15, self.buffer[1]
            word, self.buffer = self.buffer[2 : 2 + length], self.buffer[2 + length :]
            if kind == TEXT and b'"hello"' in word:
                self.crowd.greeted += 1
                self.crowd.more.set()
            elif kind == TEXT:
                self.heard.append(at)
            elif kind == PING:
                self.transport.write(bytes((0x8A, 0x80 | length)) + b"\0\0\0\0" + word)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.is_refused:
            self.crowd.lost += 1
            self.crowd.more.set()


class Crowd:
    """All open phones."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.phones: list[Phone] = []
        self.greeted = self.lost = self.refused = 0
        self.more = asyncio.Event()
        self._coming: set[asyncio.Task[None]] = set()

    async def open(self) -> Opened:
        """Open all channels and wait until everybody was greeted or sent away."""
        loop, begun = asyncio.get_running_loop(), time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            for token in self.plan.tokens:
                while len(self.phones) - self.greeted - self.lost >= AT_A_TIME:
                    await self._wait()
                _, phone = await loop.create_connection(
                    lambda token=token: Phone(self, token), "127.0.0.1", self.plan.port
                )
                self.phones.append(phone)
            while self.greeted + self.lost < len(self.phones):
                await self._wait()
        seconds = time.perf_counter() - begun
        return Opened(greeted=self.greeted, seconds=seconds, refused=self.refused)

    def come_back(self, phone: Phone, seconds: int) -> None:
        """Let a phone that was refused come back when it was told to."""
        self.refused += 1
        phone.is_refused = True
        phone.transport.close()

        async def again() -> None:
            await asyncio.sleep(seconds)
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: phone, "127.0.0.1", self.plan.port)

        task = asyncio.get_running_loop().create_task(again())
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _wait(self) -> None:
        self.more.clear()
        await self.more.wait()

    def told(self) -> Heard:
        """Return what was heard since this was last asked."""
        heard = Heard(
            first=[phone.heard[0] if phone.heard else 0.0 for phone in self.phones],
            times=sum(len(phone.heard) for phone in self.phones),
            lost=self.lost,
            cpu=time.process_time(),
        )
        for phone in self.phones:
            phone.heard.clear()
        return heard


async def listen(plan: Plan) -> None:
    """Open the phones and answer to standard input until it ends."""
    crowd = Crowd(plan)
    _say(await crowd.open())
    while await asyncio.to_thread(sys.stdin.readline):
        _say(crowd.told())


def _say(word: Opened | Heard) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(word) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(listen(msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)))
