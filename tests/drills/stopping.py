"""A stop as an operator's machinery does it: SIGTERM, and a watch in the hand."""

import asyncio
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from tests.bookings.crowd import Guardian
from tests.drills.killing import Installation

PRODUCTION = {
    "TONGXING_ENVIRONMENT": "production",
    "TONGXING_SECRET_KEY": "k" * 64,
    "TONGXING_SMS_GATEWAY": "http",
    "TONGXING_SMS_URL": "http://127.0.0.1:9/sms",
    "TONGXING_SMS_SECRET": "s" * 32,
    # So long that whatever is returned sooner was given back, not taken over.
    "TONGXING_PUSH_LEASE": "60",
}


@dataclass(frozen=True)
class Stopped:
    """How a process left: its exit code and the seconds it took."""

    code: int
    seconds: float


async def stop(process: "subprocess.Popen[bytes]", patience: float = 60.0) -> Stopped:
    """Ask a process to leave and wait until it has."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(process.wait, patience)
    return Stopped(code, time.monotonic() - begun)


class Line:
    """One connection to one API process, for a request sent in pieces."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, patience: float = 60.0) -> tuple[int, dict[str, Any]]:
        """Return status and body. Raises ``OSError`` or ``EOFError`` when none comes."""
        async with asyncio.timeout(patience):
            head = await self.reader.readuntil(b"\r\n\r\n")
            fields = dict(
                line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line
            )
            body = await self.reader.readexactly(int(fields.get(b"content-length", b"0")))
        return int(head[9:12]), msgspec.json.decode(body) if body else {}

    def close(self) -> None:
        self.writer.transport.abort()


def request(guardian: Guardian, method: str, path: str, body: object = None) -> tuple[bytes, bytes]:
    """Return head and body of a request as its client sends them."""
    payload = b"" if body is None else msgspec.json.encode(body)
    head = (
        f"{method} /v1{path} HTTP/1.1\r\nHost: drill\r\nAuthorization: Bearer {guardian.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode(), payload


async def soon(standing: Installation, sql: str, *values: object, patience: float = 60.0) -> float:
    """Wait until a statement returns a row; returns the seconds that took."""
    begun = time.monotonic()
    while not await standing.fetch(sql, *values):
        assert time.monotonic() < begun + patience, sql
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


@dataclass
class Rush:
    """Requests sent one after the other, on connections kept open, until told to stop."""

    standing: Installation
    answered: int = 0
    refused: int = 0
    """Connections nobody took: the client goes to the next process."""
    cut: int = 0
    """Requests that were being carried out and never answered."""
    closed: int = 0
    """Connections found closed when the next request was written."""
    errors: int = 0

    async def run(self, guardian: Guardian, path: str, over: asyncio.Event) -> None:
        """Ask for ``path`` again and again, going to the other process when one is gone."""
        asked, _ = request(guardian, "GET", path)
        port, line = self.standing.ports[0], None
        while not over.is_set():
            fresh = line is None
            try:
                line = line or await Line.open(port)
            except OSError:
                self.refused += 1
                port = self._other(port)
                await asyncio.sleep(0.02)
                continue
            try:
                await line.send(asked)
                status, _ = await line.answer()
            except (OSError, EOFError):
                # A kept connection may be closed at the very moment it is used again, and
                # the client asks again. Who has just been let in is owed an answer.
                self.cut += fresh
                self.closed += not fresh
                line.close()
                line, port = None, self._other(port)
                continue
            self.answered += 1
            self.errors += status != 200
            await asyncio.sleep(0.01)
        if line is not None:
            line.close()

    def _other(self, port: int) -> int:
        return next(one for one in self.standing.ports if one != port)
