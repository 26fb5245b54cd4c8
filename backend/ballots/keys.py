"""Where the private keys of secret votes lie: in files, never in the database.

With several directories a key is split, one share in each, and every share is needed: one
alone is noise. The files are written before a vote opens and destroyed when it is counted.
Overwriting is what a file system can promise: where it copies on write, or is backed up,
older blocks may live on. The directories belong on a disk that is not backed up.
"""

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from backend.ballots import sealing

_NAME = re.compile(r"([0-9a-f-]{36})\.key(\.new)?", re.ASCII)


class KeyMissing(Exception):
    """A share is gone or damaged, or the directories are not those the key was split over."""


def store(directories: Sequence[Path], vote_id: UUID, private: bytes) -> None:
    """Write a key of 32 octets, a share in each directory, down to the disk.

    Raises ``OSError``; shares written until then are left to :func:`destroy`.
    """
    shares = [secrets.token_bytes(len(private)) for _ in directories[1:]]
    last = private
    for share in shares:
        last = _xor(last, share)
    for directory, share in zip(directories, [*shares, last], strict=True):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = _path(directory, vote_id)
        draft = path.with_suffix(".key.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(share)
            file.flush()
            os.fsync(descriptor)
        draft.rename(path)
        _settle(directory)


def load(directories: Sequence[Path], vote_id: UUID, public_key: str) -> bytes:
    """Put a key together again. ``public_key`` is its public half, hexadecimal.

    Raises :class:`KeyMissing`.
    """
    private = bytes(32)
    for directory in directories:
        try:
            share = _path(directory, vote_id).read_bytes()
        except OSError as error:
            raise KeyMissing(vote_id) from error
        if len(share) != len(private):
            raise KeyMissing(vote_id)
        private = _xor(private, share)
    if sealing.public_half(private) != public_key:
        raise KeyMissing(vote_id)
    return private


def destroy(directories: Sequence[Path], vote_id: UUID) -> None:
    """Overwrite and remove a key's files; files that are gone already are no matter."""
    for directory in directories:
        path = _path(directory, vote_id)
        for file in (path, path.with_suffix(".key.new")):
            _wipe(file)
        if directory.is_dir():
            _settle(directory)


def lying(directories: Sequence[Path], *, before: float) -> set[UUID]:
    """Return the votes whose files were last written ``before`` (seconds of Unix time)."""
    found = set()
    for directory in directories:
        for path in directory.glob("*.key*") if directory.is_dir() else ():
            named = _NAME.fullmatch(path.name)
            if named and path.stat().st_mtime < before:
                found.add(UUID(named.group(1)))
    return found


def _wipe(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)


def _settle(directory: Path) -> None:
    """Have the directory itself written down, without which a new name may be lost."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path(directory: Path, vote_id: UUID) -> Path:
    return directory / f"{vote_id}.key"


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
