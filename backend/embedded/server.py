"""Starting, joining and leaving the embedded server.

Whether a server lives is read from a lock that its processes inherit, and whether it
answers is asked of ``pg_isready``: process numbers are reused and prove nothing. Its
users share a second lock; one that was killed has left it, the kernel sees to that.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncpg
import structlog

from backend.embedded.lodging import (
    MAJOR_VERSION,
    Account,
    EmbeddedError,
    as_user,
    binaries_for,
    environment,
    home_for,
    run_as,
    socket_dir,
)

START_SECONDS = 60.0
REVIVE_SECONDS = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("embedded")

# Whatever an operator has it log, the values of rows and parameters are not among it.
_SILENT = {"log_parameter_max_length": "0", "log_error_verbosity": "terse"}
_DURABLE = {
    **_SILENT,
    "shared_buffers": "256MB",
    "log_checkpoints": "off",
    # A follower of the backups that never comes back must not fill the disk.
    "max_slot_wal_keep_size": "4GB",
}
_THROWAWAY = {
    **_SILENT,
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
}


@dataclass
class Server:
    """One running embedded server and this process's share in it."""

    home: Path
    binaries: Path
    sockets: Path
    account: Account
    share: IO[str]
    joined: bool = False
    """Whether the server already ran when this process came."""

    def dsn(self, database: str = "tongxing") -> str:
        """Return the address of ``database`` on this server's local socket."""
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def stop(self) -> None:
        """Leave; the last process to leave stops the server. A second call does nothing."""
        if self.share.closed:
            return
        with _locked(self.home / "database.start"):
            _leave(self)


def start(
    data_dir: Path, *, durable: bool = True, patience: float = START_SECONDS, revive: bool = False
) -> Server:
    """Return a server whose data live in ``data_dir``, started now or joined.

    ``durable=False`` gives up crash safety for speed and is for tests. Blocks for as
    long as the start takes (under a second, longer when it recovers from a crash), and
    for ``patience`` seconds at most. With ``revive`` it is started again when it has died: a
    full disk, for one, ends it also for the time when there is room again.
    Raises :class:`EmbeddedError` when no server can be had.
    """
    home, account = home_for(data_dir)
    binaries = binaries_for(account)
    try:
        share = (home / "database.users").open("a")
    except PermissionError as error:
        raise EmbeddedError(
            f"{home} belongs to another user ({error}): run as that user, "
            "or choose another directory with TONGXING_DATA_DIR"
        ) from error
    server = Server(home, binaries, home, account, share)
    with _locked(home / "database.start"):
        try:
            fcntl.flock(share, fcntl.LOCK_SH)
            _join_or_start(server, durable, patience)
        except BaseException:
            # Interrupted half-way, the server must not stay behind without a user.
            with suppress(EmbeddedError):
                _leave(server)
            raise
    if revive:
        threading.Thread(target=_revive, args=(server, durable), daemon=True).start()
    return server


def erase(data_dir: Path) -> None:
    """Delete the database of ``data_dir``.

    Raises :class:`EmbeddedError` while another process uses it.
    """
    home, account = home_for(data_dir)
    with (home / "database.users").open("a") as share:
        if not _try_lock(share):
            raise EmbeddedError(f"{home} is in use: stop the other tongxing processes first")
        # A server may have outlived users that were killed.
        _stop(Server(home, binaries_for(account), home, account, share))
        for leftover in (home / "database", home / "database.new"):
            shutil.rmtree(leftover, ignore_errors=True)


async def ensure_database(dsn: str) -> None:
    """Create the database that ``dsn`` names, unless it exists."""
    name = dsn.partition("?")[0].rpartition("/")[2]
    admin = await asyncpg.connect(dsn, database="postgres", timeout=10)
    try:
        if not await admin.fetchval("select true from pg_database where datname = $1", name):
            # Someone else may have been faster between the two statements.
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await admin.execute('create database "{}"'.format(name.replace('"', '""')))
    finally:
        await admin.close()


