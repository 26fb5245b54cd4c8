"""J6: ten thousand viewers who say every fifteen seconds what they watched."""

import asyncio
import os
import statistics
from contextlib import ExitStack

import asyncpg

from tests.bench import ground as grounds
from tests.bench import journal, phones, trips, upserts, viewers, viewing
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground
from tests.bench.viewers import LESSONS, NEEDED, STRETCH, VIEWERS, Viewers

CONNECTIONS = 64
ROUNDS = 3
FASTEST = 4_000
"""Reports a second's round may use up; more than the product ever managed."""
EVERY, LAPS = 15.0, 2
PROCESSES = (1, 2)
STEADY = {
    "steady 1": (1, CONNECTIONS, "1 process behind a proxy"),
    "steady 2": (2, CONNECTIONS, "2 processes behind a proxy"),
    "steady own": (2, 0, "2 processes, a connection each"),
}
"""Processes, connections that the viewers share (0 is one each), and how it is called.

A process holds 4,096 connections, each for ten seconds after its last answer: viewers with
one each need two processes for their number alone.
"""


class Rounds:
    """Holds rounds and remembers them: loads, bytes of the journal a report, connections."""

    def __init__(self, ground: Ground, desk: Viewers) -> None:
        self.ground, self.desk = ground, desk
        self.loads: dict[str, list[Load]] = {}
        self.written: dict[str, list[float]] = {}
        self.connections: dict[str, int] = {}

    async def sustained(self, processes: int, port: int, pid: int) -> None:
        """Send reports as fast as they are answered, each viewer in turn."""
        laps = min(int(FASTEST * (self.ground.seconds + 0.5) / VIEWERS) + 1, viewers.LIVE)
        plan = phones.Plan(
            port=port,
            connections=CONNECTIONS,
            seconds=self.ground.seconds,
            requests=[
                viewers.report(viewer, done, self.desk.tokens[viewer])
                for done in range(laps)
                for viewer in range(VIEWERS)
            ],
            once=True,
        )
        await self.desk.afresh()
        before = await journal.position(self.desk.connection)
        load, outcome = self.ground.load(plan, pid)
        await self.note(f"product {processes}", load, before)
        refused = set(outcome.refused)
        await self.desk.sent([at % VIEWERS for at in range(outcome.sent) if at not in refused])
        await self.desk.look()

    async def limit(self, name: str) -> None:
        """Let pgbench send one of the statements."""
        await self.desk.afresh()
        before = await journal.position(self.desk.connection)
        load = upserts.send(self.ground, name)
        await self.note(name, load, before)
        if name.startswith("take"):
            await self.desk.weigh(load.done)

    async def steady(self, name: str, port: int, pid: int) -> None:
        """Let everybody report every fifteen seconds, in the middle of their lessons."""
        await self.desk.afresh(under_way=True)
        begun = [viewer // LESSONS % NEEDED for viewer in range(VIEWERS)]
        requests = [
            [viewers.report(viewer, done + lap, self.desk.tokens[viewer]) for lap in range(LAPS)]
            for viewer, done in enumerate(begun)
        ]
        shared = STEADY[name][1]
        plan = viewing.Plan(port=port, every=EVERY, requests=requests, shared=shared)
        before = await journal.position(self.desk.connection)
        load, outcome = self.ground.load(plan, pid, by=viewing)
        await self.note(name, load, before)
        self.connections[name] = outcome.connections
        told: dict[int, list[viewing.Told]] = {viewer: [] for viewer in range(VIEWERS)}
        for one in outcome.told:
            told[one.phone].append(one)
        for viewer, done in enumerate(begun):
            heard, completes = told[viewer], done + LAPS >= NEEDED
            last = viewer % LESSONS == LESSONS - 1
            self.desk.audit.untold += (
                [one.covered_ms for one in heard]
                != [(done + lap + 1) * STRETCH for lap in range(LAPS)]
                or any(one.refused_ms for one in heard)
                or sum(one.lesson_completed for one in heard) != completes
                or sum(one.course_completed for one in heard) != (completes and last)
            )
        await self.desk.sent([one.phone for one in outcome.told])
        await self.desk.look()

    async def note(self, name: str, load: Load, before: str) -> None:
        """Remember a round, and what it wrote since ``before``."""
        after = await journal.position(self.desk.connection)
        written = journal.between(self.ground.server, before, after)
        self.loads.setdefault(name, []).append(load)
        self.written.setdefault(name, []).append(written.records / max(load.done, 1))


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Findings:
    connection = await asyncpg.connect(ground.dsn)
    try:
        tokens = await grounds.signed_in(ground, [viewers.person(v) for v in range(VIEWERS)])
        desk = Viewers(connection, tokens)
        await desk.shelve()
        await connection.execute(upserts.TABLE)
        rounds = Rounds(ground, desk)
        with ExitStack() as stack:
            served = {n: stack.enter_context(ground.product(n)) for n in PROCESSES}
            for _ in range(min(ground.rounds, ROUNDS)):
                for processes, (port, pid) in served.items():
                    await rounds.sustained(processes, port, pid)
                for name in upserts.LIMITS:
                    await rounds.limit(name)
            for name, (processes, _, _) in STEADY.items():
                await rounds.steady(name, *served[processes])
        return Findings(
            figures=[*_figures(rounds), await _statements(ground, desk)], checks=_checks(rounds)
        )
    finally:
        await connection.close()


async def _statements(ground: Ground, desk: Viewers) -> Figure:
    """Count what a report asks of the database."""
    await desk.afresh()
    async with trips.listened(ground, desk.tokens[0]) as (phone, statements):
        for done in (0, 1):
            # The first warms the connection, the second is counted.
            statements.clear()
            head, _, body = viewers.report(0, done, desk.tokens[0]).partition(b"\r\n\r\n")
            answer = await phone.put(
                head.split()[1].decode().removeprefix("/v1"),
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 200, answer.text
        return trips.figure("J6", "a report", await statements.count(), 2)


def _figures(rounds: Rounds) -> list[Figure]:
    found = rounds.ground.settle(rounds.loads)
    upsert = found["upsert"]

    def rate(name: str, measured: str, goal: float | None = None) -> Figure:
        return Figure(
            job="J6",
            measured=measured,
            value=found[name].rate,
            unit="/s",
            yardstick_name="" if name == "upsert" else "pgbench, an upsert a report",
            yardstick=None if name == "upsert" else upsert.rate,
            goal=goal,
            note=split(found[name]),
        )

    def cost(name: str, measured: str, goal: float | None = None) -> Figure:
        return Figure(
            job="J6",
            measured=f"database CPU a report, {measured}",
            value=found[name].database,
            unit="µs",
            yardstick_name="pgbench, an upsert a report",
            yardstick=upsert.database,
            goal=goal,
            sense="at_most",
        )

    def written(name: str, measured: str) -> Figure:
        return Figure(
            job="J6",
            measured=f"WAL of a report, {measured}",
            value=statistics.median(rounds.written[name]),
            unit="B",
            yardstick_name="pgbench, an upsert a report",
            yardstick=statistics.median(rounds.written["upsert"]),
        )

    def steady(name: str) -> Figure:
        load = found[name]
        busy = load.rate * (load.app + load.database) / 1e6 / (os.cpu_count() or 1)
        return Figure(
            job="J6",
            measured=f"{VIEWERS:,} viewers every 15 s, {STEADY[name][2]}: 99 % knew after",
            value=load.p99,
            unit="ms",
            note=f"{load.rate:.0f}/s · {busy:.0%} of the CPU for app and database · "
            f"{split(load)} · {rounds.connections[name]:,} connections",
        )

    return [
        *(
            rate(f"product {n}", f"reports, sustained, {_served(n)}", 0.5 if n == 2 else None)
            for n in PROCESSES
        ),
        rate("take 1", "take_beats alone, one a call"),
        rate("take 64", "take_beats alone, 64 a call"),
        rate("who asks", "finding out who asks, alone"),
        rate("upsert 64", "the limit, 64 rows a statement"),
        rate("upsert 500", "the limit, 500 rows a statement"),
        rate("upsert", "the limit, one row a statement"),
        cost("product 2", "whole request", 0.15),
        cost("take 64", "take_beats, 64 a call"),
        cost("who asks", "finding out who asks"),
        written("product 2", "whole request"),
        written("take 64", "take_beats, 64 a call"),
        written("upsert 500", "500 upserts a statement"),
        *(steady(name) for name in STEADY),
    ]


def _checks(rounds: Rounds) -> list[Check]:
    audit = rounds.desk.audit
    refused = sum(load.refused for loads in rounds.loads.values() for load in loads)
    return [
        Check(job="J6", claim=f"{claim} ({number:,})", holds=number == 0)
        for claim, number in (
            ("every report was accepted", refused),
            ("what is stored is what was sent, of every viewer", audit.untrue),
            ("as many stretches as take_beats was given", audit.uncounted),
            ("every viewer was told what is stored", audit.untold),
            (f"no completion is missing, of {audit.completed:,}", audit.missing),
        )
    ]


def _served(processes: int) -> str:
    return "1 process" if processes == 1 else f"{processes} processes"
