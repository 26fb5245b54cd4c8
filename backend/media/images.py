"""Asking the sandbox for a clean picture."""

import hashlib
from typing import Any

import msgspec
import structlog

from backend import sandbox
from backend.errors import Busy, Refusal
from backend.media import rules
from backend.sandbox import SandboxKilled, SandboxRefused

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 5
WALL_SECONDS = 20.0
LONGEST_QUEUE = 8
"""Pictures a process holds in memory at once, being drawn or waiting for it."""

log = structlog.get_logger("media")
_in_hand = 0
_REFUSALS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in (rules.ImageTooManyPixels, rules.ImageAnimated, rules.ImageUnreadable)
}


class Picture(msgspec.Struct, frozen=True):
    """What the child drew: the encoded files, and the original's size in pixels."""

    media_type: str
    width: int
    height: int
    original: bytes
    thumbnail: bytes


async def redraw(data: bytes) -> Picture:
    """Return ``data`` decoded and encoded anew in a child process with hard limits.

    Raises :class:`rules.ImageTooManyPixels`, :class:`rules.ImageAnimated`,
    :class:`rules.ImageUnreadable`, :class:`rules.ImageTooHeavy`, and :class:`Busy` when
    too many pictures wait already or the machine gave this one no time.
    """
    global _in_hand
    if _in_hand >= LONGEST_QUEUE:
        raise Busy(retry_after=2)
    _in_hand += 1
    try:
        drawn = await sandbox.run(
            "backend.media.decoder:render",
            data,
            memory=MEMORY,
            cpu_seconds=CPU_SECONDS,
            wall_seconds=WALL_SECONDS,
        )
        return msgspec.msgpack.decode(drawn, type=Picture)
    except SandboxRefused as no:
        facts: dict[str, Any] = no.facts
        raise _REFUSALS.get(no.code, rules.ImageUnreadable)(**facts) from None
    except SandboxKilled as death:
        # The detail may quote the picture, so the log gets a digest to find it by.
        digest = hashlib.sha256(data).hexdigest()
        log.warning("image_killed_its_reader", reason=death.reason, sha256=digest)
        if death.reason == "timeout":
            raise Busy(retry_after=5) from None
        if death.reason == "crash":
            raise rules.ImageUnreadable from None
        raise rules.ImageTooHeavy from None
    except msgspec.MsgspecError as error:
        raise rules.ImageUnreadable from error
    finally:
        _in_hand -= 1
