"""Holding the elections, taking the loot, and letting every linker try."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec

from backend.embedded import Server
from tests.ballots.adversary import cases, judge, loot, naive, station
from tests.ballots.adversary.cases import Case
from tests.ballots.adversary.judge import Score
from tests.ballots.adversary.linkers import READINGS
from tests.ballots.adversary.linkers.reaching import Adversary
from tests.ballots.adversary.linkers.reading import Reading
from tests.ballots.adversary.loot import Loot
from tests.ballots.adversary.plans import Held
from tests.ballots.adversary.polling import Task

ROOT = Path(__file__).parents[3]


class Trial:
    """Elections that were held, and what an adversary made of them.

    ``held`` is for the judge alone; ``seconds`` is how long holding, taking and linking took.
    """

    def __init__(
        self, seed: int, held: list[Held], taken: Loot, keys: list[Path], began: float
    ) -> None:
        self.seed, self.keys, self.loot = seed, keys, taken
        self.held = {one.vote_id: one for one in held}
        self.cases = cases.build(taken)
        self.adversary = Adversary(taken, self.cases)
        self.readings: list[Reading] = [*READINGS, *self.adversary.readings()]
        self.scores = judge.try_all(self.readings, self.own, self.held, taken, seed)
        self.naive_scores = {
            case.design: judge.try_all(self.readings, [case], self.held, taken, seed)
            for case in self.cases
            if case.design
        }
        self.seconds = time.monotonic() - began

    @property
    def own(self) -> list[Case]:
        """The elections of the product's own design."""
        return [case for case in self.cases if not case.design]

    def bound(self, families: int = 1) -> float:
        """Return how many sigma the best reading may be above chance; each is held against it
        so many times.
        """
        return judge.bound(len(self.readings) * families)

    def best(self, among: str = "everybody") -> Score:
        return max((one for one in self.scores if one.among == among), key=lambda one: one.z)

    def caught(self, design: str) -> list[str]:
        """Return the readings that find every single choice of a naive design out."""
        return [
            score.reading
            for score in self.naive_scores[design]
            if score.among == "everybody" and score.choices == score.voters
        ]

    def told(self) -> str:
        """Return the report as one text, for a test that failed."""
        return "\n".join(self.report())

    def report(self) -> list[str]:
        """Return what was found, for people."""
        everybody = [one for one in self.scores if one.among == "everybody"]
        best = self.best()
        lines = [
            f"seed {self.seed}: {len(self.own)} elections, {best.voters} ballots, "
            f"{len(self.readings)} readings, {self.seconds:.0f} s",
            f"best: {best.reading}: {best.share:.4f}, chance {best.chance:.4f}, "
            f"sigma {best.sigma:.4f} ({best.z:+.2f} sigma; 3 sigma: "
            f"{best.chance + 3 * best.sigma:.4f}, corrected for {len(everybody)}: "
            f"{self.bound():.2f} sigma)",
            f"{self.adversary.tried} keys tried",
        ]
        lines += [
            f"  {one.reading:58} {one.share:.4f} {one.z:+.2f}   ballots {one.ballots:4} "
            f"of chance {one.expected_ballots:.0f} {one.z_ballots:+.2f}"
            for one in everybody
        ]
        lines += [
            f"best among those {group}: {one.reading}: {one.share:.4f}, chance {one.chance:.4f}, "
            f"{one.voters} ballots, {one.z:+.2f} sigma"
            for group in judge.GROUPS
            if (one := self.best(group)).among != "everybody"
        ]
        for design, what in naive.DESIGNS.items() if self.naive_scores else ():
            lines.append(f"naive {design}, {what}: found out by {', '.join(self.caught(design))}")
        return lines


@contextmanager
def held(
    *, elections: int, seed: int, like: str | None = None, sabotaged: bool = False
) -> Iterator[Trial]:
    """Hold so many elections on a server of its own and try everything; removes all of it.

    ``like`` is the DSN of a migrated database to copy, which is faster than migrating;
    ``sabotaged`` leaves out the sorting by receipts, and the naive elections.
    """
    began = time.monotonic()
    with station.opened() as server, tempfile.TemporaryDirectory() as aside:
        keys = [Path(aside) / "one", Path(aside) / "other"]
        task = Task(
            home=str(server.home),
            truth=str(Path(aside) / "truth.json"),
            keys=[str(place) for place in keys],
            seed=seed,
            elections=elections,
            like=like,
            sabotaged=sabotaged,
        )
        since = asyncio.run(_position(server))
        log = Path(aside) / "application.log"
        _hold(task, log)
        # The application and its key files are gone from here on; what is left is the loot.
        truth = msgspec.json.decode(Path(task.truth).read_bytes(), type=list[Held])
        yield Trial(seed, truth, asyncio.run(loot.take(server, log, since)), keys, began)


def _hold(task: Task, log: Path) -> None:
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "tests.ballots.adversary.polling"],
            input=msgspec.json.encode(task),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(log.read_text(errors="replace")[-3000:])


async def _position(server: Server) -> str:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        found: str = await connection.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        return found
    finally:
        await connection.close()
