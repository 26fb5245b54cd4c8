"""Settling the requests of one moment together.

Under load most of what a small statement costs is the round trip and the flush of its
commit. Requests that arrive while one batch is being settled wait for the next, which
takes them all: nobody waits on purpose, and a quiet moment's batch is one request.
"""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

A = TypeVar("A")
B = TypeVar("B")


batches: Counter[str] = Counter()
settled: Counter[str] = Counter()
"""Batches this process has settled, and requests in them, by the module they are settled in."""


class Batcher(Generic[A, B]):
    """Gathers requests of one process and settles up to ``most`` of them at once.

    ``settle`` returns one answer for each request, in order, and does all or nothing. When
    it raises, each request is settled alone, so one that cannot be does not spoil the rest;
    unless the database is gone, which is nobody's fault and would be waited for by each.
    """

    def __init__(
        self, settle: Callable[[Sequence[A]], Awaitable[Sequence[B]]], *, most: int = 64
    ) -> None:
        self._settle = settle
        self._name = settle.__module__.removeprefix("backend.")
        self._most = most
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, request: A) -> B:
        """Return the answer to ``request``; raises what settling it alone raised.

        A caller that is cancelled goes without an answer, but what it asked for happens.
        """
        answer: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._work is None:
            # A fresh context: the batch must not join a transaction of whoever came first.
            self._work = asyncio.get_running_loop().create_task(
                self._settle_waiting(), context=contextvars.Context()
            )
        return await answer

    async def _settle_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                batches[self._name] += 1
                settled[self._name] += len(batch)
                await self._settle_batch(batch)
        finally:
            self._work = None
            for _, answer in self._waiting:
                answer.cancel()
            self._waiting = []

    async def _settle_batch(self, batch: Sequence[tuple[A, asyncio.Future[B]]]) -> None:
        settling = self._settle([request for request, _ in batch])
        (outcome,) = await asyncio.gather(settling, return_exceptions=True)
        if not isinstance(outcome, BaseException):
            for (_, future), answer in zip(batch, outcome, strict=True):
                if not future.done():
                    future.set_result(answer)
        elif len(batch) > 1 and not _is_gone(outcome):
            for one in batch:
                await self._settle_batch([one])
        else:
            for _, future in batch:
                if not future.done():
                    future.set_exception(outcome)


def _is_gone(error: BaseException) -> bool:
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    # What the driver cannot encode is an error of its interface too, and one request's own.
    return isinstance(cause, _GONE) and not isinstance(cause, ValueError)


_GONE = (
    OSError,
    TimeoutError,
    asyncio.CancelledError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    DBConnectionError,
)
