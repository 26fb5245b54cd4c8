"""Everything an adversary holds who has the database, its journals, its logs and its backups.

What she does not hold: the files of the keys, the installation's secret, a process's memory.
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from backend import embedded
from backend.embedded import Server
from tests.ballots.adversary import journal, papers, station, waldump
from tests.ballots.adversary.journal import Change

SHORTEST = 16
"""Shorter texts than this identify nobody."""
_TABLES = """
SELECT c.oid::regclass::text AS name, pg_relation_filepath(c.oid) AS path
FROM pg_class c WHERE c.relkind = 'r'
  AND c.relnamespace IN ('public'::regnamespace, 'naive'::regnamespace)
"""
_ROWS = """
SELECT t.ctid::text AS ctid, t.xmin::text::bigint AS xmin, t.xmax::text::bigint AS xmax,
    t.cmin::text::bigint AS cmin,
    extract(epoch FROM pg_xact_commit_timestamp(t.xmin))::float8 AS at, to_jsonb(t)::text AS row
FROM {name} t
"""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")
_HEXADECIMAL = re.compile(r"(\\x)?[0-9a-fA-F-]+")
_BLOCK = re.compile(r"\((\d+),(\d+)\)")


class Stored(msgspec.Struct, frozen=True):
    """A row as it lies in a table, with what the system knows of it."""

    ctid: tuple[int, int]
    xmin: int
    xmax: int
    cmin: int
    at: float
    row: dict[str, Any]


class Fact(msgspec.Struct, frozen=True):
    """Values that were found side by side, wherever that was. ``tokens`` identify things."""

    source: str
    tokens: frozenset[str]


class Said(msgspec.Struct, frozen=True):
    """A row of values in a log, and what in it may identify something."""

    at: float
    row: list[str]
    tokens: frozenset[str]


class Loot(msgspec.Struct, kw_only=True):
    """``live`` and ``early`` are tables by name, now and in the backup of while votes were
    open; ``files`` names each table's file on the disk; ``raw`` are files to be read as bytes.
    """

    live: dict[str, list[Stored]]
    early: dict[str, list[Stored]]
    files: dict[str, str]
    changes: list[Change]
    records: list[waldump.Record]
    lines: list[papers.Line]
    statistics: list[str]
    raw: list[Path]
    said: list["Said"] = []
    naming: dict[str, list[int]] = {}
    """Of what the logs ``said``, where each token comes."""
    facts: list[Fact] = []
    index: dict[str, list[int]] = {}
    """Facts by token."""

    def about(self, token: str) -> list[Fact]:
        return [self.facts[n] for n in self.index.get(token, ())]


async def take(server: Server, log: Path, since: str) -> Loot:
    """Take everything; ``log`` is the application's, ``since`` where the journal is read from."""
    late = station.back_up(server, "late")
    connection = await asyncpg.connect(server.dsn(station.DATABASE))
    try:
        live, files = await _tables(connection)
        changes = await journal.read(connection)
        # What the planner knows of tables, what sessions last said, where sequences stand.
        await connection.execute("ANALYZE")
        statistics = [
            str(row[0])
            for view in ("pg_stats", "pg_stat_activity", "pg_sequences", "pg_prepared_xacts")
            for row in await connection.fetch(f"SELECT to_jsonb(t)::text FROM {view} t")
        ]
    finally:
        await connection.close()
    data = server.home / "database"
    loot = Loot(
        live=live,
        early=await _of_backup(server.home / "early"),
        files=files,
        changes=changes,
        records=waldump.read(server.binaries, data, since),
        lines=sorted(
            [*papers.of_server(server.home / "database.log"), *papers.of_application(log)],
            key=lambda line: line.at,
        ),
        statistics=statistics,
        raw=[
            path
            for place in (late / "database", server.home / "early" / "database", data / "pg_wal")
            for path in sorted(place.rglob("*"))
            if path.is_file()
        ]
        + [server.home / "database.log", log],
    )
    _index(loot)
    return loot


