"""Good requests made bad: bytes, shapes, sizes, framing; each as it goes onto the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.web import hostile
from tests.web.asking import Request

Make = Callable[["Seed", random.Random], "Mutant"]
MOMENT = 0.15
"""Seconds after which whoever has sent all there is says so."""
HUGE = 0.02
"""Share of mutants of a megabyte and more."""


@dataclass(frozen=True)
class Seed:
    """One good request to a route that writes."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    parsed: Any = None
    """The body as JSON, or ``None`` where it is a form or bytes."""


@dataclass(frozen=True)
class Mutant:
    """What is sent, byte by byte. ``whole`` says that HTTP itself asks for an answer."""

    kind: str
    seed: str
    wire: bytes
    whole: bool = True
    marker: bytes = b""
    """What only the answer to a request hidden inside this one would repeat."""


@dataclass(frozen=True)
class Answer:
    """What came back: 0 where the connection was closed without a word."""

    status: int
    seconds: float
    raw: bytes


def seed_of(request: Request) -> Seed | None:
    """Return the request as bytes, or ``None`` where no body belongs to it."""
    if not ({"json", "files", "content"} & request.sent.keys()):
        return None
    sent = {key: request.sent[key] for key in ("json", "files", "data", "content", "params")
            if key in request.sent}  # fmt: skip
    built = httpx.Request(request.method, f"http://house{request.url}", **sent)
    given = {**request.headers, **request.sent.get("headers", {})}
    kind = built.headers.get("content-type", given.get("content-type"))
    headers = {**given, **({"content-type": kind} if kind else {})}
    path = built.url.raw_path.decode("ascii")
    return Seed(request.name, request.method, path, headers, built.read(), request.sent.get("json"))


def framed(seed: Seed, body: bytes, **headers: str | None) -> bytes:
    """Return the request with another body; a header named ``None`` is left out."""
    said: dict[str, str | None] = {
        "host": "127.0.0.1",
        "content-length": str(len(body)),
        "idempotency-key": secrets.token_hex(8),
        **{name.lower(): value for name, value in seed.headers.items()},
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in said.items() if value is not None]
    head = "\r\n".join([f"{seed.method} {seed.path} HTTP/1.1", *lines, "", ""])
    return head.encode("latin-1") + body


def _bytes(kind: str, change: Callable[[bytes, random.Random], bytes]) -> Make:
    def make(seed: Seed, chance: random.Random) -> Mutant:
        return Mutant(kind, seed.name, framed(seed, change(seed.body, chance)))

    return make


def _truncated(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) or 1)]


def _flipped(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _spliced(body: bytes, chance: random.Random) -> bytes:
    at, start = chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)
    return body[:at] + body[start : start + chance.randint(1, 60)] * chance.randint(1, 40)


def _deep(body: bytes, chance: random.Random) -> bytes:
    depth = round(10 ** chance.uniform(1, 5))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    return opening * depth + (b"1" + closing * depth if chance.random() < 0.7 else b"")


def _swapped(seed: Seed, chance: random.Random) -> Mutant:
    """One value anywhere in the body, or the body itself, becomes one of another kind."""
    if seed.parsed is None:
        return _bytes("flipped", _flipped)(seed, chance)
    whole = json.loads(json.dumps({"": seed.parsed}))
    holder, key = chance.choice(list(_slots(whole)))
    holder[key] = chance.choice(VALUES)
    body = json.dumps(whole[""]).encode()
    return Mutant("another kind", seed.name, framed(seed, body))


def _slots(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _slots(inner)


VALUES: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 1.5, 1e308, float("nan"), "", "0", " ",
    "\x00", "\ud800", "字" * 3_000, "x" * 70_000, "'; DROP TABLE persons; --", "\u202e", "null",
    "2026-02-30T00:00:00Z", "9999-12-31T23:59:60Z", "01a20841-2f93-720b-af68-c2529d8a20a9",
    [], [[]], [None] * 50, {}, {"": None}, {"__proto__": {}}, {"a": {"b": {"c": {}}}}, "1" * 400,
]  # fmt: skip


def _hostile(seed: Seed, chance: random.Random) -> Mutant:
    """One of the inputs that the tests of the whole house know by name."""
    if seed.parsed is None:
        kind, form = chance.choice(list(hostile.FORMS.values()))
        return Mutant("a hostile form", seed.name, framed(seed, form, content_type=kind))
    make = chance.choice(list(hostile.BODIES.values()))
    body = make(seed.parsed if isinstance(seed.parsed, dict) else {})
    return Mutant("a hostile body", seed.name, framed(seed, body))


def _mislabelled(seed: Seed, chance: random.Random) -> Mutant:
    kind, body = chance.choice(list(hostile.MEDIA_TYPES.values()))
    body = chance.choice((body, seed.body))
    encoding = chance.choice((None, None, "gzip", "br", "identity, gzip"))
    wire = framed(seed, body, content_type=kind, content_encoding=encoding)
    return Mutant("another label", seed.name, wire)


