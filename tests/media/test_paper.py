"""Papers the house draws: their type, their lines, their codes, and a whole certificate."""

import asyncio
import io
from datetime import UTC, date, datetime

import msgspec
import pytest
import zxingcpp
from PIL import Image, ImageChops

from backend.media.paper import certificate as paper
from backend.media.paper import qr
from backend.media.paper.fonts import MISSING, drawable, font
from backend.media.paper.lines import wrap
from backend.media.paper.sheet import Sheet

URL = "https://tongxing.example.edu.cn/verify/K7QF3M9TWX2CH4RD"
CERTIFICATE = paper.Certificate(
    title="志愿服务证明",
    subtitle="成长合伙人 · 家长驻校日",
    issuer="海湾实验小学",
    holder="王立强",
    body=["作为家长志愿者，于2026年9月1日至2026年11月23日期间，", "在海湾实验小学参加志愿服务。"],
    figures=[paper.Figure("18.5", "小时", "服务时长"), paper.Figure("12", "次", "服务次数")],
    details=["食堂管理 4 次", "校园安全巡查 6 次", "课后服务 2 次"],
    thanks="谨此证明，并致谢忱。",
    note="服务时长按每次签到至签退计算，以班次起止时间为限。",
    issued_on=date(2026, 11, 23),
    issued_at=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
    number="K7QF-3M9T-WX2C-H4RD",
    url=URL,
)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("王立强", "王立强"),
        ("买买提·吐尔逊", "买买提·吐尔逊"),
        ("𬀩𠮷龘", "𬀩𠮷龘"),
        ("😀王立强🌹", "王立强"),
        ("王\u200d\ufe0f立\u202e强", "王立强"),
        ("王\n立\t强", "王 立 强"),
        ("王ऐ强", f"王{MISSING}强"),
        ("e\u0301", "é"),
        ("\U0010ffff", ""),
        ("", ""),
    ],
)
def test_what_the_typeface_lacks_is_left_out_or_marked(given: str, shown: str) -> None:
    assert drawable(given) == shown


def test_weights_differ() -> None:
    thin, thick = font(40, 300).getmask("强"), font(40, 900).getmask("强")
    assert sum(bytes(thick)) > 1.5 * sum(bytes(thin))


@pytest.mark.parametrize("width", [60, 130, 300, 700])
def test_lines_fit_lose_nothing_and_break_where_chinese_may(width: int) -> None:
    text = "学校（含幼儿园）安排“家长驻校日”，时间为2026年11月23日，地点：三号楼。欢迎参加！"
    face = font(30)
    lines = wrap(text, face, width)
    assert "".join(lines) == text
    assert all(line[0] not in "，。！）”：" for line in lines)
    assert all(line[-1] not in "（“" for line in lines)
    fits = [line for line in lines if face.getlength(line) <= width]
    # One run that may not be broken can be wider than a very narrow column.
    assert len(fits) == len(lines) or width == 60
    assert not any(line.endswith("202") for line in lines)


def test_a_paragraph_says_where_it_ended_and_that_it_was_cut() -> None:
    sheet = Sheet(400, 400, "#ffffff")
    text = "家长驻校日" * 20
    whole = sheet.paragraph(text, 20, 30, 360, 20, "#000000", leading=30)
    cut = sheet.paragraph(text, 20, 30, 360, 20, "#000000", leading=30, most_lines=2)
    assert (whole, cut) == (30 + 6 * 30, 30 + 2 * 30)
    box = ImageChops.invert(opened(sheet.png()).convert("L")).getbbox()
    assert box is not None
    assert box[0] >= 20
    assert box[2] <= 382


def test_a_code_reads_back_and_survives_a_stain() -> None:
    picture = qr.image(URL, 380)
    picture.paste("#c2463c", (170, 170, 215, 215))
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == URL
    assert picture.width <= 380
    assert opened(qr.png(URL, 600)).width <= 600


