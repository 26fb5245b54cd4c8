"""The child may do its worst: the parent answers, and nothing is left running."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from backend import sandbox
from backend.sandbox import SandboxKilled, SandboxRefused

MEMORY = 256 << 20


async def call(
    target: str,
    payload: bytes = b"",
    *,
    memory: int = MEMORY,
    cpu_seconds: int = 5,
    wall_seconds: float = 20.0,
    file_bytes: int = 0,
    on_progress: Callable[[dict[str, object]], None] | None = None,
) -> bytes:
    return await sandbox.run(
        f"tests.sandbox_targets:{target}",
        payload,
        memory=memory,
        cpu_seconds=cpu_seconds,
        wall_seconds=wall_seconds,
        file_bytes=file_bytes,
        on_progress=on_progress,
    )


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children() -> set[int]:
    # By parent, not by thread: the threads of a pool come and go while one looks.
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Any:
    before = children()
    yield
    assert children() <= before


async def test_bytes_go_in_and_bytes_come_out() -> None:
    assert await call("reverse", "家校".encode()) == "家校".encode()[::-1]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("hog_memory", "memory"),
        ("allocate_in_native_code", "memory"),
        ("abort", "crash"),
        ("segfault", "crash"),
        ("stumble", "crash"),
        ("leave", "crash"),
        ("lie", "crash"),
        ("announce_too_much", "crash"),
        ("no_such_function", "crash"),
    ],
)
async def test_a_child_that_dies_names_its_reason_and_the_parent_goes_on(
    target: str, reason: str
) -> None:
    with pytest.raises(SandboxKilled) as death:
        await call(target)
    assert death.value.reason == reason
    assert await call("reverse", b"alive") == b"evila"


async def test_the_childs_traceback_is_kept_for_the_log() -> None:
    with pytest.raises(SandboxKilled) as death:
        await call("stumble")
    assert "the target's own mistake" in death.value.detail


async def test_a_loop_is_stopped_by_its_cpu_limit_before_the_wall_clock() -> None:
    started = time.monotonic()
    with pytest.raises(SandboxKilled) as death:
        await call("spin", cpu_seconds=1)
    assert death.value.reason == "cpu"
    assert time.monotonic() - started < 15


async def test_a_sleeper_is_stopped_by_the_wall_clock() -> None:
    with pytest.raises(SandboxKilled) as death:
        await call("sleep", wall_seconds=1.0)
    assert death.value.reason == "timeout"


async def test_cancelling_the_caller_kills_the_child() -> None:
    seen: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    caller = asyncio.create_task(call("sleep", on_progress=seen.put_nowait))
    pid = int(str((await seen.get())["pid"]))
    assert is_running(pid)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not is_running(pid)


@pytest.mark.parametrize("moment", [0.0, 0.002, 0.01, 0.03])
async def test_cancelling_while_the_child_is_being_born_leaves_no_orphan(moment: float) -> None:
    before = children()
    caller = asyncio.create_task(call("sleep"))
    await asyncio.sleep(moment)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert children() == before
    assert await call("reverse", b"ab") == b"ba"


async def test_a_callers_own_mistake_in_on_progress_kills_the_child() -> None:
    def drop(note: dict[str, object]) -> None:
        raise ValueError(note)

    with pytest.raises(ValueError, match="pid"):
        await call("sleep", on_progress=drop)


async def test_sixty_megabytes_go_each_way() -> None:
    size = 60 << 20
    assert await call("ignore_input", bytes(size)) == str(size).encode()
    assert len(await call("swell", str(size).encode())) == size


async def test_an_answer_larger_than_the_childs_memory_is_not_read() -> None:
    with pytest.raises(SandboxKilled):
        await call("swell", str(300 << 20).encode())


async def test_a_child_that_never_reads_its_input_still_answers_or_dies_in_time() -> None:
    with pytest.raises(SandboxKilled) as death:
        await call("no_such_function", bytes(30 << 20), wall_seconds=10)
    assert death.value.reason == "crash"


async def test_progress_arrives_in_order_before_the_answer() -> None:
    seen: list[dict[str, object]] = []
    assert await call("count", b"500", on_progress=seen.append) == b"counted"
    assert [note["done"] for note in seen] == list(range(1, 501))


async def test_what_the_target_prints_is_not_taken_for_its_answer() -> None:
    assert await call("chatter") == b"heard"


async def test_a_refusal_crosses_with_its_code_and_facts() -> None:
    with pytest.raises(SandboxRefused) as no:
        await call("refuse")
    assert (no.value.code, no.value.facts) == ("row_unreadable", {"row": 7, "column": "手机号"})


async def test_a_refusal_of_the_house_crosses_too() -> None:
    with pytest.raises(SandboxRefused) as no:
        await call("refuse_as_the_house_does")
    assert (no.value.code, no.value.facts) == ("too_odd", {"number": 13})


async def test_the_child_sees_a_bare_world(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TONGXING_SECRET_KEY", "canary")
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    for descriptor in held:
        os.set_inheritable(descriptor, True)
    try:
        seen = msgspec.json.decode(await call("look_around", str(tmp_path / "x").encode()))
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert set(seen["environment"]) <= {"PATH", "LANG", "PYTHONPATH", "LC_CTYPE"}
    assert set(seen["descriptors"]) <= {0, 1, 2, 3, 4}
    assert seen["written"] is False
    assert seen["address_space"] == [MEMORY, MEMORY]
    assert seen["core"] == [0, 0]
    assert seen["session_leader"] is True


async def test_a_child_writes_only_files_of_the_size_it_may(tmp_path: Path) -> None:
    for room, told in (
        (0, b"0 File too large"),
        (5000, b"5000 File too large"),
        (1 << 16, b"65536"),
    ):
        path = str(tmp_path / f"file-{room}").encode()
        assert await call("pour", path, file_bytes=room) == told


async def test_no_more_children_than_places_run_at_once() -> None:
    spans = [
        msgspec.json.decode(span, type=tuple[float, float])
        for span in await asyncio.gather(*(call("overlap") for _ in range(6)))
    ]
    crowd = max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)
    assert crowd == sandbox.CHILDREN


async def test_waiting_for_a_place_does_not_count_against_the_wall_clock() -> None:
    answers = await asyncio.gather(*(call("overlap", wall_seconds=3.0) for _ in range(10)))
    assert len(answers) == 10


def test_a_child_ends_by_itself_when_its_parent_was_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio\nfrom backend import sandbox\n"
        "asyncio.run(sandbox.run('tests.sandbox_targets:sleep', b'', memory=1 << 28,"
        " cpu_seconds=5, wall_seconds=1.0,"
        " on_progress=lambda note: print(note['pid'], flush=True)))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert is_running(child)
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(child)


def test_it_works_on_uvloop_as_well() -> None:
    script = (
        "import asyncio, uvloop\nfrom backend import sandbox\n"
        "def call(name, payload=b''):\n"
        "    return sandbox.run(f'tests.sandbox_targets:{name}', payload, memory=1 << 28,"
        " cpu_seconds=1, wall_seconds=5.0)\n"
        "async def main():\n"
        "    ends = await asyncio.gather(*(call(n, b'9') for n in"
        " ('reverse', 'hog_memory', 'abort', 'spin', 'refuse', 'count')), return_exceptions=True)\n"
        "    late = asyncio.create_task(call('sleep')); await asyncio.sleep(0.3); late.cancel()\n"
        "    await asyncio.wait([late])\n"
        "    print([getattr(e, 'reason', getattr(e, 'code', e)) for e in ends], late.cancelled())\n"
        "uvloop.run(main())"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        check=True,
    )
    assert told.stdout.strip() == (
        "[b'9', 'memory', 'crash', 'cpu', 'row_unreadable', b'counted'] True"
    )
