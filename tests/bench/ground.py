"""The ground everything is measured on: a durable server, the district, people signed in."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec

from backend import clock, embedded, migrate
from backend.database import database, transaction
from backend.people.operations import sessions
from backend.people.tokens import keys_for
from backend.settings import DEMO_SECRET, Settings
from tests.bench import district, lean, meter, phones, readers, viewing
from tests.bench.figures import Load, typical

DATABASE = "bench"
SAMPLE = 512
"""How many guardians of the three schools are signed in; every round asks as these."""
TOO_NOISY = 0.12


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A guardian with a phone."""

    person_id: UUID
    token: str


class Ground:
    """Where a run takes place. :func:`prepared` makes one and removes it again."""

    def __init__(self, server: embedded.Server, seconds: float, rounds: int) -> None:
        self.server = server
        self.dsn = server.dsn(DATABASE)
        self.seconds, self.rounds = seconds, rounds
        self.settings = Settings(
            environment="test", database_url=self.dsn, pool_size=10, data_dir=server.home
        )
        self.people: list[SignedIn] = []
        self.noise = 0.0
        pid = (server.home / "database" / "postmaster.pid").read_text().split()[0]
        self.postmaster = int(pid)

    def settle(self, rounds: dict[str, list[Load]]) -> dict[str, Load]:
        """Return the typical round of each competitor, and remember how noisy it was."""
        found = {name: typical(loads) for name, loads in rounds.items()}
        self.noise = max([self.noise, *(load.strangers for load in found.values())])
        return found

    def load(
        self,
        plan: phones.Plan | readers.Plan | viewing.Plan,
        app: int | Sequence[int],
        *,
        by: ModuleType = phones,
    ) -> tuple[Load, Any]:
        """Run one round of HTTP load against the server whose process is ``app``, or several.

        Returns with it the ``Outcome`` of the module whose phones it was sent ``by``.
        """
        with (
            tempfile.NamedTemporaryFile(prefix="tongxing-plan-") as file,
            tempfile.TemporaryFile(prefix="tongxing-outcome-") as said,
        ):
            Path(file.name).write_bytes(msgspec.msgpack.encode(plan))
            servers = [app] if isinstance(app, int) else list(app)
            roots = {"app": servers, "database": [self.postmaster], "bench": [os.getpid()]}
            before = meter.read(**roots)
            subprocess.run(
                [sys.executable, "-m", by.__name__, file.name],
                stdout=said,
                check=True,
                timeout=plan.seconds + 30,
            )
            after = meter.read(**roots)
            said.seek(0)
            outcome = msgspec.json.decode(said.read(), type=by.Outcome)
        used = {name: after.groups[name] - before.groups[name] for name in after.groups}
        each = 1e6 / max(outcome.done, 1)
        return Load(
            rate=outcome.rate,
            p50=outcome.p50,
            p99=outcome.p99,
            done=outcome.done,
            refused=len(outcome.refused),
            client=outcome.cpu * each,
            app=used["app"] * each,
            database=used["database"] * each,
            strangers=meter.strangers(before, after, used["bench"] + used["database"]),
        ), outcome

    @contextmanager
    def serving(self, *command: str, **more: str) -> Iterator[tuple[int, int]]:
        """Run ``python -m …`` with a free port as its last argument; yields port and process.

        ``more`` are further settings, by name.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        environment = {
            **os.environ,
            "TONGXING_DATABASE_URL": self.dsn,
            "TONGXING_DATA_DIR": str(self.server.home),
            "TONGXING_ENVIRONMENT": "test",
            "TONGXING_LOG_FORMAT": "json",
            **{f"TONGXING_{name.upper()}": value for name, value in more.items()},
        }
        with ExitStack() as stack:
            output = stack.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen(
                [sys.executable, "-m", *command, str(port)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            stack.callback(_end, process)
            until = time.monotonic() + 120
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > until:
                    output.seek(0)
                    raise RuntimeError(output.read()[-2000:].decode(errors="replace"))
                time.sleep(0.05)
            yield port, process.pid

    def product(self, processes: int, **more: str) -> AbstractContextManager[tuple[int, int]]:
        """Serve the product in so many processes, with further settings."""
        command = ("backend.cli", "serve", "--processes", str(processes), "--port")
        return self.serving(*command, **more)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def prepared(seconds: float, rounds: int) -> Iterator[Ground]:
    """Start the server, grow the district, sign people in; remove all of it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tongxing-bench-"))
    # The server's user must be able to enter.
    home.chmod(0o755)
    server = embedded.start(home)
    try:
        ground = Ground(server, seconds, rounds)
        asyncio.run(_furnish(ground))
        yield ground
    finally:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


async def _furnish(ground: Ground) -> None:
    await embedded.ensure_database(ground.dsn)
    await migrate.upgrade(ground.dsn)
    connection = await asyncpg.connect(ground.dsn)
    try:
        await district.grow(connection)
        async with database(ground.dsn, ground.settings, name="bench"):
            for number in range(1, SAMPLE + 1):
                person = district.sampled(number)
                ground.people.append(await sign_in(person))
        await connection.execute(
            "CREATE TABLE bench.sample (i int PRIMARY KEY, person_id uuid NOT NULL, "
            "digest text NOT NULL)"
        )
        await connection.execute(
            "INSERT INTO bench.sample SELECT row_number() OVER (ORDER BY t.digest), s.person_id, "
            "t.digest FROM access_tokens t JOIN sessions s ON s.id = t.session_id"
        )
        await lean.furnish(connection)
        # The journal is read after each round, whatever checkpoint came meanwhile.
        await connection.execute("ALTER SYSTEM SET wal_keep_size = '1GB'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def signed_in(ground: Ground, people: Sequence[UUID]) -> list[str]:
    """Sign people in, as many at a time as there are connections; returns their tokens."""
    async with database(ground.dsn, ground.settings, name="bench"):
        gate = asyncio.Semaphore(ground.settings.pool_size)

        async def one(person_id: UUID) -> str:
            async with gate:
                return (await sign_in(person_id)).token

        return await asyncio.gather(*(one(person_id) for person_id in people))


async def sign_in(person_id: UUID) -> SignedIn:
    """Open a session as a phone does once its code was right."""
    device = sessions.Device(key=secrets.token_hex(8), name="bench", platform="android")
    async with transaction():
        await sessions.lock_person(person_id)
        signed = await sessions.open_session(
            person_id, device, "code", keys=keys_for(DEMO_SECRET), now=clock.now()
        )
    return SignedIn(person_id=person_id, token=signed.access_token)
