"""Three API processes and three workers over one database, and phones that are open on all.

With a Valkey where one is installed; its death is part of what the fleet has to bear.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import websockets
from tortoise.context import TortoiseContext

from backend import clock
from backend.database import config
from backend.inbox.sockets import SIGN_IN_AGAIN
from notifications import addresses
from tests.bookings.crowd import Guardian, Houses, answers
from tests.conftest import Clone
from tests.fakes.valkey import ValkeyServer, valkey_server
from tests.journeys.town import Town, free_port, town, until

FLEET = 3
STARTING = 240.0


class Fleet(Houses):
    """The processes, and a line to each of them."""

    def __init__(self, built: Town, dsn: str, valkey: ValkeyServer | None) -> None:
        super().__init__(built, dsn, TortoiseContext())
        self.valkey = valkey
        self.ports += [free_port() for _ in range(FLEET - len(self.ports))]
        self.killed_at = [0.0] * FLEET
        self.lines: list[httpx.AsyncClient] = []

    async def open_all(self) -> None:
        """Start everything, and make the people with a push device each."""
        self.town.start_provider()
        await self.context.init(config=config(self.dsn, pool_size=4, name="fleet"))
        self.watch = await asyncpg.connect(self.dsn)
        await self.settle_in()
        for one in [*self.guardians, self.organiser]:
            await addresses.register(
                one.person, f"fcm-{one.person}",
                provider="fcm", platform="android", now=clock.now(),
            )  # fmt: skip
        for number, port in enumerate(self.ports):
            self.town.start(f"api-{number}", "backend.cli", "serve", "--port", str(port))
            self.start_worker(number)
            base = f"http://127.0.0.1:{port}/v1"
            self.lines.append(httpx.AsyncClient(base_url=base, timeout=60))
        for number in range(FLEET):
            await self.until_ready(number)

    def start_worker(self, number: int) -> None:
        self.town.start(f"worker-{number}", "backend.cli", "worker")

    async def until_ready(self, number: int) -> None:
        port = self.ports[number]
        await asyncio.to_thread(until, lambda: answers(port), patience=STARTING)

    async def ask(
        self, number: int, who: Guardian, method: str, path: str, body: object = None
    ) -> httpx.Response:
        """Ask one process once."""
        headers = {"Authorization": f"Bearer {who.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        return await self.lines[number].request(method, path, json=body, headers=headers)

    async def everywhere(self, who: Guardian, method: str, path: str, body: object = None) -> Any:
        """Ask every process at once and return the statuses."""
        asked = (self.ask(number, who, method, path, body) for number in range(FLEET))
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    def pushes(self, about: UUID) -> dict[str, int]:
        """Count the visible pushes that name ``about``, by device."""
        return dict(self.town.shown(str(about)))

    async def close(self) -> None:
        for line in self.lines:
            await line.aclose()
        await self.watch.close()


@asynccontextmanager
async def fleet(clone: Clone, folder: Path, **environment: str) -> AsyncIterator[Fleet]:
    """Hold a fleet over a database of its own."""
    dsn = await clone(folder.name)
    with ExitStack() as stack:
        valkey = None
        if which("valkey-server") or which("redis-server"):
            valkey = stack.enter_context(valkey_server())
        built = stack.enter_context(town(dsn, folder))
        built.environment |= environment
        if valkey is not None:
            built.environment["TONGXING_VALKEY_URL"] = valkey.url
        made = Fleet(built, dsn, valkey)
        async with made.context:
            try:
                await made.open_all()
                yield made
            finally:
                with suppress(AttributeError):
                    await made.close()


def needs_valkey(made: Fleet) -> ValkeyServer:
    """Return the fleet's Valkey; skips the test where none is installed."""
    if made.valkey is None:
        pytest.skip("neither valkey-server nor redis-server is installed: apt-get install one")
    return made.valkey


class Open:
    """A phone with an open live connection to one process; it comes back when it is cut off."""

    def __init__(self, made: Fleet, number: int, who: Guardian) -> None:
        self.fleet, self.number, self.who = made, number, who
        self.told: list[str] = []
        self.connected = asyncio.Event()
        self.turned_away = asyncio.Event()
        self._task = asyncio.create_task(self._stay())
        self._news = asyncio.Event()

    def forget(self) -> None:
        """Forget what was told so far."""
        self.told.clear()

    async def hears(self, *what: str, within: float = 60.0) -> str:
        """Wait until the phone was told one of ``what`` since it last forgot."""
        async with asyncio.timeout(within):
            while True:
                self._news.clear()
                for one in self.told:
                    if one in what:
                        return one
                await self._news.wait()

    async def hang_up(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _stay(self) -> None:
        url = f"ws://127.0.0.1:{self.fleet.ports[self.number]}/v1/live"
        while not self.turned_away.is_set():
            try:
                async with websockets.connect(url, open_timeout=30) as line:
                    await line.send(json.dumps({"token": self.who.token}))
                    async for message in line:
                        self._note(json.loads(message))
            except websockets.ConnectionClosedError as closed:
                if closed.rcvd is not None and closed.rcvd.code == SIGN_IN_AGAIN:
                    self.turned_away.set()
            except (OSError, TimeoutError, websockets.WebSocketException):
                # The process was killed; its successor is on its way.
                pass
            self.connected.clear()
            await asyncio.sleep(0.2)

    def _note(self, message: Mapping[str, Any]) -> None:
        self.told += ["hello"] if message["type"] == "hello" else message["what"]
        self.connected.set()
        self._news.set()


@asynccontextmanager
async def open_everywhere(made: Fleet, who: Guardian) -> AsyncIterator[list[Open]]:
    """Hold an open phone of the same person on each process."""
    phones = [Open(made, number, who) for number in range(FLEET)]
    try:
        for phone in phones:
            await phone.hears("hello")
        yield phones
    finally:
        for phone in phones:
            await phone.hang_up()
