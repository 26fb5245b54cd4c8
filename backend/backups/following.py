"""Following: the journal as it is written, new files, and a backup a day, into the vault.

``pg_receivewal`` fetches the journal into a spool on this machine; what is whole is put into
the vault and leaves the spool, and the segment being written is put there again at every
round, so at most a round's time of work is lost with this machine. A replication slot keeps
what was not fetched yet while no follower runs. That fills the server's disk in the end:
``max_slot_wal_keep_size`` bounds it, and what is thrown away then is a gap that is found.
"""

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from backend import clock
from backend.backups import journal, programs, retaining, slots, taking
from backend.backups.taking import JOURNAL
from backend.backups.vault import Absent, Damaged, Vault, pieces_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")

ROUND_SECONDS = 15.0
BASE_EVERY = timedelta(hours=24)
AGAIN_AFTER = 5.0
"""Seconds before a fetcher that ended is started again."""
REACHED = f"{JOURNAL}/reached.json"


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
        asked = asyncio.run(slots.position(self.dsn))
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
        if not asyncio.run(slots.have_slot(self.dsn)):
            return
        self._started = time.monotonic()
        self._fetcher = programs.launched(
            "pg_receivewal", "-D", self.spool, "-S", slots.SLOT, "-s", "1", "-n", "-w", "-v",
            dsn=self.dsn, tools=self.tools, output=output,
        )  # fmt: skip

    def _wait_for(self, asked: slots.Asked) -> None:
        """Give the fetcher a moment to have what the server has written."""
        deadline = time.monotonic() + 5
        while not asked.is_fetched and time.monotonic() < deadline:
            time.sleep(0.2)
            if self._fetcher is None or self._fetcher.poll() is not None:
                return
            asked.is_fetched = asyncio.run(slots.is_fetched(self.dsn, asked.position))

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
    beat: Callable[[], None],
) -> None:
    """Follow until ``is_over``, which waits so many seconds and then says whether to end.
    ``beat`` is called whenever all that is committed is in the vault.

    A backup is taken when the newest is older than ``base_every``, and what is older than
    ``keep`` is thrown away after it. A round that fails is logged and tried again.
    """
    over, base = False, threading.Thread()
    try:
        while not over:
            begun = time.monotonic()
            try:
                if follower.round() is not None:
                    beat()
                if not base.is_alive() and _is_due(follower.vault, base_every):
                    # Beside the rounds: a large copy takes longer than they may wait.
                    base = threading.Thread(target=_take, args=(follower, keep), daemon=True)
                    base.start()
            except (*slots.AWAY, programs.ProgramFailed) as error:
                log.warning("a round of the backups failed", error=str(error))
            over = is_over(max(every - (time.monotonic() - begun), 0.5))
        follower.round()
    finally:
        follower.stop()


def _take(follower: Follower, keep: timedelta) -> None:
    try:
        taking.take(follower.vault, follower.dsn, follower.files, tools=follower.tools)
        retaining.prune(follower.vault, keep, clock.now())
    except (*slots.AWAY, programs.ProgramFailed, taking.NotPossible) as error:
        log.error("no backup could be taken", error=str(error))


def _is_due(vault: Vault, every: timedelta) -> bool:
    newest = max((one.ended_at for one in taking.sound(vault)), default=None)
    return newest is None or clock.now() - newest >= every
