"""J1: three thousand parents and forty shifts of six places, at eight o'clock."""

import asyncio
import random
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import asyncpg

from tests.bench import district, parents, pgbench, phones, rush
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground, signed_in
from tests.bench.shifts import PARENTS, PLACES, SCHOOL, SHIFT, SHIFTS, Shifts, slot_id

CONNECTIONS = 64
AHEAD = 3
"""Events a sustained round may use up, three thousand requests each."""
LOSSY = 0.1
MORNING = 10.0
"""Seconds in which everybody has tried."""
ROUNDS, BURSTS = 2, 1
WISH = b'{"party":1}'

# One statement with a ticket counter: a place if the number is within the capacity.
YARDSTICK = f"""
CREATE TABLE bench.shift (id int PRIMARY KEY, n int NOT NULL, capacity int NOT NULL)
    WITH (fillfactor = 50);
CREATE TABLE bench.signup (shift int NOT NULL, parent int NOT NULL, number int NOT NULL,
    placed boolean NOT NULL, PRIMARY KEY (shift, parent));
INSERT INTO bench.shift SELECT s, 0, {PLACES} FROM generate_series(0, 9999) s;
"""
TICKET = f"""
\\set i :client_id + :k * {CONNECTIONS}
\\set k :k + 1
\\set s :i / {PARENTS} * {SHIFTS} + random(0, {{last}})
WITH t AS (UPDATE bench.shift SET n = n + 1 WHERE id = :s RETURNING n, capacity)
INSERT INTO bench.signup SELECT :s, :i, n, n <= capacity FROM t;
"""
# The product's own statement, one request a transaction.
ALONE = f"""
\\set i :client_id + :k * {CONNECTIONS}
\\set k :k + 1
\\set s ({{first}} + :i / {PARENTS}) * 100 + random(0, {{last}})
SELECT outcome FROM take_places(jsonb_build_array(jsonb_build_object('n', 0,
    'slot', bench.id({SHIFT}, :s), 'person',
    bench.id({district.PERSON}, {SCHOOL * 1_000_000} + :i % {PARENTS}), 'party', 1,
    'students', '[]'::jsonb, 'closed', '[]'::jsonb, 'answers', '{{{{}}}}'::jsonb,
    'reach', jsonb_build_array(bench.id({district.SCHOOL}, {SCHOOL})))), now());
"""


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Findings:
    connection = await asyncpg.connect(ground.dsn)
    try:
        await connection.execute(YARDSTICK)
        tokens = await signed_in(ground, [district.guardian(SCHOOL, n) for n in range(PARENTS)])
        return await _measure(ground, connection, tokens)
    finally:
        await connection.close()


async def _measure(
    ground: Ground, connection: "asyncpg.Connection[Any]", tokens: list[str]
) -> Findings:
    desk = Shifts(connection)
    await desk.remember()
    chance = random.Random(8)
    loads: dict[str, list[Load]] = {}
    rushes: dict[str, list[rush.Rush]] = {}
    with ExitStack() as stack:
        served = {n: stack.enter_context(ground.product(n)) for n in (1, 2)}

        async def sustained(name: str, processes: int, shifts: int) -> None:
            port, pid = served[processes]
            events = await desk.events(AHEAD, shifts=shifts)
            asked = [
                request
                for event in events
                for _, request in _wishes(tokens, event, shifts, chance).values()
            ]
            plan = phones.Plan(
                port=port,
                connections=CONNECTIONS,
                seconds=ground.seconds,
                requests=asked,
                once=True,
            )
            load, outcome = ground.load(plan, pid)
            loads.setdefault(name, []).append(load)
            await desk.look(events, outcome.done - len(outcome.refused))

        async def rushed(name: str, processes: int, shifts: int, lasting: float) -> None:
            [event] = await desk.events(1, shifts=shifts)
            wishes = _wishes(tokens, event, shifts, chance)
            tries = [
                # Most come early: half of them in the first quarter.
                parents.Try(
                    parent=parent,
                    at=lasting * chance.random() ** 2,
                    request=request,
                    loss=chance.choice(("at_once", "unread")) if chance.random() < LOSSY else "",
                )
                for parent, (_, request) in wishes.items()
            ]
            came = await rush.held(ground, desk, event, tries, *served[processes], lasting == 0)
            rushes.setdefault(name, []).append(came)
            await desk.compare(event, came.told, {p: slot for p, (slot, _) in wishes.items()})
            await desk.look(range(event, event + 1), len(came.told))

        for turn in range(min(ground.rounds, ROUNDS)):
            for processes in served:
                await sustained(f"40 shifts {processes}", processes, SHIFTS)
                await sustained(f"one shift {processes}", processes, 1)
                if turn < BURSTS:
                    await rushed(f"burst 40 {processes}", processes, SHIFTS, 0)
                    await rushed(f"burst one {processes}", processes, 1, 0)
                if turn == 0:
                    await rushed(f"morning {processes}", processes, SHIFTS, MORNING)
            for name, shifts in (("40", SHIFTS), ("one", 1)):
                await connection.execute("TRUNCATE bench.signup; UPDATE bench.shift SET n = 0")
                loads.setdefault(f"ticket {name}", []).append(
                    _alone(ground, TICKET.format(last=shifts - 1))
                )
                events = await desk.events(2 * AHEAD, shifts=shifts)
                load = _alone(ground, ALONE.format(first=events[0], last=shifts - 1))
                loads.setdefault(f"statement {name}", []).append(load)
                await desk.look(events, load.done)
    for name, came in rushes.items():
        loads[name] = [one.load for one in came]
    return _findings(ground.settle(loads), rushes, desk)


