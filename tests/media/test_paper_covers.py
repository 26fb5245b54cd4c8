"""Covers and posters the house draws: legible in every colour, whole whatever is on them."""

import asyncio
import io
from datetime import UTC, datetime

import msgspec
import pytest
import zxingcpp
from PIL import Image, ImageChops

from backend.media.paper import cover as covers
from backend.media.paper import poster as posters
from backend.media.paper import scenery
from backend.media.paper.fonts import font
from backend.media.paper.lines import balanced, wrap

URL = "https://tongxing.example.edu.cn/courses/01JD3M9TWX2CH4RD"
COVER = covers.Cover(
    title="如何陪伴孩子度过青春期",
    subtitle="六节微课 · 每节五分钟",
    host="海湾实验小学",
    stage="小学高年级",
    seed="course-1",
)
POSTER = posters.Poster(
    title="如何陪伴孩子度过青春期",
    kicker="家长课堂 · 第三讲",
    subtitle="和心理老师一起聊聊情绪、手机与边界",
    facts=[("时间", "2026年12月3日（周四）19:00–20:30"), ("地点", "三号楼报告厅")],
    lines=["面向四至六年级家长。", "请提前十分钟入场，凭报名二维码签到。"],
    host="海湾实验小学",
    note="欢迎父母双方一同参加。",
    url=URL,
    caption="扫码报名",
    seed="course-1",
)
SEEDS = [f"seed-{number}" for number in range(60)]
LONG = "家庭教育促进法：家长需要知道的十件事，以及学校可以怎样帮助您" * 4
WORDS = [
    "睡眠",
    LONG,
    "长" * 300,
    "𬀩𠮷龘老师谈阅读😀",
    "W" * 200,
    "",
    "🌹",
    "Growing up together: a " * 9,
]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours as accessibility guidelines define it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_type_can_be_read_on_every_ground(seed: str) -> None:
    colours = scenery.palette(seed)
    for ground in (*colours.sky, colours.hills[0]):
        assert contrast(colours.ink, ground) >= 7
        assert contrast(colours.soft, ground) >= 4.5
    assert contrast("#ffffff", colours.accent) >= 4.5
    assert contrast(colours.accent, "#fffdf9") >= 4.5
    assert contrast("#ffffff", colours.hills[-1]) >= 7
    assert contrast("#ffffff", colours.hills[-2]) >= 4.5


def test_courses_are_told_apart_and_each_keeps_its_colour() -> None:
    palettes = [scenery.palette(seed) for seed in SEEDS]
    assert len({colours.accent for colours in palettes}) >= 9
    assert palettes == [scenery.palette(seed) for seed in SEEDS]


async def test_the_same_cover_is_the_same_picture_and_another_seed_another() -> None:
    first, second = await asyncio.gather(covers.png(COVER), covers.png(COVER))
    assert first == second
    assert await covers.png(msgspec.structs.replace(COVER, seed="course-2")) != first
    picture = opened(first)
    assert picture.size == (1200, 675)
    photo = Image.open(io.BytesIO(await covers.jpeg(COVER)))
    assert (photo.format, photo.size) == ("JPEG", (1200, 675))


@pytest.mark.parametrize("words", WORDS)
async def test_words_of_any_length_stay_on_the_cover(words: str) -> None:
    cover = covers.Cover(title=words, subtitle=words, host=words, stage=words, seed=COVER.seed)
    picture = opened(await covers.png(cover))
    bare = opened(await covers.png(covers.Cover(title="", seed=COVER.seed)))
    written = ImageChops.difference(picture, bare).getbbox()
    if written is None:
        assert words in ("", "🌹")
        return
    left, top, right, bottom = written
    assert left >= 60
    assert right <= 1200 - 60
    assert top >= 50
    assert bottom <= 675 - 24


async def test_a_poster_is_a_picture_whose_code_reads_back() -> None:
    picture = opened(await posters.png(POSTER))
    assert picture.size == (1240, 1754)
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == URL


async def test_a_posters_document_has_one_page_of_a4_and_always_the_same_bytes() -> None:
    made_at = datetime(2026, 11, 1, tzinfo=UTC)
    document, again = await asyncio.gather(
        posters.pdf(POSTER, made_at), posters.pdf(POSTER, made_at)
    )
    assert document == again
    assert document.startswith(b"%PDF-")
    assert document.count(b"/Type /Page\n") == 1
    width, height = document.split(b"/MediaBox [ 0 0 ", 1)[1].split(b" ]", 1)[0].split()
    assert (float(width), float(height)) == pytest.approx((595.3, 841.9), abs=1)


@pytest.mark.parametrize("words", WORDS)
async def test_words_of_any_length_stay_on_the_poster_and_off_the_code(words: str) -> None:
    poster = msgspec.structs.replace(
        POSTER,
        title=words,
        subtitle=words,
        kicker=words,
        facts=[(words, words)] * 7,
        lines=[words] * 30,
        host=words,
        note=words,
        caption=words,
    )
    picture = opened(await posters.png(poster))
    bare = opened(
        await posters.png(posters.Poster(title="", url=URL, caption="", seed=POSTER.seed))
    )
    written = ImageChops.difference(picture, bare).getbbox()
    if written is not None:
        assert written[0] >= 90
        assert written[2] <= 1240 - 66
        assert written[3] <= 1754 - 30
    assert URL in [code.text for code in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize(
    "text", [LONG[:30], "如何陪伴孩子度过青春期", "Growing up together with care"]
)
def test_lines_of_a_title_are_about_as_long_as_each_other(text: str) -> None:
    face = font(60)
    lines = balanced(wrap(text, face, 700), face, 700)
    assert "".join(lines) == text
    lengths = [face.getlength(line) for line in lines]
    assert max(lengths) <= 700
    assert min(lengths) >= 0.55 * max(lengths)
