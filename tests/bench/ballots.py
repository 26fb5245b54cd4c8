"""J5: three thousand households of one school cast their ballots, and the box is counted."""

import asyncio
import statistics
import time
from contextlib import ExitStack
from typing import NamedTuple

import asyncpg

from backend.ballots.models import CloseReason, Mode
from backend.ballots.operations import closing
from backend.database import database
from tests.bench import ground as grounds
from tests.bench import journal, pgbench, phones, trips
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground
from tests.bench.households import CHOICES, HOUSEHOLDS, SHARES, Households, Poll

CONNECTIONS = 64
ROUNDS = 3
LONGEST = 40.0
"""Seconds a round may take at most; no machine this is meant for needs them."""


class Way(NamedTuple):
    """How ballots are cast in a round: processes of the product, mode, who seals."""

    processes: int
    mode: Mode
    on_phone: bool
    says: str


WAYS = {
    "open 1": Way(1, Mode.OPEN, False, "open, 1 process"),
    "open 2": Way(2, Mode.OPEN, False, "open, 2 processes"),
    "secret 1": Way(1, Mode.SECRET, True, "secret, sealed by the phone, 1 process"),
    "secret 2": Way(2, Mode.SECRET, True, "secret, sealed by the phone, 2 processes"),
    "house 2": Way(2, Mode.SECRET, False, "secret, sealed by the house, 2 processes"),
}
INSERT = f"""
\\set i :client_id + :k * {CONNECTIONS}
\\set k :k + 1
INSERT INTO bench.ballots VALUES (:i, '{{for}}');
"""
"""The yardstick: a row for a ballot, and nothing asked."""
TOGETHER = """
\\set i :client_id + :k * 8
\\set k :k + 1
SELECT count(*) FROM (
    SELECT array_agg(person_id) who, array_agg(gen_random_uuid()) attempts,
           array_agg('{vote}'::uuid) votes, array_agg('for'::text) says
    FROM bench.voters WHERE v >= :i * 50 AND v < :i * 50 + 50) s,
    LATERAL cast_ballots(votes, who, NULL, NULL, says, attempts, now()) t WHERE t.said = 'ok';
"""
TIMES = 5
"""How often a box is counted in a round, in turns with its yardstick."""
PLAINLY = {
    Mode.OPEN: "SELECT choice, count(*)",
    Mode.SECRET: "opening each box, by the library alone",
}
"""What no count can do without. A ballot that a phone has sealed cannot be counted unopened."""


class Rounds:
    """Holds rounds and remembers loads, times of counting, and what came out wrong."""

    def __init__(self, ground: Ground, desk: Households) -> None:
        self.ground, self.desk = ground, desk
        self.loads: dict[str, list[Load]] = {}
        self.written: dict[str, list[float]] = {}
        self.counts: dict[tuple[str, Mode], list[float]] = {}
        self.wrong: dict[str, int] = dict.fromkeys(("refused", "miscounted", "left"), 0)

    async def vote(self, name: str, port: int, pid: int) -> None:
        """Let every household vote once, then close and count."""
        way = WAYS[name]
        poll = await self.desk.poll(way.mode)
        plan = phones.Plan(
            port=port,
            connections=CONNECTIONS,
            seconds=LONGEST,
            requests=self.desk.requests(poll, on_phone=way.on_phone),
            once=True,
        )
        before = await journal.position(self.desk.connection)
        load, _ = self.ground.load(plan, pid)
        await self.note(name, load, before)
        self.wrong["refused"] += load.refused + HOUSEHOLDS - load.done
        await self.count(poll)

    async def count(self, poll: Poll) -> None:
        """Count and close, and hold the tally against what was sent."""
        mode = poll.vote.mode
        for _ in range(TIMES):
            self.took("plainly", mode, await self.desk.plainly(poll))
            self.took("counted", mode, await self.desk.counted(poll))
        begun = time.perf_counter()
        counted = await closing.close(
            poll.vote.id, CloseReason.CHAIR, by=None, settings=self.ground.settings
        )
        self.took("closed", mode, time.perf_counter() - begun)
        tally = counted.tally or {}
        self.wrong["miscounted"] += (
            tally.get("votes") != {key: SHARES[key] for key in CHOICES[:2]}
            or tally.get("abstained") != SHARES[CHOICES[2]]
            or counted.outcome != "passed"
        )
        self.wrong["left"] += await self.desk.left(poll)

    def took(self, name: str, mode: Mode, seconds: float) -> None:
        """Remember how long something took."""
        self.counts.setdefault((name, mode), []).append(seconds)

    async def limit(self) -> None:
        """Let pgbench insert rows, and cast ballots by the product's own statement."""
        await self.desk.connection.execute("TRUNCATE bench.ballots")
        before = await journal.position(self.desk.connection)
        each = HOUSEHOLDS // CONNECTIONS
        load = self.run(INSERT, clients=CONNECTIONS, each=each)
        await self.note("insert", load, before)
        poll = await self.desk.poll(Mode.OPEN)
        before = await journal.position(self.desk.connection)
        load = self.run(TOGETHER.replace("{vote}", str(poll.vote.id)), clients=8, each=7)
        whole = load.done * 50
        ballots = {"rate": load.rate * 50, "done": whole, "database": load.database / 50}
        await self.note("statement", Load(p50=load.p50, p99=load.p99, **ballots), before)

    def run(self, script: str, *, clients: int, each: int) -> Load:
        return pgbench.run(
            self.ground.server,
            grounds.DATABASE,
            script,
            clients=clients,
            each=each,
            postmaster=self.ground.postmaster,
        )

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
        tokens = await grounds.signed_in(ground, Households.voters())
        async with database(ground.dsn, ground.settings, name="bench"):
            desk = Households(ground, connection, tokens)
            await desk.found()
            rounds = Rounds(ground, desk)
            with ExitStack() as stack:
                served = {n: stack.enter_context(ground.product(n)) for n in (1, 2)}
                for _ in range(min(ground.rounds, ROUNDS)):
                    for name, way in WAYS.items():
                        await rounds.vote(name, *served[way.processes])
                    await rounds.limit()
            request = desk.requests(await desk.poll(Mode.SECRET), on_phone=True)[0]
        statements = await _statements(ground, tokens[0], request)
        return Findings(figures=[*_figures(rounds), statements], checks=_checks(rounds))
    finally:
        await connection.close()


