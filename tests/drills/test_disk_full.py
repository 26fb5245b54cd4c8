"""No room left: for what families upload, and for the database itself."""

import asyncio
import os
import secrets
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from obstore.store import LocalStore

from backend import embedded
from backend.media.rules import StorageFull
from backend.media.storage import LEAST_RESERVE, Files
from seed.cast import STAFF_PASSWORD
from tests.conftest import Clone
from tests.drills import seen, size
from tests.drills.estate import Estate, estate
from tests.drills.filesystems import MEBIBYTE, Filler, files_below, small_disk, why_not
from tests.setup.processes import end, free_ports, is_ready, wait_until

HEAL_SECONDS = 30.0
CLUSTER_DISK, FILES_DISK = 420, 320
"""MiB; of the second one 256 stay free for others."""
TEACHER = "19900000001"
JOURNAL = "SELECT pg_logical_emit_message(false, 'drill', repeat('x', 4000000))"
"""Fills the journal and nothing else: a few of them need a new segment."""

_trouble = why_not()
needs_disk = pytest.mark.skipif(_trouble is not None, reason=str(_trouble))


class House:
    """One API process over a database and files that lie on small disks of their own."""

    def __init__(self, own: Estate, cluster: Filler, files: Filler) -> None:
        self.own, self.cluster, self.files = own, cluster, files
        self.port = free_ports(1)[0]
        self.process: subprocess.Popen[str] | None = None
        self.token = ""
        self.seen: Counter[str] = Counter()

    def start(self) -> None:
        self.process = self.own.launched("serve", "--port", str(self.port))
        wait_until(lambda: is_ready(self.port), self.process)
        told = self.ask(
            "POST", "/auth/password-sessions",
            json={"phone": TEACHER, "password": STAFF_PASSWORD, "deviceId": "phone-of-a-drill",
                  "deviceName": "手机", "platform": "android"},
        )  # fmt: skip
        assert told.status_code == 201, told.text
        self.token = told.json()["accessToken"]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask once, and hold what is answered against what may be answered at all."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        answer = httpx.request(
            method, f"http://127.0.0.1:{self.port}/v1{path}", headers=headers, timeout=30, **more
        )
        self.seen[f"{method} {answer.status_code}"] += 1
        if answer.status_code >= 500:
            assert answer.status_code in (503, 507), answer.text
            assert int(answer.headers["retry-after"]) >= 1
        return answer

    def begin(self, octets: int) -> httpx.Response:
        """Announce a file of the teacher's school."""
        school = self.own.ask("SELECT id::text FROM schools WHERE name LIKE '海湾%'")
        return self.announce(school, octets)

    def announce(self, school: str, octets: int) -> httpx.Response:
        return self.ask(
            "POST", "/uploads", headers={"Idempotency-Key": str(uuid4())},
            json={"filename": "第一讲.mp4", "byteSize": octets, "schoolId": school},
        )  # fmt: skip


@pytest.fixture(scope="module")
async def like(clone: Clone) -> str:
    return await clone("disk_like")


@pytest.fixture(scope="module")
def house(like: str) -> Iterator[House]:
    place = Path("/tmp") / f"tongxing-disks-{os.getpid()}"
    with small_disk(place, CLUSTER_DISK), estate("full", like, place=place) as own:
        kept = own.home / "files"
        aside = shutil.copytree(kept, place / "aside")
        shutil.rmtree(kept)
        with small_disk(kept, FILES_DISK):
            shutil.copytree(aside, kept, dirs_exist_ok=True)
            made = House(own, Filler(place), Filler(kept))
            try:
                made.start()
                yield made
            finally:
                if made.process is not None:
                    end(made.process)


@needs_disk
def test_uploads_stop_before_the_disk_is_full_and_go_on_when_there_is_room(house: House) -> None:
    film = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + secrets.token_bytes(2 * MEBIBYTE)
    begun = house.begin(len(film))
    assert begun.status_code == 201, begun.text
    told = begun.json()
    first = f"/uploads/{told['id']}/parts/1"
    raw = {"Content-Type": "application/octet-stream"}
    part = film[: told["partBytes"]]
    before = files_below(house.files.path.parent)
    house.files.leave(LEAST_RESERVE)
    try:
        refused = [house.ask("PUT", first, content=part, headers=raw), house.begin(len(film))]
        assert [one.status_code for one in refused] == [507, 507]
        assert {one.json()["code"] for one in refused} == {"storage_full"}
        # Reads go on, and so does whatever needs no file.
        for path in ("/feed", "/inbox", "/me/sessions"):
            assert house.ask("GET", path).status_code == 200
        assert files_below(house.files.path.parent) - before == {house.files.path}
    finally:
        house.files.go()
    freed = time.monotonic()
    while house.ask("PUT", first, content=part, headers=raw).status_code != 204:
        assert time.monotonic() - freed < HEAL_SECONDS
        time.sleep(0.2)
    seen("disk_full_files", healed_seconds=round(time.monotonic() - freed, 2))
    assert not list(house.files.path.parent.rglob("*#*"))


