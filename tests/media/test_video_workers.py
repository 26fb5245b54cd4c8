"""Workers die, hang and race: each film is prepared once, and nothing lies about afterwards."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.media import jobs
from backend.media.cinema import claims, encoder, screening
from backend.media.models import Attachment, room_of
from backend.media.rules import StorageFull
from backend.media.storage import Files
from backend.sandbox import SandboxKilled
from tests.media.cinema import again, handed_in, lease_over
from tests.media.conftest import Place, kept
from tests.media.films import film

ROOT = Path(__file__).resolve().parents[2]


class Death(BaseException):
    """The process ends here: nothing after this line is run."""


class Mortal(Files):
    """A store whose process dies at the ``fatal``-th thing it writes or removes."""

    def __init__(self, files: Files, fatal: int) -> None:
        super().__init__(files._store, disk=files._disk, reserve=0)
        self.left = fatal

    def _live(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Death

    async def put_file(self, key: str, path: Path) -> None:
        self._live()
        await super().put_file(key, path)
        self._live()

    async def delete(self, key: str) -> None:
        self._live()
        await super().delete(key)
        self._live()


@pytest.mark.parametrize("fatal", range(9))
async def test_a_worker_that_dies_at_any_moment_leaves_the_film_to_the_next(
    place: Place, files: Files, folder: Path, tmp_path: Path, fatal: int
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mov"))
    dies = fatal < 8
    if dies:
        with pytest.raises(Death):
            await jobs.prepare(Mortal(files, fatal), ladders=False)
        assert await jobs.prepare(files, ladders=False) == 0, "its lease is not over"
        await lease_over(row.id)
    assert await jobs.prepare(files, ladders=False) == 1
    row = await again(row)
    assert (row.state, row.media_type, row.prepared_percent) == ("ready", "video/mp4", 100)
    held = {row.original_key, row.poster_key, row.thumbnail_key}
    assert {path.relative_to(folder).as_posix() for path in kept(folder)} == held


async def test_a_worker_that_wakes_up_late_finds_its_film_done_and_takes_its_own_away(
    place: Place, files: Files, folder: Path, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    asleep, wake = asyncio.Event(), asyncio.Event()

    class Sleepy(Files):
        async def put_file(self, key: str, path: Path) -> None:
            asleep.set()
            await wake.wait()
            await super().put_file(key, path)

    late = asyncio.create_task(jobs.prepare(Sleepy(files._store, disk=folder, reserve=0)))
    await asleep.wait()
    await lease_over(row.id)
    assert await jobs.prepare(files, ladders=False) == 1
    done = await again(row)
    wake.set()
    await late
    assert await again(row) == done
    assert (await again(row)).original_key == done.original_key
    assert len(kept(folder)) == 3


async def test_several_workers_prepare_each_film_once(
    place: Place, files: Files, folder: Path, tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mp4", seconds=1)
    rows = [await handed_in(place, files, path) for _ in range(5)]
    taken = await asyncio.gather(*(jobs.prepare(files, ladders=False) for _ in range(3)))
    assert sum(taken) == 5
    assert {(await again(row)).state for row in rows} == {"ready"}
    assert len(kept(folder)) == 15


async def test_after_three_attempts_without_a_reason_it_is_given_up(
    place: Place, files: Files, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_time(source: Path) -> Any:
        raise SandboxKilled("timeout")

    monkeypatch.setattr(screening, "probe", no_time)
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    for _ in range(claims.MOST_ATTEMPTS):
        assert (await again(row)).state == "preparing"
        assert await jobs.prepare(files) == 1
        await lease_over(row.id)
    assert await jobs.prepare(files) == 1
    row = await again(row)
    assert (row.state, row.prepare_error) == ("failed", "video_not_prepared")
    assert len(kept(folder)) == 1


async def test_a_full_disk_is_not_the_films_fault(
    place: Place, files: Files, folder: Path, tmp_path: Path
) -> None:
    class Full(Files):
        async def put_file(self, key: str, path: Path) -> None:
            raise StorageFull

    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    assert await jobs.prepare(Full(files._store, disk=folder, reserve=0)) == 1
    assert (await again(row)).state == "preparing"
    await lease_over(row.id)
    assert await jobs.prepare(files, ladders=False) == 1
    assert (await again(row)).state == "ready"


async def test_a_worker_told_to_stop_puts_the_film_down_at_once(
    place: Place, files: Files, folder: Path, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4", seconds=2))
    started = asyncio.Event()

    class Slow(Files):
        async def put_file(self, key: str, path: Path) -> None:
            started.set()
            await asyncio.sleep(60)

    worker = asyncio.create_task(jobs.prepare(Slow(files._store, disk=folder, reserve=0)))
    await started.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    row = await again(row)
    assert (row.state, row.prepare_attempts, row.prepare_lease) == ("preparing", 0, None)
    assert list(files.scratch.glob("work-*")) == []
    assert await jobs.prepare(files, ladders=False) == 1


async def test_a_film_taken_away_meanwhile_leaves_nothing(
    place: Place, files: Files, folder: Path, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))

    class Removed(Files):
        async def put_file(self, key: str, path: Path) -> None:
            await super().put_file(key, path)
            await Attachment.filter(id=row.id).delete()

    assert await jobs.prepare(Removed(files._store, disk=folder, reserve=0)) == 1
    await files.delete(row.original_key)
    assert kept(folder) == []


async def test_a_long_task_keeps_its_lease_alive(
    place: Place, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEWED_EVERY", 1.0)
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    ends = []

    class Slow(Files):
        async def put_file(self, key: str, path: Path) -> None:
            ends.append((await again(row)).prepare_lease)
            await asyncio.sleep(1.3)
            await super().put_file(key, path)

    assert await jobs.prepare(Slow(files._store, disk=files._disk, reserve=0), ladders=False) == 1
    assert len(ends) == 3
    assert ends == sorted(set(ends))


WORKER = """
import asyncio, sys
from pathlib import Path
from obstore.store import LocalStore
from backend.database import database
from backend.media import jobs
from backend.media.storage import Files
from backend.settings import Settings

