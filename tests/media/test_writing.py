"""Documents the house writes: the same blocks as a Word file and as a PDF."""

import asyncio
import io
import re
import zipfile
from datetime import UTC, datetime

import docx
import pypdfium2
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn

from backend.media.writing import docx as word
from backend.media.writing import pdf
from backend.media.writing.blocks import (
    Align,
    Block,
    Column,
    Heading,
    Listing,
    Paper,
    Paragraph,
    Signatures,
    Table,
    one_line,
    paragraphs_of,
    plain,
)
from backend.media.writing.breaking import lines_of

WRITTEN = datetime(2026, 9, 4, 1, 0, tzinfo=UTC)
CLOSING = "，。！？；：、）》」』】〕”’…"
OPENING = "（《「『【〔“‘"
SENTENCE = "会议认为，续约方案总体可行，应当加强家长陪餐与留样检查。"


def paper(*blocks: Block, mark: str = "") -> Paper:
    return Paper(title="会议纪要", blocks=blocks, written_at=WRITTEN, author="家委会", mark=mark)


def pages(data: bytes) -> list[str]:
    """Return what the eye reads on each page, spaces and line breaks left out."""
    document = pypdfium2.PdfDocument(data)
    return [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in document]


def read(data: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(data))


def table(rows: int, *, text: str = "审议家长陪餐方案", align: Align = "left") -> Table:
    return Table(
        columns=(
            Column(heading="序号", share=1, align="centre"),
            Column(heading="议题名称", share=5, align=align),
        ),
        rows=tuple((str(number), f"{text}{number}") for number in range(1, rows + 1)),
    )


async def test_both_say_what_the_blocks_say() -> None:
    whole = paper(
        Heading(text="家长委员会会议纪要", level=0),
        Heading(text="一、出席情况"),
        Paragraph(lead="会议地点：", text="二楼会议室"),
        Heading(text="（一）审议供餐方案", level=2),
        Heading(text="1.1 试餐", level=3),
        Listing(points=("落实陪餐制度。", "公布菜谱。")),
        table(2),
        Signatures(lines=("主持人（签字）",)),
        Paragraph(text="内容校验码", small=True),
    )
    said = ["家长委员会会议纪要", "一、出席情况", "会议地点：二楼会议室", "（一）审议供餐方案",
            "1.1试餐", "1.落实陪餐制度。", "2.公布菜谱。", "序号", "审议家长陪餐方案2",
            "主持人（签字）：", "内容校验码"]  # fmt: skip
    written, typed = await asyncio.gather(pdf.pdf(whole), word.docx_file(whole))

    text = "".join(pages(written))
    document = read(typed)
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    wordy = re.sub(r"\s", "", "".join([*(line.text for line in document.paragraphs), *cells]))
    for sentence in said:
        assert sentence in text
        assert sentence in wordy


def test_the_same_document_gives_the_same_pdf() -> None:
    whole = paper(Heading(text="会议纪要", level=0), Paragraph(text=SENTENCE), table(3))
    assert pdf.written(whole) == pdf.written(whole)


def test_the_pdf_is_real_text_in_embedded_subsets_and_small() -> None:
    data = pdf.written(paper(Heading(text="会议纪要", level=0), Paragraph(text=SENTENCE * 20)))
    assert data.startswith(b"%PDF-")
    assert len(data) < 200_000
    assert data.count(b"/FontFile3") + data.count(b"/FontFile2") == data.count(b"/FontDescriptor ")
    assert b"/Subtype /Image" not in data
    names = set(re.findall(rb"/BaseFont /([A-Z]{6}\+\w+)", data))
    assert {name.split(b"+")[1] for name in names} <= {b"NotoSerifSC", b"NotoSansSC"}


def test_paper_is_a4_with_the_margins_of_official_papers() -> None:
    whole = paper(Paragraph(text=SENTENCE))
    document = pypdfium2.PdfDocument(pdf.written(whole))
    width, height = document[0].get_size()
    assert (round(width), round(height)) == (595, 842)
    page = read(word.written(whole)).sections[0]
    sizes = [page.page_width, page.page_height, page.top_margin, page.left_margin,
             page.right_margin, page.bottom_margin]  # fmt: skip
    assert [round(size.mm) for size in sizes if size] == [210, 297, 37, 28, 26, 35]


