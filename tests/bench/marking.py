"""J4: marking notices read, and confirming them."""

import asyncio
import statistics
from contextlib import ExitStack
from typing import Any

import asyncpg

from backend.embedded import Server
from backend.notices.queries.marks import TAP
from tests.bench import journal, lean, pgbench, phones, trips
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground

CLIENTS = 16
CONNECTIONS = 32
SEEN = b'{"revision":1}'
"""Every notice of the district is in its first version."""
MARKS = 2_000
"""First readings a second's round may send; more than the product ever managed."""

# What the sampled people have before them: everything that hangs, none of it read or
# confirmed. Every round starts from here.
PAIRS = """
CREATE TABLE bench.pairs AS
    SELECT row_number() OVER (ORDER BY md5(s.person_id::text || p.notice_id::text)) AS i,
           s.i AS sample, s.person_id, p.node_id, p.who, p.seq, p.notice_id, n.confirm_mode,
           c.id AS board
    FROM bench.sample s JOIN bench.members m USING (person_id)
    JOIN notice_postings p USING (node_id, who) JOIN notices n ON n.id = p.notice_id
    JOIN audience_counters c USING (node_id, who)
    WHERE p.current;
ALTER TABLE bench.pairs ADD PRIMARY KEY (i);
ANALYZE bench.pairs;
"""
# The checkpoint comes first: the pages' images are then in the log before marks are made.
AFRESH = [
    "CHECKPOINT",
    """
    UPDATE board_marks r SET bits = substr(r.bits, 1, first.seq / 8)
    FROM (SELECT person_id, board, min(seq) AS seq FROM bench.pairs GROUP BY 1, 2) first
    WHERE (r.person_id, r.board) = (first.person_id, first.board)
    """,
    """
    DELETE FROM notice_receipts r USING bench.pairs p
    WHERE r.notice_id = p.notice_id AND r.person_id = p.person_id
    """,
    "VACUUM (ANALYZE) board_marks",
    "VACUUM (ANALYZE) notice_receipts",
]
READ = """
SELECT count(*) FROM bench.pairs p JOIN board_marks r USING (person_id, board)
WHERE has_bit(r.bits, p.seq)
"""
CONFIRMED = """
SELECT count(*) FROM bench.pairs p JOIN notice_receipts r USING (person_id, notice_id)
WHERE p.confirm_mode = 'tap'
"""


# The product's own statement, for one mark at a time.
STATEMENT = TAP
for _name, _value in {
    "$1::int[]": "ARRAY[0]",
    "$2::uuid[]": "ARRAY[{person_id}]",
    "$3::uuid[]": "ARRAY[{node_id}]",
    "$4::text[]": "ARRAY[{who}]",
    "$5::bigint[]": "ARRAY[(SELECT version FROM audience_counters WHERE id = {board})]",
    "$6::int[]": "ARRAY[{seq}]",
    "$7::uuid[]": "ARRAY[{person_id}]",
    "$8::uuid[]": "ARRAY[{notice_id}]",
    "$9::uuid[]": "ARRAY[NULL::uuid]",
    "$10::text[]": "ARRAY['bench']",
    "$11": "'tongxing_live'",
    "$12::int[]": "ARRAY[1]",
    "$13::int[]": "ARRAY[NULL::int]",
    "$14::bool[]": "ARRAY[false]",
    "$15::timestamptz": "now()",
}.items():
    _row = {
        name: f"(SELECT {name} FROM bench.pairs WHERE i = :i)"
        for name in ("person_id", "node_id", "who", "board", "seq", "notice_id")
    }
    STATEMENT = STATEMENT.replace(_name, _value.format_map(_row))


class Tally:
    """WAL written by each competitor, and whether the rows agree with what was answered."""

    def __init__(self, server: Server, connection: "asyncpg.Connection[Any]") -> None:
        self.server, self.connection = server, connection
        self.records: dict[str, list[float]] = {}
        self.images: dict[str, list[float]] = {}
        self.right: dict[str, bool] = {}

    async def begin(self) -> None:
        for step in AFRESH:
            await self.connection.execute(step)
        self.before = await journal.position(self.connection)

    async def end(self, name: str, made: int, count: str = READ) -> None:
        """Note the WAL per mark made; ``count`` finds the marks that are there."""
        after = await journal.position(self.connection)
        written = journal.between(self.server, self.before, after)
        found = await self.connection.fetchval(count)
        self.records.setdefault(name, []).append(written.records / max(made, 1))
        self.images.setdefault(name, []).append(written.images / max(made, 1))
        self.right[name] = self.right.get(name, True) and found == made


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Findings:
    connection = await asyncpg.connect(ground.dsn)
    try:
        return await _measure(ground, connection)
    finally:
        await connection.close()


