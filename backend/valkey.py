"""Valkey, where one is set up: what many hosts share and may lose.

The truth stays in PostgreSQL. Valkey carries hints that something changed, and counts
limits; whoever uses it says what happens while it is away. Nobody waits for it longer
than :data:`PATIENCE`, and after a failure it is left alone for :data:`REST`, so an outage
costs each process a short wait now and then and not one for each request.

Let its ``maxmemory-policy`` be ``noeviction``: a full Valkey then says so and counts as
away, where it would otherwise forget a limit that somebody has used up.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog
from valkey import asyncio as client
from valkey.asyncio.client import PubSub
from valkey.commands.core import AsyncScript
from valkey.exceptions import ValkeyError

from backend.settings import Settings

PATIENCE = 1.0
REST = 2.0
CONNECTIONS = 16

log: structlog.stdlib.BoundLogger = structlog.get_logger("valkey")


class Away(Exception):
    """Valkey does not answer, or not what it should."""


def open_valkey(settings: Settings, dsn: str) -> "Valkey | None":
    """Return the way to the Valkey of the settings, if they name one; it connects when used.

    Installations are told apart by their secret, their shard and their database's name,
    which all processes of one have in common.
    """
    if settings.valkey_url is None:
        return None
    name = urlsplit(dsn).path
    whole = f"{settings.secret_key}\n{settings.shard}\n{name}"
    return Valkey(settings.valkey_url, hashlib.sha256(whole.encode()).hexdigest()[:12])


class Valkey:
    """One process's way to the Valkey of all hosts."""

    def __init__(self, url: str, realm: str) -> None:
        """``url`` is ``valkey://`` or ``valkeys://`` (TLS) ``user:password@host:port/0``.

        ``realm`` keeps apart installations that use the same server.
        """
        self._realm = realm
        self._pool = client.BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            decode_responses=True,
            client_name="tongxing",
        )
        self._client = client.Valkey(connection_pool=self._pool)
        self._scripts: dict[str, AsyncScript] = {}
        self._rests_until = 0.0
        self._was_away = False

    async def close(self) -> None:
        """Hang up; a later call would connect again."""
        await self._client.aclose()
        await self._pool.aclose()

    async def run(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int]
    ) -> list[int]:
        """Run a Lua script, which nothing can come between, and return its numbers.

        Raises :class:`Away`, at once while Valkey is left alone.
        """
        if time.monotonic() < self._rests_until:
            raise Away
        if script not in self._scripts:
            self._scripts[script] = self._client.register_script(script)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._scripts[script](
                    keys=[self._name(key) for key in keys], args=list(arguments)
                )
        except (ValkeyError, OSError, TimeoutError) as error:
            self._lost(error)
            raise Away from error
        self._found()
        return [int(number) for number in answer]

    async def trouble(self) -> str | None:
        """Say what keeps it from serving us, ``None`` when nothing does."""
        try:
            await self.run("return {1}", [], [])
        except Away as away:
            return f"does not answer: {away.__cause__ or 'it is being left alone'}"
        try:
            async with asyncio.timeout(PATIENCE):
                memory = await self._client.info("memory")
        except (ValkeyError, OSError, TimeoutError):
            # Who may not look at that may well be served.
            return None
        policy = memory.get("maxmemory_policy", "noeviction")
        if memory.get("maxmemory") and policy != "noeviction":
            return f"forgets when it is full (maxmemory-policy {policy})"
        return None

    async def publish(self, messages: Sequence[tuple[str, str]]) -> None:
        """Send (channel, payload) pairs, in order. Raises :class:`Away`."""
        try:
            async with asyncio.timeout(PATIENCE):
                pipeline = self._client.pipeline(transaction=False)
                for channel, payload in messages:
                    pipeline.publish(self._name(channel), payload)
                await pipeline.execute()
        except (ValkeyError, OSError, TimeoutError) as error:
            self._lost(error)
            raise Away from error
        self._found()

    @asynccontextmanager
    async def listen(
        self, channels: Sequence[str], *, silence: float
    ) -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
        """Hear what is published from now on, as (channel, payload) pairs.

        Raises :class:`Away` when the connection is lost, and also when nothing has come for
        ``silence`` seconds: a connection may be dead without anybody having said so.
        """
        ear = PubSub(self._pool)
        try:
            async with asyncio.timeout(PATIENCE):
                await ear.subscribe(*(self._name(channel) for channel in channels))
            yield self._heard(ear, silence)
        except (ValkeyError, OSError, TimeoutError) as error:
            raise Away from error
        finally:
            await ear.aclose()  # type: ignore[no-untyped-call]

    async def _heard(self, ear: PubSub, silence: float) -> AsyncIterator[tuple[str, str]]:
        while True:
            message = await ear.get_message(timeout=silence)
            if message is None:
                raise TimeoutError
            if message["type"] == "message":
                yield message["channel"].removeprefix(self._name("")), message["data"]

    def _name(self, name: str) -> str:
        return f"tongxing:{self._realm}:{name}"

    def _lost(self, error: BaseException) -> None:
        self._rests_until = time.monotonic() + REST
        if not self._was_away:
            log.warning("valkey_away", error=type(error).__name__)
        self._was_away = True

    def _found(self) -> None:
        if self._was_away:
            log.info("valkey_back")
        self._was_away, self._rests_until = False, 0.0
