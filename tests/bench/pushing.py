"""The post office at work: pages of an audience become deliveries, deliveries are carried."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock
from backend.notices import jobs
from backend.roster import audiences
from backend.schools import quiet
from backend.web.actor import Actor
from notifications import Outcome
from notifications.channels.base import Parcel, Result
from notifications.dispatcher import Office
from tests.bench import district, lean, publishing
from tests.bench.figures import Check, Figure, Findings

PAGE = 500

DEVICES = f"""
INSERT INTO post_device (id, person_id, token, provider, platform, language, registered_at,
                         last_seen_at)
SELECT uuidv7(), bench.id({district.PERSON}, {district.LARGE} * 1000000 + g), 'bench-' || g,
       'counting', 'android', 'zh', now(), now()
FROM generate_series(0, {district.LARGE_GUARDIANS} - 1) g
"""


class CountingChannel:
    """Accepts everything and remembers how often each phone was rung."""

    name = "counting"
    max_batch = 500

    def __init__(self) -> None:
        self.rung: dict[str, int] = {}

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        return {"token": parcel.token, "title": parcel.title, **parcel.data}

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, batch: Sequence[Parcel]) -> list[Result]:
        for parcel in batch:
            self.rung[parcel.token] = self.rung.get(parcel.token, 0) + 1
        return [Result(outcome=Outcome.ACCEPTED) for _ in batch]

    async def close(self) -> None:
        """Nothing to close."""


async def run(actor: Actor, connection: "asyncpg.Connection[Any]", *, large: bool) -> Findings:
    """Publish to 2,000 or to 200,000, who have a phone each, and carry everything."""
    people = 200_000 if large else 2_000
    # What the other measurements left behind is not wanted here.
    await connection.execute("UPDATE post_letter SET state = 'withdrawn' WHERE state = 'open'")
    await connection.execute(DEVICES)
    await connection.execute("VACUUM (ANALYZE) post_device, post_letter")
    paged = await _paged()
    listed = await _listed(connection, lean.PAGING)
    tokens = await _listed(connection, lean.TOKENS)
    await publishing.publish(actor, people)
    channel = CountingChannel()
    office = Office(
        channels={"counting": channel},
        page_audience=audiences.page,
        still_wanted=jobs.still_wanted,
        quiet_hours=quiet.hours_of,
        page_size=PAGE,
    )
    begun = time.perf_counter()
    while await office.expand(clock.now()):
        pass
    expanded = time.perf_counter() - begun
    queued = await connection.fetchval("SELECT count(*) FROM post_delivery WHERE state = 'queued'")
    begun = time.perf_counter()
    carried = await office.drain(clock.now, asyncio.Event())
    drained = time.perf_counter() - begun
    once = len(channel.rung) == people and set(channel.rung.values()) == {1}
    return Findings(
        figures=[
            Figure(
                job="J2",
                measured="people paged, of 200,000",
                value=paged,
                unit="/s",
                yardstick_name="a finished list",
                yardstick=listed,
            ),
            Figure(
                job="J2",
                measured=f"letter into {people:,} deliveries",
                value=queued / expanded,
                unit="/s",
                yardstick_name="a job with cursor and tokens",
                yardstick=tokens,
                goal=0.5,
            ),
            Figure(
                job="J2",
                measured="deliveries carried, provider answering at once",
                value=carried / drained,
                unit="/s",
            ),
        ],
        checks=[
            Check(job="J2", claim="every device was queued once", holds=queued == people),
            Check(job="J2", claim="every phone rang exactly once", holds=once),
        ],
    )


async def _paged() -> float:
    """Walk the whole school by the product's pages; returns people a second."""
    key = audiences.key(district.row_id(district.SCHOOL, district.LARGE), audiences.FAMILIES)
    begun = time.perf_counter()
    seen, last = 0, None
    while page := await audiences.page([key], last, PAGE):
        seen, last = seen + len(page), page[-1]
    return seen / (time.perf_counter() - begun)


async def _listed(connection: "asyncpg.Connection[Any]", sql: str) -> float:
    """Walk the same people as a finished list."""
    begun = time.perf_counter()
    seen, last = 0, UUID(int=0)
    while rows := await connection.fetch(sql, last, PAGE):
        seen, last = seen + len(rows), rows[-1]["person_id"]
    return seen / (time.perf_counter() - begun)
