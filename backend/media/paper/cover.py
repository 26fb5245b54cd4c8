"""The cover of a course: its title over hills in its own colour, without a photograph."""

import msgspec

from backend.media.paper import scenery
from backend.media.paper.fonts import BLACK, BOLD, MEDIUM
from backend.media.paper.pen import away
from backend.media.paper.sheet import Sheet

WIDTH, HEIGHT = 1200, 675
_MARGIN = 72
_TITLE = ((116, 1), (84, 2), (72, 2), (56, 3), (44, 4))
_WHITE = "#ffffff"


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a cover; ``seed`` decides its colours and hills, and is not shown.

    ``stage`` is a short label, such as ``小学中年级``. Only the title is needed.
    """

    title: str
    subtitle: str = ""
    host: str = ""
    stage: str = ""
    seed: str


async def png(cover: Cover) -> bytes:
    """Draw it as a PNG of 1200 by 675 pixels, in a thread of its own."""
    return await away(lambda: drawn(cover).png())


async def jpeg(cover: Cover) -> bytes:
    """Draw it as a JPEG of 1200 by 675 pixels, in a thread of its own."""
    return await away(lambda: drawn(cover).jpeg())


def drawn(cover: Cover) -> Sheet:
    """Draw it on a sheet."""
    colours = scenery.palette(cover.seed)
    sheet = Sheet(WIDTH, HEIGHT, colours.sky[0])
    scenery.draw(sheet, colours, cover.seed, top=424, bottom=HEIGHT)
    y = 66.0
    if cover.stage:
        wide = min(sheet.measure(cover.stage, 26, weight=MEDIUM), 420)
        sheet.block(_MARGIN, y, wide + 44, 48, colours.accent, radius=24)
        sheet.line(cover.stage, _MARGIN + 22, y + 24, 26, _WHITE, weight=MEDIUM, most=420)
        y += 78
    else:
        y += 34
    y = sheet.heading(
        cover.title, _MARGIN, y, 920, _TITLE, colours.ink, weight=BLACK, leading=1.24,
    )  # fmt: skip
    if cover.subtitle:
        sheet.heading(
            cover.subtitle, _MARGIN, y + 14, 800, ((32, 1), (28, 2)), colours.soft,
            weight=MEDIUM, leading=1.4,
        )  # fmt: skip
    if cover.host:
        sheet.line(cover.host, _MARGIN, HEIGHT - 56, 30, _WHITE, weight=BOLD, tracking=1, most=900)
    return sheet
