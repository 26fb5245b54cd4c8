"""Judging an xlsx by its zip directory and its XML, before any reader trusts it.

Two cells far apart make a reader allocate the rectangle between them, so every cell's
address is looked at first. The XML is streamed through expat; a document type, which
is where entity bombs live, is refused.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from xml.parsers import expat

import msgspec

from backend.sandbox import SandboxRefused

MAX_ENTRIES = 200
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100
MAX_ROWS = 5_000
"""Rows of data in a sheet."""
MAX_GUARDIAN_ROWS = 15_000
"""Rows of guardians, of whom every pupil has several."""
LAST_ROW = MAX_GUARDIAN_ROWS + 20
"""The last row that may hold anything: data, and a title with its header above."""
LAST_COLUMN = 60
MAX_SHEETS = 20
_MAX_MARKS = 2_000
_CHUNK = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0"
_CELL = re.compile(r"^\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})$")


class SheetFacts(msgspec.Struct):
    """What the reader's values do not show. Rows and columns count from 0.

    ``merged`` are (first row, first column, last row, last column). ``too_large`` says
    that a cell lies beyond the limits and the sheet must not be read.
    """

    formulas: set[tuple[int, int]] = msgspec.field(default_factory=set)
    errors: set[tuple[int, int]] = msgspec.field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = msgspec.field(default_factory=list)
    too_large: bool = False


class _Beyond(Exception):
    """A cell lies outside what may be read."""


def inspect(file: bytes) -> dict[str, SheetFacts]:
    """Return the facts of each worksheet by its name.

    Raises :class:`SandboxRefused` with a code of ``rules.FAILURES``.
    """
    if file.startswith(_OLE):
        # Both the format before 2007 and a password look like this.
        raise SandboxRefused("old_or_locked")
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            _check_directory(archive)
            for member in archive.namelist():
                if member.endswith((".xml", ".rels")) and not _is_sheet(member):
                    _stream(archive, member, lambda name, attributes: None)
            return {name: _facts(archive, member) for name, member in _sheets(archive).items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SandboxRefused("not_xlsx") from error
    except (expat.ExpatError, KeyError, ValueError) as error:
        raise SandboxRefused("unreadable") from error


def _check_directory(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise SandboxRefused("too_many_parts")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise SandboxRefused("unpacks_too_large")
    for entry in entries:
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise SandboxRefused("unpacks_too_large")
        if entry.flag_bits & 0x1:
            raise SandboxRefused("old_or_locked")
    if "xl/workbook.xml" not in archive.namelist():
        raise SandboxRefused("not_xlsx")


def _is_sheet(member: str) -> bool:
    return member.startswith("xl/worksheets/") and member.endswith(".xml")


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the member that holds each worksheet, by the sheet's name."""
    targets: dict[str, str] = {}
    named: list[tuple[str, str]] = []

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[attributes.get("Id", "")] = whole

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            key = next((v for k, v in attributes.items() if k.endswith(" id")), "")
            named.append((attributes.get("name", ""), key))

    _stream(archive, "xl/_rels/workbook.xml.rels", relation)
    _stream(archive, "xl/workbook.xml", sheet)
    if len(named) > MAX_SHEETS:
        raise SandboxRefused("too_many_parts")
    found = {name: targets.get(key, "") for name, key in named}
    return {name: member for name, member in found.items() if _is_sheet(member)}


def _facts(archive: zipfile.ZipFile, member: str) -> SheetFacts:
    facts = SheetFacts()
    row, column, kind = -1, -1, ""

    def element(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind
        if name == "c":
            kind = attributes.get("t", "")
            if (address := attributes.get("r")) is not None:
                row, column = _position(address)
            else:
                column += 1
        elif name in ("v", "is", "f"):
            # Only a cell that holds something makes the reader's rectangle larger.
            if row >= LAST_ROW or column >= LAST_COLUMN:
                raise _Beyond
            if name == "f" and len(facts.formulas) < _MAX_MARKS:
                facts.formulas.add((row, column))
            if kind == "e" and len(facts.errors) < _MAX_MARKS:
                facts.errors.add((row, column))
        elif name == "row":
            number = attributes.get("r")
            row, column = (int(number) - 1 if number else row + 1), -1
        elif name == "mergeCell" and len(facts.merged) < _MAX_MARKS:
            first, _, last = attributes.get("ref", "").partition(":")
            facts.merged.append((*_position(first), *_position(last or first)))

    try:
        _stream(archive, member, element)
    except _Beyond:
        facts.too_large = True
    return facts


def _position(address: str) -> tuple[int, int]:
    match = _CELL.match(address)
    if match is None:
        raise SandboxRefused("unreadable")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1


def _stream(
    archive: zipfile.ZipFile, member: str, element: Callable[[str, dict[str, str]], None]
) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: object) -> None:
        raise SandboxRefused("document_type")

    def start(name: str, attributes: dict[str, str]) -> None:
        element(name.rpartition(" ")[2], attributes)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    unpacked = 0
    with archive.open(member) as source:
        while chunk := source.read(_CHUNK):
            # The directory may lie about sizes; what really comes out is what counts.
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED:
                raise SandboxRefused("unpacks_too_large")
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