@needs_disk
async def test_a_disk_that_runs_full_in_the_middle_keeps_no_half_of_a_file(tmp_path: Path) -> None:
    """Control: with the reserve taken away, the disk's own refusal comes out the same."""
    with small_disk(tmp_path / "disk", 16) as disk:
        files = Files(LocalStore(prefix=disk), disk=disk, reserve=0)
        lenient = _Lenient(LocalStore(prefix=disk), disk=disk, reserve=0)
        await files.put("aa/kept", b"x" * MEBIBYTE)
        filler = Filler(disk)
        filler.leave(3 * MEBIBYTE)
        before = files_below(disk)

        async def pieces() -> Any:
            for _ in range(12):
                yield b"x" * MEBIBYTE

        for writing in (
            files.put("aa/large", b"x" * 12 * MEBIBYTE),
            lenient.put("aa/large", b"x" * 12 * MEBIBYTE),
            lenient.put_stream("aa/film", pieces(), size=12 * MEBIBYTE),
        ):
            with pytest.raises(StorageFull) as refusal:
                await writing
            assert refusal.value.retry_after
            assert files_below(disk) == before
        assert await files.get("aa/kept") == b"x" * MEBIBYTE
        filler.go()
        await files.put("aa/large", b"x" * 12 * MEBIBYTE)
        # Control: whoever writes for himself leaves half a file behind.
        naive = disk / "naive"
        with pytest.raises(OSError), naive.open("wb") as file:
            while True:
                file.write(b"x" * MEBIBYTE)
        assert 0 < naive.stat().st_size < 12 * MEBIBYTE


class _Lenient(Files):
    def check_room(self, size: int) -> None:
        """Without the floor: the disk itself has the last word."""


@needs_disk
def test_what_was_acknowledged_outlives_a_database_without_room(house: House) -> None:
    school = house.own.ask("SELECT id::text FROM schools WHERE name LIKE '海湾%'")
    acknowledged: list[str] = []

    def write() -> int:
        answer = house.announce(school, 1000)
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])
        return answer.status_code

    assert [write() for _ in range(20)] == [201] * 20
    house.seen.clear()
    house.cluster.leave(0)
    try:
        # While the journal's last segment has room, everybody reads on.
        for _ in range(10):
            assert write() in (201, 503)
            assert house.ask("GET", "/feed").status_code == 200
        # Then the server ends itself; nothing that it had promised may be gone.
        until = time.monotonic() + 60
        while write() == 201 and time.monotonic() < until:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                house.own.ask(JOURNAL)
        for _ in range(size(5, 40)):
            assert write() in (201, 503)
            assert house.ask("GET", "/feed").status_code in (200, 503)
            time.sleep(0.2)
        assert house.seen["POST 503"] > 0
    finally:
        house.cluster.go()
    freed = time.monotonic()
    while write() != 201:
        assert time.monotonic() - freed < HEAL_SECONDS
        time.sleep(0.2)
    healed = time.monotonic() - freed
    assert house.process is not None and house.process.poll() is None
    missing = set(acknowledged) - set(house.own.ask("SELECT array_agg(id::text) FROM uploads"))
    seen(
        "disk_full_database", acknowledged=len(acknowledged), lost=len(missing),
        healed_seconds=round(healed, 1), answers=dict(house.seen),
    )  # fmt: skip
    assert not missing


@needs_disk
@pytest.mark.parametrize("revive", [True, False])
def test_an_embedded_server_that_died_of_a_full_disk_comes_back(
    revive: bool, tmp_path: Path
) -> None:
    """And its control: with nobody to start it again it stays away, room or not."""
    with small_disk(Path("/tmp") / f"tongxing-dies-{os.getpid()}", 160) as disk:
        server = embedded.start(disk / "home", revive=revive)
        try:
            _run(server, "CREATE TABLE kept AS SELECT 42 AS answer")
            filler = Filler(disk)
            filler.leave(0)
            until = time.monotonic() + 60
            while _answers(server):
                assert time.monotonic() < until
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                    _run(server, JOURNAL)
            # Crashed, it tries to recover by itself first, and gives up.
            time.sleep(1)
            filler.go()
            freed, patience = time.monotonic(), HEAL_SECONDS if revive else 4.0
            while not _answers(server) and time.monotonic() - freed < patience:
                time.sleep(0.2)
            assert _answers(server) is revive
            if revive:
                assert _run(server, "SELECT answer FROM kept") == 42
        finally:
            with suppress(embedded.EmbeddedError):
                server.stop()


def _run(server: embedded.Server, sql: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(server.dsn("postgres"), timeout=5)
        try:
            return await connection.fetchval(sql)
        finally:
            connection.terminate()

    return asyncio.run(ask())


def _answers(server: embedded.Server) -> bool:
    try:
        return _run(server, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError, asyncpg.InterfaceError):
        return False
