"""Backups while families write, a server that dies without a word, and what comes back."""

import asyncio
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from backend import embedded
from backend.backups import following, restoring, sealing, tables, taking
from backend.backups.tables import Table
from backend.backups.vault import Absent, Damaged, Vault
from backend.ballots import keys
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.estate import Estate, answer, estate
from tests.setup.processes import end

RPO_SECONDS = 60.0
RTO_SECONDS = 600.0
WRITTEN = """
INSERT INTO audit_entries (id, at, action, subject_kind, facts)
VALUES ($1, now(), $2, 'drill', '{}')
"""


class Writer:
    """Somebody who writes without pause, and notes what was acknowledged and when."""

    def __init__(self, dsn: str) -> None:
        self.dsn, self.over = dsn, threading.Event()
        self.acknowledged: dict[str, datetime] = {}
        self.thread = threading.Thread(target=lambda: asyncio.run(self._write()))
        self.thread.start()

    async def _write(self) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            while not self.over.is_set():
                row = uuid4()
                await connection.execute(WRITTEN, row, "drill.write")
                self.acknowledged[str(row)] = datetime.now(UTC)
                await asyncio.sleep(0.005)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return  # The server was killed; what was acknowledged by then is what counts.
        finally:
            connection.terminate()

    def stop(self) -> None:
        self.over.set()
        self.thread.join()


class Scene:
    """What the drill leaves for the tests: a vault, and what has to come out of it."""

    estate: Estate
    vault: Vault
    key: Path
    keys: dict[str, bytes]
    moment: datetime
    at_moment: dict[str, Table]
    at_end: dict[str, Table]
    lost: int
    rpo: float
    acknowledged: int
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "TONGXING_BACKUP_DIR": str(self.vault.root),
            "TONGXING_BACKUP_KEY": str(self.key),
        }

    def again(self) -> Vault:
        """Return a copy of the vault, for spoiling."""
        copy = self.folder / f"vault-{uuid4().hex[:8]}"
        shutil.copytree(self.vault.root, copy)
        return Vault(copy, sealing.read_key(self.key))


@pytest.fixture(scope="module")
async def migrated(clone: Clone) -> str:
    return await clone("backup_like")


@pytest.fixture(scope="module")
def scene(migrated: str) -> Iterator[Scene]:
    with estate("backup", migrated) as made:
        found = Scene()
        found.estate, found.folder = made, made.home.with_name(f"{made.home.name}-vaults")
        found.folder.mkdir(mode=0o755)
        try:
            _live_through(found)
            yield found
        finally:
            shutil.rmtree(found.folder, ignore_errors=True)


def _live_through(scene: Scene) -> None:
    """Follow while somebody writes, kill the server and the follower, let both come back."""
    own = scene.estate
    scene.key = scene.folder / "key"
    sealing.new_key(scene.key)
    scene.vault = Vault(scene.folder / "vault", sealing.read_key(scene.key))
    scene.keys = {path.name: path.read_bytes() for path in (own.home / "ballot-keys").iterdir()}
    writer = Writer(own.dsn)
    follower = own.launched("backup", "follow", "--every", "1", **scene.environ)
    try:
        _until(lambda: bool(taking.sound(scene.vault)), 120)
        for _ in range(size(3, 12)):
            own.ask("SELECT pg_switch_wal()")
            time.sleep(size(1, 4))
        writer.stop()
        scene.at_moment = asyncio.run(tables.read_all(own.dsn))
        scene.moment = own.ask("SELECT clock_timestamp()")
        time.sleep(0.2)
        # Somebody who may do anything makes a mistake.
        own.ask("SET session_replication_role = replica; DELETE FROM audit_entries")
        until = own.ask("SELECT clock_timestamp()")
        again = Writer(own.dsn)
        _until(lambda: _reached(scene.vault) > until, 60)
        time.sleep(size(2, 10))
        own.kill()
        died = datetime.now(UTC)
        follower.kill()
        again.stop()
    finally:
        writer.stop()
        end(follower)
    # All that is left of the machine is the vault.
    rows = _restored_rows(scene)
    scene.acknowledged = len(again.acknowledged)
    lost = [at for row, at in again.acknowledged.items() if row not in rows]
    scene.lost = len(lost)
    scene.rpo = max((died - at).total_seconds() for at in lost) if lost else 0.0
    # The disk was not lost after all: the server comes back, and so does the follower.
    own.rise()
    spool = own.home / "backup-spool"
    second = following.Follower(scene.vault, own.dsn, own.home / "files", spool)
    try:
        behind = own.ask("SELECT clock_timestamp()")
        _until(lambda: (second.round() or following.Reached(at=NEVER, position="")).at > behind, 60)
    finally:
        second.stop()
    scene.at_end = asyncio.run(tables.read_all(own.dsn))


NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _reached(vault: Vault) -> datetime:
    told = following.reached(vault)
    return NEVER if told is None else told.at


def _until(happened: object, patience: float) -> None:
    assert callable(happened)
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _restored_rows(scene: Scene) -> set[str]:
    with _restored(scene.vault, None, scene.folder / "first") as dsn:
        sql = "SELECT array_agg(id::text) FROM audit_entries WHERE action = 'drill.write'"
        return set(asyncio.run(answer(dsn, sql)) or ())


class _restored:
    """A restored server, thrown away at the end."""

    def __init__(self, vault: Vault, to: datetime | None, into: Path, **how: bool) -> None:
        self.plan, self.vault, self.into = restoring.plan(vault, None, to, **how), vault, into

    def __enter__(self) -> str:
        self.restored = restoring.restore(self.vault, self.plan, self.into)
        return self.restored.dsn

    def __exit__(self, *_: object) -> None:
        self.restored.stop()
        shutil.rmtree(self.into)


def test_a_dead_server_comes_back_from_the_vault_alone(scene: Scene) -> None:
    seen(
        "backup",
        acknowledged=scene.acknowledged,
        lost=scene.lost,
        rpo_seconds=round(scene.rpo, 2),
        rows=sum(table.rows for table in scene.at_moment.values()),
    )
    assert scene.acknowledged > 50
    assert scene.rpo <= RPO_SECONDS


def test_the_command_restores_everything_and_looks_at_it(scene: Scene) -> None:
    into, begun = scene.folder / "whole", time.monotonic()
    # On a new machine: the old one's directory, and the keys in it, are gone.
    there = {**scene.environ, "TONGXING_DATA_DIR": str(into)}
    code, said = scene.estate.command("restore", "--into", str(into), **there)
    seconds = time.monotonic() - begun
    assert code == 0, said
    assert seconds <= RTO_SECONDS
    seen("restore", rto_seconds=round(seconds, 1))
    assert "✗" not in said and "no key" in said
    # Nobody's session outlives a restore.
    server = embedded.start(into)
    try:
        read = asyncio.run(tables.read_all(server.dsn()))
        alive = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"
        assert asyncio.run(answer(server.dsn(), alive)) == 0
    finally:
        server.stop()
    changed = {name for name, table in scene.at_end.items() if read[name] != table}
    # The restore itself writes a line in the trail, and ends sessions and their addresses.
    assert changed <= {"audit_entries", "sessions", "access_tokens", "addresses"}
    assert read["audit_entries"].rows == scene.at_end["audit_entries"].rows + 1
    # The installation's files are back; the keys of secret votes never left.
    names = {path.relative_to(scene.estate.home) for path in _files(scene.estate.home / "files")}
    assert names == {path.relative_to(into) for path in _files(into / "files")} != set()
    assert not (into / "ballot-keys").exists()
    shutil.rmtree(into)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_moment_before_the_mistake_comes_back_row_by_row(scene: Scene) -> None:
    assert scene.at_moment["audit_entries"] != scene.at_end["audit_entries"]
    with _restored(scene.vault, scene.moment, scene.folder / "then") as dsn:
        assert asyncio.run(tables.read_all(dsn)) == scene.at_moment


def test_a_moment_that_the_journal_does_not_reach_is_refused(scene: Scene) -> None:
    tomorrow = scene.moment.replace(year=scene.moment.year + 1)
    with pytest.raises(restoring.Unreached), _restored(scene.vault, tomorrow, scene.folder / "x"):
        pass
    assert not (scene.folder / "x" / "database").exists()
    with pytest.raises(Absent):
        restoring.plan(scene.vault, None, NEVER)


def test_a_full_directory_is_left_alone(scene: Scene) -> None:
    into = scene.folder / "taken"
    (into / "files").mkdir(parents=True)
    (into / "files" / "mine").write_text("mine")
    code, said = scene.estate.command("restore", "--into", str(into), **scene.environ)
    assert code == 1 and "NotEmpty" in said
    assert _files(into) == [into / "files" / "mine"]


