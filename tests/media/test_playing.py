"""Links to what is watched: long enough for a film, never longer than their session."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from backend import clock
from backend.database import execute
from backend.media import links, permissions
from backend.media.models import Attachment, Readiness, Variant
from backend.media.schemas import AttachmentOut
from backend.media.storage import open_files
from backend.settings import Settings
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.house import SignIn, Visitor
from tests.media.phones import COLLEAGUE, fetch_link, photo

FILM, POSTER = b"0123456789" * 50_000, b"\xff\xd8\xff a poster"
Shown = Callable[[], Awaitable[AttachmentOut]]


@pytest.fixture
async def film(cast: Cast, teacher: Visitor, settings: Settings) -> AsyncIterator[Attachment]:
    """A film that is ready, with its poster and its stream."""
    school = cast.schools["海湾"]
    assert teacher.person_id is not None
    files = open_files(settings)
    objects = {
        "ff/film/1/film.mp4": FILM,
        "ff/film/1/poster.jpg": POSTER,
        "ff/film/hls-1/master.m3u8": b"#EXTM3U\n480p.m3u8\n",
        "ff/film/hls-1/480p-001.ts": b"G" * 188,
    }
    for key, data in objects.items():
        await files.delete(key)
        await files.put(key, data)
    yield await Attachment.create(
        district_id=school.district_id,
        school_id=school.id,
        uploader_id=teacher.person_id,
        kind="video",
        filename="第一讲.mp4",
        media_type="video/mp4",
        byte_size=len(FILM),
        duration_ms=60_000,
        width=640,
        height=360,
        sha256="",
        original_key="ff/film/1/film.mp4",
        poster_key="ff/film/1/poster.jpg",
        stream_key="ff/film/hls-1",
        prepared_percent=100,
        created_at=clock.now(),
        stored_at=clock.now(),
    )
    permissions._opened.clear()


@pytest.fixture
def shown(film: Attachment, teacher: Visitor, settings: Settings) -> Shown:
    """How the teacher's phone sees the film."""

    async def show() -> AttachmentOut:
        row = await Attachment.get(id=film.id)
        assert teacher.person_id is not None
        assert teacher.session_id is not None
        return AttachmentOut.of(
            row, person_id=teacher.person_id, session_id=teacher.session_id,
            key=settings.secret_key, now=clock.now(),
        )  # fmt: skip

    return show


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_a_film_its_poster_and_its_stream_come_by_their_links(
    shown: Shown, anyone: Visitor
) -> None:
    told = await shown()
    assert told.url and told.poster_url and told.stream_url
    whole = await fetch_link(anyone, told.url)
    assert (whole.content, whole.headers["content-type"]) == (FILM, "video/mp4")
    assert whole.headers["content-disposition"].startswith('inline; filename="original.mp4"')
    assert "media-src" in whole.headers["content-security-policy"]
    part = await fetch_link(anyone, told.url, Range="bytes=100-109")
    assert (part.status_code, part.content) == (206, b"0123456789")
    poster = await fetch_link(anyone, told.poster_url)
    assert (poster.content, poster.headers["content-type"]) == (POSTER, "image/jpeg")
    assert 'filename="poster.jpg"' in poster.headers["content-disposition"]
    master = await fetch_link(anyone, told.stream_url)
    assert master.headers["content-type"] == "application/vnd.apple.mpegurl"
    segment = await fetch_link(anyone, told.stream_url.replace("master.m3u8", "480p-001.ts"))
    assert (segment.content, segment.headers["content-type"]) == (b"G" * 188, "video/mp2t")
    tags = {answer.headers["etag"] for answer in (whole, poster, master, segment)}
    assert len(tags) == 4


