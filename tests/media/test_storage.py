"""On a disk: written whole, found by our own keys only, and with room left on it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from backend.media.rules import StorageFull
from backend.media.storage import Files, new_key, open_files
from backend.settings import Settings
from tests.media.conftest import kept

ROOT = Path(__file__).parents[2]


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


async def test_what_a_dead_writer_left_goes_with_its_prefix_or_a_day_later(
    files: Files, folder: Path
) -> None:
    await files.put("uploads/one/1-part", b"x")
    await files.put("ab/kept", b"x")
    for name in ("uploads/one/2-part#1", "ab/other#12", "ab/fresh#3"):
        (folder / name).write_bytes(b"half")
    (files.scratch / "work-old").mkdir(parents=True)
    (files.scratch / "work-new").mkdir()
    long_ago = time.time() - 2 * 86_400
    for path in (folder / "ab/other#12", files.scratch / "work-old"):
        os.utime(path, (long_ago, long_ago))
    await files.delete_prefix("uploads/one")
    assert await files.sweep_unfinished() == 2
    assert {path.name for path in kept(folder)} == {"kept", "fresh#3"}
    assert [path.name for path in files.scratch.iterdir()] == ["work-new"]


async def test_a_writer_that_is_killed_leaves_only_what_the_sweep_finds(
    files: Files, folder: Path
) -> None:
    code = f"""
import asyncio, os, signal
from pathlib import Path
from obstore.store import LocalStore
from backend.media.storage import Files
folder = Path({str(folder)!r})
async def pieces():
    for _ in range(20):
        yield bytes(1 << 20)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(Files(LocalStore(prefix=folder), disk=folder).put_stream("ab/x", pieces(), size=1))
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert all("#" in path.name for path in kept(folder))
    for path in kept(folder):
        os.utime(path, (0, 0))
    await files.sweep_unfinished()
    assert kept(folder) == []
