"""A sealed stream opens whole, under its own name and key, or not at all."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.backups.sealing import (
    FRAME,
    MAGIC,
    SALT,
    TAG,
    KeyUnfit,
    Unopened,
    new_key,
    opened,
    read_key,
    sealed,
)

KEY = secrets.token_bytes(32)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def seal(data: bytes, name: str = "one") -> bytes:
    return b"".join(sealed(pieces(data, 70_000), KEY, name))


def unseal(data: bytes, name: str = "one", key: bytes = KEY) -> bytes:
    return b"".join(opened(pieces(data, 33_333), key, name))


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 17])
def test_what_was_sealed_comes_back(size: int) -> None:
    data = secrets.token_bytes(size)
    stream = seal(data)
    assert unseal(stream) == data
    assert data[:64] not in stream or size < 16


def test_nothing_opens_under_another_name_or_key() -> None:
    stream = seal(b"families")
    for name, key in (("two", KEY), ("one", secrets.token_bytes(32))):
        with pytest.raises(Unopened):
            unseal(stream, name, key)


def test_a_stream_that_was_cut_turned_or_stretched_does_not_open() -> None:
    stream = seal(secrets.token_bytes(3 * FRAME))
    head = len(MAGIC) + SALT
    step = FRAME + TAG
    frames = [stream[head + n * step : head + (n + 1) * step] for n in range(3)]
    assert b"".join(frames) == stream[head:]
    wrong = {
        "no end": stream[: head + 2 * step],
        "a short end": stream[:-1],
        "nothing": b"",
        "only a head": stream[:head],
        "turned round": stream[:head] + frames[1] + frames[0] + frames[2],
        "one left out": stream[:head] + frames[0] + frames[2],
        "one twice": stream[:head] + frames[0] + frames[0] + frames[1] + frames[2],
        "more at the end": stream + b"x",
        "another head": seal(b"")[:head] + stream[head:],
    }
    for what, changed in wrong.items():
        with pytest.raises(Unopened):
            unseal(changed)
            pytest.fail(what)


def test_a_key_file_is_written_once_and_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "key"
    new_key(path)
    assert len(read_key(path)) == 32
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        new_key(path)
    for content in ("", "zz", "00" * 31, "00" * 33):
        path.write_text(content)
        with pytest.raises(KeyUnfit):
            read_key(path)
    with pytest.raises(KeyUnfit):
        read_key(tmp_path / "absent")
