"""A sheet of paper and what can be drawn on it.

Places and sizes are in points of the sheet's own width and height, from the top left.
Shapes are drawn at twice that and shrunk, because Pillow does not smooth their edges.
"""

import io
import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from PIL import Image, ImageDraw

from backend.media.paper import qr
from backend.media.paper.fonts import REGULAR, drawable, font
from backend.media.paper.lines import balanced, wrap

Colour = str
Align = Literal["left", "centre", "right"]

FINENESS = 2
SMALLEST = 12
"""Type smaller than this is not read on paper."""


class Sheet:
    """One page under the pen."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * FINENESS, height * FINENESS), ground)
        self._draw = ImageDraw.Draw(self._image)

    def measure(self, text: str, size: int, *, weight: int = REGULAR) -> float:
        """Return how wide :meth:`line` would set ``text``."""
        return font(size * FINENESS, weight).getlength(drawable(text)) / FINENESS

    def line(
        self,
        text: str,
        x: float,
        y: float,
        size: int,
        ink: Colour,
        *,
        weight: int = REGULAR,
        align: Align = "left",
        tracking: float = 0,
        most: float | None = None,
    ) -> float:
        """Set one line with its middle at height ``y``; returns its width.

        ``tracking`` is extra space between characters; a line wider than ``most`` is set
        smaller, and what is still too long then ends in an ellipsis.
        """
        shown = drawable(text)
        if not shown:
            return 0
        face = font(size * FINENESS, weight)
        gap = tracking * FINENESS
        length = face.getlength(shown) + gap * (len(shown) - 1)
        if most is not None and length > most * FINENESS:
            if size > SMALLEST:
                shorter = max(SMALLEST, min(size - 1, int(size * most * FINENESS / length)))
                tracking = tracking * shorter / size
            else:
                shorter, shown = size, f"{shown.removesuffix('…')[:-1]}…"
            return self.line(
                shown, x, y, shorter, ink, weight=weight, align=align, tracking=tracking, most=most
            )
        left = x * FINENESS - {"left": 0, "centre": length / 2, "right": length}[align]
        if not gap:
            self._draw.text((left, y * FINENESS), shown, fill=ink, font=face, anchor="lm")
        else:
            for ch in shown:
                self._draw.text((left, y * FINENESS), ch, fill=ink, font=face, anchor="lm")
                left += face.getlength(ch) + gap
        return length / FINENESS

    def paragraph(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        size: int,
        ink: Colour,
        *,
        leading: float,
        weight: int = REGULAR,
        align: Align = "left",
        most_lines: int = 20,
    ) -> float:
        """Set ``text`` in lines ``leading`` apart, the first at ``y``; returns where the next
        line would stand. What does not fit into ``most_lines`` ends in an ellipsis.
        """
        lines = wrap(drawable(text), font(size * FINENESS, weight), width * FINENESS)
        if len(lines) > most_lines:
            lines = [*lines[: most_lines - 1], f"{lines[most_lines - 1][:-1]}…"]
        for line in lines:
            self.line(line, x, y, size, ink, weight=weight, align=align, most=width)
            y += leading
        return y

    def heading(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        sizes: Sequence[tuple[int, int]],
        ink: Colour,
        *,
        weight: int = REGULAR,
        align: Align = "left",
        leading: float = 1.28,
    ) -> float:
        """Set ``text`` in the first of ``sizes``, each with the most lines it may take, in
        which it fits.

        The top of the first line is at ``y``; returns where the last one ends. A text that
        is too long even in the last size ends in an ellipsis.
        """
        shown = drawable(text)
        size, most_lines = sizes[0]
        lines: list[str] = []
        for size, most_lines in sizes:
            face = font(size * FINENESS, weight)
            lines = wrap(shown, face, width * FINENESS)
            if len(lines) <= most_lines:
                lines = balanced(lines, face, width * FINENESS)
                break
        else:
            lines = [*lines[: most_lines - 1], f"{lines[most_lines - 1][:-1]}…"]
        for line in lines:
            self.line(line, x, y + size * leading / 2, size, ink, weight=weight, align=align,
                      most=width)  # fmt: skip
            y += size * leading
        return y

    def shape(self, points: Iterable[tuple[float, float]], ink: Colour) -> None:
        """Fill the area within ``points``."""
        self._draw.polygon([_fine(point) for point in points], fill=ink)

    def disc(self, x: float, y: float, radius: float, ink: Colour) -> None:
        """Draw a filled circle."""
        box = [*_fine((x - radius, y - radius)), *_fine((x + radius, y + radius))]
        self._draw.ellipse(box, fill=ink)

    def block(
        self, x: float, y: float, width: float, height: float, ink: Colour, *, radius: float = 0
    ) -> None:
        """Draw a filled rectangle with rounded corners."""
        box = [*_fine((x, y)), *_fine((x + width, y + height))]
        self._draw.rounded_rectangle(box, radius * FINENESS, fill=ink)

    def wash(self, top: Colour, bottom: Colour, height: float) -> None:
        """Let one colour run into another from the upper edge down to ``height``."""
        size = (self._image.width, round(height * FINENESS))
        ramp = Image.linear_gradient("L").resize(size)
        self._image.paste(
            Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)
        )

    def rule(
        self, start: tuple[float, float], end: tuple[float, float], ink: Colour, width: float = 1
    ) -> None:
        """Draw a straight line."""
        self._draw.line([*_fine(start), *_fine(end)], fill=ink, width=round(width * FINENESS))

    def frame(self, inset: float, ink: Colour, width: float = 1) -> None:
        """Draw a rectangle ``inset`` from each edge."""
        far = (self.width - inset, self.height - inset)
        box = [*_fine((inset, inset)), *_fine(far)]
        self._draw.rectangle(box, outline=ink, width=round(width * FINENESS))

    def diamond(self, x: float, y: float, radius: float, ink: Colour) -> None:
        """Draw a small filled square standing on its corner."""
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        self._draw.polygon([_fine(corner) for corner in corners], fill=ink)

    def rosette(self, x: float, y: float, radius: float, ink: Colour, *, petals: int = 24) -> None:
        """Draw a ring of fine interlaced waves, as banknotes have behind their text."""
        steps, waves = 1440, 8
        for inner, outer in ((0.70, 1.0), (0.46, 0.72), (0.28, 0.48)):
            middle, swing = radius * (inner + outer) / 2, radius * (outer - inner) / 2
            for wave in range(waves):
                phase = 2 * math.pi * wave / waves
                points = []
                for step in range(steps + 1):
                    angle = 2 * math.pi * step / steps
                    reach = middle + swing * math.cos(petals * angle / 2 + phase)
                    points.append(_fine((x + reach * math.cos(angle), y + reach * math.sin(angle))))
                self._draw.line(points, fill=ink, width=FINENESS)

    def seal(self, x: float, y: float, radius: float, name: str, middle: str, ink: Colour) -> None:
        """Draw where a seal belongs: a double ring with ``name`` along its upper part."""
        for inset, width in ((0.0, 3.5), (radius * 0.07, 1.2)):
            reach = radius - inset
            box = [*_fine((x - reach, y - reach)), *_fine((x + reach, y + reach))]
            self._draw.ellipse(box, outline=ink, width=round(width * FINENESS))
        shown = drawable(name) or " "
        spread = min(250.0, 29.0 * len(shown))
        size = round(min(radius * 0.27, 2 * math.pi * radius * 0.74 * spread / 360 / len(shown)))
        for place, ch in enumerate(shown):
            share = (place + 0.5) / len(shown) - 0.5
            self._turned(ch, x, y, radius * 0.745, spread * share, max(size, 8), ink)
        self.line(middle, x, y + radius * 0.16, round(radius * 0.17), ink, align="centre",
                  tracking=radius * 0.03)  # fmt: skip

    def code(self, text: str, x: float, y: float, size: int) -> None:
        """Draw the QR code of ``text`` with its top left corner at ``x``, ``y``."""
        drawn = qr.image(text, size * FINENESS)
        spare = (size * FINENESS - drawn.width) // 2
        place = (round(x * FINENESS) + spare, round(y * FINENESS) + spare)
        self._image.paste(drawn, place)

    def png(self) -> bytes:
        """Return the sheet as a PNG of exactly its own size."""
        out = io.BytesIO()
        self._image.reduce(FINENESS).save(out, "PNG")
        return out.getvalue()

    def jpeg(self, *, quality: int = 88) -> bytes:
        """Return the sheet as a JPEG of exactly its own size."""
        out = io.BytesIO()
        self._image.reduce(FINENESS).save(out, "JPEG", quality=quality, subsampling=0)
        return out.getvalue()

    def pdf(self, title: str, made_at: datetime) -> bytes:
        """Return the sheet as a PDF of one A4 page; the same sheet gives the same bytes."""
        out = io.BytesIO()
        moment = made_at.utctimetuple()
        self._image.save(
            out,
            "PDF",
            resolution=self._image.width / (210 / 25.4),
            quality=92,
            subsampling=0,
            title=title,
            producer="Tongxing",
            creationDate=time.struct_time(moment),
            modDate=time.struct_time(moment),
        )
        return out.getvalue()

    def _turned(
        self, ch: str, x: float, y: float, reach: float, degrees: float, size: int, ink: Colour
    ) -> None:
        """Set one character on a circle around ``x``, ``y``, ``degrees`` clockwise from noon."""
        face = font(size * FINENESS, 600)
        edge = size * FINENESS * 2
        mask = Image.new("L", (edge, edge), 0)
        ImageDraw.Draw(mask).text((edge / 2, edge / 2), ch, fill=255, font=face, anchor="mm")
        mask = mask.rotate(-degrees, resample=Image.Resampling.BICUBIC)
        angle = math.radians(degrees)
        middle = _fine((x + reach * math.sin(angle), y - reach * math.cos(angle)))
        place = (round(middle[0] - edge / 2), round(middle[1] - edge / 2))
        self._image.paste(ink, place, mask)


def _fine(point: tuple[float, float]) -> tuple[float, float]:
    return point[0] * FINENESS, point[1] * FINENESS
