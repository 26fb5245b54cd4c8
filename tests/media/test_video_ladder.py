"""With the encoder: what no browser plays is made to, and weak networks get smaller versions."""

import asyncio
import re
from pathlib import Path

import pytest

from backend.media import jobs
from backend.media.cinema import encoder, ladder
from backend.media.cinema.encoder import EncoderFailed
from backend.media.models import Attachment
from backend.media.storage import Files
from tests.media.cinema import again, handed_in, opened
from tests.media.conftest import Place
from tests.media.films import film


@pytest.mark.parametrize(
    ("size", "names", "largest"),
    [
        ((1920, 1080), ["480p", "720p"], (1280, 720)),
        ((1080, 1920), ["480p", "720p"], (720, 1280)),
        ((1280, 720), ["480p", "720p"], (1280, 720)),
        ((1000, 719), ["480p"], (668, 480)),
        ((854, 480), ["480p"], (854, 480)),
        ((320, 240), ["240p"], (320, 240)),
        ((321, 241), ["241p"], (320, 240)),
        ((4096, 480), ["480p"], (4096, 480)),
        ((2, 1), ["1p"], (2, 2)),
    ],
)
def test_no_version_is_larger_than_the_film(
    size: tuple[int, int], names: list[str], largest: tuple[int, int]
) -> None:
    steps = ladder.rungs(*size)
    assert [step.name for step in steps] == names
    assert (steps[-1].width, steps[-1].height) == largest
    assert all(edge % 2 == 0 for step in steps for edge in (step.width, step.height))


@pytest.mark.parametrize(
    ("name", "making", "kind"),
    [
        ("a.mp4", {"video": "libx265"}, "video/mp4"),
        ("a.mp4", {"video": "mpeg4", "turned": 90}, "video/mp4"),
        ("a.mp4", {"pixels": "yuv444p"}, "video/mp4"),
        ("a.mkv", {"audio": "libopus", "rate": 48_000}, "video/mp4"),
        ("a.mov", {"audio": "pcm_s16le"}, "video/mp4"),
        ("a.mov", {"audio": None, "video": "mjpeg", "pixels": "yuvj420p"}, "video/mp4"),
        ("a.m4a", {"video": None, "audio": "alac", "form": "ipod"}, "audio/mp4"),
    ],
)
async def test_what_no_browser_plays_is_made_to(
    place: Place, files: Files, tmp_path: Path, name: str, making: dict[str, object], kind: str
) -> None:
    path = film(tmp_path / name, metadata={"location": "+31.2304+121.4737/"}, **making)  # type: ignore[arg-type]
    row = await handed_in(place, files, path)
    assert await jobs.prepare(files, ladders=False) == 1
    row = await again(row)
    assert (row.state, row.media_type, row.prepare_error) == ("ready", kind, "")
    data = await files.get(row.original_key)
    assert b"+31.2304" not in data
    with opened(data) as clean:
        assert float(clean.duration or 0) / 1e6 == pytest.approx(4, abs=0.15)
        if kind == "video/mp4":
            shown = clean.streams.video[0].codec_context
            assert (shown.name, shown.pix_fmt) == ("h264", "yuv420p")
            size = (shown.width, shown.height)
            assert size == ((240, 320) if making.get("turned") else (320, 240))
        for heard in clean.streams.audio:
            assert heard.codec_context.name == "aac"


