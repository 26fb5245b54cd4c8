"""The result of a vote as one picture for a phone: what was asked, who took part, what came out."""

import math
from collections.abc import Sequence

import msgspec

from backend.media.paper.fonts import BLACK, BOLD, MEDIUM
from backend.media.paper.pen import away
from backend.media.paper.sheet import Sheet

WIDTH = 1080
"""As wide as a phone's screen; the height is what the text takes."""

_MARGIN = 72
_INNER = WIDTH - 2 * _MARGIN
_RIGHT = WIDTH - _MARGIN
_PAPER, _CARD, _INK, _BODY, _SOFT = "#f4f6f5", "#ffffff", "#1d2b2a", "#3b4442", "#6a7674"
_TRACK, _LINE, _WHITE = "#e6ebe9", "#b3bfbb", "#ffffff"
_GREEN, _RED, _AMBER, _GREY, _QUORUM = "#1f6b58", "#a8443c", "#9a6a1c", "#8fa39e", "#c2463c"
_ROOMY = 8
"""With more options than these the rows stand closer."""


class ResultsCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the picture says. Numbers are whole ballots.

    ``options`` are label, votes and whether it was chosen; a motion's are for and against.
    ``cast`` includes ``abstained``, ``invalid`` and ``of_paper``. ``whole`` is what shares are
    a share of (the ballots cast, unless given), ``needed`` the votes that decide, if any.
    Without ``split_kept`` no votes are shown, whatever ``options`` hold.
    """

    title: str
    body: str
    date_line: str
    options: Sequence[tuple[str, int, bool]]
    abstained: int
    invalid: int
    entitled: int
    cast: int
    of_paper: int
    quorum_needed: int
    has_quorum: bool
    outcome_words: str
    split_kept: bool
    whole: int = 0
    needed: int | None = None


def draw(card: ResultsCard) -> bytes:
    """Draw it as a PNG 1080 pixels wide and as high as its text."""
    # Nothing is lost by drawing beside the paper: how far down it went is how high it must be.
    height = math.ceil(_drawn(Sheet(WIDTH, 1, _PAPER), card))
    sheet = Sheet(WIDTH, height, _PAPER)
    _drawn(sheet, card, height)
    return sheet.png()


async def png(card: ResultsCard) -> bytes:
    """Draw it in a thread of its own."""
    return await away(lambda: draw(card))


def _drawn(sheet: Sheet, card: ResultsCard, height: float = 0) -> float:
    """Draw everything from the top; returns where the paper ends."""
    colour = _colour(card)
    y = _head(sheet, card, colour)
    if height:
        sheet.block(36, y, WIDTH - 72, height - 108 - y, _CARD, radius=28)
    y = _turnout(sheet, card, y + 52)
    sheet.rule((_MARGIN, y), (_RIGHT, y), _TRACK, 2)
    y = _split(sheet, card, y + 44, colour) if card.split_kept else _kept(sheet, card, y + 44)
    sheet.line("按计票结果自动生成，以公布的结果文件为准", WIDTH / 2, y + 62, 25, _SOFT,
               align="centre", most=_INNER)  # fmt: skip
    return y + 108


def _colour(card: ResultsCard) -> str:
    if not card.has_quorum:
        return _AMBER
    return _GREEN if any(chosen for _, _, chosen in card.options) else _RED


def _head(sheet: Sheet, card: ResultsCard, colour: str) -> float:
    end = _head_words(Sheet(WIDTH, 1, _PAPER), card, colour)
    sheet.block(0, 0, WIDTH, end + 56, colour)
    _head_words(sheet, card, colour)
    return end


def _head_words(sheet: Sheet, card: ResultsCard, colour: str) -> float:
    sheet.line("表决结果", _MARGIN, 84, 30, _WHITE, weight=MEDIUM, tracking=6)
    sheet.line(card.date_line, _RIGHT, 84, 28, _WHITE, align="right", most=560)
    y = sheet.heading(card.title, _MARGIN, 132, _INNER, ((60, 2), (50, 3), (42, 5)), _WHITE,
                      weight=BLACK, leading=1.32)  # fmt: skip
    y = sheet.heading(card.body, _MARGIN, y + 14, _INNER, ((32, 1), (28, 2)), _WHITE,
                      weight=MEDIUM, leading=1.4)  # fmt: skip
    words = card.outcome_words
    size, wide = 46, min(sheet.measure(words, 46, weight=BLACK), _INNER - 96)
    sheet.block(_MARGIN, y + 30, wide + 96, 92, _WHITE, radius=46)
    sheet.line(words, _MARGIN + 48 + wide / 2, y + 76, size, colour, weight=BLACK,
               align="centre", most=_INNER - 96)  # fmt: skip
    return y + 162


def _turnout(sheet: Sheet, card: ResultsCard, y: float) -> float:
    figures = [("应投票", card.entitled), ("已投票", card.cast), ("其中纸质票", card.of_paper)]
    step = _INNER / len(figures)
    for place, (label, number) in enumerate(figures):
        x = _MARGIN + step * place
        sheet.line(label, x, y, 27, _SOFT)
        sheet.line(f"{number:,}", x, y + 54, 54, _INK, weight=BOLD, most=step - 20)
    y += 122
    whole = max(card.entitled, card.quorum_needed, 1)
    sheet.block(_MARGIN, y, _INNER, 26, _TRACK, radius=13)
    if card.cast:
        sheet.block(_MARGIN, y, max(_INNER * min(card.cast / whole, 1), 26), 26,
                    _GREEN if card.has_quorum else _GREY, radius=13)  # fmt: skip
    at = _MARGIN + _INNER * card.quorum_needed / whole
    mark = _GREEN if card.has_quorum else _QUORUM
    sheet.rule((at, y - 14), (at, y + 44), _INK, 4)
    rate = f"投票率 {_share(card.cast, card.entitled)}"
    quorum = f"法定人数 {card.quorum_needed:,}" + ("，已达到" if card.has_quorum else "，未达到")
    wide = sheet.measure(quorum, 27, weight=MEDIUM)
    left = min(max(at - wide / 2, _MARGIN), _RIGHT - wide)
    # The word for the line stands under it, and the rate where that leaves room.
    if left - _MARGIN > sheet.measure(rate, 27) + 30:
        sheet.line(rate, _MARGIN, y + 70, 27, _SOFT)
    else:
        sheet.line(rate, _RIGHT, y + 70, 27, _SOFT, align="right")
    sheet.line(quorum, left, y + 70, 27, mark, weight=MEDIUM)
    return y + 122


def _split(sheet: Sheet, card: ResultsCard, y: float, colour: str) -> float:
    whole = card.whole or card.cast
    most = max([card.needed or 0, *(votes for _, votes, _ in card.options)])
    # Short bars say little: where all shares are small, half or a quarter fills the row.
    full = next((part for part in (4, 2) if most * part <= whole), 1)
    scale = max(whole / full, most, 1)
    tight = len(card.options) > _ROOMY
    line = None
    if card.needed is not None and card.whole and card.needed <= scale:
        line = _MARGIN + _INNER * card.needed / scale
    for label, votes, chosen in card.options:
        ink = colour if chosen else _GREY
        count = f"{votes:,} 票"
        share = _share(votes, whole)
        room = _INNER - sheet.measure(count, 34, weight=BOLD) - 150
        if chosen:
            _tick(sheet, _MARGIN + 18, y + 20, colour)
        left = _MARGIN + (50 if chosen else 0)
        sheet.line(share, _RIGHT, y + 20, 28, _SOFT, align="right")
        sheet.line(count, _RIGHT - 116, y + 20, 34, _INK, weight=BOLD, align="right")
        end = sheet.heading(
            label, left, y - 4, room - (left - _MARGIN), ((34, 1), (30, 2), (27, 3)),
            _INK if chosen else _BODY, weight=BOLD if chosen else MEDIUM, leading=1.4,
        )  # fmt: skip
        y = max(end, y + 44) + 10
        if full == 1:
            # A track says that its whole length is everything.
            sheet.block(_MARGIN, y, _INNER, 22, _TRACK, radius=11)
        if votes:
            sheet.block(_MARGIN, y, max(_INNER * votes / scale, 22), 22, ink, radius=11)
        if line is not None:
            _dashes(sheet, line, y - 6, y + 30)
        y += 22 + (26 if tight else 40)
    if line is not None:
        words = f"通过线 {card.needed:,} 票"
        wide = sheet.measure(words, 25)
        sheet.line(words, min(max(line - wide / 2, _MARGIN), _RIGHT - wide), y, 25, _SOFT)
        y += 44
    return _rest(sheet, card, y)


def _rest(sheet: Sheet, card: ResultsCard, y: float) -> float:
    words = f"弃权 {card.abstained:,} 票  ·  无效 {card.invalid:,} 票"
    sheet.rule((_MARGIN, y), (_RIGHT, y), _TRACK, 2)
    sheet.line(words, _MARGIN, y + 44, 29, _BODY, weight=MEDIUM)
    return y + 90


def _kept(sheet: Sheet, card: ResultsCard, y: float) -> float:
    """Say that no numbers are kept, and name what was chosen."""
    for label, _, chosen in card.options:
        if not chosen:
            continue
        _tick(sheet, _MARGIN + 18, y + 20, _GREEN)
        y = sheet.heading(label, _MARGIN + 50, y - 4, _INNER - 50, ((34, 1), (30, 2), (27, 3)),
                          _INK, weight=BOLD, leading=1.4) + 22  # fmt: skip
    sheet.block(_MARGIN, y, _INNER, 132, _TRACK, radius=20)
    sheet.heading("投票人数较少，为保护投票人，各选项的票数不保留、不公布，只公布结果。",
                  _MARGIN + 36, y + 26, _INNER - 72, ((28, 2),), _BODY, leading=1.46)  # fmt: skip
    return y + 172


def _tick(sheet: Sheet, x: float, y: float, ink: str) -> None:
    sheet.disc(x, y, 18, ink)
    sheet.rule((x - 9, y), (x - 2, y + 8), _WHITE, 4)
    sheet.rule((x - 2, y + 8), (x + 10, y - 7), _WHITE, 4)


def _dashes(sheet: Sheet, x: float, top: float, bottom: float) -> None:
    while top < bottom:
        sheet.rule((x, top), (x, min(top + 8, bottom)), _LINE, 3)
        top += 14


def _share(part: int, whole: int) -> str:
    """Return a share with one decimal, never rounded up to all or down to nothing."""
    if whole <= 0:
        return "—"
    tenths = round(1000 * part / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:.1f}%"
