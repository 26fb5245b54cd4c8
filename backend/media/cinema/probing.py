"""Looking at what somebody sent; runs only inside the sandbox's child."""

import contextlib
import errno
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import msgspec
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backend.media.cinema import limits

_TRIED_PACKETS = 400
"""How far one looks for a first picture or a first sound that can be decoded."""


def probe(payload: bytes, progress: Callable[[dict[str, object]], None]) -> bytes:
    """Look at the file whose path is ``payload``; returns a msgpack :class:`limits.Reel`.

    Raises the refusals of :mod:`limits`.
    """
    with opened(Path(payload.decode())) as (container, demuxer):
        reel = look(container, demuxer)
    return msgspec.msgpack.encode(reel)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, str]]:
    """Open a file, and say who reads it. Inside, what the library cannot make sense of
    becomes :class:`limits.VideoUnreadable`.
    """
    with path.open("rb") as file:
        demuxer = limits.demuxer_of(file.read(16))
    if demuxer is None:
        raise limits.VideoUnreadable
    try:
        # No file may name another file or an address to be read with it.
        container = av.open(
            str(path),
            "r",
            format=demuxer,
            container_options={"protocol_whitelist": "file"},
            metadata_errors="ignore",
        )
        with container:
            yield container, demuxer
    except av.FFmpegError as error:
        if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
            raise MemoryError from error
        if error.errno == errno.EFBIG:
            raise limits.VideoTooHeavy from error
        raise limits.VideoUnreadable from error
    except (ValueError, OverflowError, EOFError, ZeroDivisionError) as error:
        raise limits.VideoUnreadable from error


def look(container: InputContainer, demuxer: str) -> limits.Reel:
    """Return what is in an open file.

    A first picture and a first sound are decoded: a header alone proves nothing.
    """
    picture, sound = chosen(container)
    milliseconds = int((container.duration or 0) / 1000)
    limits.check_length(milliseconds)
    shown: limits.Picture | None = None
    if picture is not None:
        _check_picture(picture)
        frame = _first(container, picture)
        assert isinstance(frame, VideoFrame)
        limits.check_measures(frame.width, frame.height)
        width, height = upright_size(picture, frame)
        limits.check_measures(width, height)
        shown = limits.Picture(
            codec=picture.codec_context.codec.canonical_name,
            pixels=frame.format.name,
            width=width,
            height=height,
        )
        container.seek(0)
    heard: limits.Sound | None = None
    if sound is not None:
        _check_sound(sound)
        _first(container, sound)
        heard = limits.Sound(codec=sound.codec_context.codec.canonical_name)
    return limits.Reel(demuxer, milliseconds, shown, heard)


def chosen(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """Return the first moving picture and the first sound. Everything else stays behind:
    covers, subtitles, and the tracks in which cameras write where they are.
    """
    if len(container.streams) > limits.MAX_STREAMS:
        raise limits.VideoTooHeavy
    pictures = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    sounds = list(container.streams.audio)
    if not pictures and not sounds:
        raise limits.VideoEmpty
    picture, sound = next(iter(pictures), None), next(iter(sounds), None)
    for stream in (picture, sound):
        if stream is not None:
            if stream.codec_context is None:
                raise limits.VideoNeedsEncoder
            if not stream.codec_context.is_open:
                # More threads would reserve more of the child's little address space.
                stream.codec_context.thread_count = 1
    return picture, sound


def upright_size(stream: VideoStream, frame: VideoFrame) -> tuple[int, int]:
    """Return the size at which a picture is seen: pixels made square, turned upright."""
    aspect = stream.sample_aspect_ratio
    width = frame.width
    if aspect and 0.1 < aspect < 10:
        width = round(width * aspect)
    sideways = round(frame.rotation / 90) % 2
    return (frame.height, width) if sideways else (width, frame.height)


def _check_picture(stream: VideoStream) -> None:
    context = stream.codec_context
    limits.check_measures(context.width, context.height)
    if stream.average_rate is not None:
        limits.check_rate(float(stream.average_rate))


def _check_sound(stream: AudioStream) -> None:
    context = stream.codec_context
    if context.channels > limits.MAX_CHANNELS or context.sample_rate > limits.MAX_SAMPLE_RATE:
        raise limits.VideoTooHeavy


def _first(container: InputContainer, stream: VideoStream | AudioStream) -> object:
    for packet in itertools.islice(container.demux(stream), _TRIED_PACKETS):
        # A recording may begin in the middle of a picture.
        with contextlib.suppress(av.InvalidDataError):
            for frame in packet.decode():
                return frame
    raise limits.VideoUnreadable
