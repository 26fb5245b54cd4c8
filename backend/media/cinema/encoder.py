"""The optional encoder: a program of its own, run with hard limits.

It is there when the package's extra ``video`` is installed. It starts as this module,
which puts itself under the sandbox's limits and then becomes the program, so the process
one kills is the encoder itself.
"""

import asyncio
import contextlib
import ctypes
import importlib.util
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.sandbox import confine

MEMORY = 4 * 1024**3
LONGEST = 6 * 60 * 60.0
"""Seconds after which even the longest film is given up."""
THREADS = 2
_STDERR_KEPT = 2048
_ROOT = Path(__file__).resolve().parents[3]
_DIE_WITH_PARENT = 1


class EncoderFailed(Exception):
    """The encoder was stopped by a limit or gave up; ``detail`` is for the log alone."""


def is_installed() -> bool:
    """Say whether this installation can encode."""
    return importlib.util.find_spec("imageio_ffmpeg") is not None


def wall_seconds(milliseconds: int) -> float:
    """Return how long encoding a film of this length may take."""
    return min(LONGEST, 300 + milliseconds / 1000 * 10)


async def encode(
    arguments: Sequence[str],
    *,
    milliseconds: int,
    file_bytes: int,
    on_percent: Callable[[int], None] | None = None,
) -> None:
    """Run the encoder with ``arguments`` on a film of that length.

    It reads and writes files only, each of at most ``file_bytes``. ``on_percent`` hears
    rising figures up to 99 on the event loop, about once a second. Raises
    :class:`EncoderFailed`; cancelling the caller kills the encoder.
    """
    seconds = wall_seconds(milliseconds)
    process = await _start(arguments, seconds, file_bytes)
    assert process.stdout and process.stderr
    complaints = asyncio.ensure_future(_tail(process.stderr))
    try:
        async with asyncio.timeout(seconds):
            await _follow(process.stdout, milliseconds, on_percent)
            code = await process.wait()
        detail = (await complaints).decode(errors="replace")
    except TimeoutError:
        raise EncoderFailed("timeout") from None
    finally:
        complaints.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code != 0:
        raise EncoderFailed(f"exit {code}: {detail}")


async def _start(arguments: Sequence[str], seconds: float, file_bytes: int) -> Process:
    limits = (MEMORY, int(seconds * THREADS), seconds, file_bytes, os.getpid())
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-B", "-m", "backend.media.cinema.encoder"),
            *(str(limit) for limit in limits),
            *arguments,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            cwd="/",
            env={
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(_ROOT),
                # Each further arena reserves address space, which is limited.
                "MALLOC_ARENA_MAX": "2",
            },
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        orphan = await starting
        orphan.kill()
        await orphan.wait()
        raise


async def _follow(
    stdout: asyncio.StreamReader, milliseconds: int, on_percent: Callable[[int], None] | None
) -> None:
    told = -1
    async for line in stdout:
        name, _, value = line.decode(errors="replace").strip().partition("=")
        if name != "out_time_us" or not value.lstrip("-").isdigit():
            continue
        percent = min(99, int(value) // 10 // max(milliseconds, 1))
        if percent > told:
            told = percent
            if on_percent is not None:
                on_percent(percent)


async def _tail(stderr: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stderr.read(_STDERR_KEPT):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept


def _become(limits: Sequence[str], arguments: Sequence[str]) -> None:
    import imageio_ffmpeg

    memory, cpu_seconds, seconds, file_bytes, parent = limits
    program = imageio_ffmpeg.get_ffmpeg_exe()
    # A worker that is killed takes its encoder along; one that died already has left us to
    # somebody else.
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != int(parent):
        return
    confine(int(memory), int(cpu_seconds), float(seconds), int(file_bytes))
    os.nice(5)
    always = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y")
    report = ("-progress", "pipe:1", "-stats_period", "1")
    os.execv(program, [program, *always, *report, *arguments])


if __name__ == "__main__":
    _become(sys.argv[1:6], sys.argv[6:])
    sys.exit(1)
