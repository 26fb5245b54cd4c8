"""Following: the journal as it is written, new files, and a backup a day, into the vault.

``pg_receivewal`` fetches the journal into a spool on this machine; what is whole is put into
the vault and leaves the spool, and the segment being written is put there again at every
round, so at most a round's time of work is lost with this machine. A replication slot keeps
what was not fetched yet while no follower runs. That fills the server's disk in the end:
``max_slot_wal_keep_size`` bounds it, and what is thrown away then is a gap that is found.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import structlog

from backend import clock
from backend.backups import journal, programs, retaining, taking
from backend.backups.taking import JOURNAL
from backend.backups.vault import Absent, Damaged, Vault, pieces_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

SLOT = "tongxing_backup"
ROUND_SECONDS = 15.0
BASE_EVERY = timedelta(hours=24)
AGAIN_AFTER = 5.0
"""Seconds before a fetcher that ended is started again."""
REACHED = f"{JOURNAL}/reached.json"
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Everything committed before ``at`` (the server's clock) is in the vault."""

    at: datetime
    position: str


class Diverged(Exception):
    """The vault holds another journal under the same name: it belongs to another server, or
    to one that was restored. Give this one a vault of its own.
    """


class Follower:
    """The one follower of a database; ``spool`` is a folder of its own on this machine.

    A second one takes the slot from the first. Call :meth:`round` again and again, and
    :meth:`stop` at the end.
    """

    def __init__(
        self, vault: Vault, dsn: str, files: Path | None, spool: Path, *, tools: Path | None = None
    ) -> None:
        self.vault, self.dsn, self.files, self.tools = vault, dsn, files, tools
        self.spool = spool
        self._fetcher: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._partial: tuple[str, bytes] | None = None

    def round(self) -> Reached | None:
        """Put what is new into the vault; returns how far it reaches, if that is known.

        Raises ``OSError`` where the vault cannot be written, and :class:`Diverged`; a
        database that is away is waited for.
        """
        self._keep_fetching()
        asked = asyncio.run(_position(self.dsn))
        if asked is not None:
            self._wait_for(asked)
        self._store()
        taking.copy_files(self.vault, self.files)
        if asked is None or not asked.is_fetched:
            return None
        reached = Reached(at=asked.at, position=asked.position)
        self.vault.put(REACHED, [msgspec.json.encode(reached)])
        return reached

    def stop(self) -> None:
        """End the fetcher; what it has is put into the vault first by a last round."""
        if self._fetcher is not None and self._fetcher.poll() is None:
            self._fetcher.terminate()
            try:
                self._fetcher.wait(10)
            except subprocess.TimeoutExpired:
                self._fetcher.kill()
                self._fetcher.wait()
        self._fetcher = None

    def _keep_fetching(self) -> None:
        if self._fetcher is not None and self._fetcher.poll() is None:
            return
        if self._fetcher is not None:
            tail = (self.spool / "receive.log").read_text(errors="replace")[-400:]
            log.warning("the fetcher of the journal ended", said=tail.splitlines()[-2:])
            if time.monotonic() - self._started < AGAIN_AFTER:
                return
        self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        output = self.spool / "receive.log"
        output.unlink(missing_ok=True)
        if not asyncio.run(_have_slot(self.dsn)):
            return
        self._started = time.monotonic()
        self._fetcher = programs.launched(
            "pg_receivewal", "-D", self.spool, "-S", SLOT, "-s", "1", "-n", "-w", "-v",
            dsn=self.dsn, tools=self.tools, output=output,
        )  # fmt: skip

    def _wait_for(self, asked: "_Asked") -> None:
        """Give the fetcher a moment to have what the server has written."""
        deadline = time.monotonic() + 5
        while not asked.is_fetched and time.monotonic() < deadline:
            time.sleep(0.2)
            if self._fetcher is None or self._fetcher.poll() is not None:
                return
            asked.is_fetched = asyncio.run(_is_fetched(self.dsn, asked.position))

    def _store(self) -> None:
        for path in sorted(self.spool.iterdir() if self.spool.is_dir() else ()):
            if journal.is_history(path.name):
                self._put_once(path)
            elif path.name.endswith(".partial"):
                self._put_partial(path)
            elif journal.read_name(path.name, 1 << 24):
                self._put_once(path)
                path.unlink()
                # What it was a part of has just become whole.
                if part := self.vault.find(f"{JOURNAL}/{path.name}.partial"):
                    part.path.unlink(missing_ok=True)

    def _put_once(self, path: Path) -> None:
        name = f"{JOURNAL}/{path.name}"
        if (stored := self.vault.find(name)) is None:
            self.vault.put(name, pieces_of(path), packed=True)
        elif b"".join(self.vault.pieces(stored)) != path.read_bytes():
            raise Diverged(f"{name} is in the vault already, with other contents")

    def _put_partial(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return  # It has become whole this instant; the next round takes it.
        if self._partial != (path.name, content):
            self.vault.put(f"{JOURNAL}/{path.name}", [content], packed=True)
            self._partial = (path.name, content)


def reached(vault: Vault) -> Reached | None:
    """Return how far the journal in the vault reaches, if a follower ever said so."""
    try:
        return msgspec.json.decode(vault.read(REACHED), type=Reached)
    except (Absent, Damaged):
        return None


def run(
    follower: Follower,
    *,
    every: float,
    keep: timedelta,
    base_every: timedelta,
    is_over: Callable[[float], bool],
) -> None:
    """Follow until ``is_over``, which waits so many seconds and then says whether to end.

    A backup is taken when the newest is older than ``base_every``, and what is older than
    ``keep`` is thrown away after it. A round that fails is logged and tried again.
    """
    over = False
    try:
        while not over:
            begun = time.monotonic()
            try:
                follower.round()
                if _is_due(follower.vault, base_every):
                    taking.take(follower.vault, follower.dsn, follower.files, tools=follower.tools)
                    retaining.prune(follower.vault, keep, clock.now())
            except (*_AWAY, programs.ProgramFailed) as error:
                log.warning("a round of the backups failed", error=str(error))
            over = is_over(max(every - (time.monotonic() - begun), 0.5))
        follower.round()
    finally:
        follower.stop()


def _is_due(vault: Vault, every: timedelta) -> bool:
    newest = max((one.ended_at for one in taking.sound(vault)), default=None)
    return newest is None or clock.now() - newest >= every


class _Asked(msgspec.Struct):
    at: datetime
    position: str
    is_fetched: bool


async def _position(dsn: str) -> _Asked | None:
    """Return the server's time and, a moment later, the end of its journal; ``None`` while
    it does not answer.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except _AWAY as error:
        log.warning("the database does not answer", error=str(error))
        return None
    try:
        # Every commit of an earlier moment has been written down before the second answer.
        moment = await connection.fetchval("SELECT clock_timestamp()")
        position = await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")
        return _Asked(moment.astimezone(UTC), position, False)
    except _AWAY:
        return None
    finally:
        connection.terminate()


async def _is_fetched(dsn: str, position: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except _AWAY:
        return False
    try:
        return bool(
            await connection.fetchval(
                "SELECT bool_or(r.write_lsn >= $2::text::pg_lsn) FROM pg_replication_slots s "
                "JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
                SLOT,
                position,
            )
        )
    except _AWAY:
        return False
    finally:
        connection.terminate()


async def release(dsn: str) -> bool:
    """Give the slot up, so that the server keeps nothing for a follower; says whether it was
    there. Raises ``asyncpg.ObjectInUseError`` while a follower runs.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return bool(
            await connection.fetch(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                "WHERE slot_name = $1",
                SLOT,
            )
        )
    finally:
        await connection.close()


async def _have_slot(dsn: str) -> bool:
    """Make the slot unless it exists; one whose journal was thrown away is made anew."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except _AWAY:
        return False
    try:
        row = await connection.fetchrow(
            "SELECT wal_status, active_pid FROM pg_replication_slots WHERE slot_name = $1", SLOT
        )
        if row is not None and row["active_pid"] is not None:
            # A fetcher whose follower was killed; it ends when it is hung up on.
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", row["active_pid"])
        if row is not None and row["wal_status"] == "lost":
            log.error("the journal was not fetched in time: there is a gap; take a backup")
            await connection.execute("SELECT pg_drop_replication_slot($1)", SLOT)
            row = None
        if row is None:
            await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", SLOT)
        return True
    except _AWAY as error:
        log.warning("there is no slot to follow with", error=str(error))
        return False
    finally:
        connection.terminate()
