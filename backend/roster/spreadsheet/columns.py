"""Recognising sheets and columns by what schools call them."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from backend.roster.spreadsheet.cells import FATHER, MOTHER

MAX_GUARDIANS = 4
"""Guardians that fit beside a pupil in a one-sheet layout."""
_HEADER_WITHIN = 10


class Kind(StrEnum):
    """What a sheet speaks of."""

    PUPILS = "pupils"
    GUARDIANS = "guardians"
    CLASSES = "classes"
    STAFF = "staff"


SHEETS: dict[Kind, str] = {
    Kind.PUPILS: "学生",
    Kind.GUARDIANS: "家长",
    Kind.CLASSES: "班级",
    Kind.STAFF: "教师",
}
_SHEET_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.GUARDIANS: ("家长", "监护人"),
    Kind.STAFF: ("教师", "老师", "教职工", "任课"),
    Kind.PUPILS: ("学生", "花名册", "学籍", "名单"),
    Kind.CLASSES: ("班级", "班级设置"),
}
_PHONE = ("手机号", "手机", "手机号码", "电话", "电话号码", "联系电话", "联系方式", "移动电话")
_NUMBER = ("学号", "学生学号", "学籍号", "学籍号码", "全国学籍号")
_GRADE = ("年级", "所在年级", "年段", "任教年级")
_CLASS = ("班级", "班别", "所在班级", "班", "班级名称", "任教班级")

COLUMNS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.PUPILS: {
        "number": _NUMBER,
        "name": ("姓名", "学生姓名", "学生", "名字"),
        "grade": _GRADE,
        "class": _CLASS,
    },
    Kind.GUARDIANS: {
        "number": _NUMBER,
        "pupil_name": ("学生姓名", "学生", "孩子姓名"),
        "name": ("姓名", "家长姓名", "监护人姓名", "家长", "监护人", "姓名(家长)"),
        "relation": ("关系", "与学生关系", "亲属关系", "称谓", "与孩子关系", "家长关系"),
        "phone": (*_PHONE, *(f"家长{word}" for word in _PHONE)),
    },
    Kind.CLASSES: {
        "grade": _GRADE,
        "class": _CLASS,
        "name": ("班主任", "班主任姓名"),
        "phone": (*_PHONE, *(f"班主任{word}" for word in _PHONE)),
    },
    Kind.STAFF: {
        "name": ("姓名", "教师姓名", "老师姓名", "教师", "名字"),
        "phone": (*_PHONE, *(f"教师{word}" for word in _PHONE)),
        "role": ("职务", "角色", "岗位", "身份"),
        "grade": _GRADE,
        "class": _CLASS,
        "subject": ("学科", "科目", "任教学科", "任教科目"),
    },
}
NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.PUPILS: ("number", "name", "class"),
    Kind.GUARDIANS: ("number", "name", "relation", "phone"),
    Kind.CLASSES: ("class",),
    Kind.STAFF: ("name", "phone", "role"),
}
LABELS: dict[str, str] = {
    "number": "学号",
    "name": "姓名",
    "pupil_name": "学生姓名",
    "grade": "年级",
    "class": "班级",
    "relation": "关系",
    "phone": "手机号",
    "role": "职务",
    "subject": "学科",
}
_ORDINALS = {"": 1, "一": 1, "二": 2, "三": 3, "四": 4, **{str(n): n for n in range(1, 5)}}
_GUARDIAN = re.compile(r"^(?:家长|监护人)([一二三四1-4]?)(.+)$")
_PARENTS = {
    "父亲": (1, FATHER),
    "爸爸": (1, FATHER),
    "母亲": (2, MOTHER),
    "妈妈": (2, MOTHER),
}


class Columns(msgspec.Struct, frozen=True):
    """Where a table's columns are.

    ``at`` maps a field to a column index, ``headers`` a field to the header as spelled.
    Fields of the guardians beside a pupil are ``name1``, ``relation1``, ``phone1`` …;
    ``implied`` gives the relation where the header itself says it (父亲手机).
    """

    kind: Kind
    header_row: int
    at: dict[str, int]
    headers: dict[str, str]
    implied: dict[int, str]
    repeated: list[str]

    @property
    def missing(self) -> list[str]:
        """Fields the table cannot be read without."""
        return [field for field in NEEDED[self.kind] if field not in self.at]


def kind_by_name(sheet: str) -> Kind | None:
    """Guess what a sheet speaks of from its tab."""
    word = _normal(sheet)
    for kind, words in _SHEET_WORDS.items():
        if any(known in word for known in words):
            return kind
    return None


def recognise(sheet: str, rows: Sequence[Sequence[object]]) -> Columns | None:
    """Find the header among the first rows, below any title, or return ``None``.

    The tab's name decides between kinds; without one the kind with most known columns.
    """
    named = kind_by_name(sheet)
    kinds = [named] if named else list(Kind)
    found = [
        columns
        for kind in kinds
        for index, row in enumerate(rows[:_HEADER_WITHIN])
        if (columns := _read_header(kind, index, row)) is not None
    ]
    # A row that lacks what the kind needs is a title or a line of data.
    usable = [columns for columns in found if not columns.missing] or (found if named else [])
    return max(usable, key=lambda c: (len(c.at), -c.header_row), default=None)


def _read_header(kind: Kind, index: int, row: Sequence[object]) -> Columns | None:
    at: dict[str, int] = {}
    headers: dict[str, str] = {}
    implied: dict[int, str] = {}
    repeated: list[str] = []
    for column, cell in enumerate(row):
        word = _normal(cell) if isinstance(cell, str) else ""
        field = _field(kind, word)
        if field is None and kind is Kind.PUPILS:
            field = _beside_pupil(word, implied)
        if field is None:
            continue
        if field in at:
            repeated.append(str(cell).strip())
            continue
        at[field], headers[field] = column, str(cell).strip()
    if len(at) < 2:
        return None
    return Columns(kind, index, at, headers, implied, repeated)


def _field(kind: Kind, word: str) -> str | None:
    for field, words in COLUMNS[kind].items():
        if word and word in words:
            return field
    return None


def _beside_pupil(word: str, implied: dict[int, str]) -> str | None:
    if match := _GUARDIAN.match(word):
        which = _ORDINALS[match[1]]
        field = _field(Kind.GUARDIANS, match[2])
        return f"{field}{which}" if field in ("name", "relation", "phone") else None
    for title, (which, relation) in _PARENTS.items():
        if word.startswith(title):
            field = _field(Kind.GUARDIANS, word.removeprefix(title) or "姓名")
            if field in ("name", "phone"):
                implied[which] = relation
                return f"{field}{which}"
    return None


def _normal(word: str) -> str:
    """``手机号码 （必填）*`` is ``手机号码``."""
    plain = unicodedata.normalize("NFKC", word)
    plain = re.sub(r"\s+|[*＊:：]", "", plain)
    return re.sub(r"\((?!家长)[^()]*\)", "", plain)