def test_two_hundred_rows_run_over_pages_and_every_page_repeats_the_headings() -> None:
    whole = paper(table(200))
    read_pages = pages(pdf.written(whole))
    assert len(read_pages) > 5
    assert all("序号议题名称" in page for page in read_pages)
    text = "".join(read_pages)
    found = [int(number) for number in re.findall(r"方案(\d+?)(?=\d+审议|序|—|$)", text)]
    assert len(found) == 200
    for number, page in enumerate(read_pages, 1):
        assert f"—{number}—" in page
    first = read(word.written(whole)).tables[0]
    assert len(first.rows) == 201
    assert first.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert first.rows[1]._tr.trPr.find(qn("w:cantSplit")) is not None


def test_a_cell_longer_than_a_page_goes_on_and_nothing_of_it_is_lost() -> None:
    long = "".join(f"第{number}句。" for number in range(600))
    whole = paper(Table(columns=(Column(heading="号", share=1), Column(heading="话", share=1)),
                        rows=(("1", long), ("2", "完"))))  # fmt: skip
    read_pages = pages(pdf.written(whole))
    text = "".join(re.sub(r"—\d+—|号话", "", page) for page in read_pages)
    assert len(read_pages) > 2
    assert all(f"第{number}句。" in text for number in range(600))
    assert "2完" in text


def test_a_heading_does_not_stand_alone_at_the_foot_of_a_page() -> None:
    for lines in range(14, 24):
        filler = tuple(Paragraph(text="一行") for _ in range(lines))
        read_pages = pages(
            pdf.written(paper(*filler, Heading(text="标题在此"), Paragraph(text=SENTENCE)))
        )
        page = next(page for page in read_pages if "标题在此" in page)
        assert "会议认为" in page


def test_a_draft_says_so_on_every_page() -> None:
    whole = paper(*(Paragraph(text=SENTENCE * 8) for _ in range(12)), mark="草稿")
    read_pages = pages(pdf.written(whole))
    assert len(read_pages) > 2
    assert all("草稿" in page for page in read_pages)
    section = read(word.written(whole)).sections[0]
    for header in (section.header, section.even_page_header):
        assert header.paragraphs[0].text == "草　稿"
    final = paper(Paragraph(text=SENTENCE))
    assert "草" not in "".join(pages(pdf.written(final)))
    assert "草" not in read(word.written(final)).sections[0].header.paragraphs[0].text


