"""kill -9 at random points of a busy minute: nothing that was answered or promised is lost.

A process that is killed does not try a power cut: what survives that is what the server has
flushed, so the drill holds it to flushing.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.burst import Answered, Burst, Committee, committee, misjudged
from tests.drills.killing import PATIENCE, WORKERS, Installation, installation
from tests.drills.reckoning import WITNESS, Pushes, lost, reckon, settled
from tests.drills.stopping import soon

PLAN = {
    "api": size(4, 60),
    "worker": size(5, 60),
    "database": size(5, 60),
    "all": size(1, 20),
}
CLIENTS = size(24, 64)
READY = size(int(PATIENCE), 10)
"""Seconds; the short lane runs beside whatever else the machine does."""
AT_MOST = 4


@pytest.fixture(scope="module")
async def standing(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    async with installation(await clone("kills"), tmp_path_factory.mktemp("kills")) as built:
        yield built


@pytest.fixture(scope="module")
async def chaired(standing: Installation) -> Committee:
    with standing.context:
        await _execute(standing, WITNESS)
        return await committee(standing)


async def _execute(standing: Installation, *statements: str) -> None:
    connection = await asyncpg.connect(standing.dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_nothing_answered_or_promised_is_lost_however_processes_die(
    standing: Installation, chaired: Committee
) -> None:
    chance = dice("kills")
    kinds = [kind for kind, times in PLAN.items() for _ in range(times)]
    chance.shuffle(kinds)
    answered, begun = Answered(), time.monotonic()
    with standing.context:
        for number, kind in enumerate(kinds):
            burst = Burst(standing, chaired, number, random.Random(chance.random()))
            await burst.open()
            blow = _strike_during(standing, kind, chance)
            await asyncio.gather(burst.run(answered, CLIENTS), blow)
            wrong = await misjudged(standing, answered.families[-CLIENTS:])
            assert not wrong, wrong
        left = await settled(standing)
        wrong = await reckon(standing, answered)
        pushes = Pushes(standing)
        wrong += await pushes.wrong(standing)
        durable = await standing.durability()
    ready = [kill.ready for kill in standing.kills]
    again = [phone.counts["repeated"] for phone in (one.phone for one in answered.families)]
    seen(
        "kills",
        cycles=len(kinds),
        acknowledged=len(answered.families) + len(answered.decisions) + len(answered.notices),
        asked_again=sum(again),
        letters=(await standing.fetch("SELECT count(*) FROM post_letter"))[0]["count"],
        pushes=sum(map(len, pushes.times.values())),
        pushed_twice=sum(pushes.repeated.values()),
        ready_median=round(sorted(ready)[len(ready) // 2], 1),
        ready_worst=round(max(ready), 1),
        settled_s=round(left, 1),
        wrong=len(wrong),
        seconds=round(time.monotonic() - begun),
    )
    assert not wrong, "\n".join([*wrong[:30], *standing.accidents()[:10]])
    assert set(durable.values()) == {"on"} and len(durable) == 3
    assert max(ready) <= READY, standing.kills
    assert sum(again) > 0, "nobody noticed the kills"
    assert standing.accidents() == []


async def test_control_without_the_key_a_repeated_creation_happens_twice(
    standing: Installation, chaired: Committee
) -> None:
    connection = await asyncpg.connect(standing.dsn)
    await connection.execute(
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN NEW.key := gen_random_uuid(); RETURN NEW; END $$; "
        "CREATE TRIGGER forget BEFORE INSERT ON idempotency_keys "
        "FOR EACH ROW EXECUTE FUNCTION forget()"
    )
    answered = Answered()
    with standing.context:
        for number in range(AT_MOST):
            burst = Burst(standing, chaired, 1000 + number, random.Random(number))
            await burst.open()
            await burst.run(answered, 1)
            wrong = [one for one in await reckon(standing, answered) if "was created" in one]
            if wrong:
                break
    await connection.execute("DROP FUNCTION forget CASCADE")
    await connection.close()
    assert wrong


async def test_control_letters_left_outside_the_transaction_are_lost(
    standing: Installation, chaired: Committee
) -> None:
    for number in range(WORKERS):
        standing.town.kill(f"worker-{number}")
    unwritten = 0
    with standing.context:
        for number in range(AT_MOST):
            burst = Burst(standing, chaired, 2 * number + 2000, random.Random(number))
            burst.plan = replace(burst.plan, capacity=3)
            await burst.open()
            await burst.run(Answered(), 24)
            told = await _owed(standing, "m.told")
            standing.start_worker(0, "tests.drills.bent", "worker")
            await soon(standing, _MORE_TOLD, told, patience=PATIENCE)
            standing.town.kill("worker-0")
            unwritten = await _owed(standing, "m.told AND l.id IS NULL")
            if unwritten:
                break
    assert unwritten > 0


_OWED = """
SELECT count(*) FROM owed o JOIN booking_moves m ON m.id = o.move
LEFT JOIN post_letter l ON l.once = 'bookings.move:' || o.move WHERE {which}
"""
_MORE_TOLD = (
    "SELECT 1 FROM booking_moves m JOIN owed o ON o.move = m.id WHERE m.told HAVING count(*) > $1"
)


async def _owed(standing: Installation, which: str) -> int:
    """Count the letters somebody is owed that are so."""
    [row] = await standing.fetch(_OWED.format(which=which))
    return int(row["count"])


async def test_control_acknowledging_before_the_commit_is_on_disk_loses_places(
    standing: Installation, chaired: Committee
) -> None:
    """The last of the drill: what it loses is missing afterwards."""
    connection = await asyncpg.connect(standing.dsn)
    # Nothing else may flush the log either, neither now and then nor ahead of a page.
    for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'",
                    "wal_writer_flush_after = '1GB'", "bgwriter_lru_maxpages = 0"):  # fmt: skip
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.close()
    await standing.kill("database", 0)
    assert "off" in (await standing.durability()).values()
    wrong: list[str] = []
    with standing.context:
        for number in range(AT_MOST):
            answered = Answered()
            burst = Burst(standing, chaired, 3000 + number, random.Random(number))
            await burst.open()
            await burst.run(answered, 24)
            await standing.kill("database", 0)
            wrong = await misjudged(standing, answered.families)
            wrong += await lost(standing, answered)
            if wrong:
                break
    assert wrong


async def _strike_during(standing: Installation, kind: str, chance: random.Random) -> None:
    await asyncio.sleep(0.05 + chance.random())
    await standing.kill(kind, chance.randrange(2))
