"""Workbooks for tests: small honest ones, and hostile ones built by hand."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import msgspec
import xlsxwriter

from backend import sandbox
from backend.roster.spreadsheet import parsing
from backend.roster.spreadsheet.rows import House, Reading, Workbook

CLASSES = [["年级", "班级"], ["三年级", "1班"], ["三年级", "2班"]]
PUPILS = [
    ["学号", "姓名", "年级", "班级"],
    ["0001", "王小明", "三年级", "1班"],
    ["0002", "李思思", "三年级", "1班"],
    ["0003", "陈可", "三年级", "2班"],
]
GUARDIANS = [
    ["学号", "学生姓名", "家长姓名", "关系", "手机号"],
    ["0001", "王小明", "王建国", "父亲", "19900000201"],
    ["0001", "王小明", "刘玉梅", "母亲", "19900000202"],
    ["0002", "李思思", "李志强", "爸爸", "19900000203"],
    ["0003", "陈可", "陈秀英", "奶奶", "19900000204"],
]
STAFF = [
    ["姓名", "手机号", "职务", "年级", "班级", "学科"],
    ["张芳", "19900000211", "班主任", "三年级", "1班", ""],
    ["吴敏", "19900000212", "任课教师", "三年级", "1班、2班", "数学"],
    ["赵磊", "19900000213", "年级组长", "三年级", "", ""],
    ["周静", "19900000214", "学校管理员", "", "", ""],
]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006"


def sheets(**changed: Sequence[Sequence[object]]) -> dict[str, Sequence[Sequence[object]]]:
    """Return the small school; a sheet may be replaced by keyword (学生=…)."""
    usual: dict[str, Sequence[Sequence[object]]] = {
        "班级": CLASSES,
        "学生": PUPILS,
        "家长": GUARDIANS,
        "教师": STAFF,
    }
    return {name: rows for name, rows in {**usual, **changed}.items() if rows}


def book(tables: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Write sheets; texts stay texts, numbers numbers, ``=…`` becomes a formula."""
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"in_memory": True})
    for name, rows in tables.items():
        sheet = made.add_worksheet(name)
        for row, line in enumerate(rows):
            for column, value in enumerate(line):
                if value == "":
                    continue
                if isinstance(value, str) and not value.startswith("="):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write(row, column, value)
    made.close()
    return file.getvalue()


def understood(
    tables: Mapping[str, Sequence[Sequence[object]]] | bytes, house: House | None = None
) -> Reading:
    """Read an honest workbook in this process."""
    file = tables if isinstance(tables, bytes) else book(tables)
    return parsing.understand(Workbook(file, house or House([], [])), lambda _: None)


def faults_of(tables: Mapping[str, Sequence[Sequence[object]]]) -> list[tuple[str, int, str, str]]:
    """Return the faults of a workbook as (sheet, row, column, code)."""
    found = understood(tables).faults
    return [(fault.sheet, fault.row, fault.column, fault.code) for fault in found]


async def in_child(file: bytes) -> bytes:
    """Read a file where strangers' files are read."""
    return await sandbox.run(
        parsing.TARGET,
        msgspec.msgpack.encode(Workbook(file, House([], []))),
        memory=parsing.MEMORY,
        cpu_seconds=parsing.CPU_SECONDS,
        wall_seconds=parsing.WALL_SECONDS,
    )


def package(sheet_xml: str | bytes, **parts: str | bytes) -> bytes:
    """Zip a workbook with one sheet 学生 of the given XML; ``parts`` replace or add members.

    Keywords name members with ``__`` for ``/`` and ``_dot_`` for a dot.
    """
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_TYPES}/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_TYPES}/relationships"><Relationship Id="r1" '
            f'Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>'
            '<sheet name="学生" sheetId="1" r:id="r1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_TYPES}/relationships"><Relationship Id="r1" '
            f'Type="{_RELS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": sheet_xml,
    }
    for name, content in parts.items():
        members[name.replace("__", "/").replace("_dot_", ".")] = content
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def worksheet(rows: str, after: str = "", dimension: str = "") -> str:
    """Return a worksheet's XML around its rows."""
    declared = f'<dimension ref="{dimension}"/>' if dimension else ""
    return f'<worksheet xmlns="{_MAIN}">{declared}<sheetData>{rows}</sheetData>{after}</worksheet>'


def line(number: int, *texts: str) -> str:
    """Return a row of inline strings."""
    cells = "".join(
        f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
        for column, text in enumerate(texts)
    )
    return f'<row r="{number}">{cells}</row>'


HEADER = line(1, "学号", "姓名", "年级", "班级")