async def _measure(ground: Ground, connection: "asyncpg.Connection[Any]") -> Findings:
    await connection.execute(PAIRS)
    pairs = await connection.fetch("SELECT * FROM bench.pairs ORDER BY i")
    tokens = {who.person_id: who.token for who in ground.people}
    marks = [
        phones.request(
            "PUT", f"/v1/notices/{pair['notice_id']}/reading", tokens[pair["person_id"]], body=SEEN
        )
        for pair in pairs
    ]
    taps = [
        phones.request(
            "PUT",
            f"/v1/notices/{pair['notice_id']}/confirmation",
            tokens[pair["person_id"]],
            body=SEEN,
        )
        for pair in pairs
        if pair["confirm_mode"] == "tap"
    ]
    each = round(min(MARKS * ground.seconds, len(pairs)) / CLIENTS)
    turn = f"\\set i :client_id + 1 + :k * {CLIENTS}\n\\set k :k + 1\n"
    tally = Tally(ground.server, connection)
    await tally.begin()
    counts = await _statements(ground, pairs)
    loads: dict[str, list[Load]] = {}
    with ExitStack() as stack:
        served = {n: stack.enter_context(ground.product(n)) for n in (1, 2)}

        def http(requests: list[bytes], processes: int) -> tuple[Load, phones.Outcome]:
            port, pid = served[processes]
            plan = phones.Plan(
                port=port,
                connections=CONNECTIONS,
                seconds=ground.seconds,
                requests=requests,
                once=True,
            )
            return ground.load(plan, pid)

        def alone(sql: str) -> Load:
            script = turn + " ".join(sql.split()).rstrip(";") + ";\n"
            return pgbench.run(
                ground.server,
                "bench",
                script,
                clients=CLIENTS,
                each=each,
                postmaster=ground.postmaster,
            )

        for _ in range(ground.rounds):
            for processes in served:
                await tally.begin()
                load, outcome = http(marks, processes)
                loads.setdefault(f"marks {processes}", []).append(load)
                await tally.end("marks", outcome.done - len(outcome.refused))
                again, _ = http(marks[: outcome.sent], processes)
                loads.setdefault(f"again {processes}", []).append(again)
                await tally.begin()
                load, outcome = http(taps, processes)
                loads.setdefault(f"taps {processes}", []).append(load)
                await tally.end("taps", outcome.done - len(outcome.refused), CONFIRMED)
            for name, sql in (("statement", STATEMENT), ("bit", lean.BIT)):
                await tally.begin()
                load = alone(sql)
                loads.setdefault(name, []).append(load)
                await tally.end(name, load.done)
    findings = _findings(ground.settle(loads), tally)
    findings.figures += counts
    return findings


async def _statements(ground: Ground, pairs: list[Any]) -> list[Figure]:
    """Count what the product sends for a mark, its repetition and a confirmation."""
    person = ground.people[0]
    asked = [
        pair["notice_id"]
        for pair in pairs
        if pair["person_id"] == person.person_id and pair["confirm_mode"] == "tap"
    ]
    costs: list[int] = []
    async with trips.listened(ground, person.token) as (phone, statements):
        # The first notice warms the connection, the second is counted.
        for notice_id in asked[:2]:
            costs = []
            for path in ("reading", "reading", "confirmation"):
                statements.clear()
                await phone.put(
                    f"/notices/{notice_id}/{path}",
                    content=SEEN,
                    headers={"Content-Type": "application/json"},
                )
                costs.append(await statements.count())
    return [
        trips.figure("J4", "mark read, first time", costs[0]),
        trips.figure("J4", "mark read, again", costs[1], 2),
        trips.figure("J4", "confirm", costs[2]),
    ]


def _findings(found: dict[str, Load], tally: Tally) -> Findings:
    def figure(name: str, measured: str, limit: str, yardstick: str, goal: float | None) -> Figure:
        return Figure(
            job="J4",
            measured=measured,
            value=found[name].rate,
            unit="/s",
            yardstick_name=yardstick,
            yardstick=found[limit].rate,
            goal=goal,
            note=split(found[name]),
        )

    def bytes_of(name: str, measured: str, goal: float | None) -> Figure:
        return Figure(
            job="J4",
            measured=measured,
            value=statistics.median(tally.records[name]),
            unit="B",
            goal=goal,
            sense="at_most",
            note=f"and {statistics.median(tally.images[name]):,.0f} B of page images",
        )

    refused = sum(load.refused for name, load in found.items() if name[-1].isdigit())
    by_http = [
        figure(f"{name} {processes}", f"{measured}, {served}", limit, f"pgbench, the {limit}", goal)
        for processes, served in ((1, "1 process"), (2, "2 processes"))
        for name, measured, limit, goal in (
            ("marks", "mark read, first time", "statement", 0.35),
            ("marks", "mark read, first time", "bit", 0.35),
            ("again", "mark read, again", "bit", None),
            ("taps", "confirm", "bit", 0.35),
        )
    ]
    return Findings(
        figures=[
            *by_http,
            figure("statement", "the statement alone", "bit", "pgbench, the bit", None),
            bytes_of("marks", "WAL of a mark, whole request", None),
            bytes_of("statement", "WAL of a mark, the statement", 300),
            bytes_of("bit", "WAL of a mark, the bit", None),
            bytes_of("taps", "WAL of a confirmation", None),
        ],
        checks=[
            *(
                Check(job="J4", claim=f"{claim}: as many bits as answers", holds=tally.right[name])
                for name, claim in (
                    ("marks", "mark read"),
                    ("statement", "pgbench, the statement"),
                    ("bit", "pgbench, the bit"),
                )
            ),
            Check(
                job="J4", claim="confirm: as many receipts as answers", holds=tally.right["taps"]
            ),
            Check(job="J4", claim="no mark or confirmation was refused", holds=refused == 0),
        ],
    )
