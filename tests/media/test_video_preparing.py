"""Films and recordings of every kind become what each phone plays, and say nothing of place."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from backend.media import jobs
from backend.media.cinema import limits, screening
from backend.media.models import Readiness
from backend.media.rules import EXTENSIONS
from backend.media.storage import Files, open_files
from backend.settings import Settings
from tests.media import corpus
from tests.media.cinema import again, drawn, facts, handed_in, opened, said
from tests.media.conftest import Place, kept
from tests.media.films import PLACE, film

OPUS = {"audio": "libopus", "rate": 48_000}

EVERYWHERE = {
    "location": PLACE,
    "com.apple.quicktime.location.ISO6709": PLACE,
    "title": PLACE,
    "comment": PLACE,
    "creation_time": "2026-03-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("name", "making", "kind", "media_type"),
    [
        ("a.mp4", {}, "video", "video/mp4"),
        ("a.mp4", {"options": {"movflags": "use_metadata_tags"}}, "video", "video/mp4"),
        ("a.mov", {}, "video", "video/mp4"),
        ("a.mov", {"audio": None}, "video", "video/mp4"),
        ("a.mp4", {"audio": "libmp3lame"}, "video", "video/mp4"),
        ("a.webm", {"video": "libvpx-vp9", **OPUS}, "video", "video/webm"),
        ("a.webm", {"video": "libvpx", "audio": "vorbis"}, "video", "video/webm"),
        ("a.webm", {"video": None, **OPUS}, "audio", "audio/webm"),
        ("a.mp3", {"video": None, "audio": "libmp3lame"}, "audio", "audio/mpeg"),
        ("a.m4a", {"video": None, "form": "ipod"}, "audio", "audio/mp4"),
        ("a.mp4", {"video": None}, "audio", "audio/mp4"),
        ("a.ogg", {"video": None, "audio": "vorbis"}, "audio", "audio/ogg"),
        ("a.ogg", {"video": None, **OPUS}, "audio", "audio/ogg"),
    ],
)  # fmt: skip
async def test_what_browsers_play_is_copied_whole_without_a_word_of_where_it_was_made(
    place: Place, files: Files, folder: Path, tmp_path: Path,
    name: str, making: dict[str, object], kind: str, media_type: str,
) -> None:  # fmt: skip
    path = film(tmp_path / name, metadata=EVERYWHERE, **making)  # type: ignore[arg-type]
    assert PLACE.encode() in path.read_bytes()
    row = await handed_in(place, files, path)
    assert await jobs.prepare(files, ladders=False) == 1
    row = await again(row)
    moving = kind == "video"
    assert facts(row) == {
        "state": "ready",
        "kind": kind,
        "media_type": media_type,
        "width": 320 if moving else None,
        "height": 240 if moving else None,
        "duration_ms": pytest.approx(4000, abs=60),
        "prepare_error": "",
    }
    data = await files.get(row.original_key)
    assert (row.byte_size, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert b"+31.2304" not in data
    assert b"2026-03" not in data
    with opened(data) as clean, opened(path.read_bytes()) as sent:
        assert "31.2304" not in said(clean)
        assert "creation_time" not in said(clean)
        counts = [sum(1 for packet in one.demux() if packet.size) for one in (sent, clean)]
        assert counts[0] == counts[1]
    assert row.filename == f"家长课堂.{EXTENSIONS[media_type]}"
    # What was uploaded is gone; the copy is there, and of a moving picture two drawings.
    assert len(kept(folder)) == (3 if moving else 1)
    assert (row.poster_key is not None, row.thumbnail_key is not None) == (moving, moving)
    assert row.prepared_percent == 100


async def test_the_index_comes_first(place: Place, files: Files, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    sent = path.read_bytes()
    assert sent.index(b"moov") > sent.index(b"mdat")
    row = await handed_in(place, files, path)
    await jobs.prepare(files, ladders=False)
    data = await files.get((await again(row)).original_key)
    assert data.index(b"moov") < data.index(b"mdat")


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """Return the colours of the four quarters, from the top left, clockwise."""
    width, height = image.size
    places = ((1, 1), (7, 1), (7, 7), (1, 7))
    found = [image.getpixel((x * width // 8, y * height // 8)) for x, y in places]
    return [pixel for pixel in found if isinstance(pixel, tuple)]


@pytest.mark.parametrize(
    ("turned", "size", "order"),
    [
        (0, (320, 240), "RGBW"),
        (90, (240, 320), "GBWR"),
        (-90, (240, 320), "WRGB"),
        (180, (320, 240), "BWRG"),
    ],
)
async def test_a_film_held_upright_stays_upright_and_so_does_its_poster(
    place: Place, files: Files, tmp_path: Path,
    turned: int, size: tuple[int, int], order: str,
) -> None:  # fmt: skip
    row = await handed_in(place, files, film(tmp_path / "a.mov", turned=turned))
    await jobs.prepare(files, ladders=False)
    row = await again(row)
    assert (row.width, row.height) == size
    poster = await drawn(files, row.poster_key)
    assert poster.size == size
    colours = {"R": corpus.RED, "G": corpus.GREEN, "B": corpus.BLUE, "W": corpus.WHITE}
    for seen, letter in zip(corners(poster), order, strict=True):
        assert seen == pytest.approx(colours[letter], abs=30)
    with opened(await files.get(row.original_key)) as clean:
        frame = next(clean.decode(video=0))
        assert frame.rotation % 360 == turned % 360


async def test_the_poster_is_not_the_black_beginning(
    place: Place, files: Files, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4", seconds=5, dark_until=1.4))
    await jobs.prepare(files, ladders=False)
    poster = await drawn(files, (await again(row)).poster_key)
    assert min(ImageStat.Stat(poster).mean) > 60


async def test_a_film_that_is_black_all_through_has_a_black_poster(
    place: Place, files: Files, tmp_path: Path
) -> None:
    row = await handed_in(place, files, film(tmp_path / "a.mp4", dark_until=9))
    await jobs.prepare(files, ladders=False)
    row = await again(row)
    assert row.state == "ready"
    assert max(ImageStat.Stat(await drawn(files, row.poster_key)).mean) < 20


async def test_posters_and_thumbnails_have_their_sizes_and_no_metadata(
    place: Place, files: Files, tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mp4", size=(1920, 1080), seconds=1, fps=5, gop=1)
    row = await handed_in(place, files, path)
    await jobs.prepare(files, ladders=False)
    row = await again(row)
    for key, size in ((row.poster_key, (1280, 720)), (row.thumbnail_key, (480, 270))):
        image = await drawn(files, key)
        assert (image.format, image.size) == ("JPEG", size)
        assert not image.getexif()


async def test_what_is_said_between_the_pictures_goes_too(
    place: Place, files: Files, tmp_path: Path
) -> None:
    # The encoder leaves a note of itself there; camcorders leave where they were.
    path = film(tmp_path / "a.mp4")
    assert b"x264 - core" in path.read_bytes()
    row = await handed_in(place, files, path)
    await jobs.prepare(files, ladders=False)
    assert b"x264 - core" not in await files.get((await again(row)).original_key)


async def test_looking_at_a_film_tells_what_is_in_it(tmp_path: Path) -> None:
    reel = await screening.probe(film(tmp_path / "a.mov", turned=90))
    assert reel.picture == limits.Picture(codec="h264", pixels="yuv420p", width=240, height=320)
    assert reel.sound == limits.Sound(codec="aac")
    assert reel.milliseconds == pytest.approx(4000, abs=60)


async def test_a_folder_named_from_where_one_stands_is_found_from_elsewhere(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``make demo`` does; who reads the film stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    near = open_files(Settings(environment="test", data_dir=Path("data")))
    row = await handed_in(place, near, film(tmp_path / "a.mp4", seconds=1))
    await jobs.prepare(near, ladders=False)
    assert (await again(row)).state == Readiness.READY
