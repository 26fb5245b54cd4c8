"""The logical journal: every change of every row, in the order of commits, as pgoutput tells it.

Old rows are whole, for every table is watched with ``REPLICA IDENTITY FULL``.
"""

import struct
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec

from tests.ballots.adversary.station import PUBLICATION, SLOT

_EPOCH = 946_684_800
"""The year 2000 in Unix time, from which PostgreSQL counts microseconds."""

Row = dict[str, str | None]


class Change(msgspec.Struct, frozen=True):
    """A change of a row. ``at`` is its commit's Unix time; ``place`` its rank in the journal."""

    place: int
    xid: int
    at: float
    kind: str
    table: str
    new: Row
    old: Row


async def read(connection: "asyncpg.Connection[Any]") -> list[Change]:
    """Return the whole journal and leave it as it is."""
    rows = await connection.fetch(
        "SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, "
        "'proto_version', '1', 'publication_names', $2)",
        SLOT,
        PUBLICATION,
    )
    return list(decode(row["data"] for row in rows))


def decode(messages: Iterator[bytes]) -> Iterator[Change]:
    """Decode pgoutput messages of protocol version 1."""
    relations: dict[int, tuple[str, list[str]]] = {}
    xid, at, place = 0, 0.0, 0
    for message in messages:
        kind, body = chr(message[0]), _Reader(message[1:])
        if kind == "B":
            _, stamp, xid = body.take(">qqI")
            at = _EPOCH + stamp / 1e6
        elif kind == "R":
            [oid] = body.take(">I")
            space, name = body.text(), body.text()
            _, width = body.take(">bH")
            columns = []
            for _ in range(width):
                body.take(">b")
                columns.append(body.text())
                body.take(">Ii")
            relations[oid] = (name if space == "public" else f"{space}.{name}", columns)
        elif kind in "IUD":
            [oid] = body.take(">I")
            table, columns = relations[oid]
            new: Row = {}
            old: Row = {}
            while body.left:
                [mark] = body.take(">c")
                row = body.row(columns)
                if mark == b"N":
                    new = row
                else:
                    old = row
            # A long value that did not change is left out of the new row.
            new = {name: old.get(name) if value == _SAME else value for name, value in new.items()}
            yield Change(place, xid, at, kind, table, new, old)
            place += 1


_SAME = "\x00same"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    @property
    def left(self) -> bool:
        return self.at < len(self.data)

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return found

    def text(self) -> str:
        end = self.data.index(b"\0", self.at)
        found = self.data[self.at : end].decode()
        self.at = end + 1
        return found

    def row(self, columns: list[str]) -> Row:
        [width] = self.take(">H")
        row: Row = {}
        for name in columns[:width]:
            [kind] = self.take(">c")
            if kind == b"t":
                [length] = self.take(">I")
                row[name] = self.data[self.at : self.at + length].decode()
                self.at += length
            else:
                row[name] = None if kind == b"n" else _SAME
        return row
