"""A rush: parents let loose from two processes at the moment an event opens."""

import asyncio
import os
import sys
import time
from asyncio import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.bench import meter, parents
from tests.bench.figures import Load
from tests.bench.ground import Ground
from tests.bench.shifts import Shifts

LONGEST = 90


class Rush:
    """What came of one rush: every parent's answer, and the load it was.

    ``last_kept`` is when the last of those knew who had not lost an answer, in seconds.
    """

    def __init__(self, told: list[parents.Told], load: Load) -> None:
        self.told, self.load = told, load
        self.last_kept = max((one.at for one in told if one.asked == 1), default=0.0)
        self.repeated = sum(one.asked > 1 for one in told)


async def held(
    ground: Ground,
    desk: Shifts,
    event: int,
    tries: Sequence[parents.Try],
    port: int,
    app: int,
    waiting: bool,
) -> Rush:
    """Open an event; with ``waiting`` everybody is connected before that."""
    with TemporaryDirectory(prefix="tongxing-parents-") as scratch, ExitStack() as stack:
        crowds = []
        files = [Path(scratch) / f"{half}.plan" for half in (0, 1)]
        for half, file in enumerate(files):
            plan = parents.Plan(port=port, tries=list(tries[half::2]), waiting=waiting)
            file.write_bytes(msgspec.msgpack.encode(plan))
            crowd = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.parents", file,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            stack.callback(_end, crowd)
            crowds.append(crowd)
        for crowd in crowds:
            assert crowd.stdout is not None
            await crowd.stdout.readline()
        roots = {"app": [app], "database": [ground.postmaster], "bench": [os.getpid()]}
        before = meter.read(**roots)
        moment = time.time() + 0.3
        await desk.open_at(event, moment)
        answers = [crowd.communicate(f"{moment}\n".encode()) for crowd in crowds]
        async with asyncio.timeout(LONGEST):
            await asyncio.gather(*answers)
        after = meter.read(**roots)
        outcomes = [
            msgspec.msgpack.decode(file.with_suffix(".told").read_bytes(), type=parents.Outcome)
            for file in files
        ]
    told = [one for outcome in outcomes for one in outcome.told]
    waited = sorted(one.waited for one in told)
    used = {name: after.groups[name] - before.groups[name] for name in after.groups}
    each = 1e6 / len(told)
    return Rush(
        told,
        Load(
            rate=len(told) / max(one.at for one in told),
            p50=waited[len(waited) // 2],
            p99=waited[len(waited) * 99 // 100],
            done=len(told),
            refused=sum(one.status != 200 for one in told),
            client=sum(outcome.cpu for outcome in outcomes) * each,
            app=used["app"] * each,
            database=used["database"] * each,
            strangers=meter.strangers(before, after, used["bench"] + used["database"]),
        ),
    )


def _end(crowd: subprocess.Process) -> None:
    if crowd.returncode is None:
        crowd.kill()
