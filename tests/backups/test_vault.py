"""What is put into the vault comes out as it was, or damage is told; the old goes in its time."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from backend.backups import retaining, taking
from backend.backups.taking import Backup, FileLine
from backend.backups.vault import Absent, Damaged, Vault

KEY = bytes(range(32))
NOW = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_put_comes_out(tmp_path: Path, key: bytes | None, packed: bool) -> None:
    vault = Vault(tmp_path, key)
    data = os.urandom(100) + b"x" * 3_000_000
    stored = vault.put("wal/one", [data[:5], data[5:]], packed=packed)
    assert b"".join(vault.pieces(stored)) == vault.read("wal/one") == data
    assert vault.is_sound(stored) and list(vault.listing("wal")) == ["wal/one"]
    again = vault.put("wal/one", [b"newer"], packed=packed)
    assert vault.read("wal/one") == b"newer" and not stored.path.exists()
    for at in (0, again.size // 2, again.size - 1):
        spoilt = bytearray(again.path.read_bytes())
        spoilt[at] ^= 1
        other = Vault(tmp_path / str(at), key)
        copy = other.put("wal/one", [b"newer"], packed=packed)
        os.utime(copy.path)
        copy.path.write_bytes(spoilt[: copy.size])
        assert not other.is_sound(copy)
        with pytest.raises(Damaged):
            other.read("wal/one")
    with pytest.raises(Absent):
        vault.read("wal/two")


def test_without_a_key_plain_tools_read_it(tmp_path: Path) -> None:
    stored = Vault(tmp_path).put("base/x/cluster.tar", [b"tar"], packed=True)
    assert gzip.decompress(stored.path.read_bytes()) == b"tar"
    assert stored.path.name.startswith("cluster.tar.gz~")


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise OSError("gone")

    vault = Vault(tmp_path)
    with pytest.raises(OSError, match="gone"):
        vault.put("files/aa/one", broken())  # type: ignore[arg-type]
    assert vault.find("files/aa/one") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def keep(vault: Vault, ended: datetime, last_segment: int, files: list[str]) -> str:
    backup = Backup(
        id=f"{ended:%Y%m%d}", begun_at=ended, ended_at=ended, system="1", server_version=180004,
        database="d", user="u", timeline=1, segment_bytes=1 << 24, last_segment=last_segment,
        size=1, migrations=[], files=[FileLine(key, "") for key in files],
    )  # fmt: skip
    vault.put(f"base/{backup.id}/{taking.CLUSTER}", [b"cluster"])
    vault.put(f"base/{backup.id}/{taking.MANIFEST}", [msgspec.json.encode(backup)])
    return backup.id


def test_any_moment_of_the_days_kept_can_still_be_restored(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    ids = [keep(vault, NOW - days * DAY, 100 - days, [f"aa/{days}"]) for days in (9, 8, 7, 3, 1)]
    for number in range(88, 103):
        vault.put(f"wal/00000001{number:016X}", [b"w"])
    for days in (9, 8, 7, 3, 1):
        vault.put(f"files/aa/{days}", [b"f"])
    vault.put("files/aa/between", [b"f"])
    for stored in vault.listing("files").values():
        old = (NOW - 10 * DAY).timestamp()
        os.utime(stored.path, (old, old))
    vault.put("files/aa/new", [b"f"])
    new = vault.find("files/aa/new")
    assert new is not None
    os.utime(new.path, (NOW.timestamp(), NOW.timestamp()))
    # Kept for seven and a half days: the one of eight days ago is where they begin.
    assert retaining.prune(vault, 7.5 * DAY, NOW) == ids[:1]
    assert [one.id for one in taking.sound(vault)] == ids[1:]
    numbers = sorted(int(path.rpartition("/")[2][-16:], 16) for path in vault.listing("wal"))
    assert numbers == list(range(92, 103))
    left = {name.rpartition("/")[2] for name in vault.listing("files")}
    assert left == {"8", "7", "3", "1", "new"}


def test_the_only_backup_is_never_thrown_away(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    keep(vault, NOW - 400 * DAY, 5, [])
    assert retaining.prune(vault, DAY, NOW) == []
    assert len(taking.sound(vault)) == 1


def test_an_unfinished_backup_is_listed_as_such_and_swept_after_a_day(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    keep(vault, NOW, 5, [])
    vault.put("base/20260801/cluster.tar", [b"half"])
    assert {one.id: one.trouble for one in taking.listed(vault)}["20260801"] == "never finished"
    old = (NOW - 2 * DAY).timestamp()
    os.utime(tmp_path / "base" / "20260801", (old, old))
    retaining.prune(vault, DAY, NOW)
    assert [one.id for one in taking.listed(vault)] == [f"{NOW:%Y%m%d}"]
