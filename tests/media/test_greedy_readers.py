"""Readers who ask for a byte at a time, all at once, or never take what they asked for."""

import asyncio
import http.client
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from backend.settings import Settings
from tests.media.conftest import Place
from tests.media.serving import Server, film_at, house, link_to, make_film
from tests.media.test_flat_memory import MEBIBYTE, peak

__all__ = ["house"]
FILM = 256 * MEBIBYTE
SLOW = 64
EACH = 4 * MEBIBYTE
"""What a reader who takes nothing may hold: what the server keeps ready, several pieces."""


@pytest.fixture
async def link(place: Place, settings: Settings) -> str:
    key = make_film(settings, "greedy.mp4", FILM)
    film = await film_at(place, settings, key, FILM)
    return link_to(film, place.fang.id, place.fangs_phone.id, settings)


def ask(connection: http.client.HTTPConnection, link: str, wanted: str) -> tuple[int, bytes]:
    connection.request("GET", link, headers={"Range": wanted})
    answer = connection.getresponse()
    return answer.status, answer.read()


async def test_thousands_of_tiny_ranges_leave_nothing_behind(link: str, house: Server) -> None:
    def tiny(first: int, count: int) -> set[tuple[int, int]]:
        connection = house.connect()
        found = set()
        for number in range(count):
            at = first + number * 65_537 % (FILM - 1)
            status, body = ask(connection, link, f"bytes={at % FILM}-{at % FILM}")
            found.add((status, len(body)))
        connection.close()
        return found

    assert await asyncio.to_thread(tiny, 0, 200) == {(206, 1)}
    with peak(house) as grown:
        for answers in await asyncio.gather(
            *(asyncio.to_thread(tiny, seed, 500) for seed in range(6))
        ):
            assert answers == {(206, 1)}
    assert grown[-1] < 48 * MEBIBYTE, f"{grown[-1] // MEBIBYTE} MiB"
    assert not [path for path in house.open_files() if path.endswith("greedy.mp4")]


async def test_a_thousand_ranges_in_one_request_are_no_more_than_the_file(
    link: str, house: Server
) -> None:
    """Several ranges are answered with the whole file: nobody makes it many times longer."""
    path = urlsplit(link)
    wanted = "bytes=" + ",".join("0-" for _ in range(1_000))

    def head() -> tuple[int, int]:
        connection = house.connect()
        connection.request("GET", f"{path.path}?{path.query}", headers={"Range": wanted})
        answer = connection.getresponse()
        connection.close()
        return answer.status, int(answer.headers["content-length"])

    status, length = await asyncio.to_thread(head)
    assert status in (200, 400, 431)
    assert length <= FILM


async def test_readers_who_take_nothing_hold_little_and_stop_nobody(
    link: str, house: Server
) -> None:
    def slow() -> socket.socket:
        taken = socket.create_connection(("127.0.0.1", house.port))
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        taken.sendall(f"GET {link} HTTP/1.1\r\nHost: house\r\n\r\n".encode())
        return taken

    connection = house.connect()
    await asyncio.to_thread(ask, connection, link, "bytes=0-0")
    with ExitStack() as stack, peak(house) as grown:
        for _ in range(SLOW):
            stack.callback(slow().close)
        # Until the server has sent what the sockets take, and waits.
        before = -1
        deadline = time.monotonic() + 60
        while (now := house.bytes_read()) != before:
            assert time.monotonic() < deadline
            before = now
            await asyncio.sleep(1)
        status, body = await asyncio.to_thread(ask, connection, link, "bytes=5-9")
        assert (status, len(body)) == (206, 5)
    connection.close()
    assert grown[-1] < SLOW * EACH, f"{grown[-1] // MEBIBYTE} MiB"