def _wishes(
    tokens: Sequence[str], event: int, shifts: int, chance: random.Random
) -> dict[int, tuple[UUID, bytes]]:
    """Return each parent's shift and request, in an order of chance."""
    wishes = {}
    for parent in chance.sample(range(PARENTS), PARENTS):
        slot = slot_id(event, chance.randrange(shifts))
        path = f"/v1/slots/{slot}/booking"
        wishes[parent] = slot, phones.request("PUT", path, tokens[parent], body=WISH)
    return wishes


def _alone(ground: Ground, script: str) -> Load:
    return pgbench.run(
        ground.server,
        "bench",
        script,
        clients=CONNECTIONS,
        seconds=ground.seconds,
        postmaster=ground.postmaster,
    )


def _findings(found: dict[str, Load], rushes: dict[str, list[rush.Rush]], desk: Shifts) -> Findings:
    def rate(name: str, measured: str, limit: str, goal: float | None) -> Figure:
        return Figure(
            job="J1",
            measured=measured,
            value=found[name].rate,
            unit="/s",
            yardstick_name="pgbench, ticket" + (", one shift" if limit.endswith("one") else ""),
            yardstick=found[limit].rate,
            goal=goal,
            note=split(found[name]),
        )

    def burst(name: str, measured: str, limit: str) -> Figure:
        came = rushes[name]
        repeated = statistics.median(one.repeated for one in came)
        return Figure(
            job="J1",
            measured=measured,
            value=statistics.median(one.last_kept for one in came),
            unit="s",
            yardstick_name="pgbench, ticket, 3,000",
            yardstick=PARENTS / found[limit].rate,
            goal=3,
            sense="at_most",
            note=f"{split(found[name])} · {repeated:.0f} asked again",
        )

    def morning(processes: int) -> Figure:
        [came] = rushes[f"morning {processes}"]
        return Figure(
            job="J1",
            measured=f"3,000 within {MORNING:.0f} s, {_served(processes)}: 99 % knew after",
            value=came.load.p99,
            unit="ms",
            note=f"{split(came.load)} · {came.repeated} asked again",
        )

    figures = []
    for shape, shifts in (("40 shifts", "40"), ("one shift", "one")):
        for processes in (1, 2):
            goal = (0.5 if shifts == "40" else 2.0) if processes == 2 else None
            what = f"{shape}, sustained, {_served(processes)}"
            figures.append(rate(f"{shape} {processes}", what, f"ticket {shifts}", goal))
    for name, measured in (
        ("statement 40", "the product's statement, 40 shifts"),
        ("statement one", "the product's statement, one shift"),
    ):
        figures.append(rate(name, measured, f"ticket {name.split()[1]}", None))
    figures += [
        Figure(
            job="J1",
            measured=f"the limit, {shape}",
            value=found[name].rate,
            unit="/s",
            note=split(found[name]),
        )
        for name, shape in (("ticket 40", "40 shifts"), ("ticket one", "one shift"))
    ]
    for shape, shifts in (("40 shifts", "40"), ("one shift", "one")):
        for processes in (1, 2):
            what = f"3,000 at once, {shape}, {_served(processes)}: last answer"
            figures.append(burst(f"burst {shifts} {processes}", what, f"ticket {shifts}"))
    figures += [morning(processes) for processes in (1, 2)]
    audit = desk.audit
    return Findings(
        figures=figures,
        checks=[
            Check(job="J1", claim=f"{claim} ({number})", holds=number == 0)
            for claim, number in (
                ("no shift was oversold", audit.oversold),
                ("no place stayed free while somebody waited", audit.idle),
                ("one booking a parent, however often they asked", audit.twice),
                ("turns are counted without a gap", audit.gaps),
                ("places went to the first who asked", audit.out_of_turn),
                ("every parent in a rush was told what is stored", audit.untrue),
                ("every parent in a rush was answered", audit.unanswered),
                ("as many bookings as answers", audit.uncounted),
            )
        ],
    )


def _served(processes: int) -> str:
    return "1 process" if processes == 1 else f"{processes} processes"
