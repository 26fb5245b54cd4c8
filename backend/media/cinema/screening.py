"""Asking the sandbox about films, and for clean copies of them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from backend import sandbox
from backend.media.cinema import limits
from backend.sandbox import SandboxKilled, SandboxRefused

MEMORY = 1024**3
PROBE_CPU_SECONDS = 20
PROBE_WALL_SECONDS = 60.0
COPY_CPU_SECONDS = 180
COPY_WALL_SECONDS = 900.0
_SPARE_BYTES = 16 * 1024 * 1024

log = structlog.get_logger("media")


async def probe(source: Path) -> limits.Reel:
    """Return what is in the file ``source``.

    Raises the refusals of :mod:`limits`, and :class:`backend.sandbox.SandboxKilled` when
    the machine gave it no time.
    """
    found = await _ask(
        "backend.media.cinema.probing:probe",
        str(source).encode(),
        cpu_seconds=PROBE_CPU_SECONDS,
        wall_seconds=PROBE_WALL_SECONDS,
    )
    return msgspec.msgpack.decode(found, type=limits.Reel)


async def clean(
    source: Path, folder: Path, *, on_percent: Callable[[int], None] | None = None
) -> limits.Cleaned:
    """Copy ``source`` into ``folder`` as ``film``, with its poster; raises as :func:`probe`.

    ``on_percent`` hears rising figures below 100 on the event loop.
    """

    def heard(facts: dict[str, object]) -> None:
        percent = facts.get("percent")
        if on_percent is not None and isinstance(percent, int):
            on_percent(percent)

    size = (await asyncio.to_thread(source.stat)).st_size
    made = await _ask(
        "backend.media.cinema.cleaning:clean",
        msgspec.msgpack.encode(limits.Order(str(source), str(folder))),
        cpu_seconds=COPY_CPU_SECONDS,
        wall_seconds=COPY_WALL_SECONDS,
        # An index can make the copy a little larger than what it was made from.
        file_bytes=size + size // 4 + _SPARE_BYTES,
        on_progress=heard,
    )
    return msgspec.msgpack.decode(made, type=limits.Cleaned)


async def _ask(target: str, payload: bytes, **bounds: Any) -> bytes:
    try:
        return await sandbox.run(target, payload, memory=MEMORY, **bounds)
    except SandboxRefused as no:
        facts: dict[str, Any] = no.facts
        raise limits.REFUSALS.get(no.code, limits.VideoUnreadable)(**facts) from None
    except SandboxKilled as death:
        if death.reason == "timeout":
            raise
        log.warning("film_killed_its_reader", target=target, reason=death.reason)
        if death.reason == "crash":
            raise limits.VideoUnreadable from None
        raise limits.VideoTooHeavy from None
