"""From sheets to tables: calamine's values, row by row, with what stands against a cell."""

import io
from collections.abc import Callable, Iterator

import msgspec
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from backend.roster.spreadsheet import archive, cells, columns
from backend.roster.spreadsheet.archive import MAX_GUARDIAN_ROWS, MAX_ROWS, SheetFacts
from backend.roster.spreadsheet.checks import Findings, Source
from backend.roster.spreadsheet.columns import LABELS, Columns, Kind
from backend.sandbox import SandboxRefused


class Table(msgspec.Struct):
    """A recognised sheet: its columns, its cells, and the facts about them."""

    sheet: str
    columns: Columns
    cells: list[list[object]]
    facts: SheetFacts

    def rows(self) -> Iterator["Row"]:
        """Yield the rows below the header that hold anything in a known column."""
        spoiled = self._spoiled()
        used = list(self.columns.at.values())
        marked = {row for row, _ in self.facts.formulas | self.facts.errors}
        for index in range(self.columns.header_row + 1, len(self.cells)):
            if index in spoiled or index in marked or any(self._holds(index, c) for c in used):
                yield Row(self, index, spoiled.get(index))

    def value(self, row: int, column: int) -> object:
        """Return a cell as the reader gave it; beyond the line's end it is empty."""
        line = self.cells[row]
        return line[column] if column < len(line) else ""

    def _holds(self, row: int, column: int) -> bool:
        return bool(str(self.value(row, column)).strip())

    def _spoiled(self) -> dict[int, int]:
        """Return the rows that merged cells reach into, each with a column of the merge."""
        rows: dict[int, int] = {}
        used = set(self.columns.at.values())
        last_cell = len(self.cells) - 1
        for top, left, bottom, right in self.facts.merged:
            touched = [column for column in used if left <= column <= right]
            if touched and bottom > self.columns.header_row:
                for row in range(max(top, self.columns.header_row + 1), min(bottom, last_cell) + 1):
                    rows[row] = min(touched)
        return rows


class Row(msgspec.Struct):
    """One row of a table while it is read; ``faults`` counts what was wrong with it."""

    table: Table
    index: int
    merged_column: int | None
    faults: int = 0

    @property
    def faulty(self) -> bool:
        """Say whether anything was wrong so far."""
        return self.faults > 0

    @property
    def number(self) -> int:
        """The row as the spreadsheet counts it."""
        return self.index + 1

    def source(self, field: str) -> Source:
        """Say where a field of this row stands."""
        header = self.table.columns.headers.get(field, LABELS.get(field, field))
        return Source(self.table.sheet, self.number, header)

    def value(self, field: str) -> object:
        """Return a field's cell as the reader gave it; an absent column is empty."""
        column = self.table.columns.at.get(field)
        return "" if column is None else self.table.value(self.index, column)

    def read(self, field: str, make: Callable[[object], str], findings: Findings) -> str:
        """Return a field made by ``make``; a fault is written down and gives an empty text."""
        column = self.table.columns.at.get(field)
        if column is None:
            return ""
        at = (self.index, column)
        value = self.value(field)
        try:
            if at in self.table.facts.errors:
                raise cells.CellFault("error_value")
            if at in self.table.facts.formulas:
                raise cells.CellFault("formula")
            return make(value)
        except cells.CellFault as fault:
            shown = None if at in self.table.facts.formulas else cells.masked(field, value)
            self.fault(fault.code, field, findings, value=shown)
            return ""

    def fault(
        self,
        code: str,
        field: str,
        findings: Findings,
        *,
        value: str | None = None,
        **words: object,
    ) -> None:
        """Write down a fault of one of this row's fields."""
        source = self.source(field)
        findings.fault(
            code,
            source.sheet,
            source.row,
            source.header,
            value=value,
            **{"label": LABELS.get(field.rstrip("1234"), field), **words},
        )
        self.faults += 1


def open_tables(file: bytes) -> list[Table]:
    """Return the recognised sheets of a workbook.

    Raises :class:`SandboxRefused` when the file cannot be trusted or says nothing known.
    """
    facts = archive.inspect(file)
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(file))
        visible = [
            meta.name for meta in book.sheets_metadata if meta.visible is SheetVisibleEnum.Visible
        ]
        tables = [table for name in visible if (table := _open(book, name, facts)) is not None]
    except CalamineError as error:
        raise SandboxRefused("unreadable") from error
    if not tables:
        raise SandboxRefused("nothing_known")
    return tables


def _open(book: CalamineWorkbook, name: str, facts: dict[str, SheetFacts]) -> Table | None:
    known = facts.get(name)
    if known is None:
        return None
    if known.too_large:
        # A sheet of some other kind may be as large as it likes.
        if columns.kind_by_name(name) is None and len(facts) > 1:
            return None
        raise SandboxRefused("sheet_too_large", {"sheet": name[:40]})
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    recognised = columns.recognise(name, rows)
    if recognised is None:
        return None
    return Table(name, recognised, [list(row) for row in rows], known)


def check_columns(table: Table, findings: Findings) -> bool:
    """Write down what is wrong with a table as a whole; say whether it can be read."""
    row = table.columns.header_row + 1
    for field in table.columns.missing:
        label = LABELS[field]
        findings.fault("missing_column", table.sheet, row, label, label=label)
    for header in table.columns.repeated:
        findings.fault("repeated_column", table.sheet, row, header, label=header)
    most = MAX_GUARDIAN_ROWS if table.columns.kind is Kind.GUARDIANS else MAX_ROWS
    if sum(1 for _ in table.rows()) > most:
        findings.fault("too_many_rows", table.sheet, 0, "", most=most)
        return False
    return not table.columns.missing
