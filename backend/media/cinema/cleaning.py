"""Copying streams into a fresh file; runs only inside the sandbox's child."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import msgspec
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from backend.media.cinema import limits, posters
from backend.media.cinema.probing import chosen, look, opened

_OPTIONS: dict[limits.Box, dict[str, str]] = {
    # The index first: a phone can begin to play, and to jump, before it has the rest.
    "mp4": {"movflags": "+faststart", "fflags": "+bitexact"},
    "webm": {"cues_to_front": "1", "fflags": "+bitexact"},
    "mp3": {"id3v2_version": "0", "write_id3v1": "0", "fflags": "+bitexact"},
    "ogg": {"fflags": "+bitexact"},
}
_LOST = 0.1
"""The share of what a file declares that may be missing at its end."""
_NO_COMMENTS = b"\x03vorbis" + bytes(8) + b"\x01"

Progress = Callable[[dict[str, object]], None]


def clean(payload: bytes, progress: Progress) -> bytes:
    """Carry out a msgpack :class:`limits.Order`; returns a msgpack :class:`limits.Cleaned`.

    Reports ``percent`` on the way. Raises the refusals of :mod:`limits`;
    :class:`limits.VideoNeedsEncoder` when no browser would play the copy.
    """
    order = msgspec.msgpack.decode(payload, type=limits.Order)
    folder = Path(order.folder)
    with opened(Path(order.source)) as (container, demuxer):
        reel = look(container, demuxer)
    box = limits.box_for(reel)
    if box is None:
        raise limits.VideoNeedsEncoder
    # Opened again, because going back to the start would not find what is before time zero.
    with opened(Path(order.source)) as (container, _):
        _copy(container, reel, box, folder / "film", progress)
    with opened(folder / "film") as (copy, _):
        milliseconds = int((copy.duration or 0) / 1000)
        limits.check_length(milliseconds)
        if milliseconds == 0:
            raise limits.VideoUnreadable
        picture, _ = chosen(copy)
        if picture is not None:
            posters.draw(copy, picture, milliseconds, folder)
    seen = reel.picture
    return msgspec.msgpack.encode(
        limits.Cleaned(
            box=box,
            moving=seen is not None,
            milliseconds=milliseconds,
            width=seen.width if seen else None,
            height=seen.height if seen else None,
        )
    )


def _copy(
    container: InputContainer,
    reel: limits.Reel,
    box: limits.Box,
    target: Path,
    progress: Progress,
) -> None:
    """Copy the chosen streams, and nothing that is said about them, in their own order."""
    streams = [stream for stream in chosen(container) if stream is not None]
    with av.open(str(target), "w", format=box, container_options=_OPTIONS[box]) as copy:
        tracks = {stream.index: _Track(stream, copy) for stream in streams}
        told = 0
        for packet in container.demux(streams):
            if packet.dts is None:
                continue
            track = tracks[packet.stream_index]
            for piece in track.admitted(packet):
                copy.mux(piece)
            percent = int(100 * track.milliseconds / max(reel.milliseconds, 1))
            if told < percent < 100:
                told = percent
                progress({"percent": percent})
        for track in tracks.values():
            for piece in track.rest():
                copy.mux(piece)
    for track in tracks.values():
        track.check_whole(reel.demuxer)


class _Track:
    """One stream on its way into the copy."""

    def __init__(self, stream: VideoStream | AudioStream, copy: OutputContainer) -> None:
        self.milliseconds = 0.0
        self._stream = stream
        self._count = 0
        self._last: int | None = None
        self._sieve: BitStreamFilterContext | None = None
        assert stream.time_base is not None
        self._tick = float(stream.time_base * 1000)
        self._begin = stream.start_time or 0
        # How the picture is to be turned goes along with what describes the stream.
        self._target = copy.add_stream_from_template(stream, opaque=True)
        if stream.codec_context.name == "h264":
            # Camcorders write where they are into messages between the pictures.
            self._sieve = BitStreamFilterContext("filter_units=remove_types=6", stream)
        if stream.codec_context.codec.canonical_name == "vorbis":
            extra = stream.codec_context.extradata
            if extra is not None:
                self._target.codec_context.extradata = without_comments(extra)

    def admitted(self, packet: "Packet[Any]") -> "Iterator[Packet[Any]]":
        """Yield what of ``packet`` goes into the copy. Raises :class:`limits.VideoTooLong`
        and :class:`limits.VideoTooFast`, whatever the file declared.
        """
        assert packet.dts is not None
        if self._last is not None and packet.dts <= self._last:
            # Times must rise; browsers' own recorders sometimes stumble.
            packet.dts = self._last + 1
            if packet.pts is not None and packet.pts < packet.dts:
                packet.pts = packet.dts
        self._last = packet.dts
        self._count += 1
        end = packet.dts - self._begin + (packet.duration or 0)
        self.milliseconds = max(self.milliseconds, end * self._tick)
        limits.check_length(self.milliseconds)
        yield from self._sieved(packet)

    def rest(self) -> "Iterator[Packet[Any]]":
        """Yield what the sieve still holds."""
        if self._sieve is not None:
            yield from self._sieved(None)

    def _sieved(self, packet: "Packet[Any] | None") -> "Iterator[Packet[Any]]":
        pieces = [packet] if self._sieve is None else self._sieve.filter(packet)
        for piece in pieces:
            if piece is not None:
                piece.stream = self._target
                yield piece

    def check_whole(self, demuxer: str) -> None:
        """Raises :class:`limits.VideoUnreadable` if much less came than was declared, and
        :class:`limits.VideoTooFast`.
        """
        if isinstance(self._stream, VideoStream) and self.milliseconds > 1000:
            limits.check_rate(self._count * 1000 / self.milliseconds)
        declared = (self._stream.duration or 0) * self._tick
        if demuxer == "mov" and self.milliseconds < declared * (1 - _LOST) - 1000:
            raise limits.VideoUnreadable


def without_comments(headers: bytes) -> bytes:
    """Return the three Vorbis headers of a file with the second, free text, left empty."""
    if headers[:1] != b"\x02":
        return headers
    sizes, at = [], 1
    for _ in range(2):
        size = 0
        while headers[at] == 255:
            size, at = size + 255, at + 1
        sizes.append(size + headers[at])
        at += 1
    first = headers[at : at + sizes[0]]
    third = headers[at + sum(sizes) :]
    lacing = b"\xff" * (len(first) // 255) + bytes([len(first) % 255])
    return b"\x02" + lacing + bytes([len(_NO_COMMENTS)]) + first + _NO_COMMENTS + third
