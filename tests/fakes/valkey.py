"""A real Valkey on loopback for one test: started, stopped, hung and killed by it.

``valkey-server`` or, where that is not packaged, ``redis-server``, which speaks the same.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PATIENCE = 30.0


class ValkeyServer:
    """One server process that keeps nothing on disk, so whatever ends it empties it."""

    def __init__(self, program: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.url = f"valkey://127.0.0.1:{self.port}/0"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
                "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it the hard way; nothing happens when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def hang(self) -> None:
        """Let it keep its connections open and say nothing, as a lost network would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def ask(self, *words: str) -> str:
        """Send one command and return the raw beginning of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            parts = [f"*{len(words)}", *(f"${len(word)}\r\n{word}" for word in words), ""]
            line.sendall("\r\n".join(parts).encode())
            return line.recv(65_536).decode()

    def _answers(self) -> bool:
        try:
            return self.ask("PING").startswith("+PONG")
        except OSError:
            return False


@contextmanager
def valkey_server() -> Iterator[ValkeyServer]:
    """Yield a running server; skips the test where none is installed."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("neither valkey-server nor redis-server is installed: apt-get install one")
    server = ValkeyServer(program)
    try:
        server.start()
        yield server
    finally:
        server.kill()
