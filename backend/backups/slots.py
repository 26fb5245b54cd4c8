"""The replication slot a follower has at the server, and how far it is."""

from datetime import UTC, datetime

import asyncpg
import msgspec
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

SLOT = "tongxing_backup"
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What is raised while the database is away."""


class Asked(msgspec.Struct):
    """Where the server's journal ended at a moment, and whether the fetcher has it."""

    at: datetime
    position: str
    is_fetched: bool


async def position(dsn: str) -> Asked | None:
    """Return the server's time and, a moment later, the end of its journal; ``None`` while
    it does not answer.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except AWAY as error:
        log.warning("the database does not answer", error=str(error))
        return None
    try:
        # Every commit of an earlier moment has been written down before the second answer.
        moment = await connection.fetchval("SELECT clock_timestamp()")
        position = await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")
        return Asked(moment.astimezone(UTC), position, False)
    except AWAY:
        return None
    finally:
        connection.terminate()


async def is_fetched(dsn: str, position: str) -> bool:
    """Say whether the fetcher has the journal up to ``position``."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except AWAY:
        return False
    try:
        return bool(
            await connection.fetchval(
                "SELECT bool_or(r.write_lsn >= $2::text::pg_lsn) FROM pg_replication_slots s "
                "JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
                SLOT,
                position,
            )
        )
    except AWAY:
        return False
    finally:
        connection.terminate()


async def release(dsn: str) -> bool:
    """Give the slot up, so that the server keeps nothing for a follower; says whether it was
    there. Raises ``asyncpg.ObjectInUseError`` while a follower runs.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return bool(
            await connection.fetch(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                "WHERE slot_name = $1",
                SLOT,
            )
        )
    finally:
        await connection.close()


async def have_slot(dsn: str) -> bool:
    """Make the slot unless it exists; one whose journal was thrown away is made anew."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except AWAY:
        return False
    try:
        row = await connection.fetchrow(
            "SELECT wal_status, active_pid FROM pg_replication_slots WHERE slot_name = $1", SLOT
        )
        if row is not None and row["active_pid"] is not None:
            # A fetcher whose follower was killed; it ends when it is hung up on.
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", row["active_pid"])
        if row is not None and row["wal_status"] == "lost":
            log.error("the journal was not fetched in time: there is a gap; take a backup")
            await connection.execute("SELECT pg_drop_replication_slot($1)", SLOT)
            row = None
        if row is None:
            await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", SLOT)
        return True
    except AWAY as error:
        log.warning("there is no slot to follow with", error=str(error))
        return False
    finally:
        connection.terminate()
