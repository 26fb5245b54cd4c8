"""Objects are written whole, found by our own keys only, and leave room on the disk."""

import asyncio
import os
from pathlib import Path

import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from backend.media.rules import StorageFull
from backend.media.storage import Files, new_key, open_files
from backend.settings import Settings
from tests.media.conftest import kept


async def test_what_is_put_is_found_whole_in_part_and_by_size(files: Files) -> None:
    data = os.urandom(3_000_000)
    await files.put("ab/one.pdf", data)
    assert await files.get("ab/one.pdf") == data
    assert await files.get_range("ab/one.pdf", 10, 20) == data[10:20]
    assert await files.head("ab/one.pdf") == len(data)
    assert b"".join([piece async for piece in files.stream("ab/one.pdf")]) == data


async def test_what_is_deleted_is_gone(files: Files, folder: Path) -> None:
    await files.put("ab/one.pdf", b"x")
    await files.delete("ab/one.pdf")
    assert kept(folder) == []
    for act in (files.get("ab/one.pdf"), files.head("ab/one.pdf"), files.delete("ab/one.pdf")):
        with pytest.raises(FileNotFoundError):
            await act


async def test_a_key_is_written_once(files: Files) -> None:
    await files.put("ab/one.pdf", b"first")
    with pytest.raises(AlreadyExistsError):
        await files.put("ab/one.pdf", b"second")
    assert await files.get("ab/one.pdf") == b"first"


async def test_of_many_writers_of_one_key_one_wins_and_nothing_else_stays(
    files: Files, folder: Path
) -> None:
    writers = (files.put("ab/one.pdf", bytes([n]) * 200_000) for n in range(20))
    ends = await asyncio.gather(*writers, return_exceptions=True)
    assert sum(end is None for end in ends) == 1
    data = await files.get("ab/one.pdf")
    assert data == data[:1] * 200_000
    assert len(kept(folder)) == 1


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", "a/../../b", "a//b", "./a"])
async def test_no_key_leads_out_of_the_folder(files: Files, tmp_path: Path, key: str) -> None:
    try:
        await files.put(key, b"x")
    except ValueError:
        assert kept(tmp_path) == []
    else:
        assert all(path.is_relative_to(tmp_path / "files") for path in kept(tmp_path))


async def test_a_disk_that_is_nearly_full_takes_nothing_more(folder: Path) -> None:
    crowded = Files(LocalStore(prefix=folder), disk=folder, reserve=1 << 60)
    with pytest.raises(StorageFull) as no:
        await crowded.put("ab/one.pdf", b"x")
    assert no.value.status == 507
    assert kept(folder) == []


async def test_the_installations_files_lie_in_its_data_directory_for_its_user_alone(
    tmp_path: Path,
) -> None:
    opened = open_files(Settings(data_dir=tmp_path / "data"))
    await opened.put("ab/one.pdf", b"x")
    folder = tmp_path / "data" / "files"
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.relative_to(folder) for path in kept(folder)] == [Path("ab/one.pdf")]


def test_keys_cannot_be_guessed_from_what_is_kept_under_them() -> None:
    keys = {new_key("f" * 64, "image/webp") for _ in range(1_000)}
    assert len(keys) == 1_000
    assert all(len(key) <= 160 and key.endswith(".webp") for key in keys)
    assert len({key[:2] for key in keys}) > 200
