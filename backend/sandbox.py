"""A killable room for code that reads what strangers send.

The parent calls :func:`run`; the child is this same module started as a process with
a bare environment and hard limits. They talk in frames over pipes: one byte of kind,
eight bytes of length, the body.
"""

import asyncio
import contextlib
import importlib
import os
import resource
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from backend.deadline import allow
from backend.errors import Refusal

Facts = dict[str, object]
Progress = Callable[[Facts], None]
Reason = Literal["memory", "cpu", "timeout", "crash"]

CHILDREN = 2
"""How many children a process keeps at once; further callers wait their turn."""

_ROOT = Path(__file__).resolve().parent.parent
_HEADER = struct.Struct(">cQ")
_LARGEST_NOTE = 64 * 1024
_STDERR_KEPT = 4096
_OUT_OF_MEMORY = 76
_FAREWELL = 1.0
_ALLOCATION_FAILED = (b"MemoryError", b"memory allocation of", b"std::bad_alloc")
_slots = asyncio.Semaphore(CHILDREN)


class SandboxKilled(Exception):
    """The child ended without an answer.

    ``reason`` says which limit it met; ``crash`` covers an uncaught exception, a
    signal of its own and an answer that does not parse. ``detail`` is the end of what
    it wrote to stderr, for the log only: it may quote the input.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.detail = detail


class SandboxRefused(Exception):
    """The target read its input and said no.

    ``code`` is a machine word, ``facts`` is what JSON can carry. A target raises this
    or any :class:`backend.errors.Refusal`; the caller of :func:`run` sees this one.
    """

    def __init__(self, code: str, facts: Facts | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Facts = facts or {}


class _No(msgspec.Struct, frozen=True, array_like=True):
    code: str
    facts: Facts


async def run(
    target: str,
    payload: bytes,
    *,
    memory: int,
    cpu_seconds: int,
    wall_seconds: float,
    file_bytes: int = 0,
    on_progress: Progress | None = None,
) -> bytes:
    """Call ``target`` with ``payload`` in a child process and return its bytes.

    ``target`` is ``package.module:function`` with the signature
    ``(payload: bytes, progress: Callable[[dict], None]) -> bytes``. ``memory`` is the
    child's whole address space in bytes (the bare interpreter takes about 40 MB) and
    also bounds its answer; the wall clock starts when the child does, not while the
    caller waits for one of the :data:`CHILDREN` places. The child writes no file, unless
    ``file_bytes`` lets it write some of that size each: a target that reads a large file or
    leaves one behind is given paths for its payload. ``on_progress`` is called on the event
    loop.

    Raises :class:`SandboxRefused` and :class:`SandboxKilled`. Cancelling the caller
    kills the child.
    """
    async with _slots:
        allow(wall_seconds + _FAREWELL + 5)
        process = await _start(target, memory, cpu_seconds, wall_seconds, file_bytes)
        try:
            async with asyncio.timeout(wall_seconds):
                answer = await _converse(process, payload, memory, on_progress)
                # Killing a child at the moment it leaves by itself makes asyncio lose its
                # exit and complain; one that has answered and stays is killed below.
                await asyncio.wait([asyncio.ensure_future(process.wait())], timeout=_FAREWELL)
        except TimeoutError:
            raise SandboxKilled("timeout") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if isinstance(answer, _No):
        raise SandboxRefused(answer.code, answer.facts)
    return answer


async def _start(
    target: str, memory: int, cpu_seconds: int, wall_seconds: float, file_bytes: int
) -> Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-B", "-m", "backend.sandbox"),
            *(target, str(memory), str(cpu_seconds), str(wall_seconds), str(file_bytes)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # A caller who leaves while the child is being born must not leave it behind.
        orphan = await starting
        orphan.kill()
        await orphan.wait()
        raise


async def _converse(
    process: Process, payload: bytes, largest: int, on_progress: Progress | None
) -> bytes | _No:
    assert process.stdin and process.stdout and process.stderr
    complaints = asyncio.ensure_future(_tail(process.stderr))
    feeding = asyncio.ensure_future(_feed(process.stdin, payload))
    try:
        while True:
            try:
                answer = await _frame(process.stdout, largest)
            except asyncio.IncompleteReadError:
                code, detail = await process.wait(), await complaints
                raise SandboxKilled(_why(code, detail), detail.decode(errors="replace")) from None
            except ValueError as error:
                raise SandboxKilled("crash", f"the answer does not parse: {error}") from None
            if isinstance(answer, bytes | _No):
                return answer
            if on_progress is not None:
                on_progress(answer)
    finally:
        for task in (feeding, complaints):
            task.cancel()
        await asyncio.gather(feeding, complaints, return_exceptions=True)


async def _feed(stdin: asyncio.StreamWriter, payload: bytes) -> None:
    # A child that dies before it has read everything is reported by its exit.
    with contextlib.suppress(ConnectionError):
        stdin.write(_HEADER.pack(b"I", len(payload)))
        stdin.write(payload)
        await stdin.drain()


async def _tail(stderr: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stderr.read(_STDERR_KEPT):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept


async def _frame(stdout: asyncio.StreamReader, largest: int) -> bytes | Facts | _No:
    kind, length = _HEADER.unpack(await stdout.readexactly(_HEADER.size))
    if length > (largest if kind == b"R" else _LARGEST_NOTE):
        raise ValueError(f"{length} bytes announced")
    body = await stdout.readexactly(length)
    match kind:
        case b"R":
            return body
        case b"X":
            return msgspec.json.decode(body, type=_No)
        case b"P":
            return msgspec.json.decode(body, type=Facts)
        case _:
            raise ValueError(f"no frame of kind {kind!r}")


def _why(returncode: int, stderr: bytes) -> Reason:
    if returncode == -signal.SIGXCPU:
        return "cpu"
    if returncode == -signal.SIGALRM:
        return "timeout"
    if returncode == _OUT_OF_MEMORY or any(sign in stderr for sign in _ALLOCATION_FAILED):
        return "memory"
    # We have not killed it and its CPU limit sends SIGXCPU first: that leaves the
    # kernel's own out-of-memory killer.
    return "memory" if returncode == -signal.SIGKILL else "crash"


def child(target: str, memory: int, cpu_seconds: int, wall_seconds: float, file_bytes: int) -> int:
    """Serve one call inside the child process and return its exit code.

    The limits stand before the target's module is imported.
    """
    confine(memory, cpu_seconds, wall_seconds, file_bytes)
    answer = os.fdopen(os.dup(1), "wb")
    # Whatever the target prints must not be taken for a frame.
    os.dup2(2, 1)
    try:
        _, length = _HEADER.unpack(sys.stdin.buffer.read(_HEADER.size))
        payload = sys.stdin.buffer.read(length)
        module, _, function = target.partition(":")
        call = getattr(importlib.import_module(module), function)
        result = call(payload, lambda facts: _send(answer, b"P", msgspec.json.encode(facts)))
        _send(answer, b"R", result)
    except MemoryError:
        return _OUT_OF_MEMORY
    except (SandboxRefused, Refusal) as refusal:
        _send(answer, b"X", msgspec.json.encode(_No(refusal.code, refusal.facts)))
    return 0


def confine(memory: int, cpu_seconds: int, wall_seconds: float, file_bytes: int) -> None:
    """Put this process, and whatever program it becomes, under the limits of :func:`run`."""
    wanted = {
        resource.RLIMIT_AS: (memory, memory),
        # SIGXCPU comes at the first figure and SIGKILL at the second.
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 1),
        resource.RLIMIT_FSIZE: (file_bytes, file_bytes),
        resource.RLIMIT_NOFILE: (64, 64),
        resource.RLIMIT_CORE: (0, 0),
    }
    for limit, (soft, hard) in wanted.items():
        ceiling = resource.getrlimit(limit)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(limit, (soft, hard))
    # The parent's own clock is the rule; this one ends a child whose parent has died.
    signal.setitimer(signal.ITIMER_REAL, wall_seconds + 1)
    # Requests being answered go before files being read.
    os.nice(5)


def _send(answer: BinaryIO, kind: bytes, body: bytes) -> None:
    answer.write(_HEADER.pack(kind, len(body)))
    answer.write(body)
    answer.flush()


if __name__ == "__main__":
    # Under its own name, so that a target's ``SandboxRefused`` is the one caught above.
    from backend.sandbox import child as serve

    # The interpreter's farewell would only cost time: nothing here outlives the call. An
    # exception prints its traceback, the parent's ``detail``, and leaves with code 1.
    _target, _memory, _cpu_seconds, _wall_seconds, _file_bytes = sys.argv[1:]
    os._exit(
        serve(_target, int(_memory), int(_cpu_seconds), float(_wall_seconds), int(_file_bytes))
    )
