"""An nginx before the house sends what a link opens, and only that: both of them are real."""

import asyncio
import http.client
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from backend import clock
from backend.cli import app
from backend.media import links
from backend.media.models import Attachment, Variant
from backend.media.permissions import REMEMBERED_SECONDS
from backend.people.models import Session
from backend.settings import Settings
from backend.web import nginx
from tests.bench import sendfile
from tests.house import Visitor
from tests.media.conftest import Place
from tests.media.serving import REAL, Server, film_at, house, link_to, make_film, serving
from tests.media.test_ranges import SIZE, Answer, Asker, a_range

__all__ = ["house"]
PROGRAM = sendfile.nginx()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no nginx on this machine")
RANGES = 400
SEED = 20_261_124
SAME = (
    "content-type", "content-disposition", "content-length", "content-range",
    "cache-control", "content-security-policy", "cross-origin-resource-policy",
    "x-content-type-options",
)  # fmt: skip


class Front:
    """nginx at ``port``, before an API process that leaves files to it."""

    def __init__(self, port: int, api: Server) -> None:
        self.port, self.api = port, api


@contextmanager
def fronted(dsn: str, settings: Settings) -> Iterator[Front]:
    """Run both until the end of the block."""
    assert PROGRAM is not None
    with (
        serving(dsn, settings, *REAL, accel_prefix=sendfile.PREFIX) as api,
        sendfile.gateway(PROGRAM, api.port, settings.data_dir / "files", 1) as (port, _),
    ):
        yield Front(port, api)


@pytest.fixture(scope="module")
def front(dsn: str, settings: Settings) -> Iterator[Front]:
    with fronted(dsn, settings) as running:
        yield running


class Shown:
    """A film of random bytes, and the link Fang has to it."""

    def __init__(self, film: Attachment, link: str, data: bytes, place: Place) -> None:
        self.film, self.link, self.data, self.place = film, link, data, place


@pytest.fixture
async def shown(place: Place, settings: Settings) -> AsyncIterator[Shown]:
    data = random.Random(SEED).randbytes(SIZE)
    film = await film_at(place, settings, make_film(settings, "fronted.mp4", data), SIZE)
    yield Shown(film, link_to(film, place.fang.id, place.fangs_phone.id, settings), data, place)


async def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    def asked() -> Answer:
        asker = Asker(port, path)
        try:
            return asker.ask(method, **headers)
        finally:
            asker.close()

    return await asyncio.to_thread(asked)


async def test_ranges_are_those_the_house_sends_itself(
    front: Front, house: Server, shown: Shown
) -> None:
    dice = random.Random(SEED)

    def compare() -> tuple[int, int]:
        sent, itself = Asker(front.port, shown.link), Asker(house.port, shown.link)
        partial = outside = 0
        for _ in range(RANGES):
            wanted = a_range(dice)
            one, other = sent.ask(Range=wanted), itself.ask(Range=wanted)
            assert one.status == other.status, (wanted, SEED)
            if one.status == 416:
                outside += 1
                assert one.headers["content-range"] == other.headers["content-range"]
                continue
            partial += 1
            assert one.body == other.body, (wanted, SEED)
            for name in SAME:
                assert one.headers[name] == other.headers[name], (name, wanted, SEED)
        sent.close()
        itself.close()
        return partial, outside

    partial, outside = await asyncio.to_thread(compare)
    assert partial > RANGES * 0.7 and outside > 5


async def test_conditions_and_the_whole_file_are_answered_alike(
    front: Front, house: Server, shown: Shown
) -> None:
    for port in (front.port, house.port):
        tag = (await ask(port, shown.link)).headers["etag"]
        assert tag.startswith('"'), "only a strong one lets a player go on where it stopped"
        part = shown.data[5:11]
        for status, body, method, headers in (
            (200, shown.data, "GET", {}),
            (200, b"", "HEAD", {}),
            (200, shown.data, "GET", {"Range": "bytes=0-1,5-9"}),
            (206, part, "GET", {"Range": "bytes=5-10", "If_Range": tag}),
            (200, shown.data, "GET", {"Range": "bytes=5-10", "If_Range": '"another"'}),
            (304, b"", "GET", {"If_None_Match": tag}),
            (304, b"", "GET", {"If_None_Match": f'"x", {tag}'}),
            (304, b"", "HEAD", {"If_None_Match": tag}),
            (206, part, "GET", {"Range": "bytes=5-10", "If_None_Match": '"another"'}),
        ):
            answer = await ask(port, shown.link, method, **headers)
            assert (answer.status, answer.body) == (status, body), (method, headers)
            assert answer.headers["etag"] == tag
            assert "x-accel-redirect" not in answer.headers
            if method == "HEAD" and status == 200:
                assert answer.headers["content-length"] == str(SIZE)


