"""Breaking text into lines of a given width, as Chinese is broken."""

from collections.abc import Callable, Iterator

_NEVER_FIRST = "，。！？；：、）》〉」』】〕”’…·—～％%℃)]},.;:!?"
_NEVER_LAST = "（《〈「『【〔“‘([{"

Measure = Callable[[str], float]
"""How wide a text is; of a whole it is the sum of its characters."""


def lines_of(text: str, measure: Measure, first: float, rest: float) -> list[str]:
    """Break ``text`` into lines: the first at most ``first`` wide, the others ``rest``.

    No line begins with a closing mark or ends with an opening one, and words and numbers stay
    whole, unless they alone are wider than a line.
    """
    lines: list[str] = []
    line, used, room = "", 0.0, first
    for piece in _pieces(text):
        # A word that no line can hold is cut where it must be.
        for part in piece if measure(piece) > rest else (piece,):
            width = measure(part)
            if used + width > room + 0.01 and (line or room < rest):
                lines.append(line.rstrip())
                line, used, room = "", 0.0, rest
            if not line and lines:
                part = part.lstrip()
                width = measure(part)
            line += part
            used += width
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    """Yield the smallest parts of ``text`` that are to stay on one line."""
    piece: list[str] = []
    for ch in text:
        joins = bool(piece) and (
            ch in _NEVER_FIRST
            or piece[-1] in _NEVER_LAST
            or (ch.isascii() and piece[-1].isascii() and not ch.isspace())
        )
        if piece and not joins:
            yield "".join(piece)
            piece = []
        piece.append(ch)
    if piece:
        yield "".join(piece)
