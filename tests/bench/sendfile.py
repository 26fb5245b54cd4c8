"""Others that hand out ranges of the same file: nginx, and the least application of ours.

nginx is asked for the file without any check: it is the limit. The same nginx before our
API, as ``tongxing gateway`` sets it up, is what a house may use. The application is granian
and one ``pread`` a range, with no framework, no link and no piece: what the server costs by
itself. ``python -m tests.bench.sendfile PORT`` serves it, from the folder of
``TONGXING_DATA_DIR``.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from backend.web.nginx import house

_CONF = """
daemon off;
{user}
pid {scratch}/pid;
error_log {scratch}/error.log;
worker_processes {processes};
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {scratch}/a; proxy_temp_path {scratch}/b;
    fastcgi_temp_path {scratch}/c; uwsgi_temp_path {scratch}/d; scgi_temp_path {scratch}/e;
    types {{ video/mp4 mp4; }}
    {inside}
}}
"""
PREFIX = "/_files/"
"""Below which a house's nginx finds its files."""


def nginx() -> str | None:
    """Return where nginx lies, if it is installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def serving(program: str, folder: Path, processes: int) -> AbstractContextManager[tuple[int, int]]:
    """Let nginx serve a folder on a free port; yields port and process."""
    return _running(
        program,
        lambda port: f"server {{ listen 127.0.0.1:{port}; root {folder}; }}",
        processes,
    )


def gateway(
    program: str, api: int, folder: Path, processes: int
) -> AbstractContextManager[tuple[int, int]]:
    """Let nginx stand before the API at port ``api`` and send the files in ``folder``."""

    def inside(port: int) -> str:
        listen = f"127.0.0.1:{port}"
        return "\n".join(
            house([f"127.0.0.1:{api}"], PREFIX, listen=listen, tls=None, folder=folder)
        )

    return _running(program, inside, processes)


@contextmanager
def _running(
    program: str, inside: Callable[[int], str], processes: int
) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tongxing-nginx-") as scratch:
        conf = Path(scratch) / "nginx.conf"
        # The folder is the owner's alone, and nginx would become somebody else.
        user = "user root;" if os.geteuid() == 0 else ""
        told = inside(port)
        conf.write_text(_CONF.format(user=user, scratch=scratch, processes=processes, inside=told))
        process = subprocess.Popen([program, "-p", scratch, "-c", conf], stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 10
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((Path(scratch) / "error.log").read_text()[-2000:])
                time.sleep(0.05)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def create_app() -> Any:
    """Return the application: one ``pread`` a range, in the loop's own thread."""
    folder = Path(os.environ["TONGXING_DATA_DIR"]) / "files"
    files: dict[str, int] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, headers, body = 200, [], b""
        wanted = dict(scope["headers"]).get(b"range", b"")
        if wanted:
            path = scope["path"]
            if path not in files:
                files[path] = os.open(folder / path.lstrip("/"), os.O_RDONLY)
            first, last = map(int, wanted.removeprefix(b"bytes=").split(b"-"))
            body = os.pread(files[path], last + 1 - first, first)
            status, headers = 206, [(b"content-range", b"bytes %d-%d/*" % (first, last))]
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    Server(
        "tests.bench.sendfile:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGINL,
        loop=Loops.uvloop,
        workers=1,
        log_level=LogLevels.warning,
    ).serve()
