"""The one typeface of our papers: Noto Sans CJK, in the weights of its axis."""

import importlib.util
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

LIGHT, REGULAR, MEDIUM, BOLD, BLACK = 300, 400, 500, 700, 900
SIMPLIFIED = 2
"""Which of the collection's faces has the mainland's forms."""
MISSING = "〓"
"""What printers set for a character they have no type of."""

_UNASSIGNED = "\U0010fffe"


@cache
def _file() -> str:
    spec = importlib.util.find_spec("manimgx_fonts_cjk")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("drawing papers needs the package manimgx-fonts-cjk")
    return str(Path(spec.submodule_search_locations[0]) / "NotoSansCJK-VF.otf.ttc")


@lru_cache(maxsize=64)
def font(size: int, weight: int = REGULAR) -> Font:
    """Return the typeface at ``size`` pixels and ``weight`` (100 to 900); bears threads."""
    opened = ImageFont.truetype(_file(), size, index=SIMPLIFIED)
    # A variable font opens at its thinnest.
    opened.set_variation_by_axes([weight])
    return opened


def drawable(text: str) -> str:
    """Return ``text`` as the typeface can set it, on one line.

    Pictographs and invisible marks are left out; a letter without a glyph, such as a very
    rare character in a name, becomes :data:`MISSING`.
    """
    kept = []
    for ch in unicodedata.normalize("NFC", text):
        category = unicodedata.category(ch)
        if category[0] == "Z" or category == "Cc":
            kept.append(" ")
        elif category[0] == "C" or category in ("Mn", "Me"):
            continue
        elif _has_glyph(ch):
            kept.append(ch)
        elif category[0] in "LN":
            kept.append(MISSING)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=8192)
def _has_glyph(ch: str) -> bool:
    return bytes(font(32).getmask(ch)) != _box()


@cache
def _box() -> bytes:
    """What the typeface shows for a character it does not have."""
    return bytes(font(32).getmask(_UNASSIGNED))
