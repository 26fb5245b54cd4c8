"""A document as a Word file, in the styles and typefaces of Chinese official papers."""

import asyncio
import io

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as Line
from docx.text.run import Run

from backend.deadline import WORK, allow
from backend.media.writing import typefaces
from backend.media.writing.blocks import (
    Align,
    Block,
    Heading,
    Listing,
    Paper,
    Paragraph,
    Signatures,
    Table,
    one_line,
    paragraphs_of,
)
from backend.media.writing.typefaces import FANGSONG, HEITI, KAITI, SONGTI, TITLE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BODY, _CELL, _SMALL = 16, 12, 10.5
_PITCH = 29
_ALIGNS = {
    "left": WD_ALIGN_PARAGRAPH.JUSTIFY,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_HEADINGS = {1: HEITI, 2: KAITI, 3: FANGSONG}
_WIDTH = 156.0


async def docx_file(paper: Paper) -> bytes:
    """Return the document as a Word file (Office Open XML)."""
    allow(WORK)
    return await asyncio.to_thread(written, paper)


def written(paper: Paper) -> bytes:
    """Return the document as a Word file."""
    document = docx.Document()
    _prepare(document, paper)
    for block in paper.blocks:
        _set(document, block)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _prepare(document: Document, paper: Paper) -> None:
    said = document.core_properties
    said.title, said.author, said.comments = one_line(paper.title), one_line(paper.author), ""
    said.created = said.modified = paper.written_at.replace(tzinfo=None)
    said.language = "zh-CN"
    page = document.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    page.header_distance, page.footer_distance = Mm(20), Mm(25)
    document.settings.odd_and_even_pages_header_footer = True
    normal = _style(document, "Normal", FANGSONG, _BODY)
    spacing = normal.paragraph_format
    spacing.line_spacing_rule, spacing.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_PITCH)
    spacing.space_after = spacing.space_before = Pt(0)
    _style(document, "Heading 1", HEITI, _BODY)
    _style(document, "Heading 2", KAITI, _BODY)
    _style(document, "Heading 3", FANGSONG, _BODY)
    typefaces.name_alternatives(document)
    for language in document.styles.element.iter(qn("w:lang")):
        # Without it some offices set Chinese as it is set elsewhere, down to the commas.
        language.set(qn("w:eastAsia"), "zh-CN")
    _number_pages(page)
    if paper.mark:
        _mark(page, one_line(paper.mark))


def _style(document: Document, name: str, face: str, size: float) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)
    typefaces.give(style.element.get_or_add_rPr(), face)
    style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    return style


def _set(document: Document, block: Block) -> None:
    match block:
        case Heading(text=text, level=0):
            line = document.add_paragraph()
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
            line.paragraph_format.line_spacing = Pt(37)
            line.paragraph_format.space_after = Pt(_PITCH * 0.6)
            _run(line, one_line(text), TITLE, 22)
        case Heading(text=text, level=level):
            line = document.add_paragraph(style=f"Heading {level}")
            line.paragraph_format.keep_with_next = True
            _indent(line)
            _run(line, one_line(text), _HEADINGS[level], _BODY).font.bold = level == 3
        case Paragraph():
            _paragraph(document, block)
        case Listing(points=points):
            for number, point in enumerate(points, 1):
                for at, text in enumerate(paragraphs_of(point) or [""]):
                    line = document.add_paragraph()
                    _indent(line)
                    _run(line, f"{number}. {text}" if at == 0 else text, FANGSONG, _BODY)
        case Table():
            _table(document, block)
        case Signatures(lines=lines):
            for at, label in enumerate(lines):
                line = document.add_paragraph()
                _indent(line)
                line.paragraph_format.space_before = Pt(_PITCH / 2)
                line.paragraph_format.keep_with_next = at < len(lines) - 1
                _run(line, f"{one_line(label)}：", FANGSONG, _BODY)
                _run(line, "　" * 10, FANGSONG, _BODY).font.underline = True


def _paragraph(document: Document, block: Paragraph) -> None:
    lead = one_line(block.lead)
    size = _SMALL if block.small else _BODY
    for at, text in enumerate(paragraphs_of(block.text) or [""] * bool(lead)):
        line = document.add_paragraph()
        line.alignment = _ALIGNS[block.align]
        if block.small:
            line.paragraph_format.line_spacing = Pt(_SMALL * 1.6)
        elif block.indent and block.align == "left":
            _indent(line)
        if lead and at == 0:
            _run(line, lead, HEITI, size)
        _run(line, text, SONGTI if block.small else FANGSONG, size)


def _table(document: Document, block: Table) -> None:
    table = document.add_table(rows=1, cols=len(block.columns))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    whole = sum(column.share for column in block.columns)
    widths = [Mm(_WIDTH * column.share / whole) for column in block.columns]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    head = table.rows[0]
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(repeated)
    for cell, column, width in zip(head.cells, block.columns, widths, strict=True):
        cell.width = width
        _cell(cell.paragraphs[0], column.heading, "centre", HEITI)
    for row in block.rows:
        added = table.add_row()
        added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        cells = added.cells
        for cell, column, text, width in zip(cells, block.columns, row, widths, strict=True):
            cell.width = width
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            for at, part in enumerate(paragraphs_of(text) or [""]):
                line = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
                _cell(line, part, column.align, SONGTI)
    # Word glues two tables that touch; the gap also keeps text off the frame.
    gap = document.add_paragraph()
    gap.paragraph_format.line_spacing = Pt(8)


def _cell(line: Line, text: str, align: Align, face: str) -> None:
    line.paragraph_format.line_spacing = Pt(18)
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(3)
    line.alignment = WD_ALIGN_PARAGRAPH.LEFT if align == "left" else _ALIGNS[align]
    _run(line, one_line(text), face, _CELL)


def _run(line: Line, text: str, face: str, size: float) -> Run:
    run = line.add_run(text)
    run.font.size = Pt(size)
    typefaces.give(run._r.get_or_add_rPr(), face)
    return run


def _indent(line: Line) -> None:
    """Indent the first line by two characters, whatever their size, as Word counts them."""
    line.paragraph_format.first_line_indent = Pt(2 * _BODY)
    indent = line._p.get_or_add_pPr().find(qn("w:ind"))
    if indent is not None:
        indent.set(qn("w:firstLineChars"), "200")


def _number_pages(page: Section) -> None:
    for footer, align in ((page.footer, "right"), (page.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT if align == "right" else WD_ALIGN_PARAGRAPH.LEFT
        edge = Pt(14)
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = edge
        _run(line, "— ", SONGTI, 14)
        field = _run(line, "", SONGTI, 14)
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = text
            field._r.append(part)
        _run(line, " —", SONGTI, 14)


def _mark(page: Section, mark: str) -> None:
    """Say at the head of every page that this is not the last word."""
    for header in (page.header, page.even_page_header):
        header.is_linked_to_previous = False
        line = header.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(line, "　".join(mark), HEITI, 22).font.color.rgb = RGBColor(0xC0, 0, 0)
