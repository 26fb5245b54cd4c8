"""What every store promises, whether a folder of ours or somebody's bucket."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from litestar.response import Stream

from backend.errors import NotFound
from backend.media.downloads import Conditions, Handout, serve
from backend.media.rules import UploadDigestDiffers
from backend.media.storage import PIECE, Files, open_files
from backend.settings import Settings, SettingsError, load
from tests.fakes import s3

SAFE = {
    "TONGXING_ENVIRONMENT": "production",
    "TONGXING_DATABASE_URL": "postgresql://db/x",
    "TONGXING_SECRET_KEY": "k" * 40,
    "TONGXING_SMS_GATEWAY": "http",
    "TONGXING_SMS_URL": "https://sms.example.cn",
    "TONGXING_SMS_SECRET": "s",
}


async def pieces(data: bytes, length: int, end: Exception | None = None) -> AsyncIterator[bytes]:
    for at in range(0, len(data), length):
        yield data[at : at + length]
    if end is not None:
        raise end


async def test_what_is_put_is_found_whole_in_part_and_by_size(either: Files) -> None:
    data = os.urandom(3 * PIECE + 5)
    await either.put("ab/one.pdf", data)
    assert await either.get("ab/one.pdf") == data
    assert await either.head("ab/one.pdf") == len(data)
    assert b"".join([piece async for piece in either.stream("ab/one.pdf")]) == data
    dice = random.Random(4)
    for _ in range(40):
        start, end = sorted(dice.sample(range(len(data) + 1), 2))
        found = [piece async for piece in either.stream_range("ab/one.pdf", start, end)]
        assert b"".join(found) == data[start:end]
        assert all(0 < len(piece) <= PIECE for piece in found)
    assert await either.get_range("ab/one.pdf", 7, 7) == b""


async def test_more_than_there_is_cannot_be_read(either: Files) -> None:
    await either.put("ab/short", b"0123456789")
    with pytest.raises(EOFError):
        await either.get_range("ab/short", 5, 11)


async def test_a_stream_is_kept_whole(either: Files) -> None:
    data = os.urandom(23 * PIECE + 3)
    await either.put_stream("ab/film", pieces(data, 1_234_567), size=len(data))
    assert await either.get("ab/film") == data
    await either.put_stream("ab/little", pieces(b"x", 1), size=1)
    assert await either.get("ab/little") == b"x"


async def test_of_a_stream_that_breaks_off_nothing_is_seen(either: Files) -> None:
    for end in (UploadDigestDiffers(), ConnectionResetError()):
        with pytest.raises(type(end)):
            await either.put_stream(
                "ab/film", pieces(bytes(12 * PIECE), PIECE, end), size=12 * PIECE
            )
        with pytest.raises(FileNotFoundError):
            await either.head("ab/film")


async def test_of_a_stream_that_is_called_off_nothing_is_seen(either: Files) -> None:
    arrived = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield bytes(PIECE)
        arrived.set()
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    writing = asyncio.create_task(either.put_stream("ab/film", endless(), size=PIECE))
    await arrived.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    # The piece that was under way comes to its end and finds nobody.
    await asyncio.sleep(0.1)
    with pytest.raises(FileNotFoundError):
        await either.head("ab/film")


async def test_a_file_goes_in_and_comes_out_as_a_file(either: Files, tmp_path: Path) -> None:
    given = tmp_path / "given.mp4"
    given.write_bytes(os.urandom(11 * PIECE + 1))
    await either.put_file("ab/film.mp4", given)
    async with either.local_copy("ab/film.mp4") as path:
        assert path.suffix == ".mp4"
        assert path.read_bytes() == given.read_bytes()
    assert await either.head("ab/film.mp4") == given.stat().st_size
    with pytest.raises(FileNotFoundError):
        async with either.local_copy("ab/other.mp4"):
            pytest.fail("there is no such file")
    assert not either.scratch.exists() or list(either.scratch.iterdir()) == []


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(either: Files) -> None:
    await either.put("ab/one.pdf", b"x")
    for _ in range(2):
        await either.delete("ab/one.pdf")
    for act in (
        either.get("ab/one.pdf"),
        either.head("ab/one.pdf"),
        either.get_range("ab/one.pdf", 0, 1),
    ):
        with pytest.raises(FileNotFoundError):
            await act


async def test_a_prefix_takes_its_own_and_nothing_beside_it(either: Files) -> None:
    for key in ("ab/film/1/a", "ab/film/b", "ab/film.mp4", "ab/filmed", "cd/film/c"):
        await either.put(key, b"x")
    for _ in range(2):
        await either.delete_prefix("ab/film")
    for key in ("ab/film.mp4", "ab/filmed", "cd/film/c"):
        assert await either.head(key) == 1
    for key in ("ab/film/1/a", "ab/film/b"):
        with pytest.raises(FileNotFoundError):
            await either.head(key)
    for wrong in ("", "..", "ab/../cd", "/etc"):
        with pytest.raises(ValueError, match=f"^{wrong}$"):
            await either.delete_prefix(wrong)


async def test_a_store_that_works_has_no_trouble(either: Files) -> None:
    assert await either.trouble() is None


async def test_a_store_that_does_not_says_what_it_is(tmp_path: Path) -> None:
    gone = tmp_path / "data"
    broken = open_files(Settings(data_dir=gone))
    (gone / "files").rmdir()
    (gone / "files").write_text("not a folder")
    assert await broken.trouble()
    nobody = s3.settings_of("http://127.0.0.1:9", "files", tmp_path)
    assert await open_files(nobody).trouble()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "STORAGE_ACCESS_KEY"),
        ({"ACCESS_KEY": "a"}, "STORAGE_SECRET_KEY"),
        ({"ACCESS_KEY": "a", "SECRET_KEY": "s", "ENDPOINT": "http://oss.cn"}, "ENDPOINT"),
        ({"ACCESS_KEY": "a", "SECRET_KEY": "s", "ENDPOINT": "ftp://127.0.0.1"}, "ENDPOINT"),
        ({"ACCESS_KEY": "a", "SECRET_KEY": "s", "ENDPOINT": "http://127.0.0.1:9000"}, None),
        ({"ACCESS_KEY": "a", "SECRET_KEY": "s", "ENDPOINT": "https://oss.cn"}, None),
        ({"ACCESS_KEY": "a", "SECRET_KEY": "s"}, None),
    ],
)
def test_production_wants_a_buckets_keys_and_a_way_nobody_listens_on(
    given: dict[str, str], missing: str | None
) -> None:
    environ = {f"TONGXING_STORAGE_{name}": value for name, value in given.items()}
    wanted = SAFE | environ | {"TONGXING_STORAGE_BUCKET": "files"}
    if missing is None:
        assert load(wanted).storage_bucket == "files"
        return
    with pytest.raises(SettingsError, match=missing):
        load(wanted)


def test_without_a_bucket_no_keys_are_wanted() -> None:
    assert load(SAFE).storage_bucket is None


@pytest.mark.parametrize(
    ("wanted", "status", "piece"),
    [
        (None, 200, slice(None)),
        ("bytes=0-", 206, slice(None)),
        ("bytes=7-11", 206, slice(7, 12)),
        (f"bytes={PIECE - 1}-{2 * PIECE}", 206, slice(PIECE - 1, 2 * PIECE + 1)),
        ("bytes=-9", 206, slice(-9, None)),
        (f"bytes={3 * PIECE}-", 416, slice(0, 0)),
    ],
)
async def test_ranges_are_handed_out_of_every_store(
    either: Files, wanted: str | None, status: int, piece: slice
) -> None:
    data = os.urandom(2 * PIECE + 77)
    await either.put("ab/film.mp4", data)
    file = Handout("ab/film.mp4", "video/mp4", "inline", played=True)
    answer = await serve(file, Conditions(range=wanted), files=either, head=False)
    assert answer.status_code == status
    if isinstance(answer, Stream):
        found = [one async for one in cast(AsyncIterator[bytes], answer.iterator)]
        assert max(map(len, found)) <= PIECE
        assert b"".join(found) == data[piece]
    else:
        assert answer.content == data[piece]
    await either.delete("ab/film.mp4")
    with pytest.raises(NotFound):
        await serve(file, Conditions(range="bytes=0-"), files=either, head=False)
