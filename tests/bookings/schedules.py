"""Two or three transactions that meet, statement by statement, in an order of one's choice.

An actor performs a real operation on a connection of its own. Each statement waits at a
gate until the schedule lets it go, so a schedule can stop an operation between any two
statements, with all its locks held, and let others run into it.
"""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from tortoise.context import TortoiseContext

from backend.database import config, transaction
from backend.errors import Refusal

Act = Callable[[], Awaitable[object]]
PATIENCE = 2.0
"""Seconds after which an actor that still waits for another counts as stuck."""


class GatedConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements wait for leave."""

    gate: Callable[[], Awaitable[None]] | None = None

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        return await self._after_leave(super().fetch(*args, **kwargs))

    async def fetchrow(self, *args: Any, **kwargs: Any) -> Any:
        return await self._after_leave(super().fetchrow(*args, **kwargs))

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await self._after_leave(super().execute(*args, **kwargs))

    async def executemany(self, *args: Any, **kwargs: Any) -> Any:
        return await self._after_leave(super().executemany(*args, **kwargs))

    async def _after_leave(self, statement: Coroutine[Any, Any, Any]) -> Any:
        if self.gate is not None:
            try:
                await self.gate()
            except BaseException:
                statement.close()
                raise
        return await statement


class Doomed(Exception):
    """Thrown by a schedule that wants a transaction rolled back at its end."""


class Actor:
    """Somebody with one connection who does one thing at a time, when let."""

    def __init__(self, watch: "asyncpg.Connection[Any]") -> None:
        self.watch = watch
        self.context = TortoiseContext()
        self.pid = 0
        self.leave = 0
        self.waits = asyncio.Event()
        self.go = asyncio.Event()
        self.task: asyncio.Task[object] | None = None

    async def open(self, dsn: str) -> None:
        wanted = config(dsn, pool_size=1, name="actor")
        credentials = wanted["connections"]["default"]["credentials"]
        credentials["connection_class"] = GatedConnection
        credentials["init"] = self._opened
        # A ring shall be noticed long before anybody's patience ends.
        credentials["server_settings"] |= {"deadlock_timeout": "150ms"}
        await self.context.init(config=wanted)
        await self.context.db().execute_query("SELECT 1")

    async def _opened(self, connection: GatedConnection) -> None:
        self.pid = connection.get_server_pid()
        connection.gate = self._gate

    async def _gate(self) -> None:
        if self.task is None or asyncio.current_task() is not self.task:
            return
        while self.leave <= 0:
            self.waits.set()
            self.go.clear()
            await self.go.wait()
        self.waits.clear()
        self.leave -= 1

    def begin(self, act: Act, *, doomed: bool = False) -> None:
        """Start ``act`` in a transaction; it stops before its first statement."""
        self.leave = 0
        self.waits.clear()
        self.task = asyncio.create_task(self._act(act, doomed), context=contextvars.copy_context())

    async def _act(self, act: Act, doomed: bool) -> object:
        with self.context:
            try:
                async with transaction():
                    outcome = await act()
                    if doomed:
                        raise Doomed
                    return outcome
            except (Refusal, Doomed) as refusal:
                return refusal

    async def advance(self, statements: int) -> bool:
        """Let so many statements go; returns false once the act is over or waits for a lock."""
        assert self.task is not None
        self.leave = statements
        self.waits.clear()
        self.go.set()
        begun = time.monotonic()
        while not self.task.done() and not self.waits.is_set():
            await asyncio.sleep(0.001)
            if time.monotonic() - begun > 0.004 and await self.is_blocked():
                return False
        return not self.task.done()

    async def is_blocked(self) -> bool:
        return bool(
            await self.watch.fetchval(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1", self.pid
            )
        )

    async def end(self) -> object:
        """Wait for the outcome: what the act returned, or the refusal it met."""
        assert self.task is not None
        self.leave = 1_000
        self.go.set()
        return await asyncio.wait_for(self.task, PATIENCE)


class Stage:
    """Three actors over one database."""

    def __init__(self, actors: Sequence[Actor]) -> None:
        self.actors = actors

    async def length(self, act: Act) -> int:
        """Return how many statements an undisturbed act is, having rolled it back."""
        actor, count = self.actors[0], 0
        actor.begin(act, doomed=True)
        while await actor.advance(1):
            count += 1
        await actor.end()
        return count + 1

    async def play(
        self, first: Act, others: Sequence[Act], after: int, *, doomed: bool = False
    ) -> list[object]:
        """Stop ``first`` after so many statements, let the others run as far as they come,
        then let everybody finish. Returns the outcomes, those of the refused included.

        Raises whatever else an act raised, and ``TimeoutError`` when somebody is stuck.
        """
        cast = self.actors[: len(others) + 1]
        cast[0].begin(first, doomed=doomed)
        going = await cast[0].advance(after) if after else True
        for actor, act in zip(cast[1:], others, strict=True):
            actor.begin(act)
            await actor.advance(1_000)
        if going:
            await cast[0].advance(1_000)
        outcomes = await asyncio.gather(*(actor.end() for actor in cast), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, (Refusal, Doomed)):
                raise outcome
        return list(outcomes)


@asynccontextmanager
async def stage(dsn: str) -> AsyncIterator[Stage]:
    """Hold three actors, and a connection that sees who waits."""
    watch = await asyncpg.connect(dsn)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(watch.close)
        actors = [Actor(watch) for _ in range(3)]
        for actor in actors:
            await actor.open(dsn)
            stack.push_async_callback(actor.context.close_connections)
        yield Stage(actors)
