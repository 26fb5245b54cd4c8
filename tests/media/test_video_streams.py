"""A film from a teacher's phone to a parent's player, through the whole application."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.media import jobs
from backend.media.storage import Files, open_files
from backend.settings import Settings
from tests.house import SignIn, Visitor
from tests.media.cinema import opened
from tests.media.films import film
from tests.media.phones import COLLEAGUE, fetch_link

URI = re.compile(r'URI="([^"]+)"')


@pytest.fixture
def house_files(settings: Settings) -> Files:
    return open_files(settings)


async def handed_in(teacher: Visitor, school: str, path: Path) -> str:
    """Send the film in parts; returns the path of its completion."""
    data = await asyncio.to_thread(path.read_bytes)
    begun = (
        await teacher.post(
            "/uploads",
            json={
                "filename": "家长课堂第一讲.mov",
                "byteSize": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "schoolId": school,
            },
        )
    ).json()
    size = begun["partBytes"]
    for number in range(begun["parts"]):
        part = data[number * size : (number + 1) * size]
        sent = await teacher.put(
            f"/uploads/{begun['id']}/parts/{number + 1}",
            content=part,
            headers={"Content-Type": "application/octet-stream"},
        )
        assert sent.status_code == 204, sent.text
    return f"/uploads/{begun['id']}/completion"


async def shown(teacher: Visitor, completion: str) -> dict[str, Any]:
    answer = await teacher.put(completion)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def lines(playlist: str) -> list[str]:
    """Return the files a playlist names beside itself."""
    named = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    return [*URI.findall(playlist), *named]


async def got(client: httpx.AsyncClient, url: str) -> httpx.Response:
    answer = await fetch_link(client, url)
    assert answer.status_code == 200, url
    return answer


async def test_from_the_upload_to_every_segment(
    teacher: Visitor, school: str, anyone: Visitor, house_files: Files, tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mov", seconds=20, size=(1280, 720), fps=10, gop=20, turned=90)
    completion = await handed_in(teacher, school, path)
    waiting = await shown(teacher, completion)
    assert (waiting["state"], waiting["kind"], waiting["url"]) == ("preparing", "video", None)
    assert (waiting["streamUrl"], waiting["durationMs"]) == (None, None)

    assert await jobs.prepare(house_files) == 2
    film_out = await shown(teacher, completion)
    assert (film_out["state"], film_out["preparedPercent"]) == ("ready", 100)
    assert (film_out["width"], film_out["height"]) == (720, 1280)
    assert film_out["durationMs"] == pytest.approx(20_000, abs=80)
    assert film_out["filename"] == "家长课堂第一讲.mp4"
    for name, kind in (
        ("url", "video/mp4"),
        ("posterUrl", "image/jpeg"),
        ("thumbnailUrl", "image/jpeg"),
    ):
        assert (await got(anyone, film_out[name])).headers["content-type"] == kind

    master = await got(anyone, film_out["streamUrl"])
    assert master.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert "RESOLUTION=480x854" in master.text
    assert "RESOLUTION=720x1280" in master.text
    place = film_out["streamUrl"].rpartition("/")[0]
    playlists = lines(master.text)
    assert sorted(playlists) == ["480p.m3u8", "720p.m3u8", "sound.m3u8"]
    for name in playlists:
        playlist = (await got(anyone, f"{place}/{name}")).text
        assert "#EXT-X-ENDLIST" in playlist
        lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+)", playlist)]
        assert len(lengths) == 4
        assert max(lengths) <= 6.5
        assert sum(lengths) == pytest.approx(20, abs=0.3)
        data = b"".join([(await got(anyone, f"{place}/{one}")).content for one in lines(playlist)])
        assert b"location" not in data
        with opened(data, "mov") as stream:
            [track] = stream.streams
            frames = list(stream.decode(track))
            if track.type == "video":
                assert len(frames) == 200
                edges = {(frame.width, frame.height) for frame in frames}
                assert edges == ({(480, 854)} if name == "480p.m3u8" else {(720, 1280)})
            else:
                heard = sum(frame.samples for frame in frames) / 44_100
                assert heard == pytest.approx(20, abs=0.1)


async def test_a_stream_opens_only_for_whom_it_was_signed(
    teacher: Visitor, school: str, anyone: Visitor, as_: SignIn, house_files: Files, tmp_path: Path
) -> None:
    completion = await handed_in(teacher, school, film(tmp_path / "a.mp4"))
    await shown(teacher, completion)
    await jobs.prepare(house_files)
    url = (await shown(teacher, completion))["streamUrl"]
    good = await got(anyone, url)
    tag = good.headers["etag"]
    again = await fetch_link(anyone, url, **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    part = await fetch_link(anyone, url, Range="bytes=0-6")
    assert (part.status_code, part.content) == (206, b"#EXTM3U")
    head = await anyone.head(f"http://house{url}")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(good.content)

    colleague = await as_(COLLEAGUE)
    token = url.split("/")[-2]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    refused = [
        await fetch_link(colleague, url),
        await fetch_link(anyone, url.replace(token, other)),
        await fetch_link(anyone, url.replace("master.m3u8", "nothing.m3u8")),
        await fetch_link(anyone, url.replace("master.m3u8", "..%2f..%2ffilm.mp4")),
        await fetch_link(anyone, url.replace("master.m3u8", "film.exe")),
        await fetch_link(anyone, url.replace("stream", "original")),
    ]
    assert [answer.status_code for answer in refused] == [404] * len(refused)


async def test_a_film_that_failed_says_why_and_is_not_handed_out(
    teacher: Visitor, school: str, house_files: Files, tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mp4", fps=120, seconds=1)
    completion = await handed_in(teacher, school, path)
    await shown(teacher, completion)
    await jobs.prepare(house_files)
    failed = await shown(teacher, completion)
    assert (failed["state"], failed["failure"]) == ("failed", "video_too_fast")
    urls = ("url", "posterUrl", "thumbnailUrl", "streamUrl")
    assert [failed[name] for name in urls] == [None] * 4
