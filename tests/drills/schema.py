"""What a database is made of, what is in it, and who holds its tables for how long."""

import asyncio
import threading
import time
from collections.abc import Collection
from typing import Any, Self

import asyncpg

BLOCKING = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""Locks that keep somebody from writing, or from reading as well."""

_PARTS = {
    "column": """
        SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) ||
            CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || ' ' || a.attidentity::text
            || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "table": """
        SELECT relname, relkind::text || relpersistence::text || coalesce(reloptions::text, '')
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S', 'm')""",
    "constraint": """
        SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.connamespace = 'public'::regnamespace""",
    "index": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'""",
    "function": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'""",
    "trigger": """
        SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal""",
    "view": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "type": """
        SELECT t.typname, t.typtype::text || coalesce(string_agg(e.enumlabel, ','
            ORDER BY e.enumsortorder), '') FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'r', 'm')
        GROUP BY t.oid""",
}
_ROW_COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attname) AS names
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND c.relpersistence = 'p' AND NOT c.relispartition AND c.relname <> 'tortoise_migrations'
  AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY 1
"""
_HELD = """
SELECT l.virtualtransaction, l.relation::regclass::text AS name, l.relation, l.mode
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND a.application_name = $1
  AND a.datname = current_database() AND l.mode = ANY($2::text[]) AND l.relation = ANY($3::oid[])
"""
_TABLES = """
SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""

Catalogue = dict[tuple[str, str], str]
Columns = dict[str, list[str]]


async def catalogue(dsn: str) -> Catalogue:
    """Return every part of the schema by kind and name, in the server's own words."""
    connection = await asyncpg.connect(dsn)
    try:
        return {
            (kind, row[0]): " ".join(row[1].split())
            for kind, sql in _PARTS.items()
            for row in await connection.fetch(sql)
            if "tortoise_migrations" not in row[0]
        }
    finally:
        await connection.close()


def difference(one: Catalogue, other: Catalogue) -> list[str]:
    """Return the parts that are not alike, one line each."""
    return [
        f"{kind} {name}: {one.get((kind, name))!r} / {other.get((kind, name))!r}"
        for kind, name in sorted(one.keys() | other.keys())
        if one.get((kind, name)) != other.get((kind, name))
    ]


async def columns(dsn: str) -> Columns:
    """Return the columns of every table with rows of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return {row["relname"]: row["names"] for row in await connection.fetch(_ROW_COLUMNS)}
    finally:
        await connection.close()


async def contents(dsn: str, of: Columns) -> dict[str, tuple[int, str]]:
    """Return rows and digest of each table, over the columns named, in any order of rows."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {}
        for table, names in of.items():
            row = ", ".join(f'"{name}"' for name in names)
            found[table] = tuple(
                await connection.fetchrow(
                    "SELECT count(*), coalesce(sum(hashtextextended(ROW("
                    f'{row})::text, 42)::numeric), 0)::text FROM "{table}"'
                )
            )
        return found
    finally:
        await connection.close()


def shared(one: Columns, other: Columns) -> Columns:
    """Return the columns both have."""
    return {
        table: [name for name in names if name in other[table]]
        for table, names in one.items()
        if table in other
    }


class Watch:
    """Looks on, every few milliseconds, while somebody called ``application`` holds tables.

    ``longest`` is for how long one transaction held one table that was there before it.
    """

    def __init__(self, dsn: str, application: str = "tongxing-migrate") -> None:
        self.dsn, self.application = dsn, application
        self.held: dict[tuple[str, str], tuple[float, float]] = {}
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._look()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def longest(self) -> tuple[float, str]:
        spans = ((last - first, name) for (_, name), (first, last) in self.held.items())
        return max(spans, default=(0.0, ""))

    async def _look(self) -> None:
        connection = await asyncpg.connect(self.dsn)
        before: Collection[Any] = [row["oid"] for row in await connection.fetch(_TABLES)]
        try:
            while not self._over.is_set():
                moment = time.monotonic()
                rows = await connection.fetch(_HELD, self.application, BLOCKING, before)
                for row in rows:
                    key = (row["virtualtransaction"], row["name"])
                    self.held[key] = (self.held.get(key, (moment, moment))[0], moment)
                self.looks += 1
                await asyncio.sleep(0.02)
        finally:
            await connection.close()
