"""The doctor says when what stands beside the database is of no use."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import msgspec
import pytest
from tortoise.context import TortoiseContext

from backend.database import config, execute
from backend.doctor import beside, database
from backend.doctor.finding import Finding
from backend.settings import Settings
from tests.fakes.standby import Pair, Standby, replication
from tests.fakes.valkey import valkey_server
from tests.observability.conftest import told
from tests.observability.test_doctor import only
from tests.setup.processes import ROOT, free_ports


def asked_of(settings: Settings, url: str) -> Settings:
    return msgspec.structs.replace(settings, valkey_url=url)


async def valkey(settings: Settings) -> Finding:
    return await beside._valkey("postgresql:///tongxing", settings)


async def test_a_valkey_that_does_not_answer_is_named_without_its_password(
    settings: Settings,
) -> None:
    assert (await valkey(settings)).well, "where none is set there is nothing to be sick"
    (port,) = free_ports(1)
    told_of = await valkey(asked_of(settings, f"valkey://house:very-secret@127.0.0.1:{port}/0"))
    assert not told_of.well and f"127.0.0.1:{port} does not answer" in told_of.detail
    assert "TONGXING_VALKEY_URL" in told_of.advice and "secret" not in repr(told_of)


async def test_a_valkey_that_hangs_or_forgets_is_named() -> None:
    with valkey_server() as server:
        settings = asked_of(Settings(environment="test"), server.url)
        assert (await valkey(settings)).well
        server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert (await valkey(settings)).well, "one that never fills never forgets"
        server.ask("CONFIG", "SET", "maxmemory", "100mb")
        told_of = await valkey(settings)
        assert not told_of.well and "allkeys-lru" in told_of.detail
        server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert (await valkey(settings)).well
        server.hang()
        assert "does not answer" in (await valkey(settings)).detail
        server.wake()
        server.kill()
        assert not (await valkey(settings)).well


@dataclass(frozen=True)
class Place:
    """A primary that is open as the house's database, and one standby."""

    pair: Pair
    standby: Standby
    settings: Settings

    async def finding(self) -> Finding:
        return await beside._replica(self.settings.replica_urls[0], self.settings)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    with replication("beside") as pair:
        standby = pair.standby("one")
        dsn = pair.primary.dsn("postgres")
        async with TortoiseContext() as context:
            await context.init(config=config(dsn, pool_size=2))
            settings = Settings(
                environment="test", database_url=dsn, replica_patience=0.5,
                replica_urls=(standby.dsn("postgres"),),
            )  # fmt: skip
            yield Place(pair, standby, settings)


async def test_reads_are_counted_by_who_answered_them(place: Place) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.observability.asking_replicas"),
        *(place.pair.primary.dsn("postgres"), place.standby.dsn("postgres")),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    said, _ = await process.communicate()
    told_by = [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]
    assert [one.pop("there") for one in told_by] == [[False], [True] * 3, [False], [False]]
    names = ("replica", "primary", "primary_again")
    without, well, broken_off, resting = (tuple(one[name] for name in names) for one in told_by)
    assert without == (0, 0, 0), "where none is set there is nothing to count"
    assert well == (3, 0, 0)
    assert broken_off == (3, 0, 1)
    assert resting == (3, 1, 1), "it is left alone for a moment"
    assert 'tongxing_replica_reads_total{answered="primary_again"}' in told()


async def test_a_replica_that_serves_nobody_is_named_with_the_reason(
    place: Place, settings: Settings, dsn: str
) -> None:
    told_of = await place.finding()
    assert told_of.well and "ms behind" in told_of.detail
    place.standby.ask("SELECT pg_wal_replay_pause()")
    await execute("CREATE TABLE news (n int)")
    told_of = await place.finding()
    assert not told_of.well and "more than 0.5 s behind" in told_of.detail
    assert "TONGXING_REPLICA_PATIENCE" in told_of.advice
    place.standby.ask("SELECT pg_wal_replay_resume()")
    for _ in range(100):
        if (told_of := await place.finding()).well:
            break
        await asyncio.sleep(0.1)
    assert told_of.well

    place.standby.ask("ALTER SYSTEM RESET hot_standby_feedback")
    # Another cluster's, here the tests' own; and the primary, listed as its own replica.
    assert "another cluster's" in (await beside._replica(dsn, place.settings)).detail
    primary = place.pair.primary.dsn("postgres")
    assert "follows nobody" in (await beside._replica(primary, place.settings)).detail
    await asyncio.to_thread(place.standby.kill)
    told_of = await place.finding()
    assert not told_of.well and "cannot be read" in told_of.detail
    place.standby.settings["hot_standby_feedback"] = "off"
    await asyncio.to_thread(place.standby.start)
    told_of = await place.finding()
    assert not told_of.well and "hot_standby_feedback = on" in told_of.advice
    assert not (await place.finding()).well
    await asyncio.to_thread(place.standby.promote)
    assert "follows nobody" in (await place.finding()).detail


async def test_none_of_it_is_missed_when_none_is_set(settings: Settings, dsn: str) -> None:
    told_of = await beside.findings(dsn, settings)
    assert [one.well for one in told_of] == [True, True]
    assert only(told_of, "replicas").detail.startswith("not used")


async def test_a_log_that_quotes_rows_or_values_is_named(dsn: str) -> None:
    """What `ALTER DATABASE` sets for new sessions counts as much as the server's file."""
    assert only((await database.basics(dsn))[0], "database log").well
    name = dsn.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(dsn)
    try:
        for setting, talkative in (
            ("log_error_verbosity", "default"),
            ("log_parameter_max_length", "-1"),
            ("log_parameter_max_length_on_error", "1kB"),
        ):
            await connection.execute(f"ALTER DATABASE \"{name}\" SET {setting} = '{talkative}'")
            told_of = only((await database.basics(dsn))[0], "database log")
            await connection.execute(f'ALTER DATABASE "{name}" RESET {setting}')
            assert not told_of.well and f"{setting} = {talkative}" in told_of.detail
            assert "reload" in told_of.advice
    finally:
        await connection.close()
    assert only((await database.basics(dsn))[0], "database log").well
