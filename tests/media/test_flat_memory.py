"""A film of a gigabyte passes through in pieces, in and out, however many want it at once."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backend import clock
from backend.database import transaction
from backend.media.models import Attachment
from backend.people.models import Standing
from backend.people.operations import sessions
from backend.people.tokens import keys_for
from backend.settings import Settings
from tests.media.conftest import Place
from tests.media.parts import FILM_HEAD
from tests.media.serving import GREEDY, Server, film_at, house, link_to, make_film, serving

__all__ = ["house"]
MEBIBYTE = 1 << 20
FILM = 1 << 30
PLAYERS = 6
MOST_GROWTH = 96 * MEBIBYTE
"""What eight readers of a few pieces each and the allocator's own slack may take."""


@pytest.fixture
async def link(place: Place, settings: Settings) -> str:
    key = make_film(settings, "long.mp4", FILM)
    film = await film_at(place, settings, key, FILM)
    return link_to(film, place.fang.id, place.fangs_phone.id, settings)


@contextmanager
def peak(of: Server) -> Iterator[list[int]]:
    """Watch how far the server's memory grows; the last figure is the most, in bytes."""
    before, seen, over = of.resident(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            seen.append(max(seen[-1], of.resident() - before))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def read(of: Server, link: str, wanted: str | None = None) -> int:
    """Read an answer to its end, keeping nothing; returns how long it was."""
    connection = of.connect()
    connection.request("GET", link, headers={"Range": wanted} if wanted else {})
    answer = connection.getresponse()
    length = 0
    while piece := answer.read(MEBIBYTE):
        length += len(piece)
    connection.close()
    return length


def stalled(of: Server, link: str) -> http.client.HTTPConnection:
    """Ask for everything, and read only a little of it."""
    connection = of.connect()
    connection.request("GET", link)
    connection.getresponse().read(MEBIBYTE)
    return connection


async def test_a_gigabyte_read_whole_and_in_ranges_by_many_does_not_fill_the_server(
    link: str, house: Server
) -> None:
    await asyncio.to_thread(read, house, link, "bytes=0-9999999")
    wanted = [None, "bytes=0-", f"bytes=-{FILM // 2}", "bytes=1-700000000", "bytes=500000000-"]
    lengths = [FILM, FILM, FILM // 2, 700_000_000, FILM - 500_000_000]
    idle = [stalled(house, link) for _ in range(PLAYERS)]
    with peak(house) as grown:
        read_lengths = await asyncio.gather(
            *(asyncio.to_thread(read, house, link, one) for one in wanted)
        )
    for connection in idle:
        connection.close()
    assert read_lengths == lengths
    assert grown[-1] < MOST_GROWTH, f"{grown[-1] // MEBIBYTE} MiB"


async def test_a_server_that_reads_a_range_at_once_would_be_noticed(
    link: str, dsn: str, settings: Settings
) -> None:
    with serving(dsn, settings, *GREEDY) as greedy:
        await asyncio.to_thread(read, greedy, link, "bytes=0-9999999")
        with peak(greedy) as grown:
            await asyncio.to_thread(read, greedy, link, "bytes=0-299999999")
    assert grown[-1] > 2 * MOST_GROWTH


async def test_players_that_hang_up_in_the_middle_leave_nothing_running(
    link: str, house: Server
) -> None:
    with peak(house) as grown:
        for _ in range(40):
            stalled(house, link).close()
        # Whoever goes on reading for nobody would get through forty gigabytes.
        deadline = time.monotonic() + 60
        read_before = -1
        while (read_now := house.bytes_read()) != read_before:
            assert time.monotonic() < deadline
            read_before = read_now
            await asyncio.sleep(1)
    assert not [path for path in house.open_files() if path.endswith("long.mp4")]
    assert grown[-1] < MOST_GROWTH
    assert await asyncio.to_thread(read, house, link, "bytes=5-9") == 5


async def test_a_film_sent_in_parts_does_not_fill_the_server(
    place: Place, settings: Settings, house: Server
) -> None:
    token = await _sign_in(place, settings)
    size = 300 * MEBIBYTE
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send() -> dict[str, object]:
        connection = house.connect()

        def ask(method: str, path: str, body: bytes | None, kind: str) -> bytes:
            sent = headers | {"Content-Type": kind, "Idempotency-Key": "one-large-film"}
            connection.request(method, f"/v1/uploads{path}", body=body, headers=sent)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (200, 201, 204), said
            return said

        wish = f'{{"filename":"a.mp4","byteSize":{size},"schoolId":"{place.school.id}"}}'
        begun = json.loads(ask("POST", "", wish.encode(), "application/json"))
        raw, length = "application/octet-stream", begun["partBytes"]
        for number in range(1, begun["parts"] + 1):
            part = (FILM_HEAD if number == 1 else b"").ljust(length, b"\x00")
            ask("PUT", f"/{begun['id']}/parts/{number}", part, raw)
        told = ask("PUT", f"/{begun['id']}/completion", None, "application/json")
        connection.close()
        made: dict[str, object] = json.loads(told)
        return made

    with peak(house) as grown:
        made = await asyncio.to_thread(send)
    row = await Attachment.get(id=made["id"])
    path = settings.data_dir / "files" / row.original_key
    assert path.stat().st_size == row.byte_size == size
    path.unlink()
    assert grown[-1] < MOST_GROWTH, f"{grown[-1] // MEBIBYTE} MiB"


async def _sign_in(place: Place, settings: Settings) -> str:
    """Let Fang work at the school; returns the token of a session of hers."""
    await Standing.create(
        person=place.fang,
        role="subject_teacher",
        district_id=place.district.id,
        school_id=place.school.id,
    )
    device = sessions.Device(key="a-device-of-fangs", name="手机", platform="android")
    async with transaction():
        await sessions.lock_person(place.fang.id)
        signed = await sessions.open_session(
            place.fang.id, device, "code", keys=keys_for(settings.secret_key), now=clock.now()
        )
    return signed.access_token
