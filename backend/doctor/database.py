"""What the database is, how safe it keeps things, and how hard it has it."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg

from backend import migrate
from backend.clock import now
from backend.database import database, fetch
from backend.doctor.finding import Finding
from backend.observability.figures import Strain, strain
from backend.settings import Settings

SKEW_SECONDS = 2.0
CROWDED = 0.80
"""The share of the connections beyond which a few more processes find none."""
WAIT_SECONDS = 3.0
TRANSACTION_SECONDS = 60.0
BEHIND_BYTES = 64 * 1024 * 1024
BEHIND_SECONDS = 60.0
_SAFE = {"fsync": ("on",), "full_page_writes": ("on",)}
_UNSAFE_COMMITS = ("off",)
_DISCREET = {
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""Otherwise the database's log quotes rows (DETAIL) and the values of statements."""


async def basics(dsn: str) -> tuple[list[Finding], bool]:
    """Return what a bare connection tells, and whether the tables are up to date."""
    subject = "数据库 database"
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        return [Finding(False, subject, str(error), "check TONGXING_DATABASE_URL")], False
    try:
        version = connection.get_server_version()
        skew = await _skew(connection)
        durable = await _durability(connection)
        discreet = await _discretion(connection)
    finally:
        await connection.close()
    missing = await migrate.pending(dsn)
    return [
        Finding(version.major >= 18, subject, f"PostgreSQL {version.major}", "use PostgreSQL 18"),
        durable,
        discreet,
        Finding(
            abs(skew) <= SKEW_SECONDS,
            "时钟 clock",
            f"{skew:+.2f} s against the database",
            "synchronise both machines' clocks (chrony or systemd-timesyncd)",
        ),
        Finding(
            not missing,
            "数据表 tables",
            f"lack {', '.join(missing)}" if missing else "up to date",
            "run `tongxing migrate`",
        ),
    ], not missing


async def strains(dsn: str, settings: Settings) -> list[Finding]:
    """Return how hard the database has it: connections, locks, transactions, standbys."""
    async with database(dsn, settings, name="tongxing-doctor"):
        return await look(settings)


async def look(settings: Settings) -> list[Finding]:
    """Do the same over the database that is open."""
    told = await strain()
    blocking = await fetch(_BLOCKING)
    oldest = await fetch(_OLDEST, TRANSACTION_SECONDS)
    return [*_strains(told, blocking, oldest, settings), _standbys(told, await fetch(_SLOTS))]


async def _skew(connection: asyncpg.Connection) -> float:
    """Return how far our clock is ahead of the database's, in seconds."""
    best = (float("inf"), 0.0)
    for _ in range(3):
        begun, ours = time.perf_counter(), now()
        theirs: datetime = await connection.fetchval("select clock_timestamp()")
        took = time.perf_counter() - begun
        best = min(best, (took, (ours - theirs).total_seconds() + took / 2))
    return best[1]


async def _durability(connection: asyncpg.Connection) -> Finding:
    """Say whether what was acknowledged outlives a power cut."""
    told = {
        name: str(await connection.fetchval("select current_setting($1)", name))
        for name in ("fsync", "full_page_writes", "synchronous_commit")
    }
    wrong = [f"{name} = {told[name]}" for name, good in _SAFE.items() if told[name] not in good]
    if told["synchronous_commit"] in _UNSAFE_COMMITS:
        wrong.append(f"synchronous_commit = {told['synchronous_commit']}")
    return Finding(
        not wrong,
        "断电安全 durability",
        ", ".join(wrong) or "what was acknowledged survives a power cut",
        "a crash would lose or spoil rows: set them on in postgresql.conf, and look with "
        "`\\drds` whether a role or the database overrides it",
    )


async def _discretion(connection: asyncpg.Connection) -> Finding:
    """Say whether the database keeps what people wrote out of its log."""
    told = {
        name: str(await connection.fetchval("select current_setting($1)", name))
        for name in _DISCREET
    }
    talkative = [f"{name} = {told[name]}" for name, good in _DISCREET.items() if told[name] != good]
    return Finding(
        not talkative,
        "数据库日志 database log",
        f"may quote personal data: {', '.join(talkative)}"
        if talkative
        else "quotes neither rows nor values",
        f"set {', '.join(f'{name} = {good}' for name, good in _DISCREET.items())} in "
        "postgresql.conf and reload",
    )


def _strains(
    told: Strain, blocking: list[dict[str, Any]], oldest: list[dict[str, Any]], settings: Settings
) -> Iterator[Finding]:
    yield Finding(
        told.in_use <= CROWDED * told.limit,
        "连接 connections",
        f"{told.in_use} of {told.limit} in use",
        f"start fewer processes (each holds up to TONGXING_POOL_SIZE={settings.pool_size}), "
        "raise max_connections, or put a pooler in between",
    )
    holders = "; ".join(
        f"{row['application']} (pid {row['pid']}, {row['state']}) holds up {row['held']}"
        for row in blocking
    )
    yield Finding(
        told.longest_wait <= WAIT_SECONDS,
        "锁 locks",
        f"{told.waiting} waiting, the longest for {told.longest_wait:.0f} s"
        f"{': ' if holders else ''}{holders}",
        "let that session finish, or end it with `select pg_terminate_backend(pid)`",
    )
    old = "; ".join(f"{row['application']} (pid {row['pid']}, {row['state']})" for row in oldest)
    yield Finding(
        told.longest_transaction <= TRANSACTION_SECONDS,
        "事务 transactions",
        f"the oldest is open for {told.longest_transaction:.0f} s{': ' if old else ''}{old}",
        "it keeps dead rows from being cleared: let it finish, or end it with "
        "`select pg_terminate_backend(pid)`",
    )


def _standbys(told: Strain, slots: list[dict[str, Any]]) -> Finding:
    subject = "备库 standbys"
    late = [
        f"{row['standby']} is {row['behind'] / 2**20:.0f} MiB and {row['lag']:.0f} s behind"
        for row in told.standbys
        if row["behind"] > BEHIND_BYTES or row["lag"] > BEHIND_SECONDS
    ]
    late += [
        f"nobody reads slot {row['slot_name']}, which holds back {row['held'] / 2**20:.0f} MiB"
        for row in slots
        if row["held"] > BEHIND_BYTES
    ]
    there = ", ".join(row["standby"] for row in told.standbys)
    return Finding(
        not late,
        subject,
        "; ".join(late) or (f"{there}: close behind" if there else "none follow"),
        "look at that standby's log, disk and network; drop a slot that nobody will read again "
        "with `select pg_drop_replication_slot(name)`",
    )


_BLOCKING = """
SELECT holder.pid, coalesce(nullif(holder.application_name, ''), 'a session') AS application,
    coalesce(holder.state, 'unknown') AS state, count(*)::int AS held
FROM pg_stat_activity AS waiting,
    unnest(pg_blocking_pids(waiting.pid)) AS blocker(pid)
    JOIN pg_stat_activity AS holder ON holder.pid = blocker.pid
WHERE waiting.wait_event_type = 'Lock'
GROUP BY 1, 2, 3 ORDER BY held DESC LIMIT 3
"""

_OLDEST = """
SELECT pid, coalesce(nullif(application_name, ''), 'a session') AS application,
    coalesce(state, 'unknown') AS state
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()
    AND xact_start < clock_timestamp() - make_interval(secs => $1)
ORDER BY xact_start LIMIT 3
"""

_SLOTS = """
SELECT slot_name, CASE WHEN NOT pg_is_in_recovery()
    THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) ELSE 0 END::float AS held
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
"""