async def main(dsn, folder):
    async with database(dsn, Settings(environment="test"), name="doomed"):
        await jobs.prepare(Files(LocalStore(prefix=Path(folder)), disk=Path(folder), reserve=0))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_worker_takes_its_encoder_along_and_another_finishes(
    place: Place, files: Files, folder: Path, tmp_path: Path, dsn: str
) -> None:
    source = film(tmp_path / "a.mp4", seconds=60, size=(1280, 720), fps=10, gop=50, audio=None)
    row = await handed_in(place, files, source)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, dsn, str(folder), cwd=ROOT, start_new_session=True
    )
    encoders: list[psutil.Process] = []
    while not encoders:
        assert worker.returncode is None, "it finished before it could be killed"
        await asyncio.sleep(0.05)
        encoders = [
            child
            for child in psutil.Process(worker.pid).children(recursive=True)
            if any("hls" in word for word in child.cmdline())
        ]
    os.kill(worker.pid, signal.SIGKILL)
    await worker.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, encoders, 20)
    assert (len(gone), alive) == (len(encoders), [])
    # What was finished before stays watchable; the rest is another worker's.
    row = await again(row)
    assert (row.state, row.stream_key) == ("ready", None)
    assert await jobs.prepare(files) == 0
    await lease_over(row.id)
    assert encoder.is_installed()
    assert await jobs.prepare(files) == 1
    row = await again(row)
    assert (row.stream_key, row.prepared_percent) == (f"{room_of(row.original_key)}/hls-2", 100)
    singles = {row.original_key, row.poster_key, row.thumbnail_key}
    for path in kept(folder):
        key = path.relative_to(folder).as_posix()
        assert key in singles or key.startswith(f"{row.stream_key}/")