async def _of_backup(home: Path) -> dict[str, list[Stored]]:
    copy = embedded.start(home)
    try:
        connection = await asyncpg.connect(copy.dsn(station.DATABASE))
        try:
            found, _ = await _tables(connection)
        finally:
            await connection.close()
    finally:
        copy.stop()
    return found


async def _tables(
    connection: "asyncpg.Connection[Any]",
) -> tuple[dict[str, list[Stored]], dict[str, str]]:
    tables, files = {}, {}
    for table in await connection.fetch(_TABLES):
        name, path = table["name"], table["path"]
        rows = await connection.fetch(_ROWS.format(name=name))
        tables[name] = [
            Stored(
                place(row["ctid"]), row["xmin"], row["xmax"], row["cmin"], row["at"] or 0.0,
                msgspec.json.decode(row["row"]),
            )
            for row in rows
        ]  # fmt: skip
        # base/DATABASE/FILE; the journal says TABLESPACE/DATABASE/FILE.
        files[name] = path.removeprefix("base/")
    return tables, files


def place(ctid: str) -> tuple[int, int]:
    """Return a ctid as block and offset."""
    match = _BLOCK.fullmatch(ctid)
    assert match
    return int(match[1]), int(match[2])


def token(value: str) -> str:
    """Write a value the one way it is compared in: hexadecimal without a mark or a dash."""
    return value.lower().removeprefix("\\x").replace("-", "")


def tokens(value: object) -> Iterable[str]:
    """Return everything in a value that may identify something."""
    if isinstance(value, dict):
        for one in value.values():
            yield from tokens(one)
    elif isinstance(value, list):
        for one in value:
            yield from tokens(one)
    elif isinstance(value, str) and len(value) >= SHORTEST:
        yield from _of_text(value)


@lru_cache(1 << 18)
def _of_text(value: str) -> tuple[str, ...]:
    if value[0] in "{[":
        try:
            return tuple(tokens(msgspec.json.decode(value)))
        except msgspec.DecodeError:
            return tuple(token(one) for one in re.findall(r"[\w-]{16,}", value))
    if len(value) % 2 or _HEXADECIMAL.fullmatch(value) or not _BASE64.fullmatch(value):
        return (token(value),)
    return (token(value), *_decoded(value))


def _decoded(value: str) -> Iterable[str]:
    try:
        yield base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return


def _index(loot: Loot) -> None:
    """Put down side by side what was found side by side."""
    seen: set[tuple[str, frozenset[str]]] = set()

    def note(source: str, value: object) -> None:
        found = frozenset(tokens(value))
        if len(found) > 1 and (source, found) not in seen:
            seen.add((source, found))
            loot.facts.append(Fact(source, found))

    for tables in (loot.live, loot.early):
        for name, rows in tables.items():
            for row in rows:
                note(name, row.row)
    for change in loot.changes:
        note(change.table, change.new)
        note(change.table, change.old)
        note(change.table, {**change.old, **change.new})
    naming: dict[str, list[int]] = defaultdict(list)
    for line in loot.lines:
        for values in rows_of(line):
            note(line.source.split()[0], values)
            if found := frozenset(tokens(values)):
                for one in found:
                    naming[one].append(len(loot.said))
                loot.said.append(Said(line.at, values, found))
    loot.naming = dict(naming)
    index: dict[str, list[int]] = defaultdict(list)
    for n, fact in enumerate(loot.facts):
        for one in fact.tokens:
            index[one].append(n)
    loot.index = dict(index)


def rows_of(line: papers.Line) -> list[list[str]]:
    """Return the rows a statement was given: arrays of one length stand side by side."""
    alone = [value for value in line.values if isinstance(value, str)]
    arrays = [value for value in line.values if isinstance(value, list)]
    length = max((len(value) for value in arrays), default=0)
    if length == 0:
        return [alone]
    side = [value for value in arrays if len(value) == length]
    return [[*alone, *row] for row in zip(*side, strict=True)]
