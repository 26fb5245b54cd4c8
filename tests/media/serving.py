"""The real server on a real socket, over the test's own database and files."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from backend import clock
from backend.media import links
from backend.media.models import Attachment, Kind, Variant
from backend.settings import Settings
from tests.media.conftest import Place
from tests.setup.processes import ROOT, free_ports, is_ready, wait_until

REAL = ("-m", "backend.cli", "serve", "--port")
GREEDY = (
    *("-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--factory"),
    *("tests.media.greedy:create_app", "--port"),
)
"""The house as it would be if a range were read at once, whatever its length."""


class Server:
    """One API process that listens on loopback."""

    def __init__(self, process: subprocess.Popen[Any], port: int) -> None:
        self.port = port
        self._root = psutil.Process(process.pid)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def resident(self) -> int:
        """Return the bytes of memory its processes hold."""
        return sum(one.memory_info().rss for one in self._processes())

    def bytes_read(self) -> int:
        """Return how much its processes have read, from files and sockets."""
        return sum(one.io_counters().read_chars for one in self._processes())

    def open_files(self) -> list[str]:
        return [file.path for one in self._processes() for file in one.open_files()]

    def _processes(self) -> list[psutil.Process]:
        return [self._root, *self._root.children(recursive=True)]


@contextmanager
def serving(dsn: str, settings: Settings, *command: str, **more: str) -> Iterator[Server]:
    """Run ``command`` (with the port behind it) until the end of the block.

    ``more`` are further settings, by name.
    """
    [port] = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, *command, str(port)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TONGXING_ENVIRONMENT": "test",
            "TONGXING_DATABASE_URL": dsn,
            "TONGXING_DATA_DIR": str(settings.data_dir),
            "TONGXING_LOG_FORMAT": "json",
            **{f"TONGXING_{name.upper()}": value for name, value in more.items()},
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_ready(port), process)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def house(dsn: str, settings: Settings) -> Iterator[Server]:
    """The house itself, on a socket."""
    with serving(dsn, settings, *REAL) as running:
        yield running


async def film_at(place: Place, settings: Settings, path: str, size: int) -> Attachment:
    """Let the house own the film that lies at ``path`` in its store, ready to be watched."""
    return await Attachment.create(
        district_id=place.district.id,
        school_id=place.school.id,
        uploader_id=place.fang.id,
        kind=Kind.VIDEO,
        filename="第一讲.mp4",
        media_type="video/mp4",
        byte_size=size,
        duration_ms=60_000,
        sha256="",
        original_key=path,
        created_at=clock.now(),
        stored_at=clock.now(),
    )


def link_to(
    film: Attachment, person_id: UUID, session_id: UUID, settings: Settings,
    variant: Variant = Variant.ORIGINAL,
) -> str:  # fmt: skip
    return links.url_for(
        film.id, variant, person_id, session_id,
        key=settings.secret_key, now=clock.now(), lifetime=links.LIFETIME_PLAY,
    )  # fmt: skip


def make_film(settings: Settings, name: str, content: bytes | int) -> str:
    """Write a file into the store: these bytes, or a hole of this size; returns its key."""
    path: Path = settings.data_dir / "files" / "zz" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if isinstance(content, int):
            file.truncate(content)
        else:
            file.write(content)
    return f"zz/{name}"