def _huge(seed: Seed, chance: random.Random) -> Mutant:
    size = chance.randint(1_000_000, 10_000_000)
    body = chance.choice(
        (b'{"x": "' + b"x" * size + b'"}', b" " * size, b"9" * size, b"[" + b"1," * (size // 2))
    )
    return Mutant("of megabytes", seed.name, framed(seed, body))


def _chunked(seed: Seed, chance: random.Random) -> Mutant:
    """In chunks, as HTTP allows; or in chunks that end early, lie, or are none."""
    body, step = seed.body, chance.randint(1, 400)
    parts = [body[at : at + step] for at in range(0, len(body), step)]
    good = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    wrong = chance.choice(
        (
            good, good[:-5], good[: len(good) // 2], b"ffffffffffffffff1\r\n" + body, b"-1\r\n",
            b"zz\r\n" + body, b"5;" + b"a" * 30_000 + b"\r\nhello\r\n0\r\n\r\n",
            b"0\r\nX: y\r\n\r\n",
        )
    )  # fmt: skip
    wire = framed(seed, wrong, content_length=None, transfer_encoding="chunked")
    return Mutant("in chunks", seed.name, wire, whole=wrong is good)


def _misframed(seed: Seed, chance: random.Random) -> Mutant:
    """A length that lies, twice a length, a line that is none: HTTP gone wrong."""
    length = chance.choice(
        (str(len(seed.body) + 1_000), "-1", "0x10", "1e3", "", "+5", "9" * 30, "5, 6", "1 1")
    )
    wire = framed(seed, seed.body, content_length=length)
    odd = chance.choice(
        (
            wire, wire.replace(b"\r\n", b"\n", 3), wire.replace(b"host", b"ho\x00st", 1),
            wire.replace(b"host:", b"host :", 1), wire.replace(b" HTTP/1.1", b" HTTP/9.9", 1),
            wire.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n", 1),
            wire.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n folded: yes\r\n", 1), wire[:40],
            wire.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n" + b"A: b\r\n" * 3_000, 1),
        )
    )  # fmt: skip
    return Mutant("misframed", seed.name, odd, whole=False)


def _smuggling(seed: Seed, chance: random.Random) -> Mutant:
    """Two lengths that disagree, and a request hidden where only one of them sees it."""
    marker = f"smuggled-{chance.randrange(10**9)}".encode()
    hidden = b"GET /v1/" + marker + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    chunks = b"0\r\n\r\n" + hidden
    both = chance.choice(
        (
            (("content-length", str(len(chunks))), ("transfer-encoding", "chunked")),
            (("transfer-encoding", "chunked"), ("content-length", "4")),
            (("transfer-encoding", "chunked, identity"), ("content-length", str(len(chunks)))),
            (("transfer-encoding", "xchunked"), ("content-length", str(len(chunks)))),
            (("transfer-encoding", " chunked"), ("transfer-encoding", "x")),
            (("content-length", "0"), ("content-length", str(len(chunks)))),
            (("content-length", str(len(chunks))), ("content-length", "5")),
        )
    )
    wire = framed(seed, b"", content_length=None)[:-2]
    wire += "".join(f"{name}: {value}\r\n" for name, value in both).encode() + b"\r\n" + chunks
    return Mutant("smuggling", seed.name, wire, whole=False, marker=marker)


KINDS: list[tuple[float, Make]] = [
    (3, _bytes("cut off", _truncated)), (3, _bytes("flipped", _flipped)),
    (2, _bytes("spliced", _spliced)), (2, _bytes("deep", _deep)), (4, _swapped), (4, _hostile),
    (2, _mislabelled), (1, _chunked), (1, _misframed), (1, _smuggling),
]  # fmt: skip


def mutant(seed: Seed, chance: random.Random) -> Mutant:
    """Return the good request made bad in one way."""
    if chance.random() < HUGE:
        return _huge(seed, chance)
    [make] = chance.choices([make for _, make in KINDS], [weight for weight, _ in KINDS])
    return make(seed, chance)


async def send(port: int, sent: Mutant, *, patience: float) -> Answer:
    """Send a mutant on a connection of its own, and read until it is answered or hung up on.

    What was announced and does not come ends, after a moment, with our half of the
    connection. Raises ``TimeoutError`` where neither an answer nor an end comes.
    """
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = bytearray()
    speaking = asyncio.ensure_future(_speak(writer, sent.wire))
    listening = asyncio.ensure_future(_listen(reader, heard, to_the_end=not sent.whole))
    try:
        async with asyncio.timeout(patience):
            if not sent.whole:
                await asyncio.wait([listening], timeout=MOMENT)
                await asyncio.wait([speaking])
                with contextlib.suppress(OSError):
                    writer.write_eof()
            await listening
    finally:
        for task in (speaking, listening):
            task.cancel()
        await asyncio.gather(speaking, listening, return_exceptions=True)
        writer.transport.abort()
    status = int(heard[9:12]) if heard.startswith(b"HTTP/1.") else 0
    return Answer(status, time.perf_counter() - begun, bytes(heard))


async def _speak(writer: asyncio.StreamWriter, wire: bytes) -> None:
    # Whoever is refused early may find the other side gone while still talking.
    with contextlib.suppress(ConnectionError):
        writer.write(wire)
        await writer.drain()


async def _listen(reader: asyncio.StreamReader, heard: bytearray, *, to_the_end: bool) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(1 << 16):
            heard += chunk
            if not to_the_end and _is_complete(heard):
                return


def _is_complete(heard: bytearray) -> bool:
    head, blank, body = bytes(heard).partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
    return bool(blank) and len(body) >= (int(length[1]) if length else 0)
