"""The meter with something taken out of it, to see that somebody would notice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def sabotaged(dsn: str, old: str, new: str) -> AsyncIterator[None]:
    """Let ``take_beats`` say ``new`` where it says ``old``, in the whole database."""
    connection = await asyncpg.connect(dsn)
    try:
        whole = await connection.fetchval(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'take_beats'"
        )
        assert old in whole, f"take_beats does not say {old}: {whole}"
        await connection.execute(whole.replace(old, new))
        try:
            yield
        finally:
            await connection.execute(whole)
    finally:
        await connection.close()
