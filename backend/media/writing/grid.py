"""The page under the pen: the type area, where the next line goes, and tables on it."""

from collections.abc import Callable

from fpdf import FPDF

from backend.media.writing.blocks import Align, Table, one_line, paragraphs_of
from backend.media.writing.breaking import lines_of
from backend.media.writing.faces import Face, Type

_MM = 72 / 25.4
LEFT, _TOP = 28 * _MM, 37 * _MM
_WIDTH, _HEIGHT = 156 * _MM, 225 * _MM
_LINES = 22
_CELL, _CELL_PITCH, _PAD = 12.0, 17.5, 4.5
_MARKS_GREY = 232


class Grid:
    """Pages with a type area of 156 by 225 mm, filled from the top."""

    width, height, pitch = _WIDTH, _HEIGHT, _HEIGHT / _LINES

    def __init__(self, pdf: FPDF, type_: Type, mark: str) -> None:
        self._pdf, self._type, self._mark = pdf, type_, mark
        self._y = 0.0
        self._turn()

    def measure(self, size: float, face: Face) -> Callable[[str], float]:
        """Return what tells how wide a text of this size is, in points."""
        return lambda text: self._type.width(text, size, face)

    def need(self, height: float) -> None:
        """Begin a page unless ``height`` points are left on this one."""
        if self._y + height > _TOP + _HEIGHT + 0.5 and self._y > _TOP:
            self._turn()

    def skip(self, height: float) -> None:
        """Leave room, unless at the foot of a page."""
        self._y = min(self._y + height, _TOP + _HEIGHT)

    def text(
        self,
        text: str,
        size: float,
        face: Face,
        *,
        x: float = LEFT,
        align: Align = "left",
        pitch: float | None = None,
        spread: float = 0.0,
    ) -> None:
        """Set one line and move down by ``pitch`` points; 0 stays on the line. ``spread`` is
        room between its characters, which sets a line flush with the others.
        """
        step = self.pitch if pitch is None else pitch
        self.need(step or self.pitch)
        if align != "left":
            spare = _WIDTH - self._type.width(text, size, face)
            x = LEFT + spare * (0.5 if align == "centre" else 1)
        self._put(text, x, self._y + (step or self.pitch) / 2 + size * 0.36, size, face, spread)
        self._y += step

    def rule(self, start: float, end: float, *, up: float) -> None:
        """Draw a line to write on, ``up`` points above where the next line goes."""
        self._pdf.set_line_width(0.6)
        self._pdf.line(start, self._y - up / 2, end, self._y - up / 2)

    def table(self, table: Table) -> None:
        """Set a table; its headings come again on every page it reaches."""
        whole = sum(column.share for column in table.columns)
        widths = [_WIDTH * column.share / whole for column in table.columns]
        heads = [self._cell(column.heading, width, "hei") for column, width in
                 zip(table.columns, widths, strict=True)]  # fmt: skip
        aligns: list[Align] = [column.align for column in table.columns]
        high = _height(heads)
        self.skip(4)
        first = True
        for row in table.rows:
            cells = [
                self._cell(text, width, "song") for text, width in zip(row, widths, strict=True)
            ]
            if first or self._y + _height(cells) > _TOP + _HEIGHT:
                fits = _height(cells) <= _HEIGHT - high
                self.need(high + (_height(cells) if fits else high * 3))
            if first or self._y == _TOP:
                self._row(heads, widths, ["centre"] * len(widths), "hei", shade=True)
                first = False
            while _height(cells) > _HEIGHT - high:
                # Too long for any page: as many of its lines as this one holds.
                room = int((_TOP + _HEIGHT - self._y - 2 * _PAD) / _CELL_PITCH)
                if room < 1:
                    break
                self._row([cell[:room] for cell in cells], widths, aligns, "song")
                cells = [cell[room:] for cell in cells]
                self._turn()
                self._row(heads, widths, ["centre"] * len(widths), "hei", shade=True)
            if any(cells):
                self._row(cells, widths, aligns, "song")
        self.skip(8)

    def _cell(self, text: str, width: float, face: Face) -> list[str]:
        room = width - 2 * _PAD
        measure = self.measure(_CELL, face)
        return [
            line
            for paragraph in paragraphs_of(text)
            for line in lines_of(one_line(paragraph), measure, room, room)
        ] or [""]

    def _row(
        self,
        cells: list[list[str]],
        widths: list[float],
        aligns: list[Align],
        face: Face,
        *,
        shade: bool = False,
    ) -> None:
        high = _height(cells)
        x = LEFT
        self._pdf.set_line_width(0.5)
        self._pdf.set_fill_color(240)
        for cell, width, align in zip(cells, widths, aligns, strict=True):
            self._pdf.rect(x, self._y, width, high, style="DF" if shade else "D")
            y = self._y + (high - len(cell) * _CELL_PITCH) / 2
            for line in cell:
                spare = width - 2 * _PAD - self._type.width(line, _CELL, face)
                inset = _PAD + spare * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
                self._put(line, x + inset, y + _CELL_PITCH / 2 + _CELL * 0.36, _CELL, face)
                y += _CELL_PITCH
            x += width
        self._y += high

    def _put(
        self, text: str, x: float, y: float, size: float, face: Face, spread: float = 0.0
    ) -> None:
        self._pdf.set_char_spacing(spread)
        for chosen, run in self._type.runs(text, face):
            self._pdf.set_font(chosen, size=size)
            self._pdf.text(x, y, run)
            x += self._type.width(run, size, chosen) + spread * len(run)

    def _turn(self) -> None:
        """Begin a page: what lies under it, and its number at the outer edge."""
        pdf = self._pdf
        pdf.add_page()
        if self._mark:
            size = min(150.0, 420.0 / max(len(self._mark), 1))
            wide = self._type.width(self._mark, size, "hei")
            middle = (pdf.w / 2, pdf.h / 2)
            pdf.set_text_color(_MARKS_GREY)
            with pdf.rotation(45, *middle):
                self._put(self._mark, middle[0] - wide / 2, middle[1] + size / 3, size, "hei")
            pdf.set_text_color(0)
        number = f"— {pdf.page_no()} —"
        wide = self._type.width(number, 14, "song")
        inner = 14.0
        x = LEFT + inner if pdf.page_no() % 2 == 0 else LEFT + _WIDTH - wide - inner
        self._put(number, x, _TOP + _HEIGHT + 7 * _MM + 10, 14, "song")
        self._y = _TOP


def _height(cells: list[list[str]]) -> float:
    return max(len(cell) for cell in cells) * _CELL_PITCH + 2 * _PAD
