"""``tongxing demo`` does what a newcomer is promised, and cleans up behind itself."""

import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend import embedded
from seed.cast import STAFF_PASSWORD, demo_sign_ins
from tests.setup.processes import end, free_ports, is_ready, tongxing, wait_until

STOP_SECONDS = 5.0


class Demo:
    """One run of the demo whose output is collected as it comes."""

    def __init__(self, home: Path, *arguments: str, **environ: str) -> None:
        self.port = free_ports(1)[0]
        self.said: list[str] = []
        self.process = tongxing(
            *("demo", *arguments),
            cwd=home.parent,
            TONGXING_DATA_DIR=str(home),
            TONGXING_PORT=str(self.port),
            COLUMNS="140",
            **environ,
        )
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(self.process.stdout)

    @property
    def output(self) -> str:
        return "".join(self.said)

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.output:
            assert self.process.poll() is None and time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def stop(self, number: signal.Signals) -> float:
        """Send a signal and return the seconds until everything was gone."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        took = time.monotonic() - begun
        self.listener.join(10)
        return took

    def child(self, command: str) -> int:
        """Return the process number of the API or the worker."""
        for child in psutil.Process(self.process.pid).children():
            if command in child.cmdline():
                return child.pid
        raise LookupError(command)


@pytest.fixture
def home() -> Iterator[Path]:
    directory = embedded.scratch_dir(f"tongxing-demo-{os.getpid()}")
    yield directory
    embedded.erase(directory)
    shutil.rmtree(directory)


@pytest.fixture
def demos(home: Path) -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.stop(signal.SIGTERM)
        demo.listener.join(10)
        end(demo.process)


def leftovers(home: Path, port: int) -> list[str]:
    """Name what a demo left running."""
    left = ["database"] if (home / "database" / "postmaster.pid").exists() else []
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            left.append("api")
    return left


def test_a_demo_starts_tells_and_stops_and_the_next_one_keeps_the_data(
    home: Path, demos: list[Demo]
) -> None:
    demos.append(first := Demo(home))
    first.until("Ctrl-C")
    assert is_ready(first.port)
    for line in ("数据库", "数据表", "示例数据", "接口", "后台任务"):
        assert re.search(rf"✓ +{line}.* \d+\.\d s", first.output), first.output
    assert f"http://127.0.0.1:{first.port}/docs" in first.output
    assert STAFF_PASSWORD in first.output
    for person in demo_sign_ins():
        assert person.phone in first.output and person.name in first.output
    assert first.stop(signal.SIGINT) < STOP_SECONDS
    assert first.process.returncode == 0 and "Traceback" not in first.output
    assert leftovers(home, first.port) == []

    (home / "files").mkdir(exist_ok=True)
    (home / "files" / "kept").touch()
    demos.append(second := Demo(home))
    second.until("Ctrl-C")
    assert "migration applied" in first.output and "migration applied" not in second.output
    assert second.stop(signal.SIGTERM) < STOP_SECONDS
    assert second.process.returncode == 0 and leftovers(home, second.port) == []
    assert (home / "files" / "kept").exists()

    demos.append(third := Demo(home, "--reset"))
    third.until("Ctrl-C")
    assert "migration applied" in third.output
    assert not (home / "files" / "kept").exists()
    third.stop(signal.SIGHUP)
    assert leftovers(home, third.port) == []


@pytest.mark.parametrize("victim", ["serve", "worker"])
def test_a_demo_that_loses_a_part_says_so_and_stops(
    home: Path, demos: list[Demo], victim: str
) -> None:
    demos.append(demo := Demo(home))
    demo.until("Ctrl-C")
    os.kill(demo.child(victim), signal.SIGKILL)
    demo.process.wait(30)
    demo.listener.join(10)
    assert demo.process.returncode == 1
    assert "ended by itself (exit code -9)" in demo.output
    assert leftovers(home, demo.port) == []


def test_a_taken_port_is_named_before_anything_starts(home: Path, demos: list[Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demos.append(demo := Demo(home, "--port", str(port)))
        demo.process.wait(30)
        demo.listener.join(10)
    assert demo.process.returncode == 1
    assert f"TONGXING_PORT={port + 1}" in demo.output
    assert not (home / "database").exists()
    home.mkdir(exist_ok=True)


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(home: Path) -> None:
    def doctor() -> tuple[int, str]:
        process = tongxing("doctor", cwd=home.parent, TONGXING_DATA_DIR=str(home), COLUMNS="200")
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    code, said = doctor()
    assert code == 1
    assert re.search(r"✓ 数据库 database +PostgreSQL 18", said), said
    assert re.search(r"✓ 文件 files .* can be written and read", said), said
    assert re.search(r"✗ 数据表 tables .*0001_initial", said), said
    assert "→ run `tongxing migrate`" in said

    migrate = tongxing("migrate", cwd=home.parent, TONGXING_DATA_DIR=str(home))
    assert migrate.communicate(timeout=60) and migrate.returncode == 0
    code, said = doctor()
    assert code == 1
    assert re.search(r"✓ 数据表 tables +up to date", said), said
    assert re.search(r"✗ 后台 worker +has never run", said), said

    worker = tongxing(
        *("worker", "--heartbeat", str(home / "alive")),
        cwd=home.parent,
        TONGXING_DATA_DIR=str(home),
    )
    try:
        wait_until((home / "alive").exists, worker)
        deadline = time.monotonic() + 30
        while (result := doctor())[0] and time.monotonic() < deadline:
            time.sleep(0.5)
        assert result[0] == 0, result[1]
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=30)
        assert worker.returncode == 0, said
    finally:
        end(worker)


def test_the_doctor_names_a_bucket_it_cannot_write_to(tmp_path: Path) -> None:
    port, other = free_ports(2)
    process = tongxing(
        "doctor",
        cwd=tmp_path,
        TONGXING_DATABASE_URL=f"postgresql://tongxing@127.0.0.1:{other}/tongxing",
        TONGXING_STORAGE_BUCKET="school-files",
        TONGXING_STORAGE_ENDPOINT=f"http://127.0.0.1:{port}",
        TONGXING_STORAGE_ACCESS_KEY="a-key",
        TONGXING_STORAGE_SECRET_KEY="a-secret-nobody-reads",
        COLUMNS="300",
    )
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.search(r"✗ 文件 files +bucket school-files: ", said), said
    assert "TONGXING_STORAGE_*" in said
    assert "a-secret-nobody-reads" not in said


def test_the_doctor_names_a_database_it_cannot_reach(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    process = tongxing(
        "doctor",
        cwd=tmp_path,
        TONGXING_DATABASE_URL=f"postgresql://tongxing@127.0.0.1:{port}/tongxing",
        COLUMNS="200",
    )
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.search(r"✗ 数据库 database .*", said) and "TONGXING_DATABASE_URL" in said
    assert "Traceback" not in said
