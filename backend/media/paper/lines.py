"""Breaking text into lines as Chinese is broken."""

from collections.abc import Iterable

from backend.media.paper.fonts import Font

_NEVER_FIRST = "，。！？；：、）》」』”’…·—％%"
_NEVER_LAST = "（《「『“‘"


def wrap(text: str, face: Font, width: float) -> list[str]:
    """Break ``text`` into lines of at most ``width`` pixels.

    Chinese breaks between any two characters, but no line begins with a closing mark or
    ends with an opening one; numbers stay whole.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and face.getlength(line + piece) > width:
            lines.append(line)
            line = ""
        line += piece
    return [*lines, line] if line else lines


def balanced(lines: list[str], face: Font, width: float) -> list[str]:
    """Break what :func:`wrap` made of a text anew: as many lines, about as long as each other."""
    text = "".join(lines)
    narrow, wide = 0.0, width
    # The last word alone on a line makes a title look like an accident.
    while len(lines) > 1 and wide - narrow > 4:
        middle = (narrow + wide) / 2
        tried = wrap(text, face, middle)
        fits = len(tried) == len(lines) and max(map(face.getlength, tried)) <= width
        narrow, wide = (narrow, middle) if fits else (middle, wide)
    return wrap(text, face, wide)


def _pieces(text: str) -> Iterable[str]:
    """Yield the smallest parts of ``text`` that must stay on one line."""
    piece = ""
    for ch in text:
        joins = bool(piece) and (
            ch in _NEVER_FIRST
            or piece[-1] in _NEVER_LAST
            or (ch.isascii() and piece[-1].isascii() and not ch.isspace())
        )
        if piece and not joins:
            yield piece
            piece = ""
        piece += ch
    if piece:
        yield piece
