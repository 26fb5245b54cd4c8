"""The picture that stands for a film; runs only inside the sandbox's child."""

from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from backend.media import rules
from backend.media.cinema import limits
from backend.media.cinema.probing import upright_size

_PLACES = (0.1, 0.2, 0.35, 0.5, 0.75, 0.0)
"""Where one looks for a picture, as shares of the whole; the first good one is taken."""
_GOOD = 0.6
"""How much of the best picture's detail makes one good enough."""


def draw(container: InputContainer, stream: VideoStream, milliseconds: int, folder: Path) -> None:
    """Write ``poster.jpg`` and ``thumbnail.jpg`` into ``folder``.

    Raises :class:`limits.VideoUnreadable` when no picture can be decoded.
    """
    # Only pictures that stand by themselves are decoded, so each costs no more than one.
    stream.codec_context.skip_frame = "NONKEY"
    found: list[tuple[float, Image.Image]] = []
    for share in _PLACES:
        image = _at(container, stream, milliseconds * share / 1000)
        if image is not None:
            found.append((_detail(image), image))
    if not found:
        raise limits.VideoUnreadable
    best = max(detail for detail, _ in found)
    poster = next(image for detail, image in found if detail >= best * _GOOD)
    poster.thumbnail((limits.POSTER_EDGE, limits.POSTER_EDGE), Image.Resampling.LANCZOS)
    poster.save(folder / "poster.jpg", "JPEG", quality=84)
    poster.thumbnail((rules.THUMBNAIL_EDGE, rules.THUMBNAIL_EDGE), Image.Resampling.LANCZOS)
    poster.save(folder / "thumbnail.jpg", "JPEG", quality=78)


def _at(container: InputContainer, stream: VideoStream, seconds: float) -> Image.Image | None:
    assert stream.time_base is not None
    start = stream.start_time or 0
    try:
        container.seek(start + int(seconds / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            assert isinstance(frame, VideoFrame)
            return _upright(stream, frame)
    except (av.InvalidDataError, av.PermissionError):
        # One spoilt place is no reason to have no poster.
        return None
    return None


def _upright(stream: VideoStream, frame: VideoFrame) -> Image.Image:
    limits.check_measures(frame.width, frame.height)
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    turns = round(frame.rotation / 90) % 4
    if turns:
        image = image.rotate(90 * turns, expand=True)
    size = upright_size(stream, frame)
    return image if image.size == size else image.resize(size)


def _detail(image: Image.Image) -> float:
    """Say how much there is to see: nothing in a picture of one colour, such as black."""
    small = image.convert("L").resize((64, 64))
    return ImageStat.Stat(small).stddev[0] + 0.001
