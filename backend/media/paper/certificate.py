"""A certificate, drawn: what somebody did, for whom, and how to check it."""

import math
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from backend.media.paper.fonts import BLACK, BOLD, MEDIUM, drawable, font
from backend.media.paper.lines import wrap
from backend.media.paper.pen import away
from backend.media.paper.sheet import SMALLEST, Sheet

WIDTH, HEIGHT = 1240, 1754
"""A4 at 150 dots an inch; the PDF has twice that."""

_PAPER, _INK, _SOFT, _GOLD = "#fdfbf4", "#1d2b2a", "#5b6866", "#a8863a"
_GREEN, _MESH, _SEAL = "#1f5148", "#f3ecda", "#c2463c"
_COLUMN, _MOST_LINES = 920, 6
_SETTING = dict.fromkeys((1, 2, 3), (33, 64, 0)) | {
    4: (33, 57, 30),
    5: (31, 48, 46),
    6: (28, 42, 58),
}
"""Size, leading, and how much lower the figures stand, by the number of lines in the middle."""


class Figure(msgspec.Struct, frozen=True):
    """One large number: ``18.5``, ``小时``, ``服务时长``."""

    value: str
    unit: str
    label: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed; each of ``body`` is a line or, where it is long, several; ``details``
    share lines. Of the body five lines find room, of the note two.

    ``url`` is where anybody can check it; it becomes the QR code.
    """

    title: str
    subtitle: str
    issuer: str
    holder: str
    body: Sequence[str]
    figures: Sequence[Figure]
    details: Sequence[str]
    thanks: str
    note: str
    issued_on: date
    issued_at: datetime
    number: str
    url: str


async def png(certificate: Certificate) -> bytes:
    """Draw it as a picture of 1240 by 1754 pixels, in a thread of its own."""
    return await away(lambda: _drawn(certificate).png())


async def pdf(certificate: Certificate) -> bytes:
    """Draw it as one page of A4, in a thread of its own."""
    title = f"{certificate.title} {certificate.number}"
    return await away(lambda: _drawn(certificate).pdf(title, certificate.issued_at))


def _drawn(certificate: Certificate) -> Sheet:
    sheet = Sheet(WIDTH, HEIGHT, _PAPER)
    _ground(sheet)
    _head(sheet, certificate)
    fall = _words(sheet, certificate)
    _figures(sheet, certificate.figures, fall)
    for place, line in enumerate(_rows(sheet, certificate.details)[: 2 if fall else 3]):
        sheet.line(line, WIDTH / 2, 1196 + fall + 42 * place, 25, _SOFT, align="centre", most=900)
    _foot(sheet, certificate)
    return sheet


def _ground(sheet: Sheet) -> None:
    sheet.rosette(WIDTH / 2, 800, 500, _MESH)
    sheet.frame(44, _GREEN, 5)
    sheet.frame(56, _GOLD, 1.5)
    sheet.frame(72, _GOLD, 1)
    for x in (72, WIDTH - 72):
        for y in (72, HEIGHT - 72):
            sheet.diamond(x, y, 15, _PAPER)
            sheet.diamond(x, y, 11, _GOLD)
            sheet.diamond(x, y, 5, _PAPER)


def _head(sheet: Sheet, certificate: Certificate) -> None:
    middle = WIDTH / 2
    sheet.line(certificate.issuer, middle, 186, 34, _GREEN, weight=MEDIUM, align="centre",
               tracking=8, most=960)  # fmt: skip
    sheet.line(certificate.title, middle, 298, 98, _GREEN, weight=BLACK, align="centre",
               tracking=20, most=1000)  # fmt: skip
    sheet.line(certificate.subtitle, middle, 402, 27, _GOLD, weight=MEDIUM, align="centre",
               tracking=6, most=960)  # fmt: skip
    sheet.rule((middle - 240, 456), (middle - 24, 456), _GOLD, 1.5)
    sheet.rule((middle + 24, 456), (middle + 240, 456), _GOLD, 1.5)
    sheet.diamond(middle, 456, 8, _GOLD)


def _words(sheet: Sheet, certificate: Certificate) -> int:
    """Set whom and what for; returns how much lower the figures must stand."""
    middle, lines = WIDTH / 2, _lines(sheet, certificate)
    sheet.line("兹证明", middle, 538, 30, _SOFT, align="centre", tracking=6)
    sheet.line(certificate.holder, middle, 632, 84, _INK, weight=BOLD, align="centre",
               tracking=14, most=860)  # fmt: skip
    sheet.rule((middle - 300, 706), (middle + 300, 706), _GOLD, 1)
    size, leading, fall = _SETTING[min(len(lines), _MOST_LINES)]
    for place, line in enumerate(lines):
        sheet.line(line, middle, 774 + place * leading, size, _INK, align="centre",
                   tracking=1, most=_COLUMN)  # fmt: skip
    return fall


def _lines(sheet: Sheet, certificate: Certificate) -> list[str]:
    """Return the lines of the body and the thanks, however long each part of it is."""
    body = [part for line in certificate.body for part in _parts(sheet, line)]
    return [*body[: _MOST_LINES - 1], certificate.thanks]


def _parts(sheet: Sheet, line: str) -> list[str]:
    """Break what would have to be set much smaller into lines of like length, three at most."""
    wide = sheet.measure(line, 33)
    if wide <= _COLUMN * 1.15:
        return [line]
    parts = wrap(drawable(line), font(33), min(wide / math.ceil(wide / _COLUMN) + 33, _COLUMN))
    return parts if len(parts) <= 3 else [*parts[:2], f"{parts[2][:-1]}…"]


def _figures(sheet: Sheet, figures: Sequence[Figure], fall: int) -> None:
    step = 900 / max(len(figures), 1)
    size = min([92, *(_fitting(sheet, figure, step - 60) for figure in figures)])
    for place, figure in enumerate(figures):
        x = WIDTH / 2 - 450 + step * (place + 0.5)
        wide = sheet.measure(figure.value, size, weight=BOLD)
        left = x - (wide + 12 + sheet.measure(figure.unit, 32, weight=MEDIUM)) / 2
        sheet.line(figure.value, left, 1030 + fall, size, _GREEN, weight=BOLD)
        sheet.line(figure.unit, left + wide + 12, 1050 + fall, 32, _GREEN, weight=MEDIUM)
        sheet.line(figure.label, x, 1114 + fall, 25, _SOFT, align="centre", tracking=4)
        if place:
            beside = x - step / 2
            sheet.rule((beside, 992 + fall), (beside, 1124 + fall), _GOLD, 1)


def _fitting(sheet: Sheet, figure: Figure, width: float) -> int:
    """Return the size at which a number and its unit are no wider than ``width``."""
    left = width - 12 - sheet.measure(figure.unit, 32, weight=MEDIUM)
    wide = sheet.measure(figure.value, 92, weight=BOLD)
    return max(int(92 * left / wide), SMALLEST) if wide > left else 92


def _foot(sheet: Sheet, certificate: Certificate) -> None:
    sheet.code(certificate.url, 136, 1364, 196)
    sheet.line("扫码核验", 356, 1414, 28, _GREEN, weight=MEDIUM, tracking=2)
    sheet.line("证书编号", 356, 1470, 21, _SOFT)
    sheet.line(certificate.number, 356, 1506, 24, _INK, weight=MEDIUM, most=330)
    day = certificate.issued_on
    sheet.seal(936, 1440, 128, certificate.issuer, "（盖章处）", _SEAL)
    sheet.line(f"{day.year}年{day.month}月{day.day}日", 936, 1604, 28, _INK, align="centre",
               tracking=1)  # fmt: skip
    top = 1604 if sheet.measure(certificate.note, 19) <= 600 else 1590
    sheet.paragraph(certificate.note, 148, top, 600, 19, _SOFT, leading=28, most_lines=2)


def _rows(sheet: Sheet, items: Sequence[str]) -> list[str]:
    """Put as many items on each line as fit, none of them broken."""
    rows: list[str] = []
    for item in items:
        longer = f"{rows[-1]} · {item}" if rows else item
        if rows and sheet.measure(longer, 25) <= 900:
            rows[-1] = longer
        else:
            rows.append(item)
    return rows
