"""A PostgreSQL that keeps all it can: logical journal, commit times, every statement, backups.

The binaries that come with the project ship neither ``test_decoding`` nor
``pg_stat_statements``; the journal is decoded by the server's own ``pgoutput`` and by
``pg_waldump`` instead, and every statement is in the server's log with its parameters.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

from backend import embedded, migrate
from backend.embedded import Server

DATABASE = "secrecy"
SLOT, PUBLICATION = "onlooker", "everything"
_PREFIX = "tongxing-secrecy-"
_LOCK = "station.lock"
_SETTINGS = {
    "wal_level": "logical",
    "track_commit_timestamp": "on",
    "log_min_duration_statement": "0",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "wal_keep_size": "16GB",
    "max_wal_size": "16GB",
    # Nothing that was ever written is swept away.
    "autovacuum": "off",
    "track_activity_query_size": "16384",
    # Nothing here needs to outlive a power cut.
    "fsync": "off",
}
_TALKATIVE = {"log_parameter_max_length": "-1", "log_error_verbosity": "default"}
_WATCH = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT c.oid::regclass::text FROM pg_class c
                WHERE c.relkind = 'r'
                  AND c.relnamespace IN ('public'::regnamespace, 'naive'::regnamespace)
    LOOP EXECUTE 'ALTER TABLE ' || name || ' REPLICA IDENTITY FULL'; END LOOP;
END $$;
"""


@contextmanager
def opened() -> Iterator[Server]:
    """Start a server of its own that is set to keep everything; remove it afterwards."""
    _sweep()
    home = embedded.scratch_dir(f"{_PREFIX}{uuid.uuid4().hex[:12]}")
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    with (home / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = embedded.start(home)
        try:
            asyncio.run(_settle(server))
            # These settings are read at the start alone.
            server.stop()
            server = embedded.start(home)
            yield server
        finally:
            server.stop()
            shutil.rmtree(home, ignore_errors=True)


async def furnish(server: Server, tables: str, *, like: str | None) -> None:
    """Make the database: migrated, or a copy of the migrated one whose DSN is ``like``; with
    ``tables`` beside the product's own, and every change watched.
    """
    dsn = server.dsn(DATABASE)
    await embedded.ensure_database(dsn)
    if like is None:
        await migrate.upgrade(dsn)
    else:
        await asyncio.to_thread(_copy, server, like)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(tables)
        await connection.execute(_WATCH)
        await connection.execute(f"CREATE PUBLICATION {PUBLICATION} FOR ALL TABLES")
        await connection.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", SLOT)
    finally:
        await connection.close()


def back_up(server: Server, name: str) -> Path:
    """Take a base backup of the running server; returns where a copy can be started."""
    home = server.home / name
    home.mkdir(mode=0o755)
    os.chown(home, server.account.uid, server.account.gid)
    who = server.account
    subprocess.run(
        [
            server.binaries / "pg_basebackup", "-D", home / "database", "-X", "stream",
            "-c", "fast", "-U", "postgres", "-h", server.sockets,
        ],
        check=True, capture_output=True, cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        user=who.uid if who.switch else None,
        group=who.gid if who.switch else None,
        extra_groups=[] if who.switch else None,
    )  # fmt: skip
    return home


def _copy(server: Server, like: str) -> None:
    draft = server.home / "draft.sql"
    subprocess.run(
        [server.binaries / "pg_dump", "--no-owner", "--schema=public", "-f", draft, like],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [server.binaries / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-c",
         "DROP SCHEMA public CASCADE", "-f", draft, server.dsn(DATABASE)],
        check=True, capture_output=True,
    )  # fmt: skip
    draft.unlink()


async def _settle(server: Server) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        for name, value in _SETTINGS.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        # The product's server keeps silent about these; an operator can make it speak.
        for name, value in _TALKATIVE.items():
            await connection.execute(f"ALTER ROLE ALL SET {name} = '{value}'")
    finally:
        await connection.close()


def _sweep() -> None:
    """Remove what runs left behind that were killed."""
    for abandoned in embedded.scratch_dir("x").parent.glob(f"{_PREFIX}*"):
        with suppress(OSError, embedded.EmbeddedError), (abandoned / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            embedded.erase(abandoned)
            shutil.rmtree(abandoned)
