"""The short way to a range says what the long way says, and takes nothing upon itself."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar.types import ASGIApp

from backend import clock
from backend.app import build
from backend.media import lane, links, permissions
from backend.media.downloads import Handout, handed_over, tag_of
from backend.media.models import Attachment, Variant
from backend.media.storage import PIECE, new_key
from backend.settings import Settings
from backend.web.guard import guard
from tests.media.conftest import Place
from tests.media.serving import film_at, link_to, make_film

SIZE = 2 * PIECE + 77
ELSEWHERE = 418
"""What is answered where the short way ends."""


async def long_way_only(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": ELSEWHERE, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def asking(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=guard(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield client


@pytest.fixture
async def film(place: Place, settings: Settings) -> Attachment:
    key = make_film(settings, "short.mp4", os.urandom(SIZE))
    return await film_at(place, settings, key, SIZE)


@pytest.fixture
async def short(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(lane.ranges(long_way_only, settings.secret_key)) as client:
        yield client


@pytest.fixture
async def long(settings: Settings, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(build(settings, dsn)) as client:
        yield client


async def test_both_ways_answer_alike(
    short: httpx.AsyncClient,
    long: httpx.AsyncClient,
    film: Attachment,
    place: Place,
    settings: Settings,
) -> None:
    link = link_to(film, place.fang.id, place.fangs_phone.id, settings)
    assert (await short.get(link)).status_code == ELSEWHERE, "nobody has looked at the link yet"
    assert (await long.get(link)).status_code == 200
    tag = tag_of(film.original_key)
    for method, headers in (
        ("GET", {"range": "bytes=0-99"}),
        ("GET", {"range": f"bytes=1-{PIECE}"}),
        ("GET", {"range": "bytes=-5"}),
        ("GET", {"range": f"bytes={SIZE - 9}-"}),
        ("GET", {"range": f"bytes={SIZE}-"}),
        ("GET", {"range": "bytes=3-9", "if-range": tag}),
        ("GET", {"range": "bytes=3-9", "if-none-match": tag}),
        ("GET", {"if-none-match": "*"}),
        ("HEAD", {}),
        ("HEAD", {"range": "bytes=0-9"}),
    ):
        one = await short.request(method, link, headers=headers)
        other = await long.request(method, link, headers=headers)
        assert one.status_code == other.status_code != ELSEWHERE, headers
        assert one.content == other.content, headers
        assert _said(one) == _said(other), headers


async def test_what_is_not_plain_goes_the_long_way(
    short: httpx.AsyncClient,
    long: httpx.AsyncClient,
    film: Attachment,
    place: Place,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = link_to(film, place.fang.id, place.fangs_phone.id, settings)
    path, token = link.split("?link=")
    assert (await long.get(link)).status_code == 200
    part = {"range": "bytes=0-9"}

    async def asked(address: str, method: str = "GET", **headers: str) -> int:
        return (await short.request(method, address, headers=part | headers)).status_code

    assert await asked(link) == 206
    poster = links.url_for(
        film.id, Variant.POSTER, place.fang.id, place.fangs_phone.id,
        key=settings.secret_key, now=clock.now(),
    )  # fmt: skip
    forged = f"{path}?link={'B' if token[0] == 'A' else 'A'}{token[1:]}"
    for other in (
        path, forged, f"{link}&x=1", f"{link}&link={token}", f"{path}?link=", poster,
        link.replace("/original", "/stream"),
        link_to(film, place.gao.id, place.gaos_phone.id, settings),
        path.upper() + f"?link={token}", f"{path}/stream/{token}/a.ts",
    ):  # fmt: skip
        assert await asked(other) == ELSEWHERE, other
    assert await asked(link, "POST") == ELSEWHERE
    assert await asked(link, authorization="Bearer x") == ELSEWHERE, "who says a name is asked"
    assert await asked(link, range="bytes=0-") == ELSEWHERE, "more than a piece"
    later = clock.now() + timedelta(seconds=permissions.REMEMBERED_SECONDS + 0.1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await asked(link) == ELSEWHERE, "a session may have ended meanwhile"


@pytest.mark.parametrize(
    "key",
    ["../out", "a/../out", "a/./b", "a//b", "/a", "a/", "a%2f..%2fout", "a?b", "a\n", "a b", "a\\b",
     "a..b", ".a", "", "a\r\nX-Accel-Redirect: /", "文"],
)  # fmt: skip
def test_a_proxy_is_told_only_names_that_mean_one_thing(key: str) -> None:
    file = Handout(key=key, media_type="video/mp4", disposition="inline")
    assert handed_over(file, "/_files/") is None
    ours = new_key("0" * 64, "video/mp4")
    for good in (ours, f"{ours.rpartition('.')[0]}/stream/a-1_b.m4s"):
        told = handed_over(msgspec.structs.replace(file, key=good), "/_files/")
        assert told is not None and told.headers["x-accel-redirect"] == f"/_files/{good}"
        assert handed_over(msgspec.structs.replace(file, key=good), None) is None


def _said(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
