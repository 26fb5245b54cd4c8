"""Where files are kept: the only module that speaks to the object store."""

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from backend.media.rules import EXTENSIONS, StorageFull
from backend.settings import Settings

CHUNK = 256 * 1024
RESERVE = 256 * 1024 * 1024
"""Bytes of disk that uploads leave free for the database and the logs."""


class Files:
    """Objects under keys we make ourselves; a key never holds anything a person chose.

    Every method but :meth:`put` raises ``FileNotFoundError`` for an absent key.
    """

    def __init__(
        self, store: ObjectStore, *, disk: Path | None = None, reserve: int = RESERVE
    ) -> None:
        self._store = store
        self._disk = disk
        self._reserve = reserve

    async def put(self, key: str, data: bytes) -> None:
        """Keep ``data`` under ``key``: whole or not at all. Raises :class:`StorageFull`."""
        if self._disk and shutil.disk_usage(self._disk).free - len(data) < self._reserve:
            raise StorageFull
        try:
            # A multipart upload would not be atomic on a local disk.
            await obstore.put_async(self._store, key, data, mode="create", use_multipart=False)
        except BaseError as error:
            if "os error 28" in str(error):
                raise StorageFull from error
            raise

    async def get(self, key: str) -> bytes:
        """Return all of the object's bytes."""
        found = await obstore.get_async(self._store, key)
        return bytes(await found.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Yield the object's bytes in pieces."""
        found = await obstore.get_async(self._store, key)
        async for piece in found.stream(min_chunk_size=CHUNK):
            yield bytes(piece)

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` up to, not including, ``end``."""
        return bytes(await obstore.get_range_async(self._store, key, start=start, end=end))

    async def head(self, key: str) -> int:
        """Return the object's size in bytes."""
        return (await obstore.head_async(self._store, key))["size"]

    async def delete(self, key: str) -> None:
        """Remove the object."""
        await obstore.delete_async(self._store, key)


def open_files(settings: Settings) -> Files:
    """Open the store of this installation: the folder ``files`` of its data directory."""
    folder = settings.data_dir / "files"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Files(LocalStore(prefix=folder), disk=folder)


def new_key(sha256: str, media_type: str) -> str:
    """Return a key nobody can guess, spread over 256 folders."""
    chance = secrets.token_hex(16)
    return f"{chance[:2]}/{chance}-{sha256}.{EXTENSIONS[media_type]}"
