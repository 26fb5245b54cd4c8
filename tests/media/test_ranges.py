"""Ranges over a real socket, byte for byte as another implementation of RFC 9110 sends them."""

import asyncio
import hashlib
import http.client
import os
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request

from backend.media.downloads import tag_of
from backend.media.storage import PIECE
from backend.settings import Settings
from tests.media.conftest import Place
from tests.media.serving import Server, film_at, house, link_to, make_film

__all__ = ["house"]
SIZE = 5 * PIECE + 12_345
HEADERS = ("content-range", "content-length", "accept-ranges", "content-type")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Asker:
    """One connection that is kept open, as a player's is."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, self._path, headers=sent)
        answer = self._connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, answer.read())

    def close(self) -> None:
        self._connection.close()


@contextmanager
def reference(path: Path) -> Iterator[int]:
    """Serve the same file by werkzeug; gives its port."""

    @Request.application
    def app(request: Request) -> Any:
        try:
            return send_file(path, request.environ, mimetype="video/mp4", conditional=True)
        except HTTPException as refusal:
            return refusal.get_response(request.environ)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.log = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Pair:
    """Ours and the reference, on the same file."""

    ours: Asker
    other: Asker
    data: bytes
    tag: str


@pytest.fixture
async def pair(place: Place, settings: Settings, house: Server) -> AsyncIterator[Pair]:
    data = os.urandom(SIZE)
    key = make_film(settings, "ranges.mp4", data)
    film = await film_at(place, settings, key, SIZE)
    link = link_to(film, place.fang.id, place.fangs_phone.id, settings)
    with reference(settings.data_dir / "files" / key) as port:
        ours, other = Asker(house.port, link), Asker(port, "/")
        yield Pair(ours, other, data, tag_of(key))
        ours.close()
        other.close()


def a_range(dice: random.Random) -> str:
    """Return a range a player may ask for; some lie outside the file."""
    first = dice.choice([dice.randrange(SIZE), dice.randrange(SIZE), PIECE, SIZE - 1, SIZE, 0])
    length = dice.choice([1, 2, 4096, 65_536, PIECE - 1, PIECE, PIECE + 1, dice.randrange(1, SIZE)])
    match dice.randrange(6):
        case 0:
            return f"bytes={first}-"
        case 1:
            return f"bytes=-{length}"
        case 2:
            return f"bytes={first}-{first + 10**9}"
        case _:
            return f"bytes={first}-{first + length - 1}"


async def test_a_thousand_ranges_are_the_references_to_the_byte(pair: Pair) -> None:
    dice = random.Random(20_261_123)

    def compare() -> tuple[int, int]:
        partial = refused = 0
        for _ in range(1_000):
            wanted = a_range(dice)
            ours, other = pair.ours.ask(Range=wanted), pair.other.ask(Range=wanted)
            assert ours.status == other.status, wanted
            if ours.status == 416:
                refused += 1
                assert ours.headers["content-range"] == f"bytes */{SIZE}"
                continue
            partial += 1
            assert ours.status == 206
            assert hashlib.sha256(ours.body).digest() == hashlib.sha256(other.body).digest(), wanted
            assert {name: ours.headers[name] for name in HEADERS} == {
                name: other.headers[name] for name in HEADERS
            }, wanted
        return partial, refused

    partial, refused = await asyncio.to_thread(compare)
    assert partial > 800
    assert refused > 20


async def test_what_is_not_one_range_brings_the_whole_file(pair: Pair) -> None:
    whole = hashlib.sha256(pair.data).digest()

    def ask() -> None:
        for wanted in (
            None, "bytes=0-1,4-5", "bytes=9-3", "bytes=-", "bytes=a-b", "bytes 0-1", "lines=0-1",
            "bytes=0x1-0x2", "bytes=1-2-3", "bytes=" + "9" * 100 + "-", "",
        ):  # fmt: skip
            headers = {} if wanted is None else {"Range": wanted}
            answer = pair.ours.ask(**headers)
            assert answer.status == 200, wanted
            assert "content-range" not in answer.headers
            assert answer.headers["content-length"] == str(SIZE)
            assert hashlib.sha256(answer.body).digest() == whole, wanted

    await asyncio.to_thread(ask)


async def test_conditions_come_before_ranges(pair: Pair) -> None:
    tag = pair.tag
    date = "Mon, 23 Nov 2026 08:00:00 GMT"
    cases: list[tuple[str, dict[str, str], int, bytes]] = [
        ("GET", {"Range": "bytes=0-9", "If_Range": tag}, 206, pair.data[:10]),
        ("GET", {"Range": "BYTES=0-9"}, 206, pair.data[:10]),
        ("GET", {"Range": "bytes=0-9", "If_Range": f"W/{tag}"}, 200, pair.data),
        ("GET", {"Range": "bytes=0-9", "If_Range": '"another"'}, 200, pair.data),
        ("GET", {"Range": "bytes=0-9", "If_Range": date}, 200, pair.data),
        ("GET", {"Range": f"bytes={SIZE}-", "If_Range": '"another"'}, 200, pair.data),
        ("GET", {"Range": f"bytes={SIZE}-"}, 416, b""),
        ("GET", {"Range": "bytes=-0"}, 416, b""),
        ("GET", {"Range": "bytes=0-9", "If_None_Match": tag}, 304, b""),
        ("GET", {"Range": "bytes=0-9", "If_None_Match": f'W/{tag}, "x"'}, 304, b""),
        ("GET", {"Range": "bytes=0-9", "If_None_Match": '"another"'}, 206, pair.data[:10]),
        ("HEAD", {}, 200, b""),
        ("HEAD", {"Range": "bytes=0-9"}, 200, b""),
        ("HEAD", {"If_None_Match": "*"}, 304, b""),
    ]

    def ask() -> None:
        for method, headers, status, body in cases:
            answer = pair.ours.ask(method, **headers)
            assert (answer.status, answer.body == body) == (status, True), (method, headers)
            assert answer.headers["etag"] == tag
            if method == "HEAD" and status == 200:
                assert answer.headers["content-length"] == str(SIZE)
                assert answer.headers["accept-ranges"] == "bytes"

    await asyncio.to_thread(ask)


async def test_many_players_at_once_each_get_their_own_bytes(pair: Pair) -> None:
    def watch(seed: int) -> None:
        dice = random.Random(seed)
        player = Asker(pair.ours._port, pair.ours._path)
        for _ in range(12):
            start = dice.randrange(SIZE)
            answer = player.ask(Range=f"bytes={start}-{start + 3 * PIECE}")
            assert answer.body == pair.data[start : start + 3 * PIECE + 1]
        player.close()

    await asyncio.gather(*(asyncio.to_thread(watch, seed) for seed in range(8)))
