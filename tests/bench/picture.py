"""The table of a run as a picture: ratios as bars, goals as marks upon them."""

import math
from collections.abc import Sequence

import msgspec
from PIL import Image, ImageDraw

from backend.media.paper.fonts import BOLD, REGULAR, drawable, font

WIDTH, MARGIN, ROW = 2_000, 48, 40
MEASURED, VALUE, YARDSTICK, BAR_LEFT, BAR_WIDTH = 104, 990, 1_010, 1_370, 440
INK, FAINT, RULE = (28, 32, 38), (118, 124, 132), (226, 229, 233)
MET, MISSED, OPEN = (46, 139, 87), (200, 70, 58), (96, 125, 160)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: ``ratio`` is drawn as a bar, ``goal`` as a mark on it."""

    job: str
    measured: str
    value: str
    yardstick: str
    ratio: float | None
    goal: float | None
    at_least: bool
    met: bool | None


def draw(
    lines: Sequence[Line], checks: Sequence[tuple[bool, str]], machine: str, verdict: str
) -> Image.Image:
    """Draw a run; ``machine`` says where and when, ``verdict`` how it came out."""
    jobs = len({line.job for line in lines})
    height = 3 * MARGIN + 110 + ROW * len(lines) + 16 * jobs + (ROW - 8) * len(checks)
    sheet = Image.new("RGB", (WIDTH, height), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN), "同行 Tongxing · make bench", INK, font(34, BOLD))
    pen.text((MARGIN, MARGIN + 52), _fit(pen, machine, 20, WIDTH - 2 * MARGIN), FAINT, font(20))
    pen.text((WIDTH - MARGIN, MARGIN + 8), verdict, INK, font(22, BOLD), anchor="ra")
    top, last = MARGIN + 104, ""
    for line in lines:
        if line.job != last:
            pen.line((MARGIN, top + 4, WIDTH - MARGIN, top + 4), RULE, 2)
            pen.text((MARGIN, top + 16), line.job, INK, font(20, BOLD))
            top, last = top + 16, line.job
        _row(pen, line, top)
        top += ROW
    pen.line((MARGIN, top + 8, WIDTH - MARGIN, top + 8), RULE, 2)
    top += 20
    for holds, claim in checks:
        # The typeface has no tick, so a dot says it.
        pen.ellipse((MARGIN + 4, top + 8, MARGIN + 16, top + 20), MET if holds else MISSED)
        text = _fit(pen, claim, 18, WIDTH - 2 * MARGIN - 30)
        pen.text((MARGIN + 30, top), text, INK if holds else MISSED, font(18))
        top += ROW - 8
    return sheet


def _row(pen: ImageDraw.ImageDraw, line: Line, top: int) -> None:
    pen.text((MEASURED, top), _fit(pen, line.measured, 20, 740), INK, font(20))
    pen.text((VALUE, top), line.value, INK, font(20, BOLD), anchor="ra")
    pen.text((YARDSTICK, top + 3), _fit(pen, line.yardstick, 15, 345), FAINT, font(15))
    if line.ratio is None:
        if line.goal is not None:
            pen.text((BAR_LEFT, top), _goal(line), _colour(line), font(20, REGULAR))
        return
    length = _along(line.ratio)
    pen.rectangle((BAR_LEFT, top + 4, BAR_LEFT + BAR_WIDTH, top + 26), (244, 246, 248))
    pen.rectangle((BAR_LEFT, top + 4, BAR_LEFT + length, top + 26), _colour(line))
    if line.goal is not None:
        mark = BAR_LEFT + _along(line.goal)
        pen.line((mark, top, mark, top + 30), INK, 3)
    text = f"{line.ratio:.2f}" + (f"  ({_goal(line)})" if line.goal is not None else "")
    pen.text((BAR_LEFT + BAR_WIDTH + 12, top), text, _colour(line), font(18, BOLD))


def _along(ratio: float) -> float:
    """Return where a ratio lies on its bar, which goes from a hundredth to ten, by powers."""
    place = (math.log10(min(max(ratio, 0.01), 10)) + 2) / 3
    return max(BAR_WIDTH * place, 2)


def _goal(line: Line) -> str:
    return f"{'≥' if line.at_least else '≤'} {line.goal:g}"


def _colour(line: Line) -> tuple[int, int, int]:
    return {None: OPEN, True: MET, False: MISSED}[line.met]


def _fit(pen: ImageDraw.ImageDraw, text: str, size: int, room: int) -> str:
    """Return as much of ``text`` as there is room for."""
    text = drawable(text)
    if pen.textlength(text, font(size)) <= room:
        return text
    while pen.textlength(text + "…", font(size)) > room:
        text = text[:-1]
    return text.rstrip() + "…"
