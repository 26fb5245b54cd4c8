"""What every other test relies on: an empty database before, and no way out to the internet."""

import asyncio
import socket

import pytest

from backend.database import execute, fetch
from backend.schools.models import District


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_row_does_not_outlive_its_test(db: None, turn: str) -> None:
    assert await District.all().count() == 0
    await District.create(code="350213", name=turn)
    assert await District.all().count() == 1


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_large_table_is_emptied_too(db: None, turn: str) -> None:
    assert await fetch("select 1 from districts") == []
    await execute(
        "insert into districts (id, code, name, timezone) "
        "select uuidv7(), n::text, repeat('x', 60), 'UTC' from generate_series(1, 20000) n"
    )


async def test_the_internet_is_out_of_reach() -> None:
    with pytest.raises(RuntimeError, match="stay on this machine"):
        socket.create_connection(("203.0.113.7", 80), timeout=1)
    with pytest.raises(RuntimeError, match="stay on this machine"):
        await asyncio.open_connection("example.org", 443)


async def test_loopback_is_within_reach() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "localhost", 0)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("localhost", port)
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
