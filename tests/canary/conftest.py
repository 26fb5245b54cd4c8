"""The house with everything switched on that an operator may look at it with."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from backend.embedded import Server
from tests.observability.conftest import collector, seen, tracer, transport  # noqa: F401


@pytest.fixture
async def every_statement_logged(server: Server) -> AsyncIterator[None]:
    """Let PostgreSQL write down every statement, of every connection, while a test runs."""
    admin = await asyncpg.connect(server.dsn("postgres"))
    try:
        await admin.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
        await admin.execute("SELECT pg_reload_conf()")
        yield
    finally:
        await admin.execute("ALTER SYSTEM RESET log_min_duration_statement")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()
