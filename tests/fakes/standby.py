"""A primary and its streaming standbys, made of the embedded server's own programs.

Each answers on a socket in a directory of its own; ``pause`` makes a standby lag, ``kill``
and ``promote`` do what their names say. A standby's log has every statement it was given.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend import embedded

PATIENCE = 60.0


class Standby:
    """One replica of ``primary``, copied from it while it runs."""

    def __init__(self, primary: embedded.Server, name: str, **settings: str) -> None:
        self.primary, self.settings = primary, settings
        self.runs = False
        self.data = primary.home / f"standby-{name}"
        self.sockets = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
        os.chown(self.sockets, primary.account.uid, primary.account.gid)
        self._run(
            "pg_basebackup", "-h", primary.sockets, "-U", "postgres", "-D", self.data,
            "-R", "-X", "stream", "-c", "fast",
        )  # fmt: skip
        self.start()

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def start(self) -> None:
        settings = {
            "unix_socket_directories": self.sockets,
            "listen_addresses": "",
            "max_connections": "200",
            "hot_standby_feedback": "on",
            "log_statement": "all",
            "log_line_prefix": "'%a|'",
            "wal_retrieve_retry_interval": "200ms",
            **self.settings,
        }
        given = " ".join(f"-c {key}={value or repr('')}" for key, value in settings.items())
        command = (
            "pg_ctl", "-D", self.data, "-w", "-t", str(int(PATIENCE)), "-l", self._log,
            "-o", given, "start",
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._run(*command)
                break
            except AssertionError:
                # Children of one that was killed may still be on their way out.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        self.runs = True

    def kill(self) -> None:
        """Kill it the hard way, with all its processes; a second time does nothing."""
        if self.runs:
            number = (self.data / "postmaster.pid").read_text().splitlines()[0]
            os.kill(int(number), signal.SIGKILL)
            self.runs = False

    def promote(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-t", str(int(PATIENCE)), "promote")

    def statements(self, application: str, about: str) -> int:
        """Count what an application has asked it so far with ``about`` in the statement.

        Statements span lines; each begins with the application's name and a bar.
        """
        if not self._log.exists():
            return 0
        records: list[str] = []
        for line in self._log.read_text("utf-8", errors="replace").splitlines():
            if line.startswith((f"{application}|LOG:", "|", f"{application}|")):
                records.append(line)
            elif records:
                records[-1] += f"\n{line}"
        return sum(
            one.startswith(f"{application}|LOG:  execute") and about in one for one in records
        )

    @property
    def _log(self) -> Path:
        return self.primary.home / f"{self.data.name}.log"

    def ask(self, statement: str) -> None:
        """Run one statement on it."""
        self._run("psql", "-h", self.sockets, "-U", "postgres", "-c", statement, "postgres")

    def _run(self, program: str, *arguments: str | Path) -> None:
        run(self.primary, program, *arguments)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.sockets, ignore_errors=True)


def run(server: embedded.Server, program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs as the user the server runs as."""
    account = server.account
    who: dict[str, Any] = {"umask": 0o077}
    if account.switch:
        who |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    done = subprocess.run(
        [server.binaries / program, *arguments],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False, **who,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


class Pair:
    """A primary, and the standbys made of it."""

    def __init__(self, primary: embedded.Server) -> None:
        self.primary = primary
        self.standbys: list[Standby] = []

    def fill(self, database: str, source: embedded.Server, like: str) -> None:
        """Make a database like one of another server's, which is quicker than migrating."""
        dump = self.primary.home / f"{database}.sql"
        run(source, "pg_dump", "-h", source.sockets, "-U", "postgres", "-f", dump, like)
        here = ("-h", self.primary.sockets, "-U", "postgres")
        run(self.primary, "createdb", *here, database)
        run(self.primary, "psql", *here, "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, database)

    def standby(self, name: str, **settings: str) -> Standby:
        """Copy the primary into one more standby, with settings of its own."""
        made = Standby(self.primary, name, **settings)
        self.standbys.append(made)
        return made


@contextmanager
def replication(name: str) -> Iterator[Pair]:
    """Yield a durable primary of its own; whatever was made of it goes with it."""
    home = embedded.scratch_dir(f"tongxing-tests-{name}-{os.getpid()}")
    pair = Pair(embedded.start(home))
    # The server's own user makes the copies beside the primary's data.
    os.chown(home, pair.primary.account.uid, pair.primary.account.gid)
    try:
        yield pair
    finally:
        for standby in pair.standbys:
            standby.remove()
        pair.primary.stop()
        shutil.rmtree(home, ignore_errors=True)
