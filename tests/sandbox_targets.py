"""What the sandbox is tried with: functions that only ever run inside its child."""

import ctypes
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from backend.errors import Refusal
from backend.sandbox import SandboxRefused

Progress = Callable[[dict[str, object]], None]


class TooOdd(Refusal):
    code = "too_odd"


def reverse(payload: bytes, progress: Progress) -> bytes:
    return payload[::-1]


def hog_memory(payload: bytes, progress: Progress) -> bytes:
    kept = [bytearray(16 << 20) for _ in range(4096)]
    return str(len(kept)).encode()


def allocate_in_native_code(payload: bytes, progress: Progress) -> bytes:
    sys.stderr.write("memory allocation of 549755813888 bytes failed\n")
    sys.stderr.flush()
    os.abort()


def spin(payload: bytes, progress: Progress) -> bytes:
    while True:
        pass


def sleep(payload: bytes, progress: Progress) -> bytes:
    progress({"pid": os.getpid()})
    time.sleep(60)
    return b""


def abort(payload: bytes, progress: Progress) -> bytes:
    os.abort()


def segfault(payload: bytes, progress: Progress) -> bytes:
    ctypes.string_at(0)
    return b""


def stumble(payload: bytes, progress: Progress) -> bytes:
    raise ZeroDivisionError("the target's own mistake")


def leave(payload: bytes, progress: Progress) -> bytes:
    os._exit(0)


def lie(payload: bytes, progress: Progress) -> bytes:
    """Write what is no frame on every descriptor that could be the answer's."""
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, b"Z" * 64)
        except OSError:
            continue
    return b""


def announce_too_much(payload: bytes, progress: Progress) -> bytes:
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, b"R" + (1 << 40).to_bytes(8, "big"))
        except OSError:
            continue
    return b""


def swell(payload: bytes, progress: Progress) -> bytes:
    return b"\xe5" * int(payload)


def count(payload: bytes, progress: Progress) -> bytes:
    for step in range(int(payload)):
        progress({"done": step + 1, "of": int(payload)})
    return b"counted"


def chatter(payload: bytes, progress: Progress) -> bytes:
    sys.stdout.write("this is not a frame\n" * 10_000)
    sys.stderr.write("nor is this\n" * 100_000)
    return b"heard"


def refuse(payload: bytes, progress: Progress) -> bytes:
    raise SandboxRefused("row_unreadable", {"row": 7, "column": "手机号"})


def refuse_as_the_house_does(payload: bytes, progress: Progress) -> bytes:
    raise TooOdd(number=13)


def ignore_input(payload: bytes, progress: Progress) -> bytes:
    return str(len(payload)).encode()


def overlap(payload: bytes, progress: Progress) -> bytes:
    started = time.monotonic()
    time.sleep(0.4)
    return msgspec.json.encode((started, time.monotonic()))


def pour(payload: bytes, progress: Progress) -> bytes:
    """Write as much of 64 KiB as one may, and say how much that was."""
    path = Path(payload.decode())
    try:
        path.write_bytes(bytes(1 << 16))
    except OSError as error:
        return f"{path.stat().st_size} {error.strerror}".encode()
    return str(path.stat().st_size).encode()


def look_around(payload: bytes, progress: Progress) -> bytes:
    written = True
    try:
        Path(payload.decode()).write_bytes(b"x")
    except OSError:
        written = False
    return msgspec.json.encode(
        {
            "environment": dict(os.environ),
            "descriptors": sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()),
            "written": written,
            "address_space": resource.getrlimit(resource.RLIMIT_AS),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "session_leader": os.getsid(0) == os.getpid(),
        }
    )
