"""Films nobody should be able to hurt a school with, made afresh for each run."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.media.films import PLACE, film


def headless(folder: Path) -> Path:
    """Cut off before the index, as an upload that stopped leaves it."""
    path = film(folder / "cut.mp4")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    return path


def half(folder: Path) -> Path:
    """The index says more than there is."""
    path = film(folder / "half.mp4", options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    return path


def noise(folder: Path) -> Path:
    """A good index over nonsense."""
    path = film(folder / "noise.mp4", audio=None)
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes((n * 197 + n // 251) & 0xFF for n in range(end - start))
    path.write_bytes(data)
    return path


def empty_box(folder: Path) -> Path:
    """A film file with nothing in it."""
    path = folder / "nothing.mp4"
    kind = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    header = struct.pack(">I4sIIIII", 108, b"mvhd", 0, 0, 0, 1000, 4000) + bytes(80)
    path.write_bytes(kind + struct.pack(">I4s", 8 + len(header), b"moov") + header)
    return path


def many_tracks(folder: Path) -> Path:
    path = folder / "tracks.mp4"
    with av.open(str(film(folder / "one.mp4", video=None, seconds=1))) as source:
        packets = [packet for packet in source.demux() if packet.dts is not None]
        with av.open(str(path), "w") as out:
            streams: list[Any] = [
                out.add_stream_from_template(source.streams.audio[0]) for _ in range(40)
            ]
            for stream in streams:
                for packet in packets:
                    packet.stream = stream
                    out.mux(packet)
    return path


def endless(folder: Path) -> Path:
    """Two hours and some minutes in a few pictures."""
    return film(folder / "long.mp4", seconds=7380, fps=Fraction(1, 60), audio=None)


def secretly_endless(folder: Path) -> Path:
    """The same, and its header says four seconds."""
    path = endless(folder)
    data = bytearray(path.read_bytes())
    for box, at in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        place = data.index(box) + 4 + at
        scale = struct.unpack_from(">I", data, data.index(box) + 4 + 12)[0]
        struct.pack_into(">I", data, place, 4000 if box == b"tkhd" else 4 * scale)
    path.write_bytes(data)
    return path


def index_bomb(folder: Path, samples: int = 150_000_000) -> Path:
    """A few kilobytes that promise so many pictures that their index fills the memory."""
    path = film(folder / "bomb.mp4", audio=None, seconds=1, gop=1)
    data = path.read_bytes()

    def replaced(data: bytes, name: bytes, body: bytes) -> bytes:
        at = data.index(name) - 4
        size = struct.unpack_from(">I", data, at)[0]
        box = struct.pack(">I4s", 8 + len(body), name) + body
        grown = len(box) - size
        data = data[:at] + box + data[at + size :]
        for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            place = data.index(parent) - 4
            old = struct.unpack_from(">I", data, place)[0]
            data = data[:place] + struct.pack(">I", old + grown) + data[place + 4 :]
        return data

    data = replaced(data, b"stsz", struct.pack(">III", 0, 1, samples))
    data = replaced(data, b"stts", struct.pack(">IIII", 0, 1, samples, 1))
    data = replaced(data, b"stsc", struct.pack(">IIIII", 0, 1, 1, samples, 1))
    path.write_bytes(data)
    return path


def with_a_track_of_places(folder: Path) -> Path:
    """A drone's film: where it was is written beside the pictures, second by second."""
    path = folder / "drone.mp4"
    with av.open(str(film(folder / "plain.mp4"))) as source, av.open(str(path), "w") as out:
        shown: Any = source.streams.video[0]
        copy = out.add_stream_from_template(shown)
        words = out.add_mux_stream("mov_text")
        for packet in source.demux(shown):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
        text = PLACE.encode()
        note: Any = av.Packet(struct.pack(">H", len(text)) + text)
        note.pts, note.dts, note.duration, note.stream = 0, 0, 1000, words
        out.mux(note)
    assert text in path.read_bytes()
    return path


def playlist(folder: Path) -> Path:
    """What a careless reader takes for a list of further files to read."""
    path = folder / "list.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile:///etc/passwd\n")
    return path


def script(folder: Path) -> Path:
    path = folder / "script.mp4"
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    return path


def pretender(folder: Path) -> Path:
    """Begins as a film and goes on as a list of files."""
    path = folder / "pretender.mp4"
    path.write_bytes(struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 512) + b"#EXTM3U\n/etc/passwd\n")
    return path
