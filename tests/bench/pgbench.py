"""The limits: the statements alone, sent by PostgreSQL's own load generator.

Where it is not installed the run says so, and :mod:`tests.bench.stand_in` sends them.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
import structlog

from backend.embedded import Server
from tests.bench import meter, stand_in
from tests.bench.figures import Load

_PARAMETER = re.compile(r"\$(\d+)")
_COMMENT = re.compile(r"--[^\n]*")


def run(
    server: Server,
    database: str,
    script: str,
    *,
    clients: int,
    seconds: float = 0,
    each: int = 0,
    postmaster: int,
) -> Load:
    """Run a script for ``seconds``, or ``each`` times per client, over the local socket."""
    if not is_installed(server):
        return _without(server, database, script, clients, seconds, each, postmaster)
    with TemporaryDirectory(prefix="tongxing-pgbench-") as scratch:
        file = Path(scratch) / "script.sql"
        file.write_text(script)
        length = ["-t", str(each)] if each else ["-T", str(max(round(seconds), 1))]
        before = meter.read(database=[postmaster], bench=[os.getpid()])
        done = subprocess.run(
            [
                server.binaries / "pgbench", "-n", "-M", "prepared", "-f", file, "-D", "k=0",
                "-c", str(clients), "-j", "2", *length, "-l", "--log-prefix", f"{scratch}/log",
                "-h", server.sockets, "-U", "postgres", database,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        after = meter.read(database=[postmaster], bench=[os.getpid()])
        if done.returncode != 0 or "aborted" in done.stderr:
            raise RuntimeError(f"pgbench: {done.stderr[-1500:]}")
        waits = sorted(
            int(line.split()[2])
            for log in Path(scratch).glob("log.*")
            for line in log.read_text().splitlines()
        )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(f"pgbench: {done.stdout[-1500:]}")
    used = {name: after.groups[name] - before.groups[name] for name in after.groups}
    return Load(
        rate=float(rate[1]),
        p50=waits[len(waits) // 2] / 1e3,
        p99=waits[len(waits) * 99 // 100] / 1e3,
        done=len(waits),
        client=used["bench"] / len(waits) * 1e6,
        database=used["database"] / len(waits) * 1e6,
        strangers=meter.strangers(before, after, sum(used.values())),
    )


def is_installed(server: Server) -> bool:
    """Say whether pgbench came with the server's programs."""
    return (server.binaries / "pgbench").exists()


@cache
def _say_it_is_absent(binaries: Path) -> None:
    structlog.get_logger("bench").warning(
        "pgbench is not installed: the limits are sent by asyncpg instead, which costs more "
        "of the machine, so they lie lower and every ratio to them flatters us",
        looked_in=str(binaries),
    )


def _without(
    server: Server,
    database: str,
    script: str,
    clients: int,
    seconds: float,
    each: int,
    postmaster: int,
) -> Load:
    _say_it_is_absent(server.binaries)
    halves = [range(clients)[: (clients + 1) // 2], range(clients)[(clients + 1) // 2 :]]
    with TemporaryDirectory(prefix="tongxing-stand-in-") as scratch:
        before = meter.read(database=[postmaster], bench=[os.getpid()])
        running = []
        for half in (half for half in halves if half):
            file = Path(scratch) / f"{half.start}.plan"
            plan = stand_in.Plan(
                dsn=server.dsn(database), script=script, first=half.start, clients=len(half),
                seconds=max(round(seconds), 1), each=each,
            )  # fmt: skip
            file.write_bytes(msgspec.json.encode(plan))
            command = [sys.executable, "-m", stand_in.__name__, file]
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        told = [one.communicate()[0] for one in running]
        after = meter.read(database=[postmaster], bench=[os.getpid()])
    if any(one.returncode for one in running):
        raise RuntimeError("the stand-in for pgbench broke; its own words are above")
    found = [msgspec.json.decode(one, type=stand_in.Outcome) for one in told]
    waits = sorted(wait for one in found for wait in one.waits)
    used = {name: after.groups[name] - before.groups[name] for name in after.groups}
    return Load(
        rate=len(waits) / max(one.seconds for one in found),
        p50=waits[len(waits) // 2] * 1e3,
        p99=waits[len(waits) * 99 // 100] * 1e3,
        done=len(waits),
        client=used["bench"] / len(waits) * 1e6,
        database=used["database"] / len(waits) * 1e6,
        strangers=meter.strangers(before, after, sum(used.values())),
    )


def as_script(sql: str, values: Sequence[object], names: dict[object, str]) -> str:
    """Return a statement of the product with its values as pgbench can give them.

    ``names`` says what stands in for a value, such as a person who is another one each
    time; moments become the present.
    """

    def stand_in(found: re.Match[str]) -> str:
        value = values[int(found[1]) - 1]
        if isinstance(value, list):
            return f"ARRAY[{', '.join(one(item) for item in value)}]"
        return one(value)

    def one(value: object) -> str:
        if value in names:
            return names[value]
        match value:
            case None:
                return "NULL"
            case datetime():
                return "now()"
            case UUID():
                return f"'{value}'::uuid"
            case int():
                return str(value)
            case str() if value.replace("-", "").isalnum():
                return f"'{value}'"
        raise TypeError(f"pgbench cannot be given {value!r}")

    return " ".join(_PARAMETER.sub(stand_in, _COMMENT.sub("", sql)).split()) + ";\n"
