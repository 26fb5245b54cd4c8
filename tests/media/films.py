"""Films and recordings as phones make them, drawn and sounded afresh for each run."""

import math
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

from tests.media import corpus

PLACE = "+31.2304+121.4737/"
"""What no stored film may contain, in any of the places phones write it to."""
RATE = 44_100


def picture(number: int, width: int, height: int) -> Image.Image:
    """Quarters in four colours with a ball that moves on with each picture."""
    image = corpus.quarters(width, height)
    x, y, r = (number * 7) % width, height // 2, height // 8
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(20, 20, 20))
    return image


def tone(start: int, count: int, *, rate: int = RATE, form: str = "s16") -> AudioFrame:
    values = [
        int(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(start, start + count)
    ]
    frame = AudioFrame(format="s16", layout="mono", samples=count)
    frame.planes[0].update(struct.pack(f"<{count}h", *values).ljust(frame.planes[0].buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    return frame


def film(
    path: Path,
    *,
    seconds: float = 4,
    size: tuple[int, int] = (320, 240),
    fps: int | Fraction = 15,
    video: str | None = "libx264",
    audio: str | None = "aac",
    form: str | None = None,
    rate: int = RATE,
    dark_until: float = 0,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    gop: int = 15,
    turned: int = 0,
    pictures: Iterable[Image.Image] | None = None,
) -> Path:
    """Write a moving picture with a tone of 440 Hz; either may be left out."""
    with av.open(str(path), "w", format=form, container_options=options or {}) as out:
        out.metadata.update(metadata or {})
        streams: list[Any] = []
        if video is not None:
            shown: Any = out.add_stream(video, rate=fps)
            shown.width, shown.height, shown.pix_fmt = *size, pixels
            shown.gop_size = gop
            if video in ("libx264", "libx265"):
                shown.options = {"preset": "ultrafast"}
            elif video.startswith("libvpx"):
                shown.options = {"deadline": "realtime", "cpu-used": "8"}
            if turned:
                shown.set_display_rotation(turned)
            streams.append(shown)
        if audio is not None:
            heard: Any = out.add_stream(audio, rate=rate)
            heard.layout = "stereo" if audio == "vorbis" else "mono"
            heard.options = {"strict": "experimental"}
            streams.append(heard)
        if video is not None:
            images = iter(pictures) if pictures is not None else None
            for number in range(int(seconds * fps)):
                image = next(images) if images else picture(number, *size)
                if number < dark_until * fps:
                    image = Image.new("RGB", size)
                frame = VideoFrame.from_image(image)
                frame.pts, frame.time_base = number, Fraction(1, fps)
                out.mux(shown.encode(frame))
        if audio is not None:
            step = 1024
            for start in range(0, int(seconds * rate), step):
                out.mux(heard.encode(tone(start, step, rate=rate)))
        for stream in streams:
            out.mux(stream.encode(None))
    return path
