"""Where files are kept: the only module that speaks to the object store.

A local folder unless the settings name a bucket of an S3-compatible store. Whatever the
size of an object, it passes through in pieces of at most :data:`PIECE` bytes.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from backend.media.rules import EXTENSIONS, StorageFull
from backend.settings import Settings

PIECE = 1024 * 1024
"""The most bytes of an object that are read at once."""
PIECE_OF_DISK = 256 * 1024
"""The same where another piece costs no request: the server keeps several of them ready for
a reader, also for one who takes nothing.
"""
WRITTEN_AT_ONCE = 5 * 1024 * 1024
"""Bytes of one part of a multipart upload; S3 takes no smaller ones."""
LEAST_RESERVE, MOST_RESERVE = 256 * 1024 * 1024, 10 * 2**30
"""Uploads leave a tenth of the disk free for the database and the logs, within these bytes."""
AGAIN_AFTER = 30
"""Seconds after which somebody whose file found no room may try again."""
UNFINISHED_AFTER = 86_400.0


class Files:
    """Objects under keys we make ourselves; a key never holds anything a person chose.

    ``disk`` is the folder they lie in, ``None`` for a bucket; ``scratch`` a folder on
    this machine for files that are being worked on. ``school_quota`` is how many bytes one
    school may fill; ``reserve`` what stays free, in place of a tenth. ``piece`` is how much is
    read at once. Every reading method raises
    ``FileNotFoundError`` for an absent key.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        disk: Path | None = None,
        reserve: int | None = None,
        scratch: Path | None = None,
        school_quota: int = 50 * 2**30,
    ) -> None:
        self._store = store
        self._disk = disk
        self._reserve = reserve
        self._buffer = bytearray(PIECE)
        self.piece = PIECE_OF_DISK if disk else PIECE
        self.scratch = scratch or (disk.parent / "scratch" if disk else Path(tempfile.gettempdir()))
        self.school_quota = school_quota

    async def put(self, key: str, data: bytes) -> None:
        """Keep ``data`` under ``key``: whole or not at all. Raises :class:`StorageFull`."""
        self.check_room(len(data))
        with _fullness():
            # On a disk this mode refuses to write a key twice; not every bucket knows it.
            mode = "create" if self._disk else "overwrite"
            await obstore.put_async(self._store, key, data, mode=mode, use_multipart=False)  # type: ignore[arg-type]

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes], *, size: int) -> None:
        """Keep what ``pieces`` yields, ``size`` bytes in all, under ``key``.

        Nothing is seen under the key before the last piece, and nothing stays if the
        iterator raises. Raises :class:`StorageFull` and whatever ``pieces`` raises.
        """
        self.check_room(size)
        with _fullness():
            await obstore.put_async(
                self._store, key, pieces, chunk_size=WRITTEN_AT_ONCE, max_concurrency=2
            )

    async def put_file(self, key: str, path: Path) -> None:
        """Keep a copy of the local file ``path`` under ``key``. Raises :class:`StorageFull`."""
        size = (await asyncio.to_thread(path.stat)).st_size
        self.check_room(size)
        with _fullness():
            await obstore.put_async(
                self._store, key, path, chunk_size=WRITTEN_AT_ONCE, max_concurrency=2
            )

    async def get(self, key: str) -> bytes:
        """Return all of a small object's bytes."""
        found = await obstore.get_async(self._store, key)
        return bytes(await found.bytes_async())

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` up to, not including, ``end``, in one piece.

        Raises ``EOFError`` when the object ends earlier.
        """
        if end <= start:
            return b""
        if self._disk is not None and end - start <= PIECE:
            at_hand = self._at_hand(self._path(key), start, end - start)
            if at_hand is not None:
                return at_hand
        _check(key)
        piece = bytes(await obstore.get_range_async(self._store, key, start=start, end=end))
        if len(piece) != end - start:
            raise EOFError(key)
        return piece

    async def stream_range(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end``, piece by piece.

        Each piece is opened, read and closed by itself, so a reader who goes away in the
        middle leaves nothing behind.
        """
        for at in range(start, end, self.piece):
            yield await self.get_range(key, at, min(at + self.piece, end))

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Yield the object's bytes in pieces."""
        async for piece in self.stream_range(key, 0, await self.head(key)):
            yield piece

    async def head(self, key: str) -> int:
        """Return the object's size in bytes."""
        return (await obstore.head_async(self._store, key))["size"]

    async def delete(self, key: str) -> None:
        """Remove the object; it is all the same if there is none."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object whose key begins with ``prefix`` and a slash.

        On a disk this takes along what a writer that died in the middle left there.
        """
        if self._disk is not None:
            folder = self._path(prefix)
            await asyncio.to_thread(lambda: shutil.rmtree(folder, ignore_errors=True))
            return
        _check(prefix)
        async for batch in obstore.list(self._store, prefix=prefix):
            for one in batch:
                await self.delete(one["path"])

    @asynccontextmanager
    async def local_copy(self, key: str) -> AsyncIterator[Path]:
        """Give the object as a file on this machine, to be read and not changed.

        From a bucket it is copied to ``scratch`` first, and removed at the end.
        """
        if self._disk is not None:
            path = self._path(key)
            await asyncio.to_thread(path.stat)
            yield path
            return
        size = await self.head(key)
        async with self.workshop() as folder:
            path = folder / f"copy{Path(key).suffix}"
            with path.open("xb") as copy:
                async for piece in self.stream_range(key, 0, size):
                    await asyncio.to_thread(lambda piece=piece: copy.write(piece))  # type: ignore[misc]
            yield path

    @asynccontextmanager
    async def workshop(self) -> AsyncIterator[Path]:
        """Give an empty folder on this machine that is gone, with its files, at the end."""
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=self.scratch))
        try:
            yield folder
        finally:
            await asyncio.to_thread(lambda: shutil.rmtree(folder, ignore_errors=True))

    async def sweep_unfinished(self) -> int:
        """Remove what processes that died in the middle left a day ago; returns how much.

        A bucket's own unfinished multipart uploads end by its lifecycle rule.
        """
        return await asyncio.to_thread(self._sweep_unfinished)

    async def trouble(self) -> str | None:
        """Write, read and remove a small object; returns what went wrong, if anything."""
        key, data = f"check/{secrets.token_hex(8)}", secrets.token_bytes(64)
        try:
            await self.put(key, data)
            came_back = await self.get(key)
            await self.delete(key)
        except StorageFull as full:
            return full.en
        except (BaseError, OSError) as error:
            return str(error).partition("\n")[0]
        return None if came_back == data else "what was written came back changed"

    def check_room(self, size: int) -> None:
        """Raises :class:`StorageFull` when the disk has no room for ``size`` bytes."""
        if self._disk is None:
            return
        disk = shutil.disk_usage(self._disk)
        tenth = max(LEAST_RESERVE, min(disk.total // 10, MOST_RESERVE))
        if disk.free - size < (tenth if self._reserve is None else self._reserve):
            raise StorageFull(retry_after=AGAIN_AFTER)

    def _path(self, key: str) -> Path:
        assert self._disk is not None
        _check(key)
        return self._disk / key

    def _at_hand(self, path: Path, start: int, length: int) -> bytes | None:
        """Read what the kernel holds in memory; ``None`` if it would have to ask the disk.

        That never waits, and spares a film that several watch the way through a thread.
        """
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            room = memoryview(self._buffer)[:length]
            got = os.preadv(file, [room], start, os.RWF_NOWAIT)
            return bytes(room) if got == length else None
        except OSError:
            # Nothing is there without waiting, or this file system cannot say.
            return None
        finally:
            os.close(file)

    def _sweep_unfinished(self) -> int:
        before, gone = time.time() - UNFINISHED_AFTER, 0
        for folder in self.scratch.glob("work-*"):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        # The store writes beside the key, with a "#", what is not finished.
        for path in self._disk.rglob("*#*") if self._disk else ():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                gone += 1
        return gone


def open_files(settings: Settings) -> Files:
    """Open the store of this installation: its bucket, or a folder of its data directory."""
    # Whole paths: a film is read in a process that stands in another folder.
    home = settings.data_dir.absolute()
    scratch, quota = home / "scratch", settings.school_quota_gib * 2**30
    if settings.storage_bucket is not None:
        return Files(_bucket(settings), scratch=scratch, school_quota=quota)
    folder = home / "files"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Files(LocalStore(prefix=folder), disk=folder, scratch=scratch, school_quota=quota)


def new_key(sha256: str, media_type: str) -> str:
    """Return a key nobody can guess, spread over 256 folders."""
    chance = secrets.token_hex(16)
    return f"{chance[:2]}/{chance}-{sha256}.{EXTENSIONS[media_type]}"


def _bucket(settings: Settings) -> S3Store:
    endpoint = settings.storage_endpoint
    host = urlsplit(endpoint).hostname if endpoint else None
    return S3Store(
        settings.storage_bucket,
        endpoint=endpoint,
        region=settings.storage_region,
        access_key_id=settings.storage_access_key,
        secret_access_key=settings.storage_secret_key,
        # Some stores want the bucket in the host name; their endpoint then begins with it.
        virtual_hosted_style_request=bool(host and host.startswith(f"{settings.storage_bucket}.")),
        # Not every store that speaks S3 knows the call that removes many at once.
        disable_bulk_delete=True,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=30)},
    )


def _check(key: str) -> None:
    """Raises ``ValueError`` for a key that could lead out of the folder."""
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\x00" in part for part in parts):
        raise ValueError(key)


@contextlib.contextmanager
def _fullness() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        if "os error 28" in str(error):
            raise StorageFull(retry_after=AGAIN_AFTER) from error
        raise
