"""Lists and reports that a replica may answer, never older than the question.

With ``TONGXING_REPLICA_URLS`` set, a read declared with :func:`from_replica` is answered
by a streaming standby, and the primary is left to those who write. Which reads: heavy
lists, counts and reports. Never: who is signed in, what somebody may do, a row that a
write is about to build upon, and whatever runs inside a transaction.

**Read your writes.** The usual ways make the phone carry a token with the place of its
last write, or remember each person's last write somewhere all processes see. A phone that
forgets the token, another phone of the same person, and a colleague who is told "I have
just entered it" would still read the past. So the question is asked the other way round:
where in its log is the primary *now*? That takes one tiny statement for all reads of one
moment (the primary's 15 µs against the milliseconds it is spared), and the replica answers
once it has replayed the log up to there. Whatever was committed by anybody, through any
process, before the read began is then in the answer, a withdrawn right as much as a new
entry. Clients need to know nothing.

A replica that has not caught up within ``TONGXING_REPLICA_PATIENCE`` seconds, is gone,
breaks off, has been promoted, or is another cluster's altogether is passed over, and the
primary answers; it is left alone for a moment, so that lag is not waited for by each read.

Give standbys ``hot_standby_feedback=on``, or reads that take long are broken off there and
done again on the primary. After a failover let the other standbys follow the new primary
before their addresses stay listed.
"""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import asyncpg
import structlog
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection, get_connections
from tortoise.exceptions import (
    DBConnectionError,
    OperationalError,
    TransactionManagementError,
)

from backend.batching import Batcher
from backend.database import config, fetch, inside_transaction
from backend.settings import Settings

REST, LONGEST_REST = 2.0, 15.0
"""Seconds a replica is left alone after it lagged or failed, twice as long each time."""
GRACE = 1.0
"""Seconds a replica may take to answer at all, beyond its lag."""

P = ParamSpec("P")
T = TypeVar("T")
log: structlog.stdlib.BoundLogger = structlog.get_logger("replicas")

_PAGE = 8192
_PAGE_HEADERS = (24, 40)
_NOW = """
SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS place,
    (SELECT system_identifier FROM pg_control_system())::text AS cluster
"""
_HAS_REPLAYED = """
SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= $1::numeric
    AND (SELECT system_identifier FROM pg_control_system())::text = $2 AS caught_up,
    pg_is_in_recovery() AS follows
"""
FAULTS = (
    OSError,
    TimeoutError,
    DBConnectionError,
    OperationalError,
    TransactionManagementError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a replica that is gone, or breaks off, is known by."""


class Lags(Exception):
    """A replica is behind the question, or follows nobody."""


class _Standby(AsyncpgDBClient):
    """The mapper's way to a standby, put in the place of the primary's for one read."""


class Replica:
    """One standby and this process's pool to it, which opens when it is first asked."""

    def __init__(self, dsn: str, settings: Settings) -> None:
        made = config(dsn, pool_size=settings.pool_size, name="tongxing-replica")
        credentials = made["connections"]["default"]["credentials"]
        self.client: Any = _Standby(**credentials, connection_name="default")
        self.address = f"{credentials['host']}:{credentials['port']}"
        self.rests_until = 0.0
        self._rest = REST
        self._patience = settings.replica_patience

    async def catch_up(self, place: int, cluster: str) -> None:
        """Wait until everything before ``place`` is replayed. Raises :class:`Lags`."""
        deadline, pause = time.monotonic() + self._patience, 0.002
        async with asyncio.timeout(self._patience + GRACE):
            while True:
                [row] = await self.client.execute_query_dict(_HAS_REPLAYED, [place, cluster])
                if row["caught_up"]:
                    self._rest = REST
                    return
                if not row["follows"] or time.monotonic() + pause > deadline:
                    raise Lags
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.05)

    def rest(self, error: BaseException) -> None:
        now = time.monotonic()
        # Of all who were waiting for it the first sends it to rest.
        if now >= self.rests_until:
            self.rests_until, self._rest = now + self._rest, min(2 * self._rest, LONGEST_REST)
            log.warning("replica_passed_over", replica=self.address, error=type(error).__name__)


class Replicas:
    """The standbys of the settings, asked in turn."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = list(replicas)
        self._places: Batcher[None, tuple[int, str]] = Batcher(_places)

    async def caught_up(self) -> Replica | None:
        """Return a replica that has replayed all that was committed before this call."""
        able = [one for one in self._replicas if one.rests_until <= time.monotonic()]
        if not able:
            return None
        place, cluster = await self._places.ask(None)
        for replica in able:
            try:
                await replica.catch_up(place, cluster)
            except (Lags, *FAULTS) as error:
                replica.rest(error)
            else:
                self._replicas.sort(key=lambda one: one is replica)
                return replica
        return None

    async def close(self) -> None:
        await asyncio.gather(*(replica.client.close() for replica in self._replicas))


async def place_now() -> tuple[int, str]:
    """Return where in its log the primary is, in bytes, and which cluster it is."""
    [row] = await fetch(_NOW)
    place = int(row["place"])
    if place % _PAGE in _PAGE_HEADERS:
        # Behind the header of a fresh page the log has no record yet; its last one ended
        # where the page begins, and no replica will ever report more than that.
        place -= place % _PAGE
    return place, row["cluster"]


async def _places(asked: Sequence[None]) -> list[tuple[int, str]]:
    return [await place_now()] * len(asked)


_replicas: Replicas | None = None
answered = {"replica": 0, "primary": 0, "primary_again": 0}
"""Reads that a replica was allowed to answer, by who did; again: after a replica broke off."""


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[None]:
    """Read from the replicas of the settings, if there are any, until the block ends."""
    global _replicas
    if not settings.replica_urls:
        yield
        return
    before = _replicas
    _replicas = Replicas([Replica(dsn, settings) for dsn in settings.replica_urls])
    try:
        yield
    finally:
        opened, _replicas = _replicas, before
        await opened.close()


def from_replica(read: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Declare that a replica may answer ``read``, which writes nothing and locks nothing.

    A replica that breaks off is asked nothing more; the primary then does it all again.
    """

    @functools.wraps(read)
    async def reading_somewhere(*args: P.args, **kwargs: P.kwargs) -> T:
        # One declared read may ask for another, and stays where it is.
        if _replicas is None or inside_transaction() or _is_routed():
            return await read(*args, **kwargs)
        replica = await _replicas.caught_up()
        if replica is None:
            answered["primary"] += 1
            return await read(*args, **kwargs)
        token = get_connections().set("default", replica.client)
        try:
            told = await read(*args, **kwargs)
        except FAULTS as error:
            replica.rest(error)
        else:
            answered["replica"] += 1
            return told
        finally:
            get_connections().reset(token)
        answered["primary_again"] += 1
        return await read(*args, **kwargs)

    return reading_somewhere


def _is_routed() -> bool:
    return isinstance(get_connection("default"), _Standby)
