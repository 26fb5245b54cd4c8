"""The one way to PostgreSQL: configuration, lifespan, transaction, raw statements."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection, get_connections
from tortoise.transactions import in_transaction

from backend.lines import PATIENCE, Line, watch
from backend.settings import Settings

MODELS = [
    "backend.schools.models",
    "backend.people.models",
    "backend.web.models",
    "backend.audit.models",
    "backend.media.models",
    "backend.roster.models",
    "backend.notices.models",
    "backend.bookings.models",
    "backend.certificates.models",
    "backend.ballots.models",
    "backend.volunteering.models",
    "backend.activities.models",
    "backend.courses.models",
    "backend.column.models",
    "backend.committees.models",
    "notifications.models",
]
MIGRATION_LOCK = 7_310_001


async def _keep_session(connection: object) -> None:
    """Stand in for asyncpg's RESET at release, which costs a round trip per request.

    Nothing sets session state on pooled connections (a test holds us to it).
    """


def config(dsn: str, *, pool_size: int = 10, name: str = "tongxing") -> dict[str, Any]:
    """Return the Tortoise configuration for ``dsn``.

    ``dsn`` is ``postgresql://user:password@host:port/database`` or, for a socket,
    ``postgresql://user@/database?host=/directory``.
    """
    url = urlsplit(dsn)
    query = parse_qs(url.query)
    credentials = {
        "host": query["host"][0] if "host" in query else url.hostname,
        "port": int(query["port"][0]) if "port" in query else url.port or 5432,
        "user": unquote(url.username or "postgres"),
        "password": unquote(url.password) if url.password else None,
        "database": url.path.lstrip("/"),
        "minsize": 1,
        "maxsize": pool_size,
        "application_name": name,
        "timeout": 5,
        "command_timeout": PATIENCE,
        "connection_class": Line,
        "init": watch,
        "reset": _keep_session,
        "server_settings": {
            "timezone": "UTC",
            "statement_timeout": "15000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "30000",
        },
    }
    return {
        "connections": {
            "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
        },
        "apps": {
            "school": {
                "models": MODELS,
                "default_connection": "default",
                "migrations": "backend.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def database(dsn: str, settings: Settings, *, name: str) -> AsyncIterator[None]:
    """Hold the connection pool open; requests and jobs run in other tasks and see it."""
    await Tortoise.init(
        config=config(dsn, pool_size=settings.pool_size, name=name),
        _enable_global_fallback=True,
    )
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def connect(dsn: str) -> "asyncpg.Connection[Any]":
    """Open a connection outside the pool, for LISTEN. The caller terminates it."""
    credentials = config(dsn)["connections"]["default"]["credentials"]
    return await asyncpg.connect(
        host=credentials["host"],
        port=credentials["port"],
        user=credentials["user"],
        password=credentials["password"],
        database=credentials["database"],
        timeout=5,
        server_settings={"application_name": "tongxing-live"},
    )


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Run the block in one transaction; nested, it is a savepoint.

    Tortoise's own ``in_transaction()`` loses its pooled connection for good when it is
    cancelled during BEGIN, so that connection is given back here.
    """
    context: Any = in_transaction()
    try:
        await context.__aenter__()
    except BaseException:
        client, token = context.client, getattr(context, "token", None)
        connection = getattr(client, "_connection", None)
        parent = getattr(client, "_parent", None)
        if token is not None and connection is not None and parent is not None:
            get_connections().reset(token)
            if parent._pool is not None:
                await parent._pool.release(connection)
        raise
    try:
        yield
    except BaseException as error:
        if not await context.__aexit__(type(error), error, error.__traceback__):
            raise
    else:
        await context.__aexit__(None, None, None)


def inside_transaction() -> bool:
    """Say whether the caller is in an open transaction."""
    return isinstance(get_connection("default"), TransactionalDBClient)


async def fetch(sql: str, *values: object) -> list[dict[str, Any]]:
    """Run one statement in the current transaction, if any, and return its rows."""
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


async def fetch_one(sql: str, *values: object) -> dict[str, Any] | None:
    """Return the first row of :func:`fetch`, or ``None``."""
    rows = await fetch(sql, *values)
    return rows[0] if rows else None


async def execute(sql: str, *values: object) -> int:
    """Run one UPDATE, DELETE or INSERT and return the number of rows it touched."""
    count, _ = await get_connection("default").execute_query(sql, list(values))
    return int(count)


async def execute_many(sql: str, rows: Sequence[Sequence[object]]) -> None:
    """Run one statement for each row of values."""
    await get_connection("default").execute_many(sql, [list(row) for row in rows])
