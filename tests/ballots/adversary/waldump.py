"""The physical journal: which block and place of which table each record touched, and its size."""

import re
import subprocess
from pathlib import Path

import msgspec

_LINE = re.compile(
    r"^rmgr: Heap\S*\s+len \(rec/tot\):\s*(\d+)/\s*(\d+), tx:\s*(\d+), lsn: (\S+), .*?desc: (\S+)"
    r"(.*)$"
)
_OFFSET = re.compile(r"(?<!old_)\boff: (\d+)")
_NEW_OFFSET = re.compile(r"new_off: (\d+)")
_BLOCK = re.compile(r"blkref #0: rel (\d+/\d+/\d+) (?:fork \w+ )?blk (\d+)")


class Record(msgspec.Struct, frozen=True):
    """A record of one row, in the order of the log: ``file`` names the table on the disk.

    ``length`` is without whole pages, so it depends on the row alone.
    """

    xid: int
    what: str
    file: str
    block: int
    offset: int
    length: int


def read(binaries: Path, data: Path, start: str) -> list[Record]:
    """Read the log of a data directory from position ``start`` to its end."""
    done = subprocess.run(
        [binaries / "pg_waldump", "--path", data / "pg_wal", "--start", start],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # It always complains of the end of the log; of anything else it says nothing.
    return parse(done.stdout)


def parse(text: str) -> list[Record]:
    found = []
    for line in text.splitlines():
        match, block = _LINE.match(line), _BLOCK.search(line)
        if match is None or block is None:
            continue
        what, rest = match[5], match[6]
        offset = _NEW_OFFSET.search(rest) or _OFFSET.search(rest)
        found.append(
            Record(
                xid=int(match[3]),
                what=what,
                file=block[1],
                block=int(block[2]),
                offset=int(offset[1]) if offset else 0,
                length=int(match[1]),
            )
        )
    return found