HOSTILE = (
    "\x00\x01\x08\x1b控制字符\x7f",
    "<w:p/><script>alert(1)</script> ]]> &amp; &lt;",
    "\u202e反写\u2066藏\u200b字\ufeff",
    "\ud800孤单的代理\udfff",
    '=HYPERLINK("http://x") {MERGEFIELD x} \\x41 %PDF /JS (alert) << >>',
    ") Tj ET q 1 0 0 rg (",
    "**粗体** __下划线__ --删除-- [链接](http://x)",
    "e\u0301 NFC ﬀ ①㈱",
    "👨‍👩‍👧‍👦🌹",
    "𠮷𬭎龘〇",
    "很长的名字" * 200,
    "a" * 2_000,
    "。" * 500,
    "（" * 500,
    "\n" * 50 + "完",
    "",
    "　",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_only_ever_words(text: str) -> None:
    whole = paper(
        Heading(text=text, level=0), Heading(text=text), Heading(text=text, level=2),
        Paragraph(text=text, lead=text), Paragraph(text=text, align="right"),
        Listing(points=(text, text)), Signatures(lines=(text,)),
        Table(columns=(Column(heading=text, share=1), Column(heading="乙", share=3)),
              rows=((text, text),)),
        Paragraph(text="结束了", small=True), mark=text[:20],
    )  # fmt: skip
    data = pdf.written(whole)
    assert "结束了" in "".join(pages(data))
    assert b"/JavaScript" not in data
    assert b"/URI" not in data
    typed = word.written(whole)
    document = read(typed)
    kept = {one_line(text)}
    assert document.tables[0].cell(1, 1).text in {"\n".join(paragraphs_of(text)), *kept}
    with zipfile.ZipFile(io.BytesIO(typed)) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                content = parts.read(name)
                assert b"<script" not in content
                assert b"http://x" not in content or b"&quot;http://x" not in content
    fields = document.element.body.findall(f".//{qn('w:instrText')}")
    assert fields == []
    assert document.element.body.findall(f".//{qn('w:hyperlink')}") == []


def test_nothing_is_set_beyond_the_margins() -> None:
    long = (
        "很长的名字" * 60,
        "a" * 400,
        "王" * 3 + "http://example.com/" + "x" * 300,
        SENTENCE * 9,
    )
    whole = paper(
        *(Heading(text=text, level=0) for text in long), *(Heading(text=text) for text in long),
        *(Paragraph(text=text, lead=text[:60]) for text in long), Listing(points=long),
        Table(columns=(Column(heading="甲", share=1), Column(heading="乙", share=9)),
              rows=tuple((text, text) for text in long)),
        Signatures(lines=long),
    )  # fmt: skip
    document = pypdfium2.PdfDocument(pdf.written(whole))
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_charbox(at) for at in range(text.count_chars())]
        assert min(box[0] for box in boxes if box[2] > box[0]) > 76
        assert max(box[2] for box in boxes) < 595.3 - 70
        assert min(box[1] for box in boxes if box[3] > box[1]) > 50


def test_pictographs_are_left_out_and_rare_characters_marked() -> None:
    text = "".join(pages(pdf.written(paper(Paragraph(text="王😀𠮷强𬭎")))))
    assert "王〓强𬭎" in text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("王\x00立\u202e强", "王立强"),
        ("一\r\n二\u2028三\x0b四", "一\n二\n三\n四"),
        ("e\u0301", "é"),
        ("a\tb", "a b"),
    ],
)
def test_what_cannot_be_shown_is_left_out(given: str, kept: str) -> None:
    assert plain(given) == kept
    assert "\n" not in one_line(given)


@pytest.mark.parametrize("width", [2, 3, 7, 11, 28])
@pytest.mark.parametrize(
    "text",
    [SENTENCE * 3, "（《“甲”》），乙。" * 9, "2026年9月3日（星期四）15:00—16:30召开 ABC 会议。" * 3,
     "a" * 100, "一个 word 两个 words，三个。" * 5],
)  # fmt: skip
def test_lines_are_full_and_lose_nothing(text: str, width: int) -> None:
    lines = lines_of(text, len, width, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert all(len(line) <= width for line in lines)
    if width >= 11:
        assert not any(line[0] in CLOSING for line in lines if line)
        assert not any(line[-1] in OPENING for line in lines if line)


def test_a_word_file_asks_for_the_typefaces_of_official_papers() -> None:
    typed = word.written(
        paper(Heading(text="纪要", level=0), Heading(text="一、甲"), Paragraph(text=SENTENCE))
    )
    document = read(typed)
    faces = [line.runs[0]._r.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia"))
             for line in document.paragraphs]  # fmt: skip
    assert faces == ["方正小标宋简体", "黑体", "仿宋"]
    assert [line.runs[0].font.size.pt for line in document.paragraphs] == [22, 16, 16]
    assert document.paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.CENTER
    assert [line.style.name for line in document.paragraphs] == ["Normal", "Heading 1", "Normal"]
    with zipfile.ZipFile(io.BytesIO(typed)) as parts:
        table_of_fonts = parts.read("word/fontTable.xml").decode()
        footers = "".join(
            parts.read(name).decode() for name in parts.namelist() if "footer" in name
        )
    assert 'w:name="方正小标宋简体"><w:altName w:val="方正小标宋_GBK,华文中宋' in table_of_fonts
    assert footers.count("PAGE") == 2
