"""One cell's value, made into what it was meant to be.

Spreadsheets turn numbers typed into them into floats, keep blanks nobody sees, and take
digits from Chinese keyboards as they come. What can be repaired without guessing is
repaired; the rest is a :class:`CellFault`.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from backend.people import phones
from backend.web.actor import Role

Maker = Callable[[object], str]
"""What makes a cell's value into text, or raises :class:`CellFault`."""

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BLANKS = re.compile(r"\s+")
_NUMBER = re.compile(r"^[0-9A-Za-z][0-9A-Za-z\-_/.]{0,29}$")
_NAME = re.compile(r"^[\w·•.'\- ]+$")
_HAS_DIGIT = re.compile(r"\d")
_EXACT = 10**15
_LONGEST_NAME = 40

# The names of ``people.models.Relation``, whose import would cost the child more than all
# the rest of its work.
FATHER, MOTHER, GRANDPARENT, OTHER = "father", "mother", "grandparent", "other"
RELATIONS: dict[str, str] = {
    **dict.fromkeys(
        ("父亲", "爸爸", "父", "爸", "父子", "父女", "继父", "养父"), FATHER
    ),
    **dict.fromkeys(
        ("母亲", "妈妈", "母", "妈", "母子", "母女", "继母", "养母"), MOTHER
    ),
    **dict.fromkeys(
        (
            "祖父", "祖母", "外祖父", "外祖母", "爷爷", "奶奶", "外公", "外婆",
            "姥爷", "姥姥", "祖孙", "祖父母", "外祖父母", "祖辈",
        ),
        GRANDPARENT,
    ),
    **dict.fromkeys(
        (
            "其他", "其它", "监护人", "其他监护人", "亲属", "亲戚", "伯父", "伯母", "叔叔", "婶婶",
            "姑姑", "姑父", "舅舅", "舅妈", "姨妈", "姨父", "阿姨", "哥哥", "姐姐", "兄长",
        ),
        OTHER,
    ),
}  # fmt: skip
ROLES: dict[str, Role] = {
    **dict.fromkeys(("班主任", "正班主任"), Role.CLASS_TEACHER),
    **dict.fromkeys(
        ("任课教师", "任课老师", "科任教师", "科任老师", "科任", "教师", "老师"),
        Role.SUBJECT_TEACHER,
    ),
    **dict.fromkeys(("年级组长", "年段长", "段长", "年级长", "年级主任"), Role.GRADE_LEAD),
    **dict.fromkeys(("学校管理员", "管理员", "校级管理员"), Role.SCHOOL_ADMIN),
    **dict.fromkeys(("校长", "园长"), Role.PRINCIPAL),
}


class CellFault(Exception):
    """The cell cannot be taken as it is; ``code`` is a key of ``checks.MESSAGES``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def text(value: object) -> str:
    """Return a cell as text: half-width, without hidden characters, trimmed.

    Raises :class:`CellFault` for numbers that lost digits, fractions, dates and truth
    values.
    """
    match value:
        case None | "":
            return ""
        case str():
            return _clean(value)
        case bool():
            raise CellFault("not_text")
        case date() | datetime() | time() | timedelta():
            raise CellFault("date_value")
        case int() | float():
            # A double keeps fifteen digits; what was typed beyond them is gone.
            if abs(value) >= _EXACT:
                raise CellFault("number_too_long")
            if value % 1 != 0:
                raise CellFault("not_text")
            return str(int(value))
        case _:
            raise CellFault("not_text")


def compact(value: object) -> str:
    """Return :func:`text` without any blanks inside."""
    return _BLANKS.sub("", text(value))


def name(value: object) -> str:
    """Return a person's name; blanks between Chinese characters go, others become one.

    Raises :class:`CellFault`.
    """
    cleaned = text(value)
    if not cleaned.isascii():
        cleaned = _BLANKS.sub("", cleaned)
    cleaned = _BLANKS.sub(" ", cleaned).replace("•", "·")
    if not cleaned:
        return ""
    if len(cleaned) > _LONGEST_NAME or not _NAME.match(cleaned) or _HAS_DIGIT.search(cleaned):
        raise CellFault("bad_name")
    return cleaned


def number(value: object) -> str:
    """Return a pupil's number with its leading zeros. Raises :class:`CellFault`."""
    cleaned = compact(value)
    if cleaned and not _NUMBER.match(cleaned):
        raise CellFault("bad_number")
    return cleaned


def phone(value: object) -> str:
    """Return a normalised mobile number, or an empty text. Raises :class:`CellFault`."""
    cleaned = compact(value)
    if not cleaned:
        return ""
    try:
        return phones.normalise(cleaned)
    except phones.BadPhone:
        raise CellFault("bad_phone") from None


def relation(value: object) -> str:
    """Return a relation's key, or an empty text. Raises :class:`CellFault`."""
    cleaned = compact(value)
    if not cleaned:
        return ""
    known = RELATIONS.get(cleaned)
    if known is None:
        raise CellFault("unknown_relation")
    return known


def role(value: object) -> str:
    """Return a :class:`Role`, or an empty text. Raises :class:`CellFault`."""
    cleaned = compact(value)
    if not cleaned:
        return ""
    known = ROLES.get(cleaned)
    if known is None:
        raise CellFault("unknown_role")
    return str(known)


def masked(field: str, value: object) -> str | None:
    """Return a cell as it may stand in a list of faults; personal values are masked."""
    shown = _clean(str(int(value) if isinstance(value, float) and value.is_integer() else value))
    if not shown:
        return None
    if field in ("grade", "class", "relation", "role", "subject"):
        return shown[:20]
    if "name" in field:
        return f"{shown[0]}*"
    return f"{shown[:3]}****{shown[-2:]}" if len(shown) > 6 else "*" * len(shown)


def _clean(value: str) -> str:
    cleaned = _INVISIBLE.sub("", unicodedata.normalize("NFKC", value)).strip()
    # Our own workbooks put an apostrophe before what a spreadsheet might run.
    return cleaned[1:] if cleaned[:1] == "'" and cleaned[1:2] in tuple("=+-@") else cleaned
