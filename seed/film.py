"""A short film for the demo, drawn by code: a ball that breathes in and out."""

import math
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame

WIDTH, HEIGHT, FPS = 320, 180, 5
BACKGROUND, BALL = (232, 244, 240), (38, 122, 108)


def draw(seconds: int) -> bytes:
    """Return an MP4 without sound, so many seconds long: one breath takes eight of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w", container_options={"movflags": "+faststart"}) as out:
            stream: Any = out.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.options = {"preset": "ultrafast"}
            for number in range(seconds * FPS):
                out.mux(stream.encode(_frame(number)))
            out.mux(stream.encode(None))
        return path.read_bytes()


def _frame(number: int) -> VideoFrame:
    breath = 0.5 - 0.5 * math.cos(2 * math.pi * number / FPS / 8)
    radius = HEIGHT * (0.15 + 0.25 * breath)
    frame = VideoFrame(WIDTH, HEIGHT, "rgb24")
    rows = []
    for y in range(HEIGHT):
        half = radius**2 - (y - HEIGHT / 2) ** 2
        width = 2 * int(math.sqrt(half)) if half > 0 else 0
        beside = (WIDTH - width) // 2
        row = bytes(BACKGROUND) * beside + bytes(BALL) * width
        row += bytes(BACKGROUND) * (WIDTH - beside - width)
        rows.append(row.ljust(frame.planes[0].line_size, b"\0"))
    frame.planes[0].update(b"".join(rows))
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame
