"""J10: five thousand open phones hear of a notice."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import psutil

from backend import clock
from backend.database import database
from backend.people import callers
from backend.people.tokens import digest
from tests.bench import district, listeners, meter, publishing
from tests.bench import ground as grounds
from tests.bench.figures import Check, Figure, Findings
from tests.bench.ground import Ground
from tests.bench.listeners import Heard, Opened

PHONES = 5_000
STRANGERS = 200
"""Phones of another school, which hear nothing."""
ROUNDS = 5
SETTLED = 1.0
"""Seconds without a word after which nothing more is expected."""
LONGEST = 30.0
AUDIENCE = 200_000
"""The size by which the publishing bench knows the whole large school."""

Word = TypeVar("Word")


class Round(NamedTuple):
    """One notice: seconds from its commit until the middle and the last phone had heard,
    CPU seconds of the API process, and what was not as it should be."""

    middle: float
    last: float
    app: float
    deaf: int
    twice: int
    strange: int
    lost: int
    strangers: float


class Listeners:
    """The process of the phones."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def read(self, kind: type[Word]) -> Word:
        assert self.process.stdout is not None
        return msgspec.json.decode(self.process.stdout.readline(), type=kind)

    def heard(self) -> Heard:
        """Return what the phones have heard since this was last asked."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.read(Heard)


def run(ground: Ground) -> Findings:
    """Open the phones, publish to all of them some times over."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Findings:
    people = [district.guardian(district.LARGE, number) for number in range(PHONES)]
    people += [district.guardian(2, number) for number in range(STRANGERS)]
    tokens = await grounds.signed_in(ground, people)
    with ground.product(1) as (port, pid):
        # What a process takes anyway is not the phones' doing.
        memory = _memory(pid)
        with _listening(listeners.Plan(port=port, tokens=tokens)) as phones:
            opened = phones.read(Opened)
            memory = _memory(pid) - memory
            async with database(ground.dsn, ground.settings, name="bench"):
                rounds = [await _publish(ground, phones, pid) for _ in range(1 + ROUNDS)]
    # The first warms the plans.
    ground.noise = max([ground.noise, *(one.strangers for one in rounds[1:])])
    return _findings(opened, memory / len(tokens), rounds[1:])


async def _publish(ground: Ground, phones: Listeners, pid: int) -> Round:
    signed = await grounds.sign_in(
        district.row_id(district.PERSON, district.ADMIN + district.LARGE)
    )
    actor = await callers.by_token(digest(signed.token), clock.now())
    assert actor is not None
    phones.heard()
    roots = {"app": [pid], "bench": [os.getpid()], "database": [ground.postmaster]}
    before = meter.read(**roots)
    await publishing.publish(actor, AUDIENCE)
    committed = time.time()
    first, times, lost = [0.0] * (PHONES + STRANGERS), 0, 0
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        await asyncio.sleep(SETTLED)
        heard = phones.heard()
        first = [old or new for old, new in zip(first, heard.first, strict=True)]
        times, lost = times + heard.times, heard.lost
        if not heard.times and all(first[:PHONES]):
            break
    after = meter.read(**roots)
    used = {name: after.groups[name] - before.groups[name] for name in after.groups}
    waits = sorted(max(at - committed, 0.0) for at in first[:PHONES] if at) or [0.0]
    return Round(
        middle=waits[len(waits) // 2],
        last=waits[-1],
        app=used["app"],
        deaf=sum(not at for at in first[:PHONES]),
        twice=times - sum(map(bool, first)),
        strange=sum(map(bool, first[PHONES:])),
        lost=lost,
        strangers=meter.strangers(before, after, sum(used.values())),
    )


def _findings(opened: Opened, memory: float, rounds: list[Round]) -> Findings:
    every = f"{PHONES:,} open phones of one process"

    def figure(measured: str, value: float, unit: str, note: str = "") -> Figure:
        return Figure(job="J10", measured=measured, value=value, unit=unit, note=note)

    def middle(values: Any) -> float:
        return statistics.median(values)

    whole = PHONES + STRANGERS
    return Findings(
        figures=[
            figure(
                "live channels opened and greeted",
                opened.greeted / opened.seconds,
                "/s",
                f"{opened.refused:,} were told to come back, and did",
            ),
            figure("memory of a live channel, everything counted", memory / 1024, "KiB"),
            figure(
                f"from the commit until the last of {every} has heard",
                middle(one.last for one in rounds) * 1e3,
                "ms",
                f"half of them {middle(one.middle for one in rounds) * 1e3:.0f} ms · worst of "
                f"{len(rounds)} notices {max(one.last for one in rounds) * 1e3:.0f} ms",
            ),
            figure(
                "CPU of the API process a phone and notice",
                middle(one.app for one in rounds) / PHONES * 1e6,
                "µs",
            ),
        ],
        checks=[
            Check(job="J10", claim=f"{claim} ({wrong:,})", holds=wrong == 0)
            for claim, wrong in (
                (f"all of {whole:,} phones were greeted", whole - opened.greeted),
                ("every phone heard of every notice", sum(one.deaf for one in rounds)),
                ("nobody heard twice of one", sum(one.twice for one in rounds)),
                ("nobody of another school heard", sum(one.strange for one in rounds)),
                ("nobody was hung up on", rounds[-1].lost),
            )
        ],
    )


@contextmanager
def _listening(plan: listeners.Plan) -> Iterator[Listeners]:
    with tempfile.NamedTemporaryFile(prefix="tongxing-listeners-") as file:
        Path(file.name).write_bytes(msgspec.msgpack.encode(plan))
        process = subprocess.Popen(
            [sys.executable, "-m", listeners.__name__, file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            yield Listeners(process)
        finally:
            process.kill()
            process.communicate()


def _memory(pid: int) -> int:
    """Return the bytes a process and its children hold."""
    root = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (root, *root.children(recursive=True)))
