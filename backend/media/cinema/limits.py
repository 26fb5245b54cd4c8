"""What may be in a film or a recording, and when it can be played as it is.

Nothing here decodes anything; the sandbox's child imports this module too.
"""

from typing import Literal

import msgspec

from backend.errors import Refusal

MAX_MILLISECONDS = 2 * 60 * 60 * 1000
MAX_EDGE = 4096
MAX_RATE = 60
"""Frames a second; phones that promise sixty keep it to within one."""
MAX_STREAMS = 16
MAX_CHANNELS = 8
MAX_SAMPLE_RATE = 192_000
POSTER_EDGE = 1280


class VideoUnreadable(Refusal):
    status = 422
    code = "video_unreadable"
    zh = "文件已损坏或不完整，无法播放。"
    en = "The file is damaged or incomplete and cannot be played."


class VideoEmpty(Refusal):
    status = 422
    code = "video_no_stream"
    zh = "文件里没有可播放的画面或声音。"
    en = "There is neither picture nor sound in the file."


class VideoTooLong(Refusal):
    status = 422
    code = "video_too_long"
    zh = "时长超过2小时，请剪短后再上传。"
    en = "It runs for more than two hours; please cut it first."


class VideoTooLarge(Refusal):
    status = 422
    code = "video_too_large"
    zh = "画面过大（{width}×{height}），边长最多4096像素。"
    en = "The picture is too large ({width}×{height}); at most 4096 pixels an edge."


class VideoTooFast(Refusal):
    status = 422
    code = "video_too_fast"
    zh = "每秒画面过多，最多60帧。"
    en = "There are too many pictures a second; at most 60."


class VideoTooHeavy(Refusal):
    status = 422
    code = "video_too_heavy"
    zh = "处理所需资源过多，请压缩后再上传。"
    en = "It takes too much to process; please compress it first."


class VideoNeedsEncoder(Refusal):
    status = 422
    code = "video_needs_encoder"
    zh = "浏览器无法播放这种格式，请转存为 MP4（H.264）后再上传。"
    en = "Browsers do not play this format; please save it as MP4 (H.264) first."


class VideoNotPrepared(Refusal):
    """Given up after several attempts that ended without a reason of the file's own."""

    status = 422
    code = "video_not_prepared"
    zh = "处理未能完成，请重新上传。"
    en = "It could not be prepared; please upload it again."


REFUSALS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in (
        VideoUnreadable,
        VideoEmpty,
        VideoTooLong,
        VideoTooLarge,
        VideoTooFast,
        VideoTooHeavy,
        VideoNeedsEncoder,
        VideoNotPrepared,
    )
}
"""Every reason a preparation may end with, by its code."""


class Picture(msgspec.Struct, frozen=True):
    """The moving picture of a file; ``width`` and ``height`` as it is seen, upright."""

    codec: str
    pixels: str
    width: int
    height: int


class Sound(msgspec.Struct, frozen=True):
    codec: str


class Reel(msgspec.Struct, frozen=True):
    """What is in a file; ``milliseconds`` is what it declares, 0 when it says nothing.

    ``demuxer`` is who reads it, by its own first bytes.
    """

    demuxer: str
    milliseconds: int
    picture: Picture | None
    sound: Sound | None


Box = Literal["mp4", "webm", "mp3", "ogg"]


class Order(msgspec.Struct, frozen=True):
    """Which file to copy, and into which folder; paths as the child sees them."""

    source: str
    folder: str


class Cleaned(msgspec.Struct, frozen=True):
    """What was written: ``film``, and for a moving picture ``poster.jpg``, ``thumbnail.jpg``."""

    box: Box
    moving: bool
    milliseconds: int
    width: int | None
    height: int | None


_PLAIN = {"yuv420p", "yuvj420p"}
"""Eight bits and halved colour: the only H.264 that every phone decodes."""


def box_for(reel: Reel) -> Box | None:
    """Return the container in which browsers play these streams untouched, if there is one."""
    picture = reel.picture.codec if reel.picture else None
    sound = reel.sound.codec if reel.sound else None
    if picture is None:
        if sound == "mp3":
            return "mp3"
        if sound == "aac":
            return "mp4"
        if sound in ("opus", "vorbis"):
            return "webm" if reel.demuxer == "matroska" else "ogg"
        return None
    assert reel.picture is not None
    if picture == "h264" and reel.picture.pixels in _PLAIN and sound in (None, "aac", "mp3"):
        return "mp4"
    if picture in ("vp8", "vp9") and reel.picture.pixels == "yuv420p":
        return "webm" if sound in (None, "opus", "vorbis") else None
    return None


def media_type(box: Box, *, moving: bool) -> str:
    """Return the media type of a file in ``box``, with or without a picture."""
    if box == "mp3":
        return "audio/mpeg"
    return f"{'video' if moving else 'audio'}/{box}"


def check_measures(width: int, height: int) -> None:
    """Raises :class:`VideoTooLarge`; called before any picture is decoded."""
    if max(width, height) > MAX_EDGE:
        raise VideoTooLarge(width=width, height=height)


def check_length(milliseconds: float) -> None:
    """Raises :class:`VideoTooLong`."""
    if milliseconds > MAX_MILLISECONDS:
        raise VideoTooLong


def check_rate(frames_per_second: float) -> None:
    """Raises :class:`VideoTooFast`."""
    if frames_per_second > MAX_RATE + 1:
        raise VideoTooFast


def demuxer_of(head: bytes) -> str | None:
    """Return who reads a file that begins with ``head`` (16 bytes); nothing else is tried.

    Left to guess, the library would also try formats that are lists of other files.
    """
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"RIFF"):
        return {b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3"):
        return "mp3"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        # Both begin with a run of set bits; the layer, always zero in AAC, tells them apart.
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    return None