def test_any_flipped_byte_is_found(scene: Scene) -> None:
    chance = dice("backup")
    [backup] = taking.sound(scene.vault)
    assert restoring.verify(scene.vault, backup) == []
    needed = [*scene.vault.listing(f"base/{backup.id}"), *scene.vault.listing("files")]
    needed += [f"wal/{name}" for name in restoring.chain_of(scene.vault, backup).names]
    assert len(needed) > 5
    for name in needed:
        spoilt = scene.again()
        _flip(spoilt, name, chance)
        unread = [one for one in taking.listed(spoilt) if one.backup is None]
        assert unread or restoring.verify(spoilt, backup), name
        shutil.rmtree(spoilt.root)


def _flip(vault: Vault, name: str, chance: random.Random) -> None:
    stored = vault.find(name)
    assert stored is not None
    octets = bytearray(stored.path.read_bytes())
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    stored.path.write_bytes(octets)


def test_a_changed_cluster_is_found_even_under_a_fresh_digest(scene: Scene) -> None:
    """Control: with the vault's own digests made to agree, the server's manifest still tells."""
    spoilt = scene.again()
    [backup] = taking.sound(spoilt)
    stored = spoilt.find(f"base/{backup.id}/{taking.CLUSTER}")
    assert stored is not None
    octets = bytearray(b"".join(spoilt.pieces(stored)))
    # Into the middle of a table: away from the archive's own checksummed headers.
    at = octets.index(b"drill.write")
    octets[at] ^= 1
    spoilt.put(stored.name, [bytes(octets)], packed=True)
    assert restoring.verify(spoilt, backup) != []
    with pytest.raises(Damaged), _restored(spoilt, None, scene.folder / "spoilt"):
        pass
    assert not (scene.folder / "spoilt" / "database").exists()
    shutil.rmtree(spoilt.root)


def test_a_missing_segment_is_found_and_nothing_behind_it_is_used(scene: Scene) -> None:
    spoilt = scene.again()
    [backup] = taking.sound(spoilt)
    names = restoring.chain_of(spoilt, backup).names
    assert len(names) > 3
    gone = spoilt.find(f"wal/{names[1]}")
    assert gone is not None
    gone.path.unlink()
    assert any(names[1] in sentence for sentence in restoring.verify(spoilt, backup))
    with pytest.raises(restoring.Gap):
        restoring.plan(spoilt, None, None)
    with (
        pytest.raises((restoring.Gap, restoring.Unreached)),
        _restored(spoilt, scene.moment, scene.folder / "gap"),
    ):
        pass
    # Without the wall it restores, and work that was acknowledged is not there.
    with _restored(spoilt, None, scene.folder / "gap", despite_gap=True) as dsn:
        assert asyncio.run(tables.read_all(dsn)) != scene.at_end
    shutil.rmtree(spoilt.root)


def test_without_its_key_a_vault_says_nothing(scene: Scene) -> None:
    [backup] = taking.sound(scene.vault)
    other = scene.folder / f"other-{os.getpid()}"
    sealing.new_key(other)
    for vault in (Vault(scene.vault.root), Vault(scene.vault.root, sealing.read_key(other))):
        assert taking.sound(vault) == []
        stored = vault.find(f"base/{backup.id}/{taking.CLUSTER}")
        assert stored is not None
        with pytest.raises(Damaged):
            list(vault.pieces(stored))
    # What the sample district is called stands nowhere in the clear.
    for path in _files(scene.vault.root):
        assert "林晓岚".encode() not in path.read_bytes()


def test_no_key_of_a_secret_vote_is_in_any_backup(scene: Scene) -> None:
    """Destroyed, it stays destroyed: the restored box cannot be opened by anybody."""
    secret = set(scene.keys.values())
    assert secret
    everything = scene.vault.listing("")
    for stored in everything.values():
        content = b"".join(scene.vault.pieces(stored))
        assert not any(key in content for key in secret), stored.name
    # Control: a copy of the whole data directory would have carried them off.
    naive = b"".join(path.read_bytes() for path in _files(scene.estate.home / "ballot-keys"))
    assert any(key in naive for key in secret)
    [vote] = [path.stem for path in (scene.estate.home / "ballot-keys").iterdir()]
    public = scene.estate.ask("SELECT public_key FROM votes WHERE id = $1", vote)
    keys.load([scene.estate.home / "ballot-keys"], vote, public)  # type: ignore[arg-type]
    with _restored(scene.vault, None, scene.folder / "shut") as dsn:
        boxes = "SELECT count(*) FROM sealed_ballots WHERE vote_id = $1"
        assert asyncio.run(answer(dsn, boxes, vote)) > 0
        with suppress(FileNotFoundError), pytest.raises(keys.KeyMissing):
            keys.load([scene.folder / "shut" / "ballot-keys"], vote, public)  # type: ignore[arg-type]