async def test_a_stream_and_a_picture_come_the_same_way(
    front: Front, house: Server, shown: Shown, settings: Settings
) -> None:
    film, place = shown.film, shown.place
    for name, said in (("one.m3u8", b"#EXTM3U\n"), ("a-1.ts", os.urandom(70_000))):
        path = settings.data_dir / "files" / film.room / "stream" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(said)
    film.stream_key = f"{film.room}/stream"
    await film.save(update_fields=["stream_key"])
    for name in ("one.m3u8", "a-1.ts", "none.ts"):
        url = links.stream_url_for(
            film.id, name, place.fang.id, place.fangs_phone.id,
            key=settings.secret_key, now=clock.now(),
        )  # fmt: skip
        for _ in range(2):
            one, other = await ask(front.port, url), await ask(house.port, url)
            assert one.status == other.status
            if one.status == 200:
                assert one.body == other.body
                assert one.headers["content-type"] == other.headers["content-type"]
            else:
                assert name == "none.ts" and one.status == 404
                assert one.headers["content-type"] == "application/problem+json"


async def test_what_is_no_link_of_ours_opens_nothing(
    front: Front, shown: Shown, settings: Settings, teacher: Visitor
) -> None:
    film, place = shown.film, shown.place
    other = await film_at(place, settings, make_film(settings, "other.mp4", b"another"), 7)
    elsewhere = link_to(other, place.fang.id, place.fangs_phone.id, settings).split("?")[1]
    old = links.url_for(
        film.id, Variant.ORIGINAL, place.fang.id, place.fangs_phone.id,
        key=settings.secret_key, now=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    foreign = links.url_for(
        film.id, Variant.ORIGINAL, place.fang.id, place.fangs_phone.id,
        key="x" * 40, now=clock.now(),
    )  # fmt: skip
    stranger = link_to(film, place.gao.id, place.fangs_phone.id, settings)
    path, link = shown.link.split("?link=")
    forged = f"{path}?link={link[:-1]}{'A' if link[-1] != 'A' else 'B'}"
    assert (await ask(front.port, shown.link, Range="bytes=0-9")).status == 206
    for bad in (old, foreign, stranger, forged, path, f"{path}?{elsewhere}", f"{path}?link="):
        for _ in range(2):
            answer = await ask(front.port, bad, Range="bytes=0-9")
            assert (answer.status, shown.data[:10] in answer.body) == (404, False), bad
    # Somebody else's sign-in must not come with it, not even right after it was let in.
    somebody = teacher.headers["authorization"]
    assert (await ask(front.port, shown.link, Authorization=somebody)).status == 404


async def test_a_session_that_ends_takes_its_links_along_within_seconds(
    front: Front, shown: Shown
) -> None:
    assert (await ask(front.port, shown.link, Range="bytes=0-9")).status == 206
    await Session.filter(id=shown.place.fangs_phone.id).update(revoked_at=clock.now())
    ended = time.monotonic()
    while (await ask(front.port, shown.link, Range="bytes=0-9")).status == 206:
        assert time.monotonic() - ended < REMEMBERED_SECONDS + 2
        await asyncio.sleep(0.2)
    assert (await ask(front.port, shown.link, Range="bytes=0-9")).status == 404


def inside(settings: Settings, film: Attachment) -> list[str]:
    """Return addresses by which somebody might try to come past the house."""
    key, root = film.original_key, sendfile.PREFIX.rstrip("/")
    name = Path(key).name
    secret = settings.data_dir / "files" / ".." / "outside.txt"
    secret.write_text("outside")
    return [
        f"{root}/{key}", f"/{root}/{key}", f"{root}//{key}", f"/%5ffiles/{key}",
        f"/v1/..{root}/{key}", f"/v1/%2e%2e{root}/{key}", f"/v1/attachments/..%2f..{root}/{key}",
        f"/v1/attachments/../..{root}/{key}", f"{root}/zz/%2e%2e/{key}", f"{root}/{key}?link=x",
        f"{root}/../outside.txt", f"{root}/%2e%2e/outside.txt", f"{root}..{'/outside.txt'}",
        f"{root}/zz/..;/{name}", f"{root.upper()}/{key}", f"http://x{root}/{key}",
        f"{root}/{key}%00", f"{root}\\{key}",
    ]  # fmt: skip


def raw(port: int, target: str, *headers: str) -> tuple[int, bytes]:
    """Send a request target exactly as it is."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        said = "".join(f"{one}\r\n" for one in ("Host: x", "Connection: close", *headers))
        line.sendall(f"GET {target} HTTP/1.1\r\n{said}\r\n".encode("latin-1"))
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer.status, answer.read()


async def test_the_folder_is_reached_from_outside_by_no_name(
    front: Front, shown: Shown, settings: Settings
) -> None:
    for target in inside(settings, shown.film):
        for headers in ((), (f"X-Accel-Redirect: {sendfile.PREFIX}{shown.film.original_key}",)):
            status, body = await asyncio.to_thread(raw, front.port, target, *headers)
            assert status in (400, 404), target
            assert shown.data[:64] not in body and body != b"outside", target


async def test_a_key_that_is_no_name_of_ours_is_left_to_the_house(
    front: Front, place: Place, settings: Settings
) -> None:
    """A row that somebody tampered with must not lead nginx out of the folder."""
    (settings.data_dir / "outside.txt").write_text("outside")
    for key in ("../outside.txt", "zz/..%2f..%2foutside.txt", "zz/../../outside.txt", "zz/a?b"):
        film = await film_at(place, settings, key, 7)
        link = link_to(film, place.fang.id, place.fangs_phone.id, settings)
        for port in (front.port, front.api.port):
            answer = await ask(port, link)
            assert answer.status != 200 and b"outside" not in answer.body, key
            assert "x-accel-redirect" not in answer.headers


async def test_nothing_else_the_house_answers_points_nginx_at_a_file(front: Front) -> None:
    configuration = "\n".join(
        nginx.house(["127.0.0.1:1"], "/_files/", listen="1", tls=None, folder=Path("/f"))
    )
    before, links_only = configuration.split("location /v1/attachments/", 1)
    assert "proxy_ignore_headers X-Accel-Redirect" in before
    assert links_only.split("location /_files/")[1].split("}")[0].count("internal;") == 1


def test_the_command_writes_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*more: str) -> Result:
        return CliRunner().invoke(app, ["gateway", "--server", "api:8000", *more])

    assert "sendfile" not in told().output, "without the setting the house sends by itself"
    monkeypatch.setenv("TONGXING_ACCEL_PREFIX", "/_files/")
    said = told("--files", "/srv/files").output
    assert 'alias "/srv/files/";' in said and "server api:8000 " in said
    assert told("--files", '/srv/"; root /; #').exit_code == 2
    monkeypatch.setenv("TONGXING_STORAGE_BUCKET", "films")
    assert "sendfile" not in told().output, "what lies in a bucket is not on nginx's disk"
    for wrong in ("/", "_files", "/a b/", "/_files", "/../"):
        monkeypatch.setenv("TONGXING_ACCEL_PREFIX", wrong)
        assert told().exit_code == 2


async def test_an_open_folder_is_found_out(
    dsn: str, settings: Settings, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the story above rests on, taken away: the word that shuts the folder."""
    monkeypatch.setattr(nginx, "FILES", nginx.FILES.replace("internal;", ""))
    with fronted(dsn, settings) as open_front:
        target = f"{sendfile.PREFIX}{shown.film.original_key}"
        status, body = await asyncio.to_thread(raw, open_front.port, target)
    assert (status, body == shown.data) == (200, True)