async def test_only_files_of_the_stream_come_by_its_link(
    shown: Shown, film: Attachment, anyone: Visitor
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    place = told.stream_url.rpartition("/")[0]
    token = place.rpartition("/")[2]
    for wrong in (
        f"{place}/nothing.m3u8",
        f"{place}/../1/film.mp4",
        f"{place}/..%2F1%2Ffilm.mp4",
        f"{place}/%2e%2e",
        f"{place}/.m3u8",
        f"{place}/a.m3u8%00.ts",
        f"{place}/film.exe",
        f"{place}/{'a' * 300}.ts",
        told.stream_url.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B")),
        told.stream_url.replace(token, told.url.partition("?link=")[2]),
        told.url.replace(told.url.partition("?link=")[2], token),
    ):
        assert (await fetch_link(anyone, wrong)).status_code in (400, 404), wrong


async def test_a_link_outlives_a_long_pause_but_not_the_night(
    shown: Shown, anyone: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    begun = clock.now()
    for hours, works in ((3.9, True), (8.1, False)):
        later = begun + timedelta(hours=hours)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        await execute("UPDATE sessions SET expires_at = $1", later + timedelta(days=1))
        for url in (told.url, told.stream_url):
            assert (await fetch_link(anyone, url)).is_success is works


async def test_a_range_of_a_film_just_asked_for_costs_no_question_to_the_database(
    shown: Shown, anyone: Visitor, teacher: Visitor, sent: Statements
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    for phone, url, first in (
        (anyone, told.url, 2),
        (teacher, told.url, 3),
        (anyone, told.stream_url, 2),
    ):
        counts = []
        for start in range(4):
            sent.clear()
            answer = await fetch_link(phone, url, Range=f"bytes={start}-9")
            assert answer.status_code == 206
            counts.append(await sent.count())
        assert counts == [first, 0, 0, 0]


async def test_a_picture_is_asked_about_every_time(
    teacher: Visitor, school: str, anyone: Visitor, sent: Statements
) -> None:
    url = (await photo(teacher, school))["url"]
    for _ in range(3):
        sent.clear()
        assert (await fetch_link(anyone, url)).is_success
        assert await sent.count() == 2


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE sessions SET revoked_at = now() WHERE id = $1",
        "UPDATE sessions SET expires_at = now() WHERE id = $1",
        "UPDATE persons SET closed_at = now() WHERE id = (SELECT person_id FROM sessions "
        "WHERE id = $1)",
        "DELETE FROM attachments WHERE kind = 'video' AND $1::uuid IS NOT NULL",
    ],
)
async def test_seconds_after_its_session_a_link_is_dead(
    shown: Shown,
    teacher: Visitor,
    anyone: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    for url in (told.url, told.stream_url):
        assert (await fetch_link(anyone, url)).is_success
    await execute(ending, teacher.session_id)
    later = clock.now() + timedelta(seconds=permissions.REMEMBERED_SECONDS)
    monkeypatch.setattr(clock, "now", lambda: later)
    for url in (told.url, told.stream_url):
        assert (await fetch_link(anyone, url)).status_code == 404


async def test_a_link_passed_on_does_not_work_with_another_sign_in_however_warm(
    shown: Shown, anyone: Visitor, teacher: Visitor, as_: SignIn
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    colleague = await as_(COLLEAGUE)
    for url in (told.url, told.stream_url):
        for _ in range(2):
            assert (await fetch_link(anyone, url)).is_success
            assert (await fetch_link(teacher, url)).is_success
            assert (await fetch_link(colleague, url)).status_code == 404


async def test_what_is_not_ready_is_not_handed_out(
    shown: Shown, film: Attachment, anyone: Visitor, teacher: Visitor, settings: Settings
) -> None:
    for state in (Readiness.PREPARING, Readiness.FAILED):
        await Attachment.filter(id=film.id).update(
            state=state, prepare_error="video_unreadable", prepared_percent=40
        )
        permissions._opened.clear()
        told = await shown()
        assert (told.state, told.prepared_percent) == (state, 40)
        assert told.failure == ("video_unreadable" if state == Readiness.FAILED else None)
        assert told.url is told.poster_url is told.thumbnail_url is told.stream_url is None
        for url in signed(film.id, teacher, settings):
            assert (await fetch_link(anyone, url)).status_code == 404
    await Attachment.filter(id=film.id).update(state=Readiness.READY, stream_key=None)
    told = await shown()
    assert told.stream_url is None
    *_, stream = signed(film.id, teacher, settings)
    assert (await fetch_link(anyone, stream)).status_code == 404


def signed(film_id: UUID, teacher: Visitor, settings: Settings) -> list[str]:
    """Return links nobody should have been given yet; the last one is to the stream."""
    assert teacher.person_id is not None
    assert teacher.session_id is not None
    to = (teacher.person_id, teacher.session_id)
    now, key = clock.now(), settings.secret_key
    return [
        links.url_for(film_id, Variant.ORIGINAL, *to, key=key, now=now),
        links.url_for(film_id, Variant.POSTER, *to, key=key, now=now),
        links.stream_url_for(film_id, "master.m3u8", *to, key=key, now=now),
    ]


async def test_a_player_that_knows_the_film_is_not_sent_it_again(
    shown: Shown, anyone: Visitor
) -> None:
    told = await shown()
    assert told.stream_url

    async def ask(**headers: str) -> httpx.Response:
        return await fetch_link(anyone, told.stream_url or "", **headers)

    tag = (await ask()).headers["etag"]
    assert (await ask(**{"If-None-Match": tag})).status_code == 304
    assert (await ask(Range="bytes=0-3")).content == b"#EXT"
    assert (await anyone.head(f"http://house{told.stream_url}")).content == b""


async def test_what_is_remembered_does_not_grow_without_end(
    shown: Shown, anyone: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await shown()
    assert told.url and told.stream_url
    monkeypatch.setattr(permissions, "_MOST_REMEMBERED", 1)
    for url in (told.url, told.stream_url, told.url):
        assert (await fetch_link(anyone, url)).is_success
        assert len(permissions._opened) == 1