async def _statements(ground: Ground, token: str, request: bytes) -> Figure:
    """Count what a ballot asks of the database."""
    async with trips.listened(ground, token) as (phone, statements):
        for _ in range(2):
            # The first warms the connection, the second is a retry of it, and counted.
            statements.clear()
            head, _, body = request.partition(b"\r\n\r\n")
            answer = await phone.put(
                head.split()[1].decode().removeprefix("/v1"),
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 200, answer.text
        return trips.figure("J5", "a ballot", await statements.count())


def _figures(rounds: Rounds) -> list[Figure]:
    found = rounds.ground.settle(rounds.loads)
    yardstick = "pgbench, an INSERT a ballot"

    def rate(name: str, measured: str, goal: float | None = None) -> Figure:
        is_yardstick = name == "insert"
        return Figure(
            job="J5",
            measured=measured,
            value=found[name].rate,
            unit="/s",
            yardstick_name="" if is_yardstick else yardstick,
            yardstick=None if is_yardstick else found["insert"].rate,
            goal=goal,
            note=split(found[name]),
        )

    def cost(name: str, measured: str) -> Figure:
        return Figure(
            job="J5",
            measured=f"database CPU a ballot, {measured}",
            value=found[name].database,
            unit="µs",
            yardstick_name=yardstick,
            yardstick=found["insert"].database,
        )

    def milliseconds(name: str, mode: Mode) -> float:
        return statistics.median(rounds.counts[name, mode]) * 1e3

    def counting(mode: Mode) -> Figure:
        return Figure(
            job="J5",
            measured=f"counting {HOUSEHOLDS:,} ballots, {mode.value}",
            value=milliseconds("counted", mode),
            unit="ms",
            yardstick_name=PLAINLY[mode],
            yardstick=milliseconds("plainly", mode),
            goal=2,
            sense="at_most",
        )

    def closing_(mode: Mode) -> Figure:
        return Figure(
            job="J5",
            measured=f"closing a vote of {HOUSEHOLDS:,}, {mode.value}: count, roll and trail",
            value=milliseconds("closed", mode),
            unit="ms",
        )

    return [
        *(
            rate(name, f"ballots, {way.says}", 0.4 if name in ("open 2", "secret 2") else None)
            for name, way in WAYS.items()
        ),
        rate("statement", "cast_ballots alone, 50 a call"),
        rate("insert", "the limit, one row a statement"),
        cost("open 2", "open, whole request"),
        cost("secret 2", "secret, whole request"),
        cost("statement", "cast_ballots, 50 a call"),
        *(counting(mode) for mode in Mode),
        *(closing_(mode) for mode in Mode),
        *(
            Figure(
                job="J5",
                measured=f"WAL of a ballot, {name}",
                value=statistics.median(rounds.written[name]),
                unit="B",
                yardstick_name=yardstick,
                yardstick=statistics.median(rounds.written["insert"]),
            )
            for name in ("open 2", "secret 2", "statement")
        ),
    ]


def _checks(rounds: Rounds) -> list[Check]:
    claims = {
        "refused": "every ballot was taken",
        "miscounted": "every count is what was cast, to the ballot",
        "left": "no box and no key is left after a count",
    }
    return [
        Check(job="J5", claim=f"{claims[name]} ({number:,})", holds=number == 0)
        for name, number in rounds.wrong.items()
    ]
