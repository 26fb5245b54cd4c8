"""Workbooks the house writes: one sheet, a header, rows, in constant memory.

Nothing that is written is taken for a formula, a link or a number it is not: text stays
text, also when somebody later edits the cell or saves the sheet in another format.
"""

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_000
"""Characters; a longer text would make the file unreadable."""

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Sheet:
    """A workbook of one sheet that is filled from the top. Close it, or there is no file.

    ``columns`` are headings with widths in characters.
    """

    def __init__(self, path: Path, name: str, columns: Sequence[tuple[str, int]]) -> None:
        self._book = xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet(name)
        # The quote prefix is how Excel itself marks text that looks like a formula.
        self._text = self._book.add_format(
            {"num_format": "@", "quote_prefix": True, "text_wrap": True, "valign": "top"}
        )
        header = self._book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
        self._sheet.freeze_panes(1, 0)
        for column, (heading, width) in enumerate(columns):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, _shown(heading), header)
        self._next = 1

    def append(self, row: Sequence[str | int | None]) -> None:
        """Write the next row; whole numbers as numbers, everything else as text."""
        for column, value in enumerate(row):
            if isinstance(value, int):
                self._sheet.write_number(self._next, column, value)
            elif value:
                self._sheet.write_string(self._next, column, _shown(value), self._text)
        self._next += 1

    @property
    def rows(self) -> int:
        """How many rows have been written below the header."""
        return self._next - 1

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


def _shown(text: str) -> str:
    """Return what a cell may hold: no control characters, and not too long."""
    kept = "".join(ch for ch in text if ch >= " " or ch == "\n")
    return kept[:LONGEST_CELL]
