"""J2: publishing to 50, 2,000 and 200,000 people, and what it leaves on the disk."""

import statistics
import time
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from backend import clock
from backend.database import database
from backend.identifiers import uuid7
from backend.notices.operations import drafts, publication
from backend.notices.queries import reach
from backend.people import callers
from backend.people.tokens import digest
from backend.web.actor import Actor
from tests.bench import district, journal, lean, pushing, trips
from tests.bench.counting import counted
from tests.bench.figures import Check, Figure, Findings
from tests.bench.ground import Ground, sign_in

SIZES: dict[int, tuple[UUID, str]] = {
    50: (district.row_id(district.CLASS, district.LARGE * 10_000), "c.id"),
    2_000: (district.row_id(district.GRADE, district.LARGE * 1_000), "c.grade_id"),
    200_000: (district.row_id(district.SCHOOL, district.LARGE), "c.school_id"),
}
WARMING, FANNED_OUT = 6, 3
"""Rounds that are weighed and not timed, until the plans have settled; and timed rounds in
which the yardstick is measured as well."""
STORED = 60
"""Notices published to see what one takes up."""
LEFT_BEHIND = (
    "notices", "notice_postings", "audience_counters", "post_letter", "audit_entries",
    "post_inbox_item", "post_delivery", "board_marks", "notice_receipts",
)  # fmt: skip

RECEIPTS = f"""
INSERT INTO notice_receipts (id, notice_id, person_id, revision, confirmed_at)
SELECT uuidv7(), $1, person_id, 1, now() FROM bench.crowd
WHERE person_id >= bench.id({district.PERSON}, 0) ORDER BY random()
"""
# Two years of a class: 240 notices, 30 bytes of bits. The node has no board of families,
# so that nobody is taken to have read what is published later.
MARKS = """
WITH board AS (INSERT INTO audience_counters (node_id, who) VALUES ($1, 'families') RETURNING id)
INSERT INTO board_marks (person_id, board, bits)
SELECT person_id, (SELECT id FROM board), decode(repeat('fe', 30), 'hex')
FROM bench.crowd ORDER BY random()
"""


class Course:
    """Times, WAL and rows of every publication, by the size of the audience."""

    def __init__(self) -> None:
        self.times: dict[int, list[float]] = {size: [] for size in SIZES}
        self.counting: dict[int, list[float]] = {size: [] for size in SIZES}
        self.wal: dict[int, list[float]] = {size: [] for size in SIZES}
        self.rows: dict[int, set[int]] = {size: set() for size in SIZES}
        self.statements: dict[int, set[int]] = {size: set() for size in SIZES}
        self.inbox: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}


def run(ground: Ground, large: bool) -> Findings:
    """Measure in this process, through the same verbs as the API."""
    return uvloop.run(_run(ground, large))


async def _run(ground: Ground, large: bool) -> Findings:
    connection = await asyncpg.connect(ground.dsn)
    try:
        async with database(ground.dsn, ground.settings, name="bench"):
            signed = await sign_in(
                district.row_id(district.PERSON, district.ADMIN + district.LARGE)
            )
            actor = await callers.by_token(digest(signed.token), clock.now())
            assert actor is not None
            course, published = await _publish(ground, actor, connection)
            stored = await _storage(actor, connection, published[200_000])
            funnels = await _funnels(published)
            pushes = await pushing.run(actor, connection, large=large)
    finally:
        await connection.close()
    findings = _findings(course)
    findings.figures += [*stored, *funnels, *pushes.figures]
    findings.checks += pushes.checks
    return findings


async def publish(actor: Actor, size: int) -> UUID:
    """Write a notice for so many people and publish it; returns its id."""
    notice_id = await _written(actor, size)
    await _published(actor, notice_id, size)
    return notice_id


async def _written(actor: Actor, size: int) -> UUID:
    node, _ = SIZES[size]
    content = drafts.Content(
        audiences=[(node, "families")],
        category="school",
        title="关于周五下午家长会的通知",
        blocks=[{"type": "paragraph", "text": "请各位家长准时参加。" * 8}],
    )
    return (await drafts.write(actor, content)).id


