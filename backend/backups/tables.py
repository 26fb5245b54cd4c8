"""Reading every row of every table: proof that they can be read, and a digest to compare."""

import asyncpg
import msgspec

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relpersistence = 'p' ORDER BY 1
"""


class Table(msgspec.Struct, frozen=True):
    """How many rows a table has, and a digest of them that knows no order."""

    rows: int
    digest: str


async def read_all(dsn: str) -> dict[str, Table]:
    """Read all tables as they are at one moment; returns each by name.

    Two databases with equal answers hold the same rows. Takes as long as reading does. Tables
    that are not logged are left out: a crash empties them, and so does a restore.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        # What a value looks like as text depends on these.
        await connection.execute("SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'")
        await connection.execute("SET extra_float_digits = 3; SET bytea_output = 'hex'")
        await connection.execute("SET statement_timeout = 0")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            names = [row["relname"] for row in await connection.fetch(_TABLES)]
            return {name: await _read(connection, name) for name in names}
    finally:
        await connection.close()


async def _read(connection: asyncpg.Connection, name: str) -> Table:
    quoted = '"{}"'.format(name.replace('"', '""'))
    row = await connection.fetchrow(
        "SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 42)::numeric), 0)::text "
        f"AS digest FROM {quoted} t"
    )
    return Table(row["rows"], row["digest"])
