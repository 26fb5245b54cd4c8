"""The keeper of PostgreSQL's own programs for backups.

They come with the embedded database's wheel; ``tools`` names another directory for servers
the wheel's cannot talk to (they know no TLS). They run as we do, and get the address of the
database from the environment: a password never stands in a command line.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from backend import embedded
from backend.backups.vault import PIECE
from backend.database import config

log: structlog.stdlib.BoundLogger = structlog.get_logger("backups")


class ProgramFailed(Exception):
    """One of the programs could not do its work; the message is what it said."""


def environment(dsn: str) -> dict[str, str]:
    """Return the environment in which a program finds the database of ``dsn``."""
    told = config(dsn)["connections"]["default"]["credentials"]
    found = {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C",
        "PGHOST": str(told["host"]),
        "PGPORT": str(told["port"]),
        "PGUSER": str(told["user"]),
        "PGAPPNAME": "tongxing-backup",
        "PGCONNECT_TIMEOUT": "10",
    }
    return found | ({"PGPASSWORD": str(told["password"])} if told["password"] else {})


def path_of(name: str, tools: Path | None) -> Path:
    """Return where a program lies. Raises :class:`ProgramFailed` when it does not."""
    path = (tools or embedded.programs()) / name
    if not os.access(path, os.X_OK):
        raise ProgramFailed(f"{path} is not there, or may not be run")
    return path


@contextmanager
def streamed(
    name: str, *arguments: str | Path, dsn: str, tools: Path | None
) -> Iterator[tuple[Iterator[bytes], list[str]]]:
    """Run a program whose output is large; gives its output in pieces, and a list that holds
    what else it said, by lines, when the block is left.

    Raises :class:`ProgramFailed` at the end when it failed.
    """
    said: list[str] = []
    with subprocess.Popen(
        [path_of(name, tools), *arguments],
        env=environment(dsn),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        output, errors = process.stdout, process.stderr

        def pieces() -> Iterator[bytes]:
            while piece := output.read(PIECE):
                yield piece
            # What it says is little; it is never stuck on us not reading it earlier.
            said.extend(errors.read().decode(errors="replace").splitlines())
            if process.wait() != 0:
                raise ProgramFailed(f"{name}: {'; '.join(said[-3:])}")

        try:
            yield pieces(), said
        except BaseException:
            process.kill()
            raise


def run(name: str, *arguments: str | Path, tools: Path | None, patience: float) -> None:
    """Run a program to its end, within ``patience`` seconds.

    Raises :class:`ProgramFailed`.
    """
    try:
        done = subprocess.run(
            [path_of(name, tools), *arguments],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramFailed(f"{name} took longer than {patience:.0f} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise ProgramFailed(f"{name}: {'; '.join(said[:3])}")


def launched(
    name: str, *arguments: str | Path, dsn: str, tools: Path | None, output: Path
) -> "subprocess.Popen[bytes]":
    """Start a program that runs on by itself and says what it has to say into ``output``."""
    with output.open("ab") as file:
        return subprocess.Popen(
            [path_of(name, tools), *arguments],
            env=environment(dsn),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            # A Ctrl-C in the terminal is for us: we end it in our own time.
            start_new_session=True,
        )
