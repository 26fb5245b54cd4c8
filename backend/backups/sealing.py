"""Encryption of what goes into the vault: AES-256-GCM over a stream of any length.

A stream is cut into frames of 1 MiB. Its key is derived from the installation's backup key,
a salt of its own and its name (HKDF-SHA-256), so frames of two streams can never be
exchanged; a frame's nonce is its number and whether it is the last, so none can be dropped,
repeated or moved, and the end cannot be cut off.
"""

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FRAME = 1 << 20
TAG = 16
MAGIC = b"TXBACKUP1\n"
SALT = 32
KEY = 32


class Unopened(Exception):
    """What is sealed was changed, cut, put under another name, or has another key."""


class KeyUnfit(Exception):
    """The key file holds no key; the message says what is expected."""


def new_key(path: Path) -> None:
    """Write a new key, 64 hexadecimal digits, readable by its owner alone.

    Raises ``FileExistsError``: a key is never written over.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY) + "\n")
        file.flush()
        os.fsync(descriptor)


def read_key(path: Path) -> bytes:
    """Return the key of a file. Raises :class:`KeyUnfit`."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise KeyUnfit(f"{path} cannot be read as a key ({error})") from error
    if len(key) != KEY:
        raise KeyUnfit(f"{path} holds {len(key)} octets; a key has {KEY}, in hexadecimal digits")
    return key


def sealed(pieces: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Yield ``pieces`` encrypted; ``name`` is what the stream must be opened under."""
    salt = secrets.token_bytes(SALT)
    cipher = _cipher(key, salt, name)
    yield MAGIC + salt
    for number, (frame, is_last) in enumerate(_frames(pieces, FRAME)):
        yield cipher.encrypt(_nonce(number, is_last), frame, None)


def opened(pieces: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Yield what was sealed, frame by frame. Raises :class:`Unopened`, perhaps after frames
    that were sound: whoever writes them down throws them away then.
    """
    coming = iter(pieces)
    head, rest = _head(coming)
    if not head.startswith(MAGIC):
        raise Unopened(f"{name} is not a sealed stream")
    cipher = _cipher(key, head[len(MAGIC) :], name)
    for number, (frame, is_last) in enumerate(_frames(_chain(rest, coming), FRAME + TAG)):
        try:
            yield cipher.decrypt(_nonce(number, is_last), frame, None)
        except InvalidTag:
            raise Unopened(f"{name} was changed or cut, or its key is another") from None


def _head(coming: Iterator[bytes]) -> tuple[bytes, bytes]:
    size, buffer = len(MAGIC) + SALT, b""
    for piece in coming:
        buffer += piece
        if len(buffer) >= size:
            break
    return buffer[:size], buffer[size:]


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _frames(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut a stream into frames of ``size``; the last, perhaps empty, is marked."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) > size:
            yield bytes(buffer[:size]), False
            del buffer[:size]
    yield bytes(buffer), True


def _nonce(number: int, is_last: bool) -> bytes:
    return struct.pack(">QxxxB", number, is_last)


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    derive = HKDF(hashes.SHA256(), KEY, salt, b"tongxing backup 1\n" + name.encode())
    return AESGCM(derive.derive(key))
