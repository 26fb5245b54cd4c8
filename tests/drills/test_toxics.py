"""The bad network does what it says, so that a drill that meets it has met it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fakes.toxics import (
    Bandwidth,
    Blackhole,
    Down,
    Latency,
    LimitData,
    Proxy,
    ResetPeer,
    Slicer,
    SlowClose,
    Way,
)

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that repeats what it hears."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Proxy(server.sockets[0].getsockname()[:2], seed=3) as standing:
        yield standing
    server.close()


@asynccontextmanager
async def line(proxy: Proxy) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(proxy: Proxy, text: bytes = b"hello") -> tuple[bytes, float]:
    """Say something over a new line; return what came back, and after how many seconds."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with line(proxy) as (reader, writer), asyncio.timeout(10):
        writer.write(text)
        writer.write_eof()
        heard = await reader.read(-1)
    return heard, loop.time() - begun


async def test_a_good_network_passes_everything_on(proxy: Proxy) -> None:
    text = bytes(range(256)) * 2_000
    assert (await said(proxy, text))[0] == text


async def test_latency_counts_each_way(proxy: Proxy) -> None:
    await proxy.poison(Latency(0.2))
    heard, seconds = await said(proxy)
    assert (heard, seconds >= 0.4) == (b"hello", True)


async def test_jitter_is_drawn_from_the_seed_and_keeps_the_order(proxy: Proxy) -> None:
    await proxy.poison(Latency(0.05, jitter=0.05), Way.UP)
    async with line(proxy) as (reader, writer):
        for number in range(10):
            writer.write(b"%d" % number)
            await asyncio.sleep(0.01)
        assert await reader.readexactly(10) == b"0123456789"


async def test_bandwidth_bounds_the_rate(proxy: Proxy) -> None:
    await proxy.poison(Bandwidth(20_000), Way.DOWN)
    heard, seconds = await said(proxy, b"x" * 10_000)
    assert len(heard) == 10_000
    assert seconds >= 0.45


async def test_a_slow_close_holds_the_end_back(proxy: Proxy) -> None:
    await proxy.poison(SlowClose(0.4), Way.DOWN)
    heard, seconds = await said(proxy)
    assert (heard, seconds >= 0.4) == (b"hello", True)


async def test_a_black_hole_swallows_until_it_is_cured(proxy: Proxy) -> None:
    await proxy.poison(Blackhole())
    async with line(proxy) as (reader, writer):
        writer.write(b"hello")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await reader.read(1)
        await proxy.cure()
        assert await reader.read(1) == b""
    assert (await said(proxy))[0] == b"hello"


async def test_a_black_hole_may_close_by_itself(proxy: Proxy) -> None:
    await proxy.poison(Blackhole(0.2))
    heard, seconds = await said(proxy)
    assert (heard, seconds >= 0.2) == (b"", True)


async def test_a_reset_is_a_reset(proxy: Proxy) -> None:
    await proxy.poison(ResetPeer(), Way.DOWN)
    with pytest.raises(ConnectionResetError):
        await said(proxy)


async def test_a_slicer_cuts_into_pieces(proxy: Proxy) -> None:
    await proxy.poison(Slicer(10, 5, 0.01), Way.DOWN)
    async with line(proxy) as (reader, writer):
        writer.write(b"x" * 100)
        pieces: list[bytes] = []
        while len(b"".join(pieces)) < 100:
            pieces.append(await reader.read(65_536))
    assert len(pieces) >= 5


async def test_a_limit_ends_the_line_when_it_is_reached(proxy: Proxy) -> None:
    await proxy.poison(LimitData(30), Way.DOWN)
    assert (await said(proxy, b"x" * 100))[0] == b"x" * 30


async def test_down_refuses_and_cuts_off(proxy: Proxy) -> None:
    async with line(proxy) as (reader, writer):
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        await proxy.poison(Down())
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    with pytest.raises(ConnectionRefusedError):
        await said(proxy)
    await proxy.cure()
    assert (await said(proxy))[0] == b"hello"


async def test_a_share_is_the_same_for_the_same_seed(proxy: Proxy) -> None:
    async def fates(other: Proxy) -> list[bytes]:
        await other.poison(Blackhole(0.0), Way.DOWN, share=0.5)
        return [(await said(other))[0] for _ in range(12)]

    async with Proxy(proxy.upstream, seed=3) as again:
        first, second = await fates(proxy), await fates(again)
    assert first == second
    assert set(first) == {b"", b"hello"}
