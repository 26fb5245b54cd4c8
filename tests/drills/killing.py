"""A whole installation that can be killed piece by piece: API, workers, and the database.

The database is an embedded server of its own on the disk, with nothing given up for speed;
the API and the workers are the real commands, and pushes go through the real provider
library to a provider on loopback.
"""

import asyncio
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from tortoise.context import TortoiseContext

from backend import clock, embedded
from backend.database import config
from notifications import addresses
from tests.bookings.crowd import Houses, answers
from tests.journeys.town import Town, town, until

PATIENCE = 240.0
WORKERS = 2
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True)
class Kill:
    """One blow, and the seconds until what it hit was ready for work again."""

    kind: str
    at: float
    ready: float


class Installation(Houses):
    """Two API processes, two workers, a push provider, and a database, all of them mortal."""

    def __init__(self, built: Town, server: embedded.Server, home: Path) -> None:
        super().__init__(built, server.dsn(), TortoiseContext())
        self.server, self.home = server, home
        self.kills: list[Kill] = []

    async def open_all(self) -> None:
        """Start everything, and make the people with a phone each."""
        self.town.start_provider()
        await self.context.init(config=config(self.dsn, pool_size=4, name="drill"))
        await self.settle_in()
        for guardian in [*self.guardians, self.organiser]:
            await addresses.register(
                guardian.person, f"fcm-{guardian.person}",
                provider="fcm", platform="android", now=clock.now(),
            )  # fmt: skip
        for number in range(WORKERS):
            self.start_worker(number)
        await self.open()

    def start_worker(self, number: int, *command: str) -> None:
        """Start a worker, or what stands in for one."""
        self.town.start(f"worker-{number}", *(command or ("backend.cli", "worker")))

    async def kill_api(self, number: int) -> None:
        """Kill a serving process; its supervisor starts another, unless both are killed."""
        if self.kill_one(number) == 0:
            self._kill_tree(f"api-{number}")
            self.serve(number)
        # What was asked of the dead is not an answer of its successor.
        await self._until(lambda: answers(self.ports[number]))

    async def kill_worker(self, number: int) -> None:
        started = self._started(number)
        self._kill_tree(f"worker-{number}")
        self.start_worker(number)
        await self._until(lambda: self._started(number) > started)

    async def kill_database(self) -> None:
        """Kill every process of the server at once, and start it again."""
        self._kill_server()
        await asyncio.to_thread(self._restart_server)
        await self.until_answers()

    async def kill_all(self) -> None:
        started = [self._started(number) for number in range(WORKERS)]
        for number in range(len(self.ports)):
            self._kill_tree(f"api-{number}")
        for number in range(WORKERS):
            self._kill_tree(f"worker-{number}")
        self._kill_server()
        await asyncio.to_thread(self._restart_server)
        for number in range(len(self.ports)):
            self.serve(number)
        for number in range(WORKERS):
            self.start_worker(number)
        await self._until(
            lambda: (
                all(map(answers, self.ports))
                and all(self._started(number) > before for number, before in enumerate(started))
            )
        )

    async def kill(self, kind: str, number: int) -> Kill:
        """Strike, wait until everything works again, and remember how long that took."""
        at, begun = time.time(), time.monotonic()
        blow = {
            "api": lambda: self.kill_api(number),
            "worker": lambda: self.kill_worker(number),
            "database": self.kill_database,
            "all": self.kill_all,
        }
        await blow[kind]()
        self.kills.append(Kill(kind, at, time.monotonic() - begun))
        return self.kills[-1]

    async def until_answers(self) -> None:
        """Wait until every API process says that it is ready."""
        await self._until(lambda: all(map(answers, self.ports)))

    async def fetch(self, sql: str, *values: object) -> Sequence[Any]:
        """Run one statement on a connection of its own, which no kill can have hurt."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def durability(self) -> dict[str, str]:
        """Return what a server must not have given up to survive a power cut."""
        rows = await self.fetch(
            "SELECT name, setting FROM pg_settings WHERE name = ANY ($1::text[])", DURABLE
        )
        return {row["name"]: row["setting"] for row in rows}

    def serve(self, number: int, command: str = "backend.cli") -> None:
        """Start an API process, or what stands in for one."""
        port = str(self.ports[number])
        self.town.start(f"api-{number}", command, "serve", "--port", port)
        self.killed_at[number] = time.monotonic()

    def _started(self, number: int) -> int:
        return self.town.log(f"worker-{number}").count("worker_started")

    def _kill_tree(self, name: str) -> None:
        process = self.town.processes.pop(name)
        _strike(psutil.Process(process.pid))
        process.wait(30)

    def _kill_server(self) -> None:
        pid = (self.home / "database" / "postmaster.pid").read_text().split()[0]
        _strike(psutil.Process(int(pid)))

    def _restart_server(self) -> None:
        self.server.share.close()
        self.server = embedded.start(self.home)

    async def _until(self, happened: Callable[[], bool]) -> None:
        try:
            await asyncio.to_thread(until, happened, patience=PATIENCE, every=0.05)
        except AssertionError:
            said = [self.town.log(name)[-800:] for name in self.town.processes]
            raise AssertionError("\n".join(said)) from None


def _strike(process: psutil.Process) -> None:
    """Kill a process and everything it has started; none may clean up after another."""
    family = [process, *process.children(recursive=True)]
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(signal.SIGKILL)
    psutil.wait_procs(family[1:], timeout=30)


@asynccontextmanager
async def installation(
    template: str, folder: Path, **environment: str
) -> AsyncIterator[Installation]:
    """Hold an installation with a server of its own, and leave nothing of it behind.

    Its tables are copied from the database ``template`` names; ``environment`` is given to
    its processes.
    """
    home = _a_home()
    try:
        server = await asyncio.to_thread(embedded.start, home)
        await embedded.ensure_database(server.dsn())
        await asyncio.to_thread(_copy, template, server)
        with town(server.dsn(), folder) as built:
            # Four seconds are too few for a busy machine to hand over a batch.
            built.environment.update({"TONGXING_PUSH_LEASE": "12", **environment})
            standing = Installation(built, server, home)
            try:
                async with standing.context:
                    await standing.open_all()
                    yield standing
            finally:
                built.stop()
                await asyncio.to_thread(standing.server.stop)
    finally:
        with suppress(embedded.EmbeddedError):
            embedded.erase(home)
        shutil.rmtree(home, ignore_errors=True)


def _a_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="tongxing-drill-"))
    # The server may run as another user, who has to come in.
    home.chmod(0o755)
    return home


def _copy(template: str, server: embedded.Server) -> None:
    """Copy a database, tables and what the migrations put in them, in one transaction."""
    dump = subprocess.run(
        [server.binaries / "pg_dump", template], capture_output=True, check=True
    ).stdout
    psql = [server.binaries / "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1"]
    subprocess.run(
        [*psql, "-o", "/dev/null", server.dsn()], input=dump, capture_output=True, check=True
    )