def test_a_code_that_would_be_mush_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        qr.image(URL, 20)


async def test_a_certificate_is_a_picture_whose_code_reads_back() -> None:
    picture = opened(await paper.png(CERTIFICATE))
    assert (picture.format, picture.size) == ("PNG", (1240, 1754))
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == URL
    assert not picture.getexif()


async def test_the_same_certificate_is_the_same_picture_also_from_two_threads() -> None:
    pictures = await asyncio.gather(*[paper.png(CERTIFICATE) for _ in range(4)])
    assert len(set(pictures)) == 1
    documents = await asyncio.gather(*[paper.pdf(CERTIFICATE) for _ in range(2)])
    assert len(set(documents)) == 1


async def test_the_document_has_one_page_of_a4() -> None:
    document = await paper.pdf(CERTIFICATE)
    assert document.startswith(b"%PDF-")
    assert document.count(b"/Type /Page\n") == 1
    width, height = document.split(b"/MediaBox [ 0 0 ", 1)[1].split(b" ]", 1)[0].split()
    assert (float(width), float(height)) == pytest.approx((595.3, 841.9), abs=1)


async def test_drawing_leaves_the_event_loop_free() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    heart = asyncio.create_task(beat())
    await paper.png(CERTIFICATE)
    heart.cancel()
    assert beats >= 5


@pytest.mark.parametrize("length", [8, 20, 26, 27, 28, 40, 55, 60])
def test_a_title_of_any_length_loses_nothing_of_what_is_said(length: int) -> None:
    sheet = Sheet(paper.WIDTH, paper.HEIGHT, "#ffffff")
    body = [
        "于2026年9月1日至2026年11月23日期间，",
        f"修完《{'课' * length}》全部必修课，",
        "准予结业。",
    ]
    said = msgspec.structs.replace(CERTIFICATE, body=body)
    lines = paper._lines(sheet, said)
    assert "".join(lines) == "".join(body) + CERTIFICATE.thanks
    assert len(lines) <= 6
    size, leading, fall = paper._SETTING[len(lines)]
    # The text ends above the figures, and what stands below them above the seal.
    assert 774 + (len(lines) - 1) * leading + size / 2 < 1030 + fall - 46
    assert 1196 + fall + 42 + 13 < 1440 - 128
    # Lines that belong together are of like length.
    parts = [sheet.measure(line, size) for line in lines[1:-2]]
    assert max(parts) - min(parts) <= 3 * size


@pytest.mark.parametrize(
    "change",
    [
        {"holder": "阿卜杜拉·买买提·吐尔逊·阿不都热依木江·玉素甫"},
        {"holder": "😀"},
        {"holder": ""},
        {"issuer": "厦门市翔安区海湾教联体实验区海湾实验小学附属第一分校东校区"},
        {"issuer": "校"},
        {"issuer": "🌹"},
        {"details": [f"第{n}种岗位 {n} 次" for n in range(1, 40)]},
        {"details": []},
        {"body": ["长" * 300]},
        {"figures": []},
        {"figures": [paper.Figure("123456.5", "小时", "服务时长")] * 3},
        {"note": "长" * 300},
        {"body": ["长" * 60] * 5, "details": [f"第{n}种 {n} 次" for n in range(1, 40)]},
    ],
)
async def test_names_of_any_kind_and_length_stay_on_the_paper(change: dict[str, object]) -> None:
    picture = opened(await paper.png(msgspec.structs.replace(CERTIFICATE, **change)))
    blank = Sheet(paper.WIDTH, paper.HEIGHT, "#fdfbf4")
    # Nothing is drawn outside the frame.
    margins = ImageChops.difference(picture, opened(blank.png()))
    for box in ((0, 0, 1240, 40), (0, 1714, 1240, 1754), (0, 0, 40, 1754), (1200, 0, 1240, 1754)):
        assert margins.crop(box).getbbox() is None
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == URL
