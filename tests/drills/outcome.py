"""What a crowd saw of a server under load, and how it bore it."""

from __future__ import annotations

import asyncio
import http.client
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from tests.bench import meter
from tests.drills.surge import REFUSED, Plan, Report, Seen


class Watch:
    """Asks a server on a connection of its own whether it is alive, all the time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.waits: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            begun = time.perf_counter()
            answered = is_alive(self.port, patience=5)
            self.waits.append(time.perf_counter() - begun if answered else 5.0)

    @property
    def p99(self) -> float:
        return percentile(self.waits, 0.99)


class Outcome:
    """What a load was answered."""

    def __init__(self, plan: Plan, report: Report, alive: float, app: float) -> None:
        self.plan, self.late, self.alive = plan, report.late, alive
        self.client, self.app = report.cpu, app
        self.seen = report.seen
        self.kept = [one for one in report.seen if 200 <= one.status < 300 or one.status == 409]
        self.refused = [one for one in report.seen if one.status in REFUSED]

    @property
    def goodput(self) -> float:
        """Return how many were answered with their result in a second, warming up aside."""
        begin, end = self.plan.seconds * 0.2, self.plan.seconds
        return sum(begin <= one.due + one.waited < end for one in self.kept) / (end - begin)

    @property
    def effort(self) -> float:
        """Return the CPU time of the API process for each result, refusals included."""
        return self.app / max(len(self.kept), 1)

    def in_time(self, seconds: float) -> float:
        """Return the same, of those alone who had not waited longer than ``seconds``."""
        begin, end = self.plan.seconds * 0.2, self.plan.seconds
        return sum(
            one.waited <= seconds and begin <= one.due + one.waited < end for one in self.kept
        ) / (end - begin)

    def waited(self, share: float, *kinds: str) -> float:
        """Return how long the given share of those who got their result waited at most."""
        wanted = {n for n, kind in enumerate(self.plan.kinds) if not kinds or kind.name in kinds}
        return percentile([one.waited for one in self.kept if one.kind in wanted], share)

    @property
    def wrong(self) -> list[Seen]:
        """Return answers that are neither a result nor a refusal that says when to return."""
        good = {id(one) for one in self.kept}
        good.update(id(one) for one in self.refused if one.said_when)
        return [one for one in self.seen if id(one) not in good]

    @property
    def attempts(self) -> float:
        """Return how often a request was made, on average."""
        return len(self.seen) / max(sum(one.before == 0 for one in self.seen), 1)

    def figures(self) -> dict[str, object]:
        """Return what is worth a line."""
        return {
            "asked": len(self.seen),
            "goodput": round(self.goodput),
            "p50_ms": round(self.waited(0.5) * 1e3),
            "p99_ms": round(self.waited(0.99) * 1e3),
            "refused": len(self.refused),
            "wrong": len(self.wrong),
            "alive_p99_ms": round(self.alive * 1e3),
            "app_us_each": round(self.effort * 1e6),
            "generator_late_ms": round(self.late * 1e3),
        }


async def surge(plan: Plan, app: int) -> Outcome:
    """Let a crowd loose from a process of its own on the server whose process is ``app``."""
    with tempfile.TemporaryDirectory(prefix="tongxing-surge-") as scratch:
        file = Path(scratch) / "plan"
        file.write_bytes(msgspec.msgpack.encode(plan))
        before = meter.read(app=[app])
        with Watch(plan.port) as watch:
            await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "tests.drills.surge", str(file)],
                check=True,
                timeout=plan.seconds + 6 * plan.patience + 60,
            )
        report = msgspec.msgpack.decode((Path(scratch) / "plan.seen").read_bytes(), type=Report)
    for kind, requests in zip(plan.kinds, report.requests, strict=True):
        # The next surge goes on with the tokens this one brought.
        kind.requests[:] = requests or kind.requests
    used = meter.read(app=[app]).groups["app"] - before.groups["app"]
    return Outcome(plan, report, watch.p99, used)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def is_alive(port: int, *, patience: float = 2.0) -> bool:
    """Ask on a new connection whether the process lives."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
