"""A deed, and the asking for it: one request over a connection of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from backend.database import fetch
from tests.bookings.crowd import Guardian

NO_ANSWER = (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError)


@dataclass(frozen=True)
class Reply:
    """What came back: all of it, or nothing at all was raised."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body) if self.body else {}


@dataclass(frozen=True)
class Deed:
    """One thing one person does; ``effects`` with ``values`` counts how often it was done.

    ``other`` is a different body for the same key.
    """

    verb: str
    who: Guardian
    method: str
    path: str
    body: Any
    effects: str
    values: Sequence[object]
    key: str | None = None
    other: Any = None
    same: Sequence[str] = field(default_factory=tuple)
    """The members in which every answer agrees; all of them, when empty."""

    def told(self, reply: Reply) -> object:
        """Return what two answers to the same deed must have in common."""
        if not self.same or reply.status >= 400:
            return reply.body
        return [reply.json[name] for name in self.same]

    async def done(self) -> int:
        """Count how often it has been done."""
        [row] = await fetch(f"SELECT count(*)::int AS n FROM {self.effects}", *self.values)
        return int(row["n"])


async def ask(
    port: int, who: Guardian, method: str, path: str, body: Any = None, key: str | None = None,
    *, patience: float = 30.0,
) -> Reply:  # fmt: skip
    """Send a request over a connection of its own; raises one of ``NO_ANSWER``."""
    payload = msgspec.json.encode(body) if body is not None else b""
    lines = [
        f"{method} /v1{path} HTTP/1.1",
        "Host: drill",
        f"Authorization: Bearer {who.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(payload)}",
        "Connection: close",
        *([f"Idempotency-Key: {key}"] if key else []),
    ]
    loop = asyncio.get_running_loop()
    begun, writer = loop.time(), None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("\r\n".join([*lines, "", ""]).encode() + payload)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            text = await reader.readexactly(int(headers.get("content-length", "0")))
    finally:
        if writer is not None:
            with suppress(OSError):
                writer.transport.abort()
    return Reply(int(head[0].split(" ")[1]), headers, text, loop.time() - begun)


async def send(port: int, deed: Deed, *, patience: float = 30.0) -> Reply:
    """Ask for a deed once."""
    return await ask(port, deed.who, deed.method, deed.path, deed.body, deed.key, patience=patience)
