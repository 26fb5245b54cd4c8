"""Taking a backup: the whole cluster as one stream, and the files beside it.

The server's own ``pg_basebackup`` does the copying, while everybody goes on working. Its
output goes straight into the vault, compressed and sealed on the way: nothing of it touches
another disk. The journal that was written meanwhile is part of it, so a backup can be
restored by itself even where no follower runs.
"""

import asyncio
import re
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import structlog

from backend import clock
from backend.backups import journal, programs
from backend.backups.vault import Absent, Damaged, Stored, Vault, pieces_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

BASES, JOURNAL, FILES = "base", "wal", "files"
MANIFEST, CLUSTER = "backup.json", "cluster.tar"
_POINT = re.compile(r"log (start|end) point: ([0-9A-F]+/[0-9A-F]+)(?: on timeline (\d+))?")


class NotPossible(Exception):
    """The server does not let us back it up; the message says what it lacks."""


class FileLine(msgspec.Struct, frozen=True, array_like=True):
    """A file of the installation at the time: its key, and its digest in the vault."""

    key: str
    digest: str


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a backup. ``size`` is of the cluster as stored, in bytes.

    The database is whole again at ``ended_at`` (the server's clock) and at any later moment
    that the journal reaches; the journal that is needed for that begins behind segment
    ``last_segment``. ``tables`` are the applied migrations.
    """

    id: str
    begun_at: datetime
    ended_at: datetime
    system: str
    server_version: int
    database: str
    user: str
    timeline: int
    segment_bytes: int
    last_segment: int
    size: int
    migrations: list[str]
    files: list[FileLine] | None
    """``None`` where the files lie in a bucket."""


class Folder(msgspec.Struct, frozen=True):
    """A backup in the vault, with what is wrong with its manifest if it cannot be read."""

    id: str
    backup: Backup | None
    trouble: str = ""


def take(vault: Vault, dsn: str, files: Path | None, *, tools: Path | None = None) -> Backup:
    """Take a backup into the vault and return what is known of it.

    ``files`` is the folder of the installation's files, ``None`` where they lie in a bucket.
    Raises :class:`NotPossible`, :class:`~backend.backups.programs.ProgramFailed` and
    ``OSError``; what was begun then is not listed, and is swept.
    """
    begun = time.monotonic()
    facts = asyncio.run(_facts(dsn))
    backup_id = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    place = f"{BASES}/{backup_id}"
    # Files first: what a row of the copy names was there before the row, or it comes with
    # the journal, and so with the follower.
    kept = copy_files(vault, files)
    arguments = ["-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast", "-v", "-w"]
    arguments += ["--manifest-checksums=SHA256", "-l", f"tongxing {backup_id}"]
    with (
        programs.streamed("pg_basebackup", *arguments, dsn=dsn, tools=tools) as (output, said),
    ):
        stored = vault.put(f"{place}/{CLUSTER}", output, packed=True)
    points = {match[1]: match for line in said if (match := _POINT.search(line))}
    if set(points) != {"start", "end"}:
        raise programs.ProgramFailed(f"pg_basebackup did not say where its journal is: {said[-3:]}")
    ended = asyncio.run(_clock(dsn))
    kept |= copy_files(vault, files)
    backup = Backup(
        id=backup_id,
        begun_at=facts["at"],
        ended_at=ended,
        system=facts["system"],
        server_version=facts["version"],
        database=facts["database"],
        user=facts["user"],
        timeline=int(points["start"][3]),
        segment_bytes=facts["segment_bytes"],
        last_segment=journal.number_before(points["end"][2], facts["segment_bytes"]),
        size=stored.size,
        migrations=facts["migrations"],
        files=None if files is None else [FileLine(k, one.digest) for k, one in kept.items()],
    )
    vault.put(f"{place}/{MANIFEST}", [msgspec.json.encode(backup)])
    log.info(
        "backup taken",
        id=backup_id,
        bytes=stored.size,
        files=len(kept),
        seconds=round(time.monotonic() - begun, 1),
    )
    return backup


def copy_files(vault: Vault, files: Path | None) -> dict[str, Stored]:
    """Keep every file that is not kept yet; returns those that are here now, by key.

    A file never changes under its key, so a name says whether it is kept.
    """
    if files is None:
        return {}
    with vault.filing:
        return _copy_files(vault, files)


def _copy_files(vault: Vault, files: Path) -> dict[str, Stored]:
    kept = {one.name.removeprefix(f"{FILES}/"): one for one in vault.listing(FILES).values()}
    here = {}
    for path in sorted(files.rglob("*")):
        key = str(path.relative_to(files))
        # With a "#" the store marks what it has not finished writing.
        if not path.is_file() or "#" in path.name or key.startswith("check/"):
            continue
        # One that is deleted at this very moment is not needed any more.
        with suppress(FileNotFoundError):
            here[key] = kept.get(key) or vault.put(f"{FILES}/{key}", pieces_of(path))
    return here


def listed(vault: Vault) -> list[Folder]:
    """Return the backups of the vault, the oldest first, broken and unfinished ones as well."""
    found = []
    for folder in sorted((vault.root / BASES).glob("*/")):
        try:
            told = vault.read(f"{BASES}/{folder.name}/{MANIFEST}")
            found.append(Folder(folder.name, msgspec.json.decode(told, type=Backup)))
        except Absent:
            found.append(Folder(folder.name, None, "never finished"))
        except (Damaged, msgspec.DecodeError) as error:
            found.append(Folder(folder.name, None, str(error)))
    return found


def sound(vault: Vault) -> list[Backup]:
    """Return the backups that were finished and whose manifests can be read, oldest first."""
    return [one.backup for one in listed(vault) if one.backup is not None]


async def _facts(dsn: str) -> dict[str, Any]:
    """Ask the server what a restore has to know, and whether it lets itself be copied."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        row = await connection.fetchrow(
            """
            SELECT clock_timestamp() AS at, current_database() AS database,
                   current_user::text AS "user",
                   (SELECT system_identifier::text FROM pg_control_system()) AS system,
                   current_setting('server_version_num')::int AS version,
                   (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size')
                       AS segment_bytes,
                   current_setting('wal_level') AS wal_level,
                   current_setting('max_wal_senders')::int AS senders,
                   (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user)
                       AS may_replicate,
                   (SELECT count(*) FROM pg_tablespace) AS spaces,
                   to_regclass('tortoise_migrations') IS NOT NULL AS is_migrated
            """
        )
        lacking = [
            what
            for what, well in (
                ("wal_level = replica", row["wal_level"] != "minimal"),
                ("max_wal_senders of at least 4", row["senders"] >= 4),
                (f"ALTER ROLE {row['user']} REPLICATION", row["may_replicate"]),
                ("all tables in the default tablespace", row["spaces"] == 2),
            )
            if not well
        ]
        if lacking:
            raise NotPossible(f"to be backed up the database needs: {', '.join(lacking)}")
        names = "SELECT name FROM tortoise_migrations WHERE app = 'school' ORDER BY name"
        applied = await connection.fetch(names) if row["is_migrated"] else []
        return {**row, "migrations": [one["name"] for one in applied]}
    finally:
        await connection.close()


async def _clock(dsn: str) -> datetime:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return moment.astimezone(UTC)
    finally:
        await connection.close()
