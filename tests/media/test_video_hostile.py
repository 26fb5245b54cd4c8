"""Broken, endless and poisoned films are refused with their reason; nothing is left of them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend import sandbox
from backend.media import jobs
from backend.media.cinema import encoder, limits, screening
from backend.media.storage import Files
from backend.sandbox import SandboxKilled, SandboxRefused
from tests.media import hostile_films as hostile
from tests.media.cinema import again, handed_in, opened, said
from tests.media.conftest import Place, kept
from tests.media.films import PLACE, film

Make = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (hostile.headless, "video_unreadable"),
        (hostile.half, "video_unreadable"),
        (hostile.noise, "video_unreadable"),
        (hostile.empty_box, "video_no_stream"),
        (hostile.many_tracks, "video_too_heavy"),
        (hostile.endless, "video_too_long"),
        (hostile.secretly_endless, "video_too_long"),
        (hostile.index_bomb, "video_too_fast"),
        (hostile.playlist, "video_unreadable"),
        (hostile.script, "video_unreadable"),
        (hostile.pretender, "video_unreadable"),
        (lambda to: film(to / "a.mp4", size=(4112, 64), seconds=1), "video_too_large"),
        (lambda to: film(to / "a.mp4", fps=120, seconds=2), "video_too_fast"),
        (lambda to: film(to / "a.mp4", video=None, rate=96_000), ""),
        (lambda to: film(to / "a.mp4", size=(4096, 2304), seconds=1, fps=3), ""),
    ],
)
async def test_what_cannot_be_played_fails_with_its_reason_at_once(
    place: Place, files: Files, folder: Path, tmp_path: Path, make: Make, code: str
) -> None:
    row = await handed_in(place, files, make(tmp_path))
    assert await jobs.prepare(files, ladders=False) == 1
    row = await again(row)
    assert (row.state, row.prepare_error) == ("failed" if code else "ready", code)
    assert row.prepare_lease is None
    if code:
        # Only what was uploaded is left, for the sweep; and it is not taken up again.
        assert len(kept(folder)) == 1
        assert (row.poster_key, row.stream_key) == (None, None)
        assert code in limits.REFUSALS
        assert await jobs.prepare(files, ladders=False) == 0
    assert list(files.scratch.glob("work-*")) == []


async def test_tracks_that_are_neither_picture_nor_sound_stay_behind(
    place: Place, files: Files, tmp_path: Path
) -> None:
    row = await handed_in(place, files, hostile.with_a_track_of_places(tmp_path))
    await jobs.prepare(files, ladders=False)
    data = await files.get((await again(row)).original_key)
    assert PLACE.encode() not in data
    with opened(data) as clean:
        assert [stream.type for stream in clean.streams] == ["video"]


async def test_notes_hidden_in_the_headers_of_sound_go_too(
    place: Place, files: Files, tmp_path: Path
) -> None:
    # Vorbis keeps free text among what a player needs to begin; WebM copies that as it is.
    path = film(tmp_path / "a.webm", video="libvpx", audio="vorbis")
    sent = path.read_bytes()
    assert b"\x03vorbis" in sent
    note = sent.index(b"\x03vorbis")
    row = await handed_in(place, files, path)
    await jobs.prepare(files, ladders=False)
    data = await files.get((await again(row)).original_key)
    vendor = sent[note + 11 : note + 15]
    assert vendor.isascii()
    assert b"\x03vorbis" + bytes(8) + b"\x01" in data
    with opened(data) as clean:
        assert PLACE not in said(clean)
        assert sum(frame.samples for frame in clean.decode(audio=0)) > 150_000


async def test_without_the_encoder_what_browsers_do_not_play_is_refused(
    place: Place, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "is_installed", lambda: False)
    row = await handed_in(place, files, film(tmp_path / "a.mp4", video="libx265"))
    assert await jobs.prepare(files) == 1
    row = await again(row)
    assert (row.state, row.prepare_error) == ("failed", "video_needs_encoder")


async def _clean_within(tmp_path: Path, **bounds: Any) -> bytes:
    generous = {"memory": screening.MEMORY, "cpu_seconds": 20, "wall_seconds": 60.0}
    source = film(tmp_path / "a.mp4", size=(4096, 2304), seconds=1, fps=3)
    target = tmp_path / "out"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    return await sandbox.run(
        "backend.media.cinema.cleaning:clean",
        msgspec.msgpack.encode(limits.Order(str(source), str(target))),
        **(generous | {"file_bytes": 64 << 20} | bounds),
    )


async def test_the_limits_bite_and_only_they(tmp_path: Path) -> None:
    assert await _clean_within(tmp_path)
    with pytest.raises(SandboxKilled) as death:
        await _clean_within(tmp_path, memory=300 << 20)
    assert death.value.reason == "memory"
    with pytest.raises(SandboxKilled) as death:
        await _clean_within(tmp_path, wall_seconds=0.01)
    assert death.value.reason == "timeout"
    with pytest.raises(SandboxRefused) as no:
        await _clean_within(tmp_path, file_bytes=16 << 10)
    assert no.value.code == "video_too_heavy"
    with pytest.raises((SandboxRefused, SandboxKilled)):
        await _clean_within(tmp_path, file_bytes=0)
