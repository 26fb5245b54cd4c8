"""The workbook that goes back: the rows as they came, each with what is wrong with it."""

import io
from collections.abc import Iterable

import msgspec
import xlsxwriter

from backend.roster.spreadsheet.parsing import understand
from backend.roster.spreadsheet.rows import Fault, Workbook
from backend.roster.spreadsheet.tables import open_tables
from backend.roster.spreadsheet.template import PLAIN
from backend.sandbox import Progress

TARGET = f"{__name__}:write"
SUMMARY = "错误汇总"
COLUMN = "错误"
_RUNNABLE = ("=", "+", "-", "@", "\t", "\r")


def write(payload: bytes, progress: Progress) -> bytes:
    """Turn an encoded :class:`Workbook` into an xlsx; runs only in the sandbox's child.

    Raises :class:`backend.sandbox.SandboxRefused`.
    """
    workbook = msgspec.msgpack.decode(payload, type=Workbook)
    reading = understand(workbook, progress)
    faults = reading.faults or reading.warnings
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN})
    header = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    wrong = book.add_format({"font_color": "#C00000", "text_wrap": True})
    text = book.add_format({"num_format": "@"})
    for table in open_tables(workbook.file):
        sheet = book.add_worksheet(table.sheet)
        messages = _by_row(fault for fault in faults if fault.sheet == table.sheet)
        last = max((len(line) for line in table.cells), default=0)
        sheet.set_column(0, last - 1, 16, text)
        sheet.set_column(last, last, 60, wrong)
        sheet.freeze_panes(table.columns.header_row + 1, 0)
        for row, line in enumerate(table.cells):
            style = header if row == table.columns.header_row else text
            for column, value in enumerate(line):
                if (shown := harmless(_as_text(value))) != "":
                    sheet.write_string(row, column, shown, style)
            if row == table.columns.header_row:
                sheet.write_string(row, last, COLUMN, header)
            elif row + 1 in messages:
                sheet.write_string(row, last, harmless("；".join(messages[row + 1])), wrong)
    _summarise(book, faults)
    book.close()
    return file.getvalue()


def harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet might take for a formula."""
    return f"'{text}" if text.startswith(_RUNNABLE) else text


def _by_row(faults: Iterable[Fault]) -> dict[int, list[str]]:
    messages: dict[int, list[str]] = {}
    for fault in faults:
        messages.setdefault(fault.row, []).append(f"{fault.column}：{fault.message}")
    return messages


def _summarise(book: xlsxwriter.Workbook, faults: list[Fault]) -> None:
    sheet = book.add_worksheet(SUMMARY)
    sheet.set_column(0, 2, 14)
    sheet.set_column(3, 3, 70)
    for column, name in enumerate(("工作表", "行", "列", "说明")):
        sheet.write_string(0, column, name)
    for row, fault in enumerate(faults, start=1):
        sheet.write_string(row, 0, harmless(fault.sheet))
        sheet.write_number(row, 1, fault.row)
        sheet.write_string(row, 2, harmless(fault.column))
        sheet.write_string(row, 3, harmless(fault.message))


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