async def test_the_film_can_be_watched_before_its_ladder_is_there(
    place: Place, files: Files, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    first = asyncio.Event()

    class Watched(Files):
        async def put_file(self, key: str, path: Path) -> None:
            if "/hls-" in key and not first.is_set():
                first.set()
                seen.append(await again(row))
            await super().put_file(key, path)

    seen: list[Attachment] = []
    assert await jobs.prepare(Watched(files._store, disk=files._disk, reserve=0)) == 2
    [meanwhile] = seen
    assert (meanwhile.state, meanwhile.stream_key) == ("ready", None)
    assert 40 <= meanwhile.prepared_percent < 100
    assert await files.get(meanwhile.original_key)
    row = await again(row)
    assert row.stream_key is not None
    assert (row.prepared_percent, row.prepare_lease) == (100, None)


async def test_progress_only_rises(place: Place, files: Files, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", seconds=70, size=(1280, 720), fps=10, gop=50)
    row = await handed_in(place, files, path)
    seen: list[tuple[str, int]] = []
    work = asyncio.create_task(jobs.prepare(files))
    while not work.done():
        now = await again(row)
        if not seen or seen[-1] != (now.state, now.prepared_percent):
            seen.append((now.state, now.prepared_percent))
        await asyncio.sleep(0.1)
    await work
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents)
    assert len({percent for percent in percents if 40 < percent < 100}) >= 2
    assert (await again(row)).prepared_percent == 100


@pytest.mark.parametrize("off", ["setting", "encoder"])
async def test_without_ladders_the_film_works_by_itself(
    place: Place, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: str
) -> None:
    if off == "encoder":
        monkeypatch.setattr(encoder, "is_installed", lambda: False)
    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    assert await jobs.prepare(files, ladders=off == "encoder") == 1
    row = await again(row)
    assert (row.state, row.stream_key, row.prepared_percent) == ("ready", None, 100)
    assert await jobs.prepare(files) == 0


async def test_sound_alone_gets_no_ladder(place: Place, files: Files, tmp_path: Path) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp3", video=None, audio="libmp3lame"))
    assert await jobs.prepare(files) == 1
    row = await again(row)
    assert (row.state, row.stream_key, row.prepared_percent) == ("ready", None, 100)


async def test_a_ladder_that_cannot_be_made_leaves_the_film_as_it_is(
    place: Place, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise EncoderFailed("exit 1")

    row = await handed_in(place, files, film(tmp_path / "a.mp4"))
    monkeypatch.setattr(encoder, "encode", broken)
    assert await jobs.prepare(files) == 2
    for _ in range(3):
        await Attachment.filter(id=row.id).update(prepare_lease=None)
        assert await jobs.prepare(files) == 1
    row = await again(row)
    assert (row.state, row.stream_key, row.prepare_error) == ("ready", None, "video_not_prepared")
    assert await jobs.prepare(files) == 0
    assert await files.get(row.original_key)


async def test_the_encoder_reads_files_only_and_stays_within_its_limits(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", seconds=2)
    target = tmp_path / "out.mp4"
    size = (320, 240)
    await encoder.encode(
        ladder.transcoding(source, "mov", target, size), milliseconds=2000, file_bytes=1 << 24
    )
    assert target.stat().st_size > 1000
    # The same with too little room, with an address to fetch, and with a list of files.
    with pytest.raises(EncoderFailed):
        await encoder.encode(
            ladder.transcoding(source, "mov", target, size), milliseconds=2000, file_bytes=2000
        )
    remote = ladder.transcoding(source, "mov", target, size)
    remote[remote.index(f"file:{source}")] = "http://127.0.0.1:9/a.mp4"
    with pytest.raises(EncoderFailed, match=r"(?i)protocol"):
        await encoder.encode(remote, milliseconds=2000, file_bytes=1 << 24)
    listing = tmp_path / "list.txt"
    listing.write_text(f"ffconcat version 1.0\nfile {source}\n")
    with pytest.raises(EncoderFailed):
        await encoder.encode(
            ladder.transcoding(listing, "mov", target, size), milliseconds=2000, file_bytes=1 << 24
        )


async def test_cancelling_kills_the_encoder(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", seconds=60, size=(1280, 720), fps=10, gop=50, audio=None)
    heard: asyncio.Queue[int] = asyncio.Queue()
    target = tmp_path / "out.mp4"
    work = asyncio.create_task(
        encoder.encode(
            ladder.transcoding(source, "mov", target, (1280, 720)),
            milliseconds=60_000,
            file_bytes=1 << 26,
            on_percent=heard.put_nowait,
        )
    )
    await heard.get()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    size = target.stat().st_size if target.exists() else 0
    await asyncio.sleep(0.5)
    assert (target.stat().st_size if target.exists() else 0) == size


def test_the_encoder_is_asked_for_no_network_and_no_metadata() -> None:
    asked = ladder.laddering(
        Path("/x/film"), "mov", Path("/x/out"), ladder.rungs(1280, 720), sound=True
    )
    before = asked[: asked.index("-i")]
    assert before[:2] == ["-protocol_whitelist", "file"]
    assert asked[-3:-1] == ["-protocol_whitelist", "file"]
    assert asked[asked.index("-map_metadata") + 1] == "-1"
    assert not any(re.match(r"[a-z]+://", word) for word in asked)
