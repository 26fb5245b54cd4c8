"""What covers and posters are drawn on: hills under a wide sky, in colours of their own.

Everything follows from a seed, so the same course has the same cover wherever it is
drawn, and courses beside each other are told apart at a glance.
"""

import colorsys
import hashlib
import math
from collections.abc import Iterator

import msgspec

from backend.media.paper.sheet import Colour, Sheet

_HUES = (0.47, 0.56, 0.61, 0.70, 0.80, 0.94, 0.02, 0.07, 0.11, 0.28, 0.38)
"""Accents that carry white type: jade, lake, sky, iris, plum, rose, vermilion, …"""
_LAYERS = 5


class Palette(msgspec.Struct, frozen=True):
    """Colours that go together; ``hills`` from the farthest to the nearest."""

    accent: Colour
    ink: Colour
    soft: Colour
    sky: tuple[Colour, Colour]
    sun: Colour
    hills: tuple[Colour, ...]


class Chance:
    """Numbers that look like chance and follow from a seed, on every machine alike."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def between(self, low: float, high: float) -> float:
        """Return the next number from ``low`` up to ``high``."""
        self._count += 1
        digest = hashlib.sha256(f"{self._count}:{self._seed}".encode()).digest()
        return low + (high - low) * int.from_bytes(digest[:6], "big") / 2**48


def palette(seed: str) -> Palette:
    """Return the colours that belong to ``seed``."""
    hue = _HUES[int(Chance(f"hue {seed}").between(0, len(_HUES)))]
    warm = (hue + 0.08) % 1 if 0.3 < hue < 0.75 else hue
    # Green and yellow look brighter than blue and red of the same lightness.
    dim = 0.05 if 0.09 < hue < 0.5 else 0.0
    hills = tuple(
        _colour(
            hue + (warm - hue) * (1 - share),
            0.86 - (0.62 + dim) * share**0.8,
            0.34 + 0.2 * share,
        )
        for share in (layer / (_LAYERS - 1) for layer in range(_LAYERS))
    )
    return Palette(
        accent=_colour(hue, 0.36 - dim, 0.55),
        ink=_colour(hue, 0.16, 0.42),
        soft=_colour(hue, 0.32, 0.16),
        sky=(_colour(warm, 0.955, 0.5), _colour(warm, 0.905, 0.42)),
        sun=_colour(0.09, 0.80, 0.88) if not 0.03 < hue < 0.14 else _colour(0.14, 0.97, 0.9),
        hills=hills,
    )


def draw(sheet: Sheet, colours: Palette, seed: str, *, top: float, bottom: float) -> None:
    """Draw sky, sun, birds and hills; the hills begin at height ``top``, end at ``bottom``."""
    chance = Chance(seed)
    sheet.wash(*colours.sky, bottom)
    reach = min(sheet.width, bottom) * chance.between(0.10, 0.13)
    across = sheet.width * chance.between(0.74, 0.86)
    level = top - reach * chance.between(0.0, 0.3)
    sheet.disc(across, level, reach, colours.sun)
    # Where the sun is there is no type for them to disturb.
    _birds(sheet, chance, colours.soft, across, level - reach * 0.45)
    for layer, ink in enumerate(colours.hills):
        share = layer / (len(colours.hills) - 1)
        level = top + (bottom - top) * (0.12 + 0.66 * share)
        swing = (bottom - top) * (0.24 - 0.13 * share)
        crest = list(_crest(sheet.width, level, swing, chance))
        sheet.shape([(0, bottom), *crest, (sheet.width, bottom)], ink)


def _crest(
    width: float, level: float, swing: float, chance: Chance
) -> Iterator[tuple[float, float]]:
    """Yield the outline of one range of hills, from the left edge to the right."""
    waves = [
        (chance.between(0.7, 1.3), chance.between(0, math.tau), 0.62),
        (chance.between(1.7, 2.6), chance.between(0, math.tau), 0.28),
        (chance.between(3.4, 4.8), chance.between(0, math.tau), 0.10),
    ]
    for step in range(201):
        x = step / 200
        height = sum(part * math.sin(math.tau * count * x + phase) for count, phase, part in waves)
        yield width * x, level - swing * height


def _birds(sheet: Sheet, chance: Chance, ink: Colour, x: float, y: float) -> None:
    for place in (-1, 0, 1):
        span = sheet.width * chance.between(0.009, 0.014)
        here = x + span * (3.2 * place + chance.between(-1, 1)), y + span * chance.between(-2, 2)
        for side in (-1, 1):
            wing = [
                (here[0], here[1] + span * 0.18),
                (here[0] + side * span * 0.5, here[1] - span * 0.28),
                (here[0] + side * span, here[1] - span * 0.1),
                (here[0] + side * span * 0.5, here[1] - span * 0.12),
                (here[0], here[1] + span * 0.3),
            ]
            sheet.shape(wing, ink)


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    channels = colorsys.hls_to_rgb(hue % 1, min(max(lightness, 0), 1), saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
