"""What was written to the write-ahead log between two moments, read from the log itself."""

import re
import subprocess

import asyncpg
import msgspec

from backend.embedded import Server

_TOTAL = re.compile(r"^Total\s+(\d+)\s+(\d+) \[[^\]]*\]\s+(\d+) \[", re.MULTILINE)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of records, and of whole pages logged at their first change after a checkpoint.

    The images depend on when the last checkpoint was; the records do not.
    """

    records: int
    images: int


async def position(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """Return where the log stands."""
    # Where nothing was written the log could not be read, so something is, of 50 bytes.
    await connection.execute("SELECT pg_logical_emit_message(false, 'bench', '')")
    # A segment is closed at a record's end, and with it all before is on the disk.
    found: str = await connection.fetchval("SELECT pg_switch_wal()::text")
    return found


def between(server: Server, start: str, end: str) -> Written:
    """Read the log from ``start`` to ``end``, whose segments must still be there."""
    done = subprocess.run(
        [
            server.binaries / "pg_waldump", "--stats=record",
            "--path", server.home / "database" / "pg_wal", "--start", start, "--end", end,
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    total = _TOTAL.search(done.stdout)
    if total is None:
        raise RuntimeError(done.stdout[-1000:])
    return Written(records=int(total[2]), images=int(total[3]))
