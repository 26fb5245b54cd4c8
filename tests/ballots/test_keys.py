"""The key of a secret vote: in files alone, split, and gone after the count."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend import clock
from backend import settings as configured
from backend.ballots import jobs, keys, sealing
from backend.ballots.models import CloseReason, Mode, Vote, VoteState
from backend.ballots.operations import closing, voting
from backend.ballots.operations.voting import UnitDraft
from backend.ballots.rules import states
from backend.database import execute, fetch, fetch_one, transaction
from backend.settings import Settings
from tests.ballots.stage import CHAIR, Put, a_draft, people, put, say, split_over


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "one", tmp_path / "other"


@pytest.fixture
def split(settings: Settings, places: tuple[Path, Path]) -> Settings:
    return split_over(settings, *places)


async def secret(settings: Settings, number: int = 6) -> Put:
    """Open a secret vote in which everybody votes for it."""
    vote = await put(settings, number, mode=Mode.SECRET)
    for at in range(number):
        await say(vote, at, "for")
    return vote


async def test_a_key_lies_in_files_that_only_we_read(
    db: None, split: Settings, places: tuple[Path, Path]
) -> None:
    vote = await secret(split)
    for place in places:
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        [file] = place.iterdir()
        assert file.name == f"{vote.id}.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size == 32


async def test_a_lax_umask_lets_nobody_in(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.store([tmp_path], vote_id := uuid4(), b"k" * 32)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / f"{vote_id}.key").stat().st_mode) == 0o600


async def test_one_half_of_a_key_opens_nothing(
    db: None, split: Settings, places: tuple[Path, Path]
) -> None:
    vote = await secret(split)
    whole = keys.load(places, vote.id, vote.vote.public_key)
    seal = voting.seal_of(vote.vote)
    boxes = [row["box"] for row in await fetch("SELECT box FROM sealed_ballots")]
    for place in places:
        half = (place / f"{vote.id}.key").read_bytes()
        assert half != whole
        with pytest.raises(keys.KeyMissing):
            keys.load([place], vote.id, vote.vote.public_key)
        assert {one.choice for one in sealing.open_all(seal, half, boxes)} == {()}
    assert {one.choice for one in sealing.open_all(seal, whole, boxes)} == {("for",)}


async def test_no_row_holds_any_part_of_a_key(
    db: None, split: Settings, places: tuple[Path, Path]
) -> None:
    vote = await secret(split)
    secrets_ = [keys.load(places, vote.id, vote.vote.public_key)]
    secrets_ += [(place / f"{vote.id}.key").read_bytes() for place in places]
    tables = await fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        for one in [*secrets_, bytes.fromhex(vote.vote.public_key)]:
            row = await fetch_one(
                f'SELECT count(*) AS n FROM "{table["name"]}" t WHERE t::text LIKE $1',
                f"%{one.hex()}%",
            )
            assert row is not None
            # The public half shows that the search would find a private one.
            is_public = one.hex() == vote.vote.public_key
            assert bool(row["n"]) == (is_public and table["name"] == "votes")


async def test_the_count_destroys_the_key_by_writing_over_it(
    db: None, split: Settings, places: tuple[Path, Path]
) -> None:
    vote = await secret(split)
    shares = {place: (place / f"{vote.id}.key").read_bytes() for place in places}
    # A second name for the same octets shows what they are after the first is gone.
    for place in places:
        os.link(place / f"{vote.id}.key", place / "kept")
    counted = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=split)
    assert counted.state == VoteState.COUNTED
    assert counted.key_destroyed_at is not None
    for place, share in shares.items():
        assert [file.name for file in place.iterdir()] == ["kept"]
        left = (place / "kept").read_bytes()
        assert len(left) == 32
        assert left != share
    entries = await fetch("SELECT action FROM audit_entries ORDER BY id")
    assert [row["action"] for row in entries][-3:] == [
        "ballots.close", "ballots.count", "ballots.destroy_key",
    ]  # fmt: skip


async def test_without_its_key_a_vote_is_annulled_and_put_again(
    db: None, split: Settings, places: tuple[Path, Path]
) -> None:
    vote = await secret(split)
    (places[1] / f"{vote.id}.key").unlink()
    closed = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=split)
    assert closed.state == VoteState.CLOSED
    assert await closing.what_blocks(closed, split) is states.KeyLost
    with pytest.raises(states.KeyLost):
        await closing.count_closed(vote.id, split)
    assert await jobs.finish_counts(split) == 0, "the job passes it over and does not fail"
    assert await fetch_one("SELECT count(*) AS n FROM sealed_ballots") == {"n": 6}

    annulled = await closing.annul(vote.id, "密钥丢失，重新表决", CHAIR, split)
    assert annulled.state == VoteState.ANNULLED
    assert annulled.key_destroyed_at is not None
    assert [list(place.iterdir()) for place in places] == [[], []]
    # What was cast stays as it was, sealed for good.
    assert await fetch_one("SELECT count(*) AS n FROM sealed_ballots") == {"n": 6}
    again = await secret(split)
    counted = await closing.close(again.id, CloseReason.EVERYBODY, by=None, settings=split)
    assert (counted.state, counted.outcome) == (VoteState.COUNTED, "passed")


@pytest.mark.parametrize("damage", ["cut", "swapped", "another's"])
async def test_a_damaged_key_is_a_lost_key_and_no_wrong_count(
    db: None, split: Settings, places: tuple[Path, Path], damage: str
) -> None:
    vote = await secret(split)
    file = places[0] / f"{vote.id}.key"
    changed = {"cut": file.read_bytes()[:31], "swapped": b"\0" * 32, "another's": os.urandom(32)}
    file.write_bytes(changed[damage])
    closed = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=split)
    assert closed.state == VoteState.CLOSED
    assert await closing.what_blocks(closed, split) is states.KeyLost


async def test_a_vote_whose_key_cannot_be_written_stays_a_draft(
    db: None, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no directory")
    broken = split_over(settings, tmp_path / "one", tmp_path / "file" / "other")
    vote = await a_draft(mode=Mode.SECRET)
    units = [UnitDraft(ref_id=one, voter_ids=(one,)) for one in await people(5)]
    with pytest.raises(states.KeysUnwritable):
        await voting.open_vote(vote.id, units, by=CHAIR, settings=broken)
    assert (await Vote.get(id=vote.id)).state == VoteState.DRAFT
    assert await fetch("SELECT 1 FROM voters UNION ALL SELECT 1 FROM voting_units") == []


async def test_keys_of_votes_that_never_opened_are_swept(
    db: None, split: Settings, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's transaction was undone after the key had been written."""
    kept = await secret(split)
    vote = await a_draft(mode=Mode.SECRET)
    units = [UnitDraft(ref_id=one, voter_ids=(one,)) for one in await people(5)]

    class Undone(Exception):
        pass

    with pytest.raises(Undone):
        async with transaction():
            await voting.open_vote(vote.id, units, by=CHAIR, settings=split)
            raise Undone
    (places[0] / f"{uuid4()}.key.new").write_bytes(b"half a write")
    (places[0] / "README").write_text("not ours")
    assert len(list(places[0].iterdir())) == 4
    assert await jobs.sweep_keys(split) == 0, "it might still be opening"
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await jobs.sweep_keys(split) == 2
    assert sorted(file.name for file in places[0].iterdir()) == sorted(["README", f"{kept.id}.key"])
    assert [file.name for file in places[1].iterdir()] == [f"{kept.id}.key"]
    # The same vote opens after all, with another key.
    monkeypatch.undo()
    await voting.open_vote(vote.id, units, by=CHAIR, settings=split)
    assert await jobs.sweep_keys(split) == 0


async def test_a_key_left_behind_after_the_count_is_destroyed_later(
    db: None, split: Settings, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = await secret(split)

    async def dies(*_: Any) -> None:
        raise RuntimeError("the process ends here")

    monkeypatch.setattr(closing, "forget_key", dies)
    with pytest.raises(RuntimeError):
        await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=split)
    assert len(list(places[0].iterdir())) == 1
    monkeypatch.undo()
    assert await jobs.destroy_keys(split) == 1
    assert [list(place.iterdir()) for place in places] == [[], []]
    assert await jobs.destroy_keys(split) == 0
    assert (await Vote.get(id=vote.id)).key_destroyed_at is not None


async def test_a_key_that_is_needed_is_never_forgotten(db: None, split: Settings) -> None:
    vote = await secret(split)
    with pytest.raises(ValueError, match="still needs its key"):
        await closing.forget_key(vote.id, split)
    assert await jobs.destroy_keys(split) == 0


async def test_nothing_is_counted_inside_somebody_elses_transaction(
    db: None, split: Settings
) -> None:
    """Were it undone after the key is destroyed, no ballot could ever be opened."""
    vote = await secret(split)
    with pytest.raises(Exception, match="commit for themselves"):
        async with transaction():
            await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=split)
    await execute("UPDATE votes SET state = state WHERE id = $1", vote.id)


def test_the_directories_are_read_from_the_environment(tmp_path: Path) -> None:
    found = configured.load({"TONGXING_DATA_DIR": str(tmp_path)})
    assert found.ballot_key_directories == (tmp_path / "ballot-keys",)
    found = configured.load({"TONGXING_BALLOT_KEYS": "/a/one,/b/other"})
    assert found.ballot_key_directories == (Path("/a/one"), Path("/b/other"))
