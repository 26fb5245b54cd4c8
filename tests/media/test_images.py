"""Whatever is sent, what is kept is a plain picture, and the house stands."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.errors import Busy, Refusal
from backend.media import images, rules
from tests.media import corpus

pytestmark = pytest.mark.usefixtures("bounded")

Rgb = tuple[int, int, int]


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def looks(pixel: Any, colour: Rgb, tolerance: int = 24) -> bool:
    return all(abs(int(a) - b) <= tolerance for a, b in zip(pixel[:3], colour, strict=True))


def corners(data: bytes) -> list[Any]:
    image = opened(data).convert("RGB")
    right, bottom = image.width - 8, image.height - 8
    return [image.getpixel(at) for at in ((8, 8), (right, 8), (right, bottom), (8, bottom))]


def assert_plain(data: bytes) -> None:
    image = opened(data)
    assert not image.getexif()
    assert set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "loop",
        "background",
        "timestamp",
        "duration",
    }
    assert getattr(image, "n_frames", 1) == 1
    for forbidden in (
        corpus.CANARY,
        b"Exif",
        b"ICC_PROFILE",
        b"xmpmeta",
        b"<script",
        b"PK\x03\x04",
    ):
        assert forbidden not in data


async def test_a_sideways_photo_comes_out_upright_and_says_nothing_of_where_it_was_taken() -> None:
    sent = corpus.sideways_jpeg_with_gps()
    assert corpus.CANARY in sent
    assert Image.open(io.BytesIO(sent)).getexif()[0x0112] == 6
    drawn = await images.redraw(sent)
    assert (drawn.media_type, drawn.width, drawn.height) == ("image/jpeg", 640, 480)
    for data in (drawn.original, drawn.thumbnail):
        assert_plain(data)
        expected = (corpus.RED, corpus.GREEN, corpus.BLUE, corpus.WHITE)
        for seen, colour in zip(corners(data), expected, strict=True):
            assert looks(seen, colour)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_is_baked_in(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = corpus.quarters(320, 200)
    lying = picture.transpose(undo[orientation]) if orientation in undo else picture
    for form in ("JPEG", "PNG", "WEBP"):
        drawn = await images.redraw(corpus.encode(lying, form, exif=exif))
        assert (drawn.width, drawn.height) == (320, 200), form
        assert looks(corners(drawn.original)[1], corpus.GREEN), form


@pytest.mark.parametrize(
    ("make", "media_type"),
    [
        (lambda: corpus.encode(corpus.quarters(), "JPEG"), "image/jpeg"),
        (lambda: corpus.encode(corpus.quarters().convert("CMYK"), "JPEG"), "image/jpeg"),
        (lambda: corpus.encode(corpus.quarters().convert("L"), "JPEG"), "image/jpeg"),
        (corpus.two_views_of_one_picture, "image/jpeg"),
        (corpus.jpeg_then_script, "image/jpeg"),
        (corpus.jpeg_with_broken_profile, "image/jpeg"),
        (corpus.png_with_text, "image/webp"),
        (lambda: corpus.encode(corpus.quarters().convert("1"), "PNG"), "image/webp"),
        (lambda: corpus.encode(corpus.quarters(), "WEBP", quality=90), "image/webp"),
        (lambda: corpus.encode(corpus.quarters(), "AVIF", speed=10), "image/webp"),
        (lambda: corpus.encode(corpus.quarters(1, 1), "PNG"), "image/webp"),
        (lambda: corpus.encode(corpus.quarters(20_000, 3), "PNG"), "image/webp"),
    ],
)
async def test_a_still_picture_of_any_taken_kind_is_kept_plain(
    make: Callable[[], bytes], media_type: str
) -> None:
    sent = make()
    drawn = await images.redraw(sent)
    assert drawn.media_type == media_type
    original, thumbnail = opened(drawn.original), opened(drawn.thumbnail)
    assert original.size == (drawn.width, drawn.height)
    assert max(original.size) == min(rules.MAX_EDGE, max(opened(sent).size))
    assert max(thumbnail.size) == min(rules.THUMBNAIL_EDGE, max(opened(sent).size))
    assert_plain(drawn.original)
    assert_plain(drawn.thumbnail)


async def test_cmyk_keeps_its_colours() -> None:
    drawn = await images.redraw(corpus.encode(corpus.quarters().convert("CMYK"), "JPEG"))
    expected = (corpus.RED, corpus.GREEN, corpus.BLUE, corpus.WHITE)
    for seen, colour in zip(corners(drawn.original), expected, strict=True):
        assert looks(seen, colour)


async def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    drawn = await images.redraw(corpus.sixteen_bit_grey(0x8000))
    assert looks(opened(drawn.original).getpixel((10, 10)), (128, 128, 128), tolerance=3)


async def test_transparency_survives_in_a_palette_picture() -> None:
    drawn = await images.redraw(corpus.palette_with_alpha())
    for data in (drawn.original, drawn.thumbnail):
        image = opened(data)
        assert image.mode == "RGBA"
        assert image.getpixel((4, 20))[3] == 0  # type: ignore[index]
        seen: Any = image.getpixel((50, 20))
        assert seen[3] == 255
        assert looks(seen, corpus.RED)


async def test_a_wide_colour_space_is_translated_before_its_profile_goes() -> None:
    drawn = await images.redraw(corpus.jpeg_in_swapped_colours())
    assert looks(opened(drawn.original).getpixel((30, 30)), (0, 255, 0), tolerance=40)


async def test_a_large_photo_is_made_smaller() -> None:
    drawn = await images.redraw(corpus.encode(corpus.photo(4032, 3024), "JPEG", quality=85))
    assert (drawn.width, drawn.height) == (2560, 1920)
    assert max(opened(drawn.thumbnail).size) == 480
    assert len(drawn.thumbnail) < len(drawn.original) < 3_000_000


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: half(corpus.encode(corpus.quarters(), "JPEG")), rules.ImageUnreadable),
        (lambda: half(corpus.encode(corpus.photo(300, 300), "PNG")), rules.ImageUnreadable),
        (lambda: half(corpus.encode(corpus.photo(300, 300), "WEBP")), rules.ImageUnreadable),
        (lambda: half(corpus.encode(corpus.photo(300, 300), "AVIF")), rules.ImageUnreadable),
        (lambda: b"\xff\xd8\xff" + "我不是照片".encode(), rules.ImageUnreadable),
        (lambda: b"\xff\xd8\xff" + os.urandom(100_000), rules.ImageUnreadable),
        (lambda: b"\x89PNG\r\n\x1a\n" + os.urandom(100_000), rules.ImageUnreadable),
        (lambda: b"RIFF\xff\xff\xff\xffWEBP" + os.urandom(1_000), rules.ImageUnreadable),
        (lambda: b"\x00\x00\x00\x20ftypavif" + os.urandom(1_000), rules.ImageUnreadable),
        (lambda: corpus.animated("PNG"), rules.ImageAnimated),
        (lambda: corpus.animated("WEBP"), rules.ImageAnimated),
        (lambda: corpus.animated("AVIF"), rules.ImageAnimated),
        (lambda: corpus.animated("GIF"), rules.ImageUnreadable),
        (lambda: corpus.encode(corpus.quarters(), "TIFF"), rules.ImageUnreadable),
        (lambda: corpus.SVG, rules.ImageUnreadable),
        (lambda: corpus.PDF, rules.ImageUnreadable),
        (corpus.png_text_bomb, rules.ImageUnreadable),
        (corpus.webp_with_giant_canvas, rules.ImageUnreadable),
        (lambda: corpus.encode(corpus.quarters(5000, 4801), "PNG"), rules.ImageTooManyPixels),
    ],
)
async def test_what_is_not_a_whole_still_picture_is_refused(
    make: Callable[[], bytes], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        await images.redraw(make())
    again = await images.redraw(corpus.encode(corpus.quarters(), "PNG"))
    assert again.width == 640


async def test_too_many_pictures_at_once_are_told_to_come_back(monkeypatch: Any) -> None:
    monkeypatch.setattr(images, "_in_hand", images.LONGEST_QUEUE)
    with pytest.raises(Busy) as no:
        await images.redraw(corpus.encode(corpus.quarters(), "PNG"))
    assert no.value.retry_after == 2


async def test_a_refused_picture_frees_its_place_in_the_queue() -> None:
    for _ in range(3):
        with pytest.raises(rules.ImageUnreadable):
            await images.redraw(b"\xff\xd8\xffnothing")
    assert images._in_hand == 0


def test_handing_files_in_and_out_loads_no_image_library() -> None:
    code = (
        "import sys\nimport backend.media.operations, backend.media.controllers,"
        " backend.media.jobs\nprint([m for m in sys.modules if m.split('.')[0] == 'PIL'])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert told.stdout.strip() == "[]"
