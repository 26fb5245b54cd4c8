"""How schools spell grades and classes, brought to one spelling.

``3年级``, ``三`` and ``三年级`` are one grade; ``2``, ``(2)班``, ``二班``, ``三（2）班`` and
``302`` are one class of it.
"""

import re

_DIGITS = "零一二三四五六七八九十"
_NUMERAL = re.compile(r"^[一二三四五六七八九]?十?[一二三四五六七八九]?$")
_BRACKETS = str.maketrans("", "", "()[]{}【】「」〔〕")
_KINDERGARTEN = {"托班": 0, "小班": 1, "中班": 2, "大班": 3}
_JUNIOR_SENIOR = re.compile(r"^(初中?|高中?)([一二三123])(?:年级)?$")
_PLAIN = re.compile(r"^(?:小学)?([一二三四五六七八九十]{1,2}|[0-9]{1,2})(?:年级|年)?$")
_ENTRY_YEAR = re.compile(r"^(20[0-9]{2})级?$")
_WHOLE = (
    re.compile(r"^(.+?年级)(.+)$"),
    re.compile(r"^(20[0-9]{2}级)(.+)$"),
    re.compile(r"^((?:初|高)?[一二三四五六七八九])([0-9]{1,2}班?)$"),
    re.compile(r"^([托小中大])([一二三四五六七八九0-9]{1,2}班?)$"),
)
UNRANKED = 50
_LONGEST = 20


def number_of(text: str) -> int | None:
    """Return the number that digits or Chinese numerals up to 99 spell, else ``None``."""
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    if not text or not _NUMERAL.match(text):
        return None
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS.index(text) if len(text) == 1 else None
    return (_DIGITS.index(tens) if tens else 1) * 10 + (_DIGITS.index(ones) if ones else 0)


def grade(text: str) -> tuple[str, str, int]:
    """Return a grade's key, its spelling here, and its rank. ``text`` holds no blanks.

    Equal keys are the same grade: ``初一`` is ``七年级``.
    """
    if text in _KINDERGARTEN or f"{text}班" in _KINDERGARTEN:
        name = text if text in _KINDERGARTEN else f"{text}班"
        return name, name, _KINDERGARTEN[name]
    if match := _JUNIOR_SENIOR.match(text):
        year = number_of(match[2]) or 0
        rank = year + (6 if match[1].startswith("初") else 9)
        return str(rank), f"{match[1][0]}{_DIGITS[year]}", rank
    if match := _PLAIN.match(text):
        rank = number_of(match[1]) or 0
        if 1 <= rank <= 12:
            return str(rank), f"{_chinese(rank)}年级", rank
    if match := _ENTRY_YEAR.match(text):
        return match[1], f"{match[1]}级", UNRANKED
    return text, text[:_LONGEST], UNRANKED


def class_in(grade_text: str, text: str) -> str:
    """Return the spelling here of a class of the grade. ``text`` holds no blanks."""
    bare = text.translate(_BRACKETS)
    core = bare.removesuffix("班") or bare
    if (number := number_of(core)) is not None and not _says_grade(grade_text, core):
        return f"{number}班"
    for prefix in _prefixes(grade_text):
        rest = core.removeprefix(prefix)
        if rest != core and (number := number_of(rest)) is not None:
            return f"{number}班"
    return (core if core != bare or text.endswith("班") else bare)[: _LONGEST - 1] + "班"


def split(text: str) -> tuple[str, str] | None:
    """Take ``三年级2班`` or ``三(2)班`` apart into grade and class, or return ``None``."""
    bare = text.translate(_BRACKETS)
    for pattern in _WHOLE:
        if match := pattern.match(bare):
            return match[1], match[2]
    return None


def _says_grade(grade_text: str, core: str) -> bool:
    """``302`` in grade three names the grade too; ``12`` is class twelve."""
    key, _, _ = grade(grade_text)
    return len(core) == 3 and core.isdigit() and core.startswith(key)


def _prefixes(grade_text: str) -> list[str]:
    key, name, _ = grade(grade_text)
    short = [name.removesuffix(ending) for ending in ("年级", "班") if name.endswith(ending)]
    digits = [key] if key.isdigit() and len(key) < 3 else []
    return [grade_text, name, *short, *digits]


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("十" if tens else "") + (_DIGITS[ones] if ones else "")
