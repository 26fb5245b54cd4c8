"""The workbook schools download, fill in and upload."""

import io
from collections.abc import Mapping, Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from backend.roster.spreadsheet.columns import SHEETS, Kind

PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Nothing that is written is taken for a formula, a link or a number."""

_FILLED = 2_000
"""Rows that carry drop-down lists."""
_GRADES = [f"{n}年级" for n in "一二三四五六七八九"]
_LISTS: dict[str, list[str]] = {
    "关系": ["父亲", "母亲", "祖辈", "其他监护人"],
    "职务": ["班主任", "任课教师", "年级组长", "学校管理员", "校长"],
    "学科": [
        "语文", "数学", "英语", "道德与法治", "科学", "物理", "化学", "生物", "历史", "地理",
        "音乐", "美术", "体育与健康", "信息科技", "劳动", "心理健康",
    ],
}  # fmt: skip
_ONE_SHEET = ["学号", "姓名", "年级", "班级"] + [
    f"家长{which}{word}" for which in (1, 2) for word in ("姓名", "关系", "手机")
]
_COLUMNS: dict[Kind, list[tuple[str, int]]] = {
    Kind.CLASSES: [("年级*", 12), ("班级*", 12), ("班主任姓名", 14), ("班主任手机号", 18)],
    Kind.PUPILS: [("学号*", 20), ("姓名*", 14), ("年级*", 12), ("班级*", 12)],
    Kind.GUARDIANS: [
        ("学号*", 20),
        ("学生姓名", 14),
        ("家长姓名*", 14),
        ("关系*", 14),
        ("手机号*", 18),
    ],
    Kind.STAFF: [
        ("姓名*", 14),
        ("手机号*", 18),
        ("职务*", 14),
        ("年级", 12),
        ("班级", 12),
        ("学科", 14),
    ],
}
_ADVICE = [
    ("班级", "先列出全部班级。年级写“三年级”或“3”，班级写“2班”“（2）班”或“2”都可以。"),
    ("学生", "一行一名学生；学号在校内不能重复，前面的 0 会保留。"),
    ("家长", "一行一位家长，用学号对应学生；同一学生可以有多行，多子女家庭每个孩子各写一行。"),
    ("家长", "关系必填：父亲、母亲、祖辈、其他监护人（爸爸、妈妈、奶奶等也能识别）。"),
    ("家长", "手机号是家长登录的账号：一个手机号只能对应一个人。"),
    (
        "学生",
        "也可以不用“家长”表，在“学生”表后面加上 家长1姓名、家长1关系、家长1手机、家长2姓名……",
    ),
    ("教师", "班主任、任课教师要写年级和班级；一人教多个班可写多行，或写“1班、2班”。"),
    ("教师", "年级组长只写年级；学校管理员、校长不用写年级和班级。"),
    ("通用", "不要合并单元格，不要写公式；学号和手机号两列已设为文本，请勿改动格式。"),
    ("通用", "表头可以调换顺序，可以增加自己的列（会被忽略），表头上方可以有标题行。"),
    ("通用", "上传后先显示检查结果和将要发生的变化，确认后才会写入；24 小时内可以撤销。"),
    ("通用", "每张表最多 5000 行（家长表 15000 行）；再次上传改过的文件，只会写入有变化的部分。"),
]


def template(rows: Mapping[Kind, Sequence[Sequence[str]]] | None = None) -> bytes:
    """Return the workbook: how to fill it in, then one sheet for each kind of row.

    ``rows`` fills sheets with lines in the order of their columns; without it the sheets
    are empty.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN})
    title = book.add_format({"bold": True, "font_size": 14})
    header = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    advice = book.add_worksheet("填写说明")
    advice.write_string(0, 0, "花名册填写说明", title)
    advice.set_column(0, 0, 10)
    advice.set_column(1, 1, 90, wrapped)
    for line, (sheet, words) in enumerate(_ADVICE, start=2):
        advice.write_string(line, 0, sheet)
        advice.write_string(line, 1, words)
    for kind, columns in _COLUMNS.items():
        worksheet = book.add_worksheet(SHEETS[kind])
        _prepare(worksheet, columns, header, text)
        _write(worksheet, 1, (rows or {}).get(kind, ()))
    book.close()
    return file.getvalue()


def one_sheet(title: str, rows: Sequence[Sequence[str]]) -> bytes:
    """Return the layout many schools keep: a title, then pupils with two guardians beside.

    Each row holds number, name, grade, class, and name, relation and phone twice.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN})
    worksheet = book.add_worksheet(SHEETS[Kind.PUPILS])
    worksheet.write_string(0, 0, title)
    _write(worksheet, 1, [_ONE_SHEET, *rows])
    book.close()
    return file.getvalue()


def _write(sheet: Worksheet, first: int, rows: Sequence[Sequence[str]]) -> None:
    for row, line in enumerate(rows, start=first):
        for column, value in enumerate(line):
            if value:
                sheet.write_string(row, column, value)


def _prepare(
    sheet: Worksheet, columns: list[tuple[str, int]], header: Format, text: Format
) -> None:
    sheet.freeze_panes(1, 0)
    for column, (name, width) in enumerate(columns):
        sheet.set_column(column, column, width, text)
        sheet.write_string(0, column, name, header)
        choices = _GRADES if name.startswith("年级") else _LISTS.get(name.removesuffix("*"))
        if choices is None:
            continue
        sheet.data_validation(
            1,
            column,
            _FILLED,
            column,
            {
                "validate": "list",
                "source": choices,
                # Schools have their own words too; those are understood or reported.
                "error_type": "information",
                "error_title": "请确认",
                "error_message": "不在下拉列表中的写法，上传时会再检查。",
            },
        )
