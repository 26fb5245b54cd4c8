"""What the database holds, as one number; and a way to let a request change nothing for good."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.ballots import keys
from backend.ballots.operations import casting, closing
from backend.bookings.operations import places
from backend.committees.operations import ballots
from backend.courses.operations import beats
from backend.database import fetch, fetch_one, transaction
from tests.bench.counting import AtOnce, asked_at_once

# A refused request may be counted and put on record; nothing else of it may stay.
IGNORED_TABLES = ("limits", "audit_entries", "access_tokens", "tortoise_migrations")
IGNORED_COLUMNS = {"sessions": ("refreshed_at", "expires_at", "generation")}


class State:
    """A statement that hashes every row of every table, in one round trip."""

    def __init__(self, tables: list[str]) -> None:
        # Adding up the hashes of rows asks for no order, and a row here and a row there
        # cannot cancel out: each is hashed with the name of its table.
        parts = [
            f"SELECT '{table}' AS name, "
            f"sum(hashtextextended('{table}' || {_content(table)}, 0)) AS total FROM {table} t"
            for table in tables
        ]
        self._sql = (
            "SELECT md5(string_agg(name || coalesce(total::text, ''), ' ' ORDER BY name)) "
            f"AS hash FROM ({' UNION ALL '.join(parts)}) parts"
        )
        self._counts = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*)::text || coalesce("
            f"sum(hashtextextended({_content(table)}, 0))::text, '') AS total FROM {table} t"
            for table in tables
        )

    @classmethod
    async def read_catalogue(cls) -> "State":
        """Return the statement for the tables there are."""
        rows = await fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename <> ALL($1::text[]) ORDER BY tablename",
            list(IGNORED_TABLES),
        )
        return cls([row["tablename"] for row in rows])

    async def hash(self) -> str:
        """Return the hash of everything stored now, the open transaction's rows included."""
        row = await fetch_one(self._sql)
        assert row is not None
        return str(row["hash"])

    async def by_table(self) -> dict[str, str]:
        """Return a fingerprint of each table, to say which one has changed."""
        return {row["name"]: row["total"] for row in await fetch(self._counts)}


def _content(table: str) -> str:
    if without := IGNORED_COLUMNS.get(table):
        return f"(to_jsonb(t) - '{{{','.join(without)}}}'::text[])::text"
    return "t::text"


class _Undo(Exception):
    """Rolls back."""


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """Run requests in a transaction that is rolled back; their own become savepoints."""
    desk, places._desk = places._desk, AtOnce(places._settle)
    reports, beats._reports = beats._reports, AtOnce(beats.count)
    box, casting._box = casting._box, AtOnce(casting.settle)
    desk_of_votes, ballots._desk = ballots._desk, AtOnce(ballots.settle)
    # What is undone takes no vote's key with it.
    alone, closing._stand_alone = closing._stand_alone, lambda: None
    destroy, keys.destroy = keys.destroy, lambda *_: None
    try:
        with asked_at_once():
            async with transaction():
                yield
                raise _Undo
    except _Undo:
        return
    finally:
        places._desk, beats._reports, casting._box = desk, reports, box
        ballots._desk = desk_of_votes
        closing._stand_alone, keys.destroy = alone, destroy
