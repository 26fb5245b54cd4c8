"""Requests that cannot be answered in time, and lines on which nobody answers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from backend.deadline import allow
from backend.lines import GRACE, Line, watch
from backend.web.deadline import timely
from tests.fakes.toxics import Blackhole, Proxy

SOON = 0.3
Work = Callable[[Any, Any], Awaitable[None]]


async def visit(work: Work, *pauses: float) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send a request in parts, with pauses before each, to ``work(receive, send)``."""
    said: list[dict[str, Any]] = []
    waits = list(pauses) or [0.0]

    async def receive() -> Any:
        if not waits:
            await asyncio.Event().wait()
        await asyncio.sleep(waits.pop(0))
        return {"type": "http.request", "body": b"x", "more_body": bool(waits)}

    async def send(message: Any) -> None:
        said.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await work(receive, send)

    scope: Any = {
        "type": "http", "method": "GET", "path": "/v1/me", "headers": [], "query_string": b"",
        "state": {"request_id": "r-1"},
    }  # fmt: skip
    await timely(app, SOON)(scope, receive, send)
    start = said[0]
    body = b"".join(part.get("body", b"") for part in said[1:])
    return start["status"], dict(start["headers"]), body


async def answered(send: Any, body: bytes = b"done") -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def test_what_takes_too_long_is_put_off() -> None:
    async def work(receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    status, headers, body = await visit(work)
    assert (status, headers[b"retry-after"], headers[b"x-request-id"]) == (503, b"2", b"r-1")
    problem = json.loads(body)
    assert (problem["code"], problem["retryable"], problem["requestId"]) == ("busy", True, "r-1")


async def test_a_slow_phone_has_time_to_send() -> None:
    async def work(receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        await answered(send)

    assert (await visit(work, SOON, SOON, SOON))[0] == 200


async def test_what_the_house_takes_between_two_parts_counts() -> None:
    async def work(receive: Any, send: Any) -> None:
        for _ in range(4):
            await receive()
            await asyncio.sleep(SOON * 0.6)
        await answered(send)

    assert (await visit(work, 0.0, 0.0, 0.0, 0.0))[0] == 503


async def test_an_answer_that_has_begun_is_not_cut_off() -> None:
    async def work(receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(SOON * 2)
        await send({"type": "http.response.body", "body": b"all of it"})

    assert (await visit(work))[::2] == (200, b"all of it")


async def test_work_that_is_known_to_be_long_is_waited_for() -> None:
    async def work(receive: Any, send: Any) -> None:
        allow(5)
        allow(0.01)
        await asyncio.sleep(SOON * 2)
        await answered(send)

    assert (await visit(work))[0] == 200


async def test_who_answers_while_being_called_off_is_heard() -> None:
    async def work(receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await answered(send, b"just so")

    assert (await visit(work))[::2] == (200, b"just so")


def test_outside_a_request_there_is_nothing_to_allow() -> None:
    allow(5)


@asynccontextmanager
async def swallowed(dsn: str, kind: type[Any]) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Open a line, call a statement off half-way, and let the network swallow the rest."""
    url = urlsplit(dsn)
    path = f"{parse_qs(url.query)['host'][0]}/.s.PGSQL.5432"
    async with Proxy(path) as proxy:
        line = await asyncpg.connect(
            host="127.0.0.1", port=proxy.port, user="postgres", database=url.path.lstrip("/"),
            connection_class=kind, command_timeout=20,
        )  # fmt: skip
        try:
            await proxy.poison(Blackhole())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await line.execute("SELECT pg_sleep(60)")
            yield line
        finally:
            line.terminate()


async def test_a_line_on_which_nobody_answers_is_given_up(dsn: str) -> None:
    async with swallowed(dsn, Line) as line:
        begun = asyncio.get_running_loop().time()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await line.execute("ROLLBACK")
        assert asyncio.get_running_loop().time() - begun < GRACE + 5
        assert line.is_closed()


async def test_control_the_librarys_own_line_waits_on(dsn: str) -> None:
    async with swallowed(dsn, asyncpg.Connection) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(GRACE + 2):
                await line.execute("ROLLBACK")


async def test_the_kernel_looks_after_lines_to_other_hosts(dsn: str) -> None:
    url = urlsplit(dsn)
    async with Proxy(f"{parse_qs(url.query)['host'][0]}/.s.PGSQL.5432") as proxy:
        line = await asyncpg.connect(
            host="127.0.0.1", port=proxy.port, user="postgres", database=url.path.lstrip("/")
        )
        await watch(line)
        held = line._transport.get_extra_info("socket")
        assert held.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
        await line.close()
    near = await asyncpg.connect(dsn)
    await watch(near)
    await near.close()


async def test_a_statement_called_off_on_a_good_line_leaves_it_as_good_as_before(dsn: str) -> None:
    line = await asyncpg.connect(dsn, connection_class=Line)
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await line.execute("SELECT pg_sleep(60)")
        assert await line.fetchval("SELECT 1") == 1
        await asyncio.sleep(GRACE + 0.2)
        assert await line.fetchval("SELECT 2") == 2
    finally:
        await line.close()
