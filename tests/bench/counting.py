"""Counting what a request asks of the database, statement by statement."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import asyncpg
from tortoise.context import TortoiseContext

from backend.batching import Batcher
from backend.bookings.queries import outlook
from backend.committees.queries import votes
from backend.database import config
from backend.notices.operations import reading
from backend.notices.queries import boards, confirmed, home
from backend.people import callers


class Sent(NamedTuple):
    """A statement, its values, and how many seconds its answer took."""

    sql: str
    values: tuple[Any, ...]
    took: float


class Statements:
    """Every statement that went over the wire, in order.

    asyncpg keeps statements prepared, so on a warm connection each costs exactly one
    round trip; BEGIN and COMMIT are statements like any other.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def note(self, query: asyncpg.connection.LoggedQuery) -> None:
        self.sent.append(Sent(query.query, tuple(query.args), query.elapsed))

    def clear(self) -> None:
        self.sent.clear()

    async def count(self) -> int:
        """Return how many were sent since the last :meth:`clear`."""
        # The loggers are called once the loop comes round.
        await asyncio.sleep(0)
        return len(self.sent)


class AtOnce(Batcher[Any, Any]):
    """Settles each request where it is asked, and so on the asker's own connection."""

    async def ask(self, request: Any) -> Any:
        return (await self._settle([request]))[0]


@contextmanager
def asked_at_once() -> Iterator[None]:
    """Let whoever asks look up by themselves who they are and what hangs; nothing of it is
    remembered afterwards, for it may be undone.
    """
    remembered, callers.callers = callers.callers, callers.Callers()
    callers.callers.desk = AtOnce(callers.callers.settle)
    desk, home.desk = home.desk, AtOnce(home.settle)
    taps, reading._desk = reading._desk, AtOnce(reading.settle)
    counting, outlook._counting = outlook._counting, AtOnce(outlook._count)
    casters, votes._casting = votes._casting, AtOnce(votes._to_cast)
    boards._kept.clear()
    confirmed._kept.clear()
    try:
        yield
    finally:
        callers.callers, home.desk, reading._desk = remembered, desk, taps
        votes._casting, outlook._counting = casters, counting
        boards._kept.clear()
        confirmed._kept.clear()


@asynccontextmanager
async def counted(dsn: str, *, everywhere: bool = False) -> AsyncIterator[Statements]:
    """Replace the pool inside the block by one connection that is listened in on.

    ``everywhere``: for tasks with a context of their own too, such as batches have; then
    no other pool may be open.
    """
    statements = Statements()

    async def listen_in(connection: "asyncpg.Connection[Any]") -> None:
        connection.add_query_logger(statements.note)

    wanted = config(dsn, pool_size=1, name="counted")
    wanted["connections"]["default"]["credentials"]["init"] = listen_in
    async with TortoiseContext() as context:
        await context.init(config=wanted, _enable_global_fallback=everywhere)
        with asked_at_once():
            yield statements
