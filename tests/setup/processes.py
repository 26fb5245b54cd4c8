"""Starting the ``tongxing`` command as its own process, and waiting for what it promises."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def tongxing(*arguments: str, cwd: Path, **environ: str) -> subprocess.Popen[str]:
    """Start the command with nothing but ``environ`` in its environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Leave nothing of a process behind, whatever became of its test."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_until(
    happened: Callable[[], bool], process: subprocess.Popen[Any], patience: float = PATIENCE
) -> None:
    """Wait for something a process shall do; fail with its output when it does not."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        if happened():
            return
        time.sleep(0.05)
    process.kill()
    said = process.communicate()[0]
    pytest.fail(f"exit code {process.returncode}; it said:\n{said}")


def is_ready(port: int) -> bool:
    """Whether the API on ``port`` says that it takes work."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