def _join_or_start(server: Server, durable: bool, patience: float) -> None:
    deadline = time.monotonic() + patience
    home, note = server.home, server.home / "database.socket"
    with (home / "database.alive").open("a") as alive:
        while not _try_lock(alive):
            # Processes of this very server live: it answers, it starts, or it dies.
            if note.exists():
                server.sockets, server.joined = Path(note.read_text()), True
                if _answers(server):
                    return
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"a database server is running in {home} but does not answer; "
                    f"see {home / 'database.log'}"
                )
            time.sleep(0.02)
        _initialise(server, durable)
        # Nobody holds the lock, so whatever a crash left here is stale.
        server.sockets, server.joined = socket_dir(home, server.account), False
        for stale in (home / "database" / "postmaster.pid", *server.sockets.iterdir()):
            stale.unlink(missing_ok=True)
        if not note.exists() or note.read_text() != str(server.sockets):
            note.write_text(str(server.sockets))
        _launch(server, alive.fileno(), durable)
    while not _answers(server):
        if not _lives(home):
            tail = (home / "database.log").read_text(errors="replace")[-1500:]
            raise EmbeddedError(f"the embedded database did not start:\n{tail}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"the database is slow to start; see {home / 'database.log'}")
        time.sleep(0.02)


def _launch(server: Server, alive: int, durable: bool) -> None:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(server.sockets),
        "max_connections": "200",
        **(_DURABLE if durable else _THROWAWAY),
    }
    given = shlex.join(part for key, value in options.items() for part in ("-c", f"{key}={value}"))
    with (server.home / "database.log").open("wb") as output:
        subprocess.run(
            [*_control(server), "-W", "-o", given, "start"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,
            pass_fds=(alive,),
            **as_user(server.account),
        )


def _revive(server: Server, durable: bool) -> None:
    while True:
        time.sleep(REVIVE_SECONDS)
        # Others may be starting or stopping it: whoever has this lock is alone with it.
        with _locked(server.home / "database.start"):
            if server.share.closed:
                return
            if _lives(server.home):
                continue
            try:
                _join_or_start(server, durable, START_SECONDS)
            except (EmbeddedError, OSError) as error:
                log.warning("the database cannot be started again yet", error=str(error)[-300:])
            else:
                log.warning("the database had died and was started again")


def _initialise(server: Server, durable: bool) -> None:
    data = server.home / "database"
    if (data / "PG_VERSION").exists():
        found = (data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise EmbeddedError(
                f"{data} belongs to PostgreSQL {found}, this is {MAJOR_VERSION}: "
                "dump it with that version, or start over with `make demo-reset`"
            )
        return
    # Built aside and renamed, so an interrupted first start leaves nothing half-made.
    fresh = data.with_name("database.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, server.account.uid, server.account.gid)
    command: list[str | Path] = [server.binaries / "initdb", "-D", fresh, "-U", "postgres"]
    command += ["-A", "trust", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    run_as(command if durable else [*command, "--no-sync"], server.account)
    fresh.rename(data)


def _leave(server: Server) -> None:
    with server.share as share:
        fcntl.flock(share, fcntl.LOCK_UN)
        if _try_lock(share):
            _stop(server)
        else:
            log.info("the database stays up for its other users", home=str(server.home))


def _stop(server: Server) -> None:
    if not _lives(server.home):
        return
    stop = [*_control(server), "-w", "-t", "10", "stop", "-m"]
    try:
        run_as([*stop, "fast"], server.account)
    except EmbeddedError:
        run_as([*stop, "immediate"], server.account)
    with suppress(OSError):
        server.sockets.rmdir()


def _control(server: Server) -> list[str | Path]:
    return [server.binaries / "pg_ctl", "-s", "-D", server.home / "database"]


def _lives(home: Path) -> bool:
    with (home / "database.alive").open("a") as alive:
        return not _try_lock(alive)


def _answers(server: Server) -> bool:
    command: list[str | Path] = [server.binaries / "pg_isready", "-q", "-t", "3"]
    command += ["-U", "postgres", "-h", server.sockets]
    return subprocess.run(command, env=environment(), check=False).returncode == 0


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
