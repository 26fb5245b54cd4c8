"""The doctor names the part that is really sick, and says what to do."""

import asyncio
import socket
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from backend import clock
from backend.database import execute
from backend.doctor import database, machine, post
from backend.doctor.finding import Finding
from backend.observability import figures, metrics
from backend.observability.figures import Strain
from backend.settings import Settings
from tests.fakes.standby import replication
from tests.observability.test_figures import left_in_the_post, others


def only(findings: Iterable[Finding], subject: str) -> Finding:
    (one,) = [finding for finding in findings if finding.subject.endswith(subject)]
    assert one.well or one.advice
    return one


@pytest.mark.parametrize(
    ("mode", "kind", "said"),
    [
        (0o700, "directory", "written by nobody else"),
        (0o755, "directory", "lets others in (mode 0755)"),
        (0o770, "directory", "lets others in (mode 0770)"),
        (0o600, "file", "is not a directory"),
        (None, "missing", "is made when the first secret vote opens"),
    ],
)
def test_keys_of_ballots_lie_where_nobody_else_may_look(
    tmp_path: Path, settings: Settings, mode: int | None, kind: str, said: str
) -> None:
    place = tmp_path / "keys"
    if kind == "directory":
        place.mkdir()
    elif kind == "file":
        place.touch()
    if mode is not None:
        place.chmod(mode)
    told = machine._keys(place)
    assert said in told.detail
    assert told.well == (mode in (0o700, None))
    assert told.well or "chmod 700" in told.advice


def test_keys_that_cannot_be_made_are_named(tmp_path: Path) -> None:
    (tmp_path / "in the way").touch()
    told = machine._keys(tmp_path / "in the way" / "keys")
    assert not told.well and "mode 0700" in told.advice


def test_a_disk_that_is_nearly_full_is_named(settings: Settings) -> None:
    assert machine._disk(settings).well
    full = msgspec.structs.replace(settings, disk_floor=1 << 60)
    told = machine._disk(full)
    assert not told.well and "TONGXING_DATA_DIR" in told.advice


async def test_metrics_nobody_tells_are_named(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asking = msgspec.structs.replace(settings, metrics_port=port)
    told = await asyncio.to_thread(machine._metrics, asking)
    assert not told.well and "metrics_not_served" in told.advice
    async with metrics.served(asking) as where:
        told = await asyncio.to_thread(machine._metrics, asking)
        assert told.well and str(where) in told.detail
    assert machine._metrics(settings).well, "switched off is no sickness"


async def test_settings_that_lose_rows_in_a_power_cut_are_named(dsn: str) -> None:
    """The database of the tests gives up crash safety for speed: the doctor must see it."""
    told = only((await database.basics(dsn))[0], "durability")
    assert not told.well
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} = off" in told.detail


async def test_clocks_that_differ_are_named(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only((await database.basics(dsn))[0], "clock").well
    monkeypatch.setattr(database, "now", lambda: clock.now() + timedelta(seconds=5))
    told = only((await database.basics(dsn))[0], "clock")
    assert not told.well and "+5." in told.detail and "chrony" in told.advice


async def test_waits_old_transactions_and_crowds_are_named(
    db: None, dsn: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.3)
    monkeypatch.setattr(database, "TRANSACTION_SECONDS", 0.3)
    well = await database.look(settings)
    assert [finding for finding in well if not finding.well] == []
    async with others(dsn, "tongxing-api", "tongxing-worker") as (first, second):
        await first.execute("BEGIN")
        await first.execute("LOCK TABLE limits")
        waiting = asyncio.create_task(second.fetch("SELECT FROM limits"))
        await asyncio.sleep(0.8)
        told = await database.look(settings)
        locks, transactions = only(told, "locks"), only(told, "transactions")
        assert not locks.well and "pg_terminate_backend" in locks.advice
        assert "tongxing-api" in locks.detail and "idle in transaction" in locks.detail
        assert not transactions.well and "tongxing-api" in transactions.detail
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    limit = 200
    crowd = ["crowd"] * 12
    monkeypatch.setattr(database, "CROWDED", 10 / limit)
    async with others(dsn, *crowd):
        told_of = only(await database.look(settings), "connections")
        assert not told_of.well and "TONGXING_POOL_SIZE" in told_of.advice


async def test_what_is_left_lying_is_named(db: None) -> None:
    moment = clock.now()

    async def told() -> list[Finding]:
        found = [finding async for finding in post._post_office(moment)]
        return found + [finding async for finding in post._other_ways(moment)]

    before = await told()
    assert only(before, "queue").well and only(before, "dead letters").well
    assert only(before, "text messages").well
    await left_in_the_post()
    for number in range(6):
        await execute(
            "INSERT INTO sms_outbox (id, phone, template, payload, state, due_at, expires_at, "
            "created_at) VALUES (uuidv7(), $1, 'x', '', 'given_up', now(), now(), now())",
            f"+8613900000{number:03}",
        )
    after = await told()
    assert not only(after, "queue").well and "more workers" in only(after, "queue").advice
    assert not only(after, "dead letters").well
    assert not only(after, "text messages").well
    assert "+8613900000" not in repr(after)


async def following(connection: Any) -> Finding:
    """Return what the doctor says of those who follow the server of ``connection``."""
    standbys = [dict(row) for row in await connection.fetch(figures._STANDBYS)]
    slots = [dict(row) for row in await connection.fetch(database._SLOTS)]
    told = Strain((), 1, 100, 0, 0.0, 0.0, standbys)
    return database._standbys(told, slots)


async def test_a_standby_and_a_slot_that_stay_behind_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a server others can follow; the tests' own keeps too little for that."""
    with replication("doctor") as pair:
        connection = await asyncpg.connect(pair.primary.dsn("postgres"))
        try:
            assert (await database._durability(connection)).well
            assert (await following(connection)).detail == "none follow"
            standby = pair.standby("late")
            standby.ask("SELECT pg_wal_replay_pause()")
            monkeypatch.setattr(database, "BEHIND_BYTES", 1024 * 1024)
            await connection.execute("CREATE TABLE filler AS SELECT generate_series(1, 100000) n")
            told = await following(connection)
            assert not told.well and "MiB and" in told.detail and "standby's log" in told.advice

            standby.ask("SELECT pg_wal_replay_resume()")
            for _ in range(300):
                await asyncio.sleep(0.2)
                if (told := await following(connection)).well:
                    break
            assert told.well and "close behind" in told.detail

            await connection.execute("SELECT pg_create_physical_replication_slot('gone', true)")
            await connection.execute("INSERT INTO filler SELECT generate_series(1, 100000)")
            told = await following(connection)
            assert not told.well and "nobody reads slot gone" in told.detail
            assert "pg_drop_replication_slot" in told.advice
        finally:
            await connection.close()
