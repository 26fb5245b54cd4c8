"""An installation of its own, durable and filled, for drills that kill servers and fill disks."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from backend import embedded
from backend.backups.programs import path_of
from tests.drills import LONG
from tests.setup.processes import end, tongxing

MILLION = """
INSERT INTO persons (id, name, created_at)
    SELECT gen_random_uuid(), 'family ' || n, now() FROM generate_series(1, 300000) n;
INSERT INTO audit_entries (id, at, action, subject_kind, facts)
    SELECT gen_random_uuid(), now() - n * interval '1 second', 'drill.fill', 'nothing',
           jsonb_build_object('n', n, 'what', md5(n::text)) FROM generate_series(1, 700000) n;
"""


class Estate:
    """Its server, its data directory and its database."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.server = embedded.start(home)
        self.dsn = self.server.dsn()

    def ask(self, sql: str, *values: object) -> Any:
        """Run one statement and return its first value."""
        return asyncio.run(answer(self.dsn, sql, *values))

    def kill(self) -> None:
        """Kill the server without a word, as a power cut does."""
        number = int((self.home / "database" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)

    def rise(self) -> None:
        """Start the server again after it was killed."""
        again = embedded.start(self.home)
        self.server.stop()
        self.server = again

    def command(self, *arguments: str, patience: float = 300, **environ: str) -> tuple[int, str]:
        """Run ``tongxing`` to its end; returns its exit code and what it said."""
        process = self.launched(*arguments, **environ)
        try:
            said = process.communicate(timeout=patience)[0]
            return process.returncode, said
        finally:
            end(process)

    def launched(self, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
        """Start ``tongxing`` on this installation, with its embedded server."""
        own = {"TONGXING_ENVIRONMENT": "test", "TONGXING_DATA_DIR": str(self.home)}
        return tongxing(*arguments, cwd=self.home, **(own | environ))


@contextmanager
def estate(name: str, like: str, *, place: Path | None = None) -> Iterator[Estate]:
    """Give an installation with the sample district, in the long lane with a million rows.

    ``like`` is the DSN of a migrated database; ``place`` where it shall live, which is small.
    """
    home = (place or embedded.scratch_dir("x").parent) / f"tongxing-{name}-{os.getpid()}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    try:
        made = Estate(home)
        try:
            asyncio.run(embedded.ensure_database(made.dsn))
            copy(like, made.dsn)
            code, said = made.command("seed")
            assert code == 0, said
            if LONG and place is None:
                made.ask(MILLION)
            yield made
        finally:
            made.server.stop()
    finally:
        with suppress(embedded.EmbeddedError):
            embedded.erase(home)
        shutil.rmtree(home, ignore_errors=True)


def copy(source: str, target: str) -> None:
    """Make an empty database like another; much faster than migrating it."""
    dump = subprocess.run(
        [path_of("pg_dump", None), "--no-owner", "--schema=public", source],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    subprocess.run(
        [path_of("psql", None), "-q", "-v", "ON_ERROR_STOP=1", "-c", "DROP SCHEMA public CASCADE",
         "-f", "-", target],
        input=dump, check=True, capture_output=True,
    )  # fmt: skip


async def answer(dsn: str, sql: str, *values: object) -> Any:
    """Run one statement, or without values several, and return the first value."""
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        if not values and ";" in sql:
            return await connection.execute(sql)
        return await connection.fetchval(sql, *values)
    finally:
        await connection.close()