async def _published(actor: Actor, notice_id: UUID, size: int) -> float:
    begun = time.perf_counter()
    await publication.publish(actor, notice_id, seen=(size // 2, size), publish_at=None)
    return time.perf_counter() - begun


async def _publish(
    ground: Ground, actor: Actor, connection: "asyncpg.Connection[Any]"
) -> tuple[Course, dict[int, UUID]]:
    course, published = Course(), {}
    async with counted(ground.dsn) as statements:
        for turn in range(WARMING + ground.rounds):
            for size, (node, column) in SIZES.items():
                notice_id = published[size] = await _written(actor, size)
                await statements.count()
                statements.clear()
                if turn < WARMING:
                    await _weigh(ground, connection, course, actor, notice_id, size)
                    continue
                course.times[size].append(await _published(actor, notice_id, size))
                course.statements[size].add(await statements.count())
                course.counting[size].append(
                    sum(one.took for one in statements.sent if "without_account" in one.sql)
                )
                if turn < WARMING + FANNED_OUT:
                    course.inbox[size].append(await _fan_out(connection, column, node))
    return course, published


async def _weigh(
    ground: Ground,
    connection: "asyncpg.Connection[Any]",
    course: Course,
    actor: Actor,
    notice_id: UUID,
    size: int,
) -> None:
    """Publish, and note what was written; closing the log's segments makes it slow."""
    rows, log = await _rows(connection), await journal.position(connection)
    await _published(actor, notice_id, size)
    grown, end = await _rows(connection), await journal.position(connection)
    course.wal[size].append(journal.between(ground.server, log, end).records)
    course.rows[size].add(grown - rows)


async def _fan_out(
    connection: "asyncpg.Connection[Any]", column: str, node: UUID
) -> tuple[float, float]:
    """Do what one row each would cost; returns seconds and bytes of WAL."""
    stands = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8"
    log, begun = await connection.fetchval(stands), time.perf_counter()
    await connection.execute(lean.INBOX.format(node=column), uuid7(), node)
    took = time.perf_counter() - begun
    return took, await connection.fetchval(stands) - log


async def _storage(
    actor: Actor, connection: "asyncpg.Connection[Any]", notice_id: UUID
) -> list[Figure]:
    async def size(*tables: str) -> int:
        found: int = await connection.fetchval(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest($1::text[]) t", tables
        )
        return found

    kept = LEFT_BEHIND[:5]
    before = await size(*kept)
    for _ in range(STORED):
        await publish(actor, 50)
    notice = (await size(*kept) - before) / STORED
    before = await size("notice_receipts")
    await connection.execute(RECEIPTS, notice_id)
    receipt = (await size("notice_receipts") - before) / 200_000
    before = await size("board_marks")
    await connection.execute(MARKS, district.row_id(district.DISTRICT, 1))
    mark = (await size("board_marks") - before) / 200_000
    await connection.execute("VACUUM (ANALYZE) notice_receipts, board_marks")

    def figure(measured: str, value: float, goal: float | None = None) -> Figure:
        return Figure(
            job="J2", measured=measured, value=value, unit="B", goal=goal, sense="at_most"
        )

    return [
        figure("stored for a notice, however many get it", notice),
        figure("stored for a receipt, at 200,000", receipt),
        figure("read state of a membership, 2 years", mark, 150),
    ]


async def _funnels(published: dict[int, UUID]) -> list[Figure]:
    figures = []
    for size, notice_id in published.items():
        begun = time.perf_counter()
        await reach.funnel(notice_id)
        figures.append(
            Figure(
                job="J2",
                measured=f"who was reached, of {size:,}",
                value=(time.perf_counter() - begun) * 1e3,
                unit="ms",
            )
        )
    return figures


async def _rows(connection: "asyncpg.Connection[Any]") -> int:
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in LEFT_BEHIND)
    found: int = await connection.fetchval(f"SELECT {counts}")
    return found


def _findings(course: Course) -> Findings:
    def middle(values: list[float]) -> float:
        return statistics.median(values)

    figures = []
    for size in SIZES:
        inbox = middle([took for took, _ in course.inbox[size]])
        figures.append(
            Figure(
                job="J2",
                measured=f"publish to {size:,}",
                value=middle(course.times[size]) * 1e3,
                unit="ms",
                yardstick_name="inbox and outbox rows",
                yardstick=inbox * 1e3,
                note=f"of it counting whom it reaches {middle(course.counting[size]) * 1e3:.1f} ms",
            )
        )
    small, big = min(SIZES), max(SIZES)
    rest = {
        size: middle(
            [a - b for a, b in zip(course.times[size], course.counting[size], strict=True)]
        )
        for size in (small, big)
    }
    figures += [
        Figure(
            job="J2",
            measured="publish to 200,000",
            value=middle(course.times[big]) * 1e3,
            unit="ms",
            yardstick_name="publish to 50",
            yardstick=middle(course.times[small]) * 1e3,
            goal=2,
            sense="at_most",
        ),
        Figure(
            job="J2",
            measured="the same, but for counting whom it reaches",
            value=rest[big] * 1e3,
            unit="ms",
            yardstick_name="publish to 50, likewise",
            yardstick=rest[small] * 1e3,
            goal=2,
            sense="at_most",
        ),
        *(
            trips.figure("J2", f"publish to {size:,}", max(course.statements[size]))
            for size in rest
        ),
        Figure(
            job="J2",
            measured="WAL of publishing to 200,000",
            value=middle(course.wal[big]) / 1e3,
            unit="kB",
            goal=20,
            sense="at_most",
            note=f"inbox rows {middle([log for _, log in course.inbox[big]]) / 1e6:.0f} MB",
        ),
        Figure(
            job="J2",
            measured="rows published to 200,000",
            value=max(course.rows[big]),
            unit="",
            yardstick_name="rows published to 50",
            yardstick=max(course.rows[50]),
            goal=1,
            sense="at_most",
        ),
    ]
    same = len({frozenset(rows) for rows in course.rows.values()}) == 1
    return Findings(
        figures=figures,
        checks=[Check(job="J2", claim="every publication writes as many rows", holds=same)],
    )
