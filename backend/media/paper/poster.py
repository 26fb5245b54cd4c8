"""A poster for the school's wall: what, when, where, and a code that leads there."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from backend.media.paper import scenery
from backend.media.paper.fonts import BLACK, BOLD, MEDIUM
from backend.media.paper.pen import away
from backend.media.paper.scenery import Palette
from backend.media.paper.sheet import Sheet

WIDTH, HEIGHT = 1240, 1754
"""A4 at 150 dots an inch; the PDF has twice that."""

_MARGIN = 104
_INNER = WIDTH - 2 * _MARGIN
_PAPER, _WHITE, _BODY = "#fffdf9", "#ffffff", "#3b4442"
_HORIZON, _SHORE = 622, 864
_TITLE = ((168, 1), (124, 2), (104, 2), (84, 3), (66, 4))
_CODE = 236


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed. ``facts`` are pairs such as ``时间`` and the time, the first five are
    shown; ``lines`` are paragraphs, as many as there is room for.

    ``url`` becomes the code, with ``caption`` below it; ``seed`` decides the colours.
    """

    title: str
    subtitle: str = ""
    kicker: str = ""
    facts: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    host: str = ""
    note: str = ""
    url: str
    caption: str = "扫码查看"
    seed: str


async def png(poster: Poster) -> bytes:
    """Draw it as a picture of 1240 by 1754 pixels, in a thread of its own."""
    return await away(lambda: drawn(poster).png())


async def pdf(poster: Poster, made_at: datetime) -> bytes:
    """Draw it as one page of A4, in a thread of its own."""
    return await away(lambda: drawn(poster).pdf(poster.title, made_at))


def drawn(poster: Poster) -> Sheet:
    """Draw it on a sheet."""
    colours = scenery.palette(poster.seed)
    sheet = Sheet(WIDTH, HEIGHT, _PAPER)
    scenery.draw(sheet, colours, poster.seed, top=_HORIZON, bottom=_SHORE)
    _head(sheet, poster, colours)
    y = _facts(sheet, poster.facts[:5], colours)
    _words(sheet, poster.lines, y)
    _foot(sheet, poster, colours)
    return sheet


def _head(sheet: Sheet, poster: Poster, colours: Palette) -> None:
    y = 116.0
    if poster.kicker:
        wide = min(sheet.measure(poster.kicker, 34, weight=MEDIUM), 700)
        sheet.block(_MARGIN, y, wide + 60, 64, colours.accent, radius=32)
        sheet.line(poster.kicker, _MARGIN + 30, y + 32, 34, _WHITE, weight=MEDIUM, most=700)
        y += 96
    y = sheet.heading(
        poster.title, _MARGIN, y, _INNER, _TITLE, colours.ink, weight=BLACK, leading=1.22
    )
    if poster.subtitle:
        sheet.heading(
            poster.subtitle, _MARGIN, y + 16, 780, ((44, 1), (36, 2)), colours.soft,
            weight=MEDIUM, leading=1.42,
        )  # fmt: skip


def _facts(sheet: Sheet, facts: Sequence[tuple[str, str]], colours: Palette) -> float:
    y = 938.0
    step = 76 if len(facts) <= 4 else 66
    for label, value in facts:
        sheet.block(_MARGIN, y - 20, 8, 40, colours.accent, radius=4)
        sheet.line(label, _MARGIN + 30, y, 30, colours.soft, weight=MEDIUM, tracking=2, most=150)
        end = sheet.heading(
            value, _MARGIN + 196, y - 25, _INNER - 196, ((40, 1), (34, 1), (28, 2)), colours.ink,
            weight=BOLD, leading=1.25,
        )  # fmt: skip
        y = max(y + step, end + 46)
    return y


def _words(sheet: Sheet, lines: Sequence[str], y: float) -> None:
    y += 16
    floor = HEIGHT - 118 - _CODE - 66
    for line in lines:
        room = int((floor - y) // 48) + 1
        if room < 1:
            return
        y = sheet.paragraph(line, _MARGIN, y, _INNER, 30, _BODY, leading=48, most_lines=room) + 12


def _foot(sheet: Sheet, poster: Poster, colours: Palette) -> None:
    top = HEIGHT - 118 - _CODE
    right = WIDTH - _MARGIN
    sheet.rule((_MARGIN, top - 34), (right, top - 34), colours.hills[0], 2)
    sheet.code(poster.url, right - _CODE, top, _CODE)
    sheet.line(poster.caption, right - _CODE / 2, top + _CODE + 26, 28, colours.ink,
               weight=MEDIUM, align="centre", tracking=2, most=_CODE + 60)  # fmt: skip
    wide = _INNER - _CODE - 60
    y = sheet.heading(
        poster.host, _MARGIN, top + 26, wide, ((48, 1), (40, 2), (34, 2)), colours.accent,
        weight=BOLD, leading=1.34,
    )  # fmt: skip
    if poster.note:
        sheet.paragraph(poster.note, _MARGIN, y + 34, wide, 26, _BODY, leading=40, most_lines=3)
    sheet.block(0, HEIGHT - 26, WIDTH, 26, colours.accent)
