"""The embedded PostgreSQL starts anywhere, is shared, and survives rough handling."""

import asyncio
import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from backend import embedded
from backend.embedded.server import _answers

ROOT = Path(__file__).resolve().parents[2]
as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def home() -> Iterator[Path]:
    directory = embedded.scratch_dir(f"tongxing-setup-{os.getpid()}")
    yield directory
    embedded.erase(directory)
    shutil.rmtree(directory)


def answers(server: embedded.Server, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(server.dsn("postgres"))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def postmaster(home: Path) -> int:
    return int((home / "database" / "postmaster.pid").read_text().split()[0])


def test_the_server_is_postgresql_18_and_knows_letters_beyond_ascii(home: Path) -> None:
    server = embedded.start(home, durable=False)
    try:
        assert str(answers(server, "show server_version")).startswith("18.")
        assert answers(server, "select upper('é') || '家'") == "É家"
        assert answers(server, "show fsync") == "off"
        assert answers(server, "show listen_addresses") == ""
    finally:
        server.stop()


def test_a_durable_server_keeps_its_promises_across_a_power_cut(home: Path) -> None:
    server = embedded.start(home)
    try:
        assert answers(server, "show fsync") == answers(server, "show full_page_writes") == "on"
        assert answers(server, "show data_checksums") == "on"
    finally:
        server.stop()


def test_the_last_user_to_leave_stops_the_server(home: Path) -> None:
    first = embedded.start(home, durable=False)
    second = embedded.start(home, durable=False)
    assert (first.joined, second.joined) == (False, True)
    assert first.dsn() == second.dsn()
    first.stop()
    assert answers(second, "select 1") == 1
    second.stop()
    assert not _answers(second)
    assert not list(home.glob("database/postmaster.pid"))


def test_what_was_written_is_there_after_a_restart(home: Path) -> None:
    server = embedded.start(home, durable=False)
    answers(server, "create table kept as select 42 as answer")
    server.stop()
    again = embedded.start(home, durable=False)
    try:
        assert not again.joined
        assert answers(again, "select answer from kept") == 42
    finally:
        again.stop()


def test_a_database_is_created_once_however_often_it_is_asked_for(home: Path) -> None:
    server = embedded.start(home, durable=False)

    async def ask_thrice() -> None:
        await asyncio.gather(*(embedded.ensure_database(server.dsn()) for _ in range(3)))

    try:
        asyncio.run(ask_thrice())
        count = answers(server, "select count(*) from pg_database where datname = 'tongxing'")
        assert count == 1
    finally:
        server.stop()


def test_a_killed_server_comes_back_with_everything_it_acknowledged(home: Path) -> None:
    server = embedded.start(home)
    answers(server, "create table kept as select 42 as answer")
    os.kill(postmaster(home), signal.SIGKILL)
    again = embedded.start(home)
    try:
        assert not again.joined
        assert answers(again, "select answer from kept") == 42
    finally:
        again.stop()
        server.stop()


@pytest.mark.parametrize("left_behind", ["a live process", "a starting server"])
def test_a_stale_pid_file_does_not_keep_the_server_down(home: Path, left_behind: str) -> None:
    embedded.start(home, durable=False).stop()
    owner = (home / "database").stat()
    bystander = subprocess.Popen(
        ["sleep", "60"], **({"user": owner.st_uid} if os.geteuid() == 0 else {})
    )
    stale = home / "database" / "postmaster.pid"
    lines = [str(bystander.pid), str(home / "database")]
    if left_behind == "a live process":
        lines += [str(int(time.time())), "5432", "", "", "ready   "]
    stale.write_text("\n".join(lines) + "\n")
    os.chown(stale, owner.st_uid, owner.st_gid)
    try:
        server = embedded.start(home, durable=False)
        try:
            assert answers(server, "select 1") == 1
        finally:
            server.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_an_interrupted_first_start_leaves_nothing_half_made(home: Path) -> None:
    (home / "database.new" / "base").mkdir(parents=True)
    server = embedded.start(home, durable=False)
    try:
        assert answers(server, "select 1") == 1
    finally:
        server.stop()


def test_data_of_another_major_version_are_refused_with_advice(home: Path) -> None:
    (home / "database").mkdir(parents=True)
    (home / "database" / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedError, match="belongs to PostgreSQL 17"):
        embedded.start(home, durable=False)


def test_a_database_in_use_is_not_erased(home: Path) -> None:
    server = embedded.start(home, durable=False)
    try:
        with pytest.raises(embedded.EmbeddedError, match="in use"):
            embedded.erase(home)
        assert answers(server, "select 1") == 1
    finally:
        server.stop()


def _visit(home: Path, seen: "multiprocessing.Queue[tuple[bool, object]]") -> None:
    server = embedded.start(home, durable=False)
    seen.put((server.joined, answers(server, "select 1")))
    time.sleep(0.5)
    server.stop()


def test_four_processes_that_race_share_one_server(home: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    seen: multiprocessing.Queue[tuple[bool, object]] = spawn.Queue()
    visitors = [spawn.Process(target=_visit, args=(home, seen)) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    results = [seen.get(timeout=60) for _ in visitors]
    for visitor in visitors:
        visitor.join(60)
    assert [answer for _, answer in results] == [1] * 4
    assert any(not joined for joined, _ in results)
    assert not list(home.glob("database/postmaster.pid"))


SCRIPT = """
    import sys
    from pathlib import Path
    from backend import embedded
    server = embedded.start(Path(sys.argv[1]), durable=False)
    print(server.home)
    server.stop()
"""


def python_for_everyone() -> str:
    """Find an interpreter of this version that any user may run."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        with suppress(PermissionError, FileNotFoundError):
            asked = subprocess.run(
                [candidate, "-c", "import sys; print(*sys.version_info[:2])"],
                user="nobody",
                capture_output=True,
                text=True,
                check=False,
            )
            if asked.stdout.split() == [str(part) for part in sys.version_info[:2]]:
                return candidate
    pytest.skip("no Python of this version that a normal user may run")


@as_root_only
def test_a_normal_user_needs_no_help_from_root() -> None:
    python = python_for_everyone()
    nobody = pwd.getpwnam("nobody")
    directory = embedded.scratch_dir(f"tongxing-nobody-{os.getpid()}")
    directory.mkdir()
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    try:
        done = subprocess.run(
            [python, "-c", textwrap.dedent(SCRIPT), str(directory / "data")],
            cwd="/",
            env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PATH": os.environ["PATH"]},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (directory / "data" / "database").stat().st_uid == nobody.pw_uid
    finally:
        shutil.rmtree(directory)


@as_root_only
def test_roots_server_finds_a_place_its_user_can_enter() -> None:
    closed = embedded.scratch_dir(f"tongxing-closed-{os.getpid()}")
    closed.mkdir(mode=0o700)
    refuge = None
    try:
        server = embedded.start(closed / "data", durable=False)
        refuge = server.home
        try:
            assert refuge.parent == Path("/var/tmp")
            assert answers(server, "select 1") == 1
        finally:
            server.stop()
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        embedded.erase(closed / "data")
        shutil.rmtree(closed)
        if refuge is not None:
            shutil.rmtree(refuge)
