"""Unpacking a cluster, every file of it held against the manifest that its server wrote.

What ``pg_verifybackup`` does, on the stream itself: a backup is verified without a second
place to unpack it. (The embedded wheel's own ``pg_verifybackup`` cannot be loaded.)
"""

import hashlib
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from backend.backups import programs
from backend.backups.vault import PIECE, Damaged

MANIFEST = "backup_manifest"
JOURNAL = "pg_wal"
_CHECKSUM = re.compile(rb'"Manifest-Checksum": "([0-9a-f]{64})"\}\s*\Z')


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the cluster, as its server read it."""

    size: int = msgspec.field(name="Size")
    path: str | None = msgspec.field(default=None, name="Path")
    encoded_path: str | None = msgspec.field(default=None, name="Encoded-Path")
    algorithm: str | None = msgspec.field(default=None, name="Checksum-Algorithm")
    checksum: str | None = msgspec.field(default=None, name="Checksum")

    @property
    def name(self) -> str:
        if self.path is not None:
            return self.path
        return bytes.fromhex(self.encoded_path or "").decode(errors="surrogateescape")


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The journal a cluster needs to become whole."""

    timeline: int = msgspec.field(name="Timeline")
    start: str = msgspec.field(name="Start-LSN")
    end: str = msgspec.field(name="End-LSN")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's manifest says; other members are of no use to us."""

    files: list[Line] = msgspec.field(name="Files")
    ranges: list[Range] = msgspec.field(name="WAL-Ranges")


def unpack(pieces: Iterator[bytes], into: Path, *, keep: bool, tools: Path | None) -> None:
    """Unpack a cluster into ``into``, an empty folder; without ``keep`` only its journal, and
    the rest is looked at in passing.

    Raises :class:`Damaged` when a file is missing, one too many, or not what the server read,
    or when the journal in it does not parse from end to end.
    """
    stream, seen, manifest = _Stream(pieces), dict[str, tuple[int, str]](), b""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                # Raises for a name that leads out of the folder, and for links to elsewhere.
                name = tarfile.data_filter(member, str(into)).name.rstrip("/")
                target = into / name
                if member.isdir():
                    target.mkdir(mode=0o700, exist_ok=True)
                elif not member.isfile():
                    raise Damaged(f"{name} is neither a file nor a folder")
                elif name == MANIFEST:
                    manifest = _content(archive, member)
                else:
                    wanted = keep or name.startswith(f"{JOURNAL}/")
                    seen[name] = _file(archive, member, target if wanted else None)
    except tarfile.TarError as error:
        raise Damaged(f"the cluster is no archive: {error}") from error
    # Damage of the stream itself is told at its end.
    stream.drain()
    told = _read(manifest)
    _compare(told, seen)
    for one in told.ranges:
        _parse_journal(into / JOURNAL, one, tools)


def _read(text: bytes) -> Manifest:
    match = _CHECKSUM.search(text)
    if match is None:
        raise Damaged("the cluster has no manifest")
    covered = text[: text.rindex(b'"Manifest-Checksum"')]
    if hashlib.sha256(covered).hexdigest() != match[1].decode():
        raise Damaged("the cluster's manifest was changed")
    try:
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise Damaged(f"the cluster's manifest: {error}") from error


def _compare(told: Manifest, seen: dict[str, tuple[int, str]]) -> None:
    expected = {line.name: line for line in told.files}
    for name, line in expected.items():
        if name not in seen:
            raise Damaged(f"{name} is missing from the cluster")
        if line.algorithm != "SHA256" or seen[name] != (line.size, line.checksum):
            raise Damaged(f"{name} is not what the server read")
    others = {name for name in seen if not name.startswith(f"{JOURNAL}/")}
    if too_many := sorted(others - set(expected)):
        raise Damaged(f"{too_many[0]} is in the cluster, but not in its manifest")


def _parse_journal(folder: Path, one: Range, tools: Path | None) -> None:
    try:
        programs.run(
            "pg_waldump", "--quiet", "--path", folder, "--timeline", str(one.timeline),
            "--start", one.start, "--end", one.end, tools=tools, patience=3600,
        )  # fmt: skip
    except programs.ProgramFailed as error:
        raise Damaged(f"the journal inside the backup: {error}") from error


def _content(archive: Any, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else bytes(file.read())


def _file(archive: Any, member: tarfile.TarInfo, target: Path | None) -> tuple[int, str]:
    """Read a file, write it where it is wanted, and return its size and digest."""
    source, digest, size = archive.extractfile(member), hashlib.sha256(), 0
    output = None
    if target is not None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        output = target.open("xb")
    try:
        while piece := source.read(PIECE):
            digest.update(piece)
            size += len(piece)
            if output is not None:
                output.write(piece)
    finally:
        if output is not None:
            output.close()
    return size, digest.hexdigest()


class _Stream:
    """Pieces as a file that is read from the beginning to the end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, bytearray()

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def drain(self) -> None:
        """Read to the end, which is where damage is told."""
        for _ in self._pieces:
            pass
