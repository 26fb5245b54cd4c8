"""QR codes, as pictures to paste or to send."""

import io

import segno
from PIL import Image

QUIET = 4
"""Modules of white around the code, as the standard asks."""


def image(text: str, size: int, *, dark: str = "#000000") -> Image.Image:
    """Return the code of ``text`` on white, at most ``size`` pixels wide, crisp modules.

    A quarter of it may be soiled and it still reads. Raises ``ValueError`` when ``size``
    is too small to give each module a pixel.
    """
    code = segno.make_qr(text, error="q", boost_error=False)
    modules = code.symbol_size(border=QUIET)[0]
    scale = size // modules
    if scale < 1:
        raise ValueError(f"a code of {modules} modules does not fit into {size} pixels")
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=QUIET, dark=dark, light="#ffffff")
    with Image.open(out, formats=("PNG",)) as drawn:
        return drawn.convert("RGB")


def png(text: str, size: int = 600) -> bytes:
    """Return the code of ``text`` as a PNG of at most ``size`` pixels."""
    out = io.BytesIO()
    image(text, size).save(out, "PNG", optimize=True)
    return out.getvalue()
