"""The type a PDF is set in: Noto Serif SC as 宋体, Noto Sans SC as 黑体, both openly licensed."""

import importlib.util
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.fonts import TTFFont

Face = Literal["song", "hei"]
MISSING = "〓"
"""What printers set for a character they have no type of."""

_FILES = {"song": "NotoSerifSC-Regular.otf", "hei": "NotoSansSC-Regular.otf"}


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("writing PDFs needs the package pylopdf-fonts-zh-cn")
    return Path(spec.submodule_search_locations[0])


class Type:
    """Both faces in one document: which sets a character, and how wide it comes out."""

    def __init__(self, pdf: FPDF) -> None:
        self._faces: dict[Face, TTFFont] = {}
        for face, file in _FILES.items():
            pdf.add_font(face, "", _folder() / file)
            loaded = pdf.fonts[face]
            assert isinstance(loaded, TTFFont)
            self._faces["song" if face == "song" else "hei"] = loaded
        self._widths: dict[tuple[Face, str], float] = {}

    def runs(self, text: str, face: Face) -> list[tuple[Face, str]]:
        """Cut ``text`` where the face changes: the other one helps out where ``face`` lacks a
        character. A letter that neither has becomes :data:`MISSING`, a pictograph is left out.
        """
        set_in = [self._chosen(ch, face) for ch in text]
        return [
            (chosen, "".join(shown for _, shown in run))
            for chosen, run in groupby(set_in, key=lambda pair: pair[0])
        ]

    def width(self, text: str, size: float, face: Face) -> float:
        """Return how wide ``text`` is in points when set in ``size`` points."""
        return sum(self._width(ch, face) for ch in text) * size / 1000

    def _width(self, ch: str, face: Face) -> float:
        known = self._widths.get((face, ch))
        if known is None:
            chosen, shown = self._chosen(ch, face)
            known = self._faces[chosen].get_text_width(shown, 1000, None)[1] if shown else 0.0
            self._widths[face, ch] = known
        return known

    def _chosen(self, ch: str, face: Face) -> tuple[Face, str]:
        other: Face = "hei" if face == "song" else "song"
        for tried in (face, other):
            if ord(ch) in self._faces[tried].cmap:
                return tried, ch
        return face, MISSING if unicodedata.category(ch)[0] in "LN" else ""
