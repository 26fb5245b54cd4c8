"""The directory backups are kept in.

What is kept carries the SHA-256 of its stored octets in its file name, so that damage is
found by anybody, without a key: ``NAME[.gz][.sealed]~DIGEST``. Without a backup key the
files are plain: ``gunzip`` and ``tar`` read them.
"""

import hashlib
import os
import re
import secrets
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from backend.backups import sealing

PIECE = 1 << 20
_STORED = re.compile(r"(?P<name>.+?)(?P<gz>\.gz)?(?P<sealed>\.sealed)?~(?P<digest>[0-9a-f]{64})")
_GZIP = 31
"""zlib's word for the gzip format with the largest window."""


class Damaged(Exception):
    """What is kept is not what was put there; the message names it."""


class Absent(Exception):
    """Nothing is kept under that name."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is kept. ``name`` is relative to the vault; ``size`` as stored."""

    name: str
    path: Path
    digest: str
    size: int
    stored_at: float
    is_packed: bool
    is_sealed: bool


class Vault:
    """``key`` is the backup key; without one everything is kept in the clear. Whoever looks
    whether a file is there, to put it there, holds ``filing``.
    """

    def __init__(self, root: Path, key: bytes | None = None) -> None:
        self.root = root
        self.filing = threading.Lock()
        self._key = key

    @property
    def is_sealing(self) -> bool:
        return self._key is not None

    def put(self, name: str, pieces: Iterable[bytes], *, packed: bool = False) -> Stored:
        """Keep a stream under ``name``, whole or not at all, down to the disk.

        Whatever was kept under that name before gives way once the new one is safe.
        """
        before = self.find(name)
        folder = (self.root / name).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{secrets.token_hex(8)}.new"
        stream = _packed(pieces) if packed else iter(pieces)
        if self._key is not None:
            stream = sealing.sealed(stream, self._key, name)
        digest = hashlib.sha256()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in stream:
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(descriptor)
            path = folder / (
                f"{Path(name).name}{'.gz' if packed else ''}"
                f"{'.sealed' if self._key is not None else ''}~{digest.hexdigest()}"
            )
            draft.rename(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _settle(folder)
        if before is not None and before.path != path:
            before.path.unlink(missing_ok=True)
        return self._stored(path)

    def find(self, name: str) -> Stored | None:
        """Return the newest of what is kept under ``name``, if anything is."""
        folder, last = (self.root / name).parent, Path(name).name
        found = [one for one in self._in(folder) if Path(one.name).name == last]
        return max(found, key=lambda one: one.stored_at, default=None)

    def listing(self, folder: str) -> dict[str, Stored]:
        """Return everything in ``folder`` and below, by name, in the order of the names."""
        found: dict[str, Stored] = {}
        for place in sorted({self.root / folder, *(self.root / folder).glob("**/")}):
            for one in self._in(place):
                if one.name not in found or found[one.name].stored_at < one.stored_at:
                    found[one.name] = one
        return dict(sorted(found.items()))

    def pieces(self, stored: Stored) -> Iterator[bytes]:
        """Yield what was put, in pieces. Raises :class:`Damaged`, perhaps only at the end:
        whoever writes the pieces down throws them away then.
        """
        digest = hashlib.sha256()
        stream = _read(stored.path, digest)
        try:
            if stored.is_sealed:
                if self._key is None:
                    raise Damaged(f"{stored.name} is sealed, and there is no key to open it")
                stream = sealing.opened(stream, self._key, stored.name)
            yield from _unpacked(stream) if stored.is_packed else stream
        except (sealing.Unopened, zlib.error, EOFError) as error:
            raise Damaged(f"{stored.name}: {error}") from error
        if digest.hexdigest() != stored.digest:
            raise Damaged(f"{stored.name} is not what was put there")

    def read(self, name: str) -> bytes:
        """Return all of something small. Raises :class:`Absent` and :class:`Damaged`."""
        stored = self.find(name)
        if stored is None:
            raise Absent(name)
        return b"".join(self.pieces(stored))

    def is_sound(self, stored: Stored) -> bool:
        """Say whether the stored octets are those that were put; needs no key."""
        digest = hashlib.sha256()
        with suppress(OSError):
            for _ in _read(stored.path, digest):
                pass
        return digest.hexdigest() == stored.digest

    def sweep(self, before: float) -> None:
        """Remove what writers that died left behind ``before`` (seconds of Unix time)."""
        for draft in self.root.rglob(".*.new"):
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < before:
                    draft.unlink()

    def _in(self, folder: Path) -> Iterator[Stored]:
        with suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(folder):
                if _STORED.fullmatch(entry.name) and entry.is_file():
                    with suppress(FileNotFoundError):
                        yield self._stored(Path(entry.path))

    def _stored(self, path: Path) -> Stored:
        match, facts = _STORED.fullmatch(path.name), path.stat()
        assert match is not None
        return Stored(
            name=str((path.parent / match["name"]).relative_to(self.root)),
            path=path,
            digest=match["digest"],
            size=facts.st_size,
            stored_at=facts.st_mtime,
            is_packed=match["gz"] is not None,
            is_sealed=match["sealed"] is not None,
        )


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a local file's octets."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _read(path: Path, digest: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces_of(path):
        digest.update(piece)
        yield piece


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=_GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    opener = zlib.decompressobj(_GZIP)
    for piece in pieces:
        # A little may hold a lot: it is taken out in pieces too.
        rest = piece
        while rest:
            yield opener.decompress(rest, PIECE)
            rest = opener.unconsumed_tail
    yield opener.flush()
    if not opener.eof:
        raise EOFError("its end is missing")


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
