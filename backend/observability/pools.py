"""Watching the database pool: waits for a connection, and statements as spans."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import asyncpg
from tortoise.connection import get_connections

from backend.observability import metrics
from backend.observability.tracing import Tracer


class _TimedPool(asyncpg.Pool):  # type: ignore[misc]
    """A pool that notes how long each connection was waited for."""

    __slots__ = ()

    async def _acquire(self, timeout: float | None) -> Any:
        begun = time.perf_counter()
        try:
            return await super()._acquire(timeout)
        finally:
            metrics.pool_waited(time.perf_counter() - begun)


@contextmanager
def watched(*, measured: bool, tracer: Tracer | None) -> Iterator[None]:
    """Watch every pool of this process while the block lasts; inside ``database()``.

    The pools open with the first statement, which has to come later. Nothing is changed
    when neither metrics nor traces are asked for.
    """
    clients: list[Any] = get_connections().all() if measured or tracer is not None else []
    sources: list[Callable[[], metrics.Pool | None]] = []
    for client in clients:
        client.create_pool = _opening(measured, tracer)
        sources.append(partial(getattr, client, "_pool"))
    for source in sources:
        metrics.watch_pool(source)
    try:
        yield
    finally:
        for source in sources:
            metrics.forget_pool(source)


def _opening(measured: bool, tracer: Tracer | None) -> Callable[..., Any]:
    async def create_pool(**options: Any) -> Any:
        if tracer is not None:
            options["init"] = tracer.watch_connection
        pool = asyncpg.create_pool(None, **options)
        if measured:
            # The library makes its pools itself; ours only differs in one method.
            pool.__class__ = _TimedPool
        return await pool

    return create_pool
