"""A document as PDF: real text in embedded type, so that it can be searched, copied and read
aloud.
"""

import asyncio
from contextlib import AbstractContextManager
from datetime import UTC

from fpdf import FPDF
from fpdf.enums import TextMode

from backend.deadline import WORK, allow
from backend.media.writing.blocks import (
    Heading,
    Listing,
    Paper,
    Paragraph,
    Signatures,
    Table,
    one_line,
    paragraphs_of,
)
from backend.media.writing.breaking import lines_of
from backend.media.writing.faces import Face, Type
from backend.media.writing.grid import LEFT, Grid

MEDIA_TYPE = "application/pdf"
_BODY, _SMALL, _TITLE = 16.0, 10.5, 22.0
_INDENT = 2 * _BODY
_WEIGHTS = {0: 0.55, 1: 0.4, 2: 0.3, 3: 0.2}


async def pdf(paper: Paper) -> bytes:
    """Return the document as a PDF file; takes some tenths of a second of a thread."""
    allow(WORK)
    return await asyncio.to_thread(written, paper)


def written(paper: Paper) -> bytes:
    """Return the document as a PDF file; the same document gives the same bytes."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title(one_line(paper.title))
    pdf.set_author(one_line(paper.author))
    pdf.set_lang("zh-CN")
    pdf.set_creator("Tongxing")
    pdf.set_creation_date(paper.written_at.astimezone(UTC))
    setter = _Setter(pdf, Grid(pdf, Type(pdf), one_line(paper.mark)))
    for block in paper.blocks:
        setter.set(block)
    return bytes(pdf.output())


class _Setter:
    """Sets block after block, from the top of the first page."""

    def __init__(self, pdf: FPDF, grid: Grid) -> None:
        self._pdf, self._grid = pdf, grid

    def set(self, block: Heading | Paragraph | Listing | Table | Signatures) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case Listing():
                for number, point in enumerate(block.points, 1):
                    for text in paragraphs_of(point)[:1] or [""]:
                        self._running(f"{number}. {text}", "song")
                    for text in paragraphs_of(point)[1:]:
                        self._running(text, "song")
            case Table():
                self._grid.table(block)
            case Signatures():
                self._signatures(block)

    def _heading(self, block: Heading) -> None:
        grid, text = self._grid, one_line(block.text)
        if block.level == 0:
            lines = self._balanced(text)
            for line in lines:
                grid.need(_TITLE * 1.7)
                with self._bold(_WEIGHTS[0]):
                    grid.text(line, _TITLE, "song", align="centre", pitch=_TITLE * 1.7)
            grid.skip(grid.pitch * 0.6)
            return
        face: Face = "hei" if block.level == 1 else "song"
        measure = grid.measure(_BODY, face)
        lines = lines_of(text, measure, grid.width - _INDENT, grid.width)
        # A heading at the foot of a page belongs to the next one.
        grid.need(grid.pitch * (len(lines) + 2))
        with self._bold(_WEIGHTS[block.level]):
            for at, line in enumerate(lines):
                grid.text(line, _BODY, face, x=LEFT + (_INDENT if at == 0 else 0))

    def _bold(self, weight: float) -> AbstractContextManager[None]:
        """Thicken what is set meanwhile by so many points: our type has one weight."""
        return self._pdf.local_context(
            text_mode=TextMode.FILL_STROKE, line_width=weight, draw_color=0
        )

    def _balanced(self, text: str) -> list[str]:
        """Break a title so that its lines are about as long as each other."""
        measure = self._grid.measure(_TITLE, "song")
        lines = lines_of(text, measure, self._grid.width, self._grid.width)
        narrow, wide = 0.0, self._grid.width
        while len(lines) > 1 and wide - narrow > 4:
            middle = (narrow + wide) / 2
            fits = len(lines_of(text, measure, middle, middle)) == len(lines)
            narrow, wide = (narrow, middle) if fits else (middle, wide)
        return lines_of(text, measure, wide, wide)

    def _paragraph(self, block: Paragraph) -> None:
        if block.small:
            self._note(block)
            return
        lead = one_line(block.lead)
        for at, text in enumerate(paragraphs_of(block.text) or [""] * bool(lead)):
            if block.align == "left":
                self._running(text, "song", lead=lead if at == 0 else "", indent=block.indent)
                continue
            measure = self._grid.measure(_BODY, "song")
            for line in lines_of(text, measure, self._grid.width, self._grid.width):
                self._grid.text(line, _BODY, "song", align=block.align)

    def _note(self, block: Paragraph) -> None:
        measure = self._grid.measure(_SMALL, "song")
        for text in paragraphs_of(block.text):
            for line in lines_of(text, measure, self._grid.width, self._grid.width):
                self._grid.text(line, _SMALL, "song", align=block.align, pitch=_SMALL * 1.6)

    def _running(self, text: str, face: Face, *, lead: str = "", indent: bool = True) -> None:
        grid = self._grid
        measure = grid.measure(_BODY, face)
        before = grid.measure(_BODY, "hei")(lead)
        start = _INDENT if indent else 0.0
        if start + before > grid.width / 2:
            # A lead that long is a line of its own.
            for line in lines_of(lead, grid.measure(_BODY, "hei"), grid.width - start, grid.width):
                grid.text(line, _BODY, "hei", x=LEFT + start)
                start = 0.0
            lead, before = "", 0.0
        lines = lines_of(text, measure, grid.width - start - before, grid.width)
        for at, line in enumerate(lines):
            left = len(lines) - at
            # Neither the first nor the last line of a paragraph stands alone on a page.
            grid.need(grid.pitch * (2 if len(lines) > 1 and (at == 0 or left == 2) else 1))
            x = LEFT + (start + before if at == 0 else 0.0)
            if at == 0 and lead:
                grid.text(lead, _BODY, "hei", x=LEFT + start, pitch=0)
            spare = LEFT + grid.width - x - measure(line)
            # A line that is far from full was broken for a long word: it stays as it is.
            full = left > 1 and len(line) > 1 and spare < 2.5 * _BODY
            grid.text(line, _BODY, face, x=x, spread=spare / (len(line) - 1) if full else 0.0)

    def _signatures(self, block: Signatures) -> None:
        grid = self._grid
        pitch = grid.pitch * 1.5
        grid.skip(grid.pitch / 2)
        grid.need(min(pitch * len(block.lines), grid.height))
        measure = grid.measure(_BODY, "song")
        for label in block.lines:
            shown = f"{one_line(label)}："
            for line in lines_of(shown, measure, grid.width * 0.6, grid.width * 0.6):
                grid.need(pitch)
                x = LEFT + _INDENT
                end = x + measure(line) + 6
                grid.text(line, _BODY, "song", x=x, pitch=pitch)
            grid.rule(end, LEFT + grid.width - _INDENT, up=pitch - _BODY - 3)
