"""A bad network on loopback: a TCP proxy with toxiproxy's eight faults.

    async with Proxy(("127.0.0.1", 8000), seed=7) as proxy:
        await proxy.poison(Latency(0.3, jitter=0.2), Way.DOWN)
        ...
        await proxy.cure()

A fault may be put on and taken off while connections are open. What it draws, it draws for
each connection and direction from the seed, so the same connections meet the same faults.
"""

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_PIECE = 64 * 1024
_RESET = struct.pack("ii", 1, 0)

Address = tuple[str, int] | str
"""A host and port, or the path of a socket."""


class Way(StrEnum):
    """``UP`` is from the client to the server, ``DOWN`` what it answers."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Latency:
    """Everything arrives ``seconds`` later, more or less by up to ``jitter``."""

    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """At most ``rate`` bytes pass in a second."""

    rate: int


@dataclass(frozen=True, slots=True)
class SlowClose:
    """The end of a connection is passed on ``seconds`` late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Nothing arrives; the connection is closed after ``after`` seconds, or when cured."""

    after: float | None = None


@dataclass(frozen=True, slots=True)
class ResetPeer:
    """Both ends meet a reset ``after`` seconds after the first byte."""

    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Slicer:
    """Data come in pieces of about ``size`` bytes, ``seconds`` apart."""

    size: int
    variation: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitData:
    """The connection is closed once ``bytes`` have passed since the fault was put on."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Down:
    """Nobody listens, and whoever was connected is cut off."""


Toxic = Latency | Bandwidth | SlowClose | Blackhole | ResetPeer | Slicer | LimitData | Down


class Cut(Exception):
    """The connection ends here: reset when ``hard``, closed otherwise."""

    def __init__(self, *, hard: bool = False) -> None:
        super().__init__()
        self.hard = hard


class Proxy:
    """Listens on a port of its own and passes on to ``upstream``."""

    def __init__(self, upstream: Address, *, seed: object = 0) -> None:
        self.upstream, self.seed = upstream, seed
        self.port = 0
        self.links = 0
        """Connections taken so far."""
        self.toxics: tuple[tuple[Toxic, Way, float], ...] = ()
        self.cured = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._shut()

    async def poison(self, toxic: Toxic, way: Way | None = None, *, share: float = 1.0) -> None:
        """Put a fault on one way, or on both, of a ``share`` of the connections."""
        if isinstance(toxic, Down):
            await self._shut()
        ways = list(Way) if way is None else [way]
        self.toxics += tuple((toxic, one, share) for one in ways)

    async def cure(self) -> None:
        """Take all faults off. A connection that was in a blackhole is closed."""
        self.toxics = ()
        self.cured.set()
        self.cured = asyncio.Event()
        if self._server is None:
            await self._listen()

    def of(self, link: "_Link") -> Iterator[Toxic]:
        """Return the faults that one way of a connection has at this moment."""
        for toxic, way, share in self.toxics:
            if way == link.way and link.lot < share:
                yield toxic

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.links += 1
        ends, hard = [writer], False
        try:
            there = self.upstream
            if isinstance(there, str):
                far_reader, far_writer = await asyncio.open_unix_connection(there)
            else:
                far_reader, far_writer = await asyncio.open_connection(*there)
            ends.append(far_writer)
            number, lot = self.links, random.Random(f"{self.seed}:{self.links}").random()
            async with asyncio.TaskGroup() as group:
                for way, source, target in (
                    (Way.UP, reader, far_writer),
                    (Way.DOWN, far_reader, writer),
                ):
                    link = _Link(self, way, number, lot, source, target)
                    group.create_task(link.read())
                    group.create_task(link.write())
        except* Cut as cuts:
            hard = any(isinstance(cut, Cut) and cut.hard for cut in cuts.exceptions)
        except* OSError:
            hard = True
        except* asyncio.CancelledError:
            # The proxy goes down; who was connected sees a reset.
            hard = True
        finally:
            self._open.discard(task)
            for end in ends:
                _close(end, hard=hard)


class _Link:
    """One way of one connection."""

    def __init__(
        self, proxy: Proxy, way: Way, number: int, lot: float,
        source: asyncio.StreamReader, target: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        self.proxy, self.way, self.lot = proxy, way, lot
        self.source, self.target = source, target
        self.dice = random.Random(f"{proxy.seed}:{number}:{way}")
        self.waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        self.passed: dict[LimitData, int] = {}
        self.first_byte: dict[ResetPeer, float] = {}
        self.free_at = 0.0

    async def read(self) -> None:
        """Take in what comes; an empty piece is the end."""
        while True:
            piece = await self.source.read(_PIECE)
            await self.waiting.put((asyncio.get_running_loop().time(), piece))
            if not piece:
                return

    async def write(self) -> None:
        """Pass on, as the faults of the moment allow."""
        while True:
            came, piece = await self.waiting.get()
            if not piece:
                for toxic in self.proxy.of(self):
                    if isinstance(toxic, SlowClose):
                        await asyncio.sleep(toxic.seconds)
                    if isinstance(toxic, Blackhole):
                        await self._vanish(toxic)
                if self.target.can_write_eof():
                    with suppress(OSError):
                        self.target.write_eof()
                return
            await self._pass_on(came, piece)

    async def _pass_on(self, came: float, piece: bytes) -> None:
        loop = asyncio.get_running_loop()
        pieces, pause, rate, wait = [piece], 0.0, 0, 0.0
        for toxic in list(self.proxy.of(self)):
            match toxic:
                case Latency(seconds, jitter):
                    wait += max(0.0, seconds + jitter * self.dice.uniform(-1, 1))
                case Bandwidth(rate):
                    pieces = list(self._cut(piece, max(rate // 20, 1), 0))
                case Slicer(size, variation, pause):
                    pieces = list(self._cut(piece, size, variation))
                case Blackhole():
                    await self._vanish(toxic)
                case ResetPeer(after):
                    begun = self.first_byte.setdefault(toxic, loop.time())
                    await asyncio.sleep(begun + after - loop.time())
                    raise Cut(hard=True)
                case LimitData(limit):
                    left = limit - self.passed.get(toxic, 0)
                    self.passed[toxic] = limit - max(left - len(piece), 0)
                    if left <= len(piece):
                        self.target.write(piece[: max(left, 0)])
                        raise Cut
        # Later by that much than it came, but never before what came earlier.
        self.free_at = max(self.free_at, came + wait)
        await asyncio.sleep(self.free_at - loop.time())
        for one in pieces:
            self.target.write(one)
            await self.target.drain()
            if pause or rate:
                await asyncio.sleep(max(pause, len(one) / rate if rate else 0.0))

    async def _vanish(self, toxic: Blackhole) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(toxic.after):
                await self.proxy.cured.wait()
        raise Cut

    def _cut(self, piece: bytes, size: int, variation: int) -> Iterator[bytes]:
        while piece:
            length = max(1, size + self.dice.randint(-variation, variation))
            yield piece[:length]
            piece = piece[length:]


def _close(end: asyncio.StreamWriter, *, hard: bool) -> None:
    if hard:
        held = end.get_extra_info("socket")
        if held is not None and held.family != socket.AF_UNIX:
            with suppress(OSError):
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.transport.abort()
    else:
        end.close()
