"""What the encoder is asked for: one film that plays everywhere, or a ladder of them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from backend.media.cinema.encoder import THREADS

SEGMENT_SECONDS = 6
STEPS = {480: 1000, 720: 2200}
"""The shorter edge of each rung, and its most kilobits a second."""
LONGEST_EDGE = 1920
MASTER = "master.m3u8"
SOUND = "sound"
_FILES_ONLY = ("-protocol_whitelist", "file")
_BARE = (
    *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
)
_PLAIN = "out_range=tv,format=yuv420p,setsar=1"
_PICTURE = ("-c:v", "libx264", "-preset", "veryfast", "-fpsmax", "30")
_VOICE = ("-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "44100")


class Rung(msgspec.Struct, frozen=True):
    """One version of a film, in pixels and kilobits a second."""

    name: str
    width: int
    height: int
    kilobits: int


def rungs(width: int, height: int) -> list[Rung]:
    """Return the versions of a film of this size, smallest first, none larger than itself.

    A film smaller than the smallest step has one version, of its own size.
    """
    short = min(width, height)
    steps = [step for step in STEPS if step <= short] or [short]
    return [
        Rung(
            f"{step}p",
            _even(width * step / short),
            _even(height * step / short),
            STEPS.get(step, STEPS[480]),
        )
        for step in steps
    ]


def transcoding(
    source: Path, demuxer: str, target: Path, size: tuple[int, int] | None
) -> list[str]:
    """Return the arguments for one film (or recording, without ``size``) in MP4."""
    arguments = [*_reading(source, demuxer), "-map", "0:v:0" if size else "0:a:0"]
    if size is not None:
        longest = max(size)
        scale = min(1.0, LONGEST_EDGE / longest)
        width, height = (_even(edge * scale) for edge in size)
        arguments += ["-map", "0:a:0?", "-vf", f"scale={width}:{height}:{_PLAIN}"]
        arguments += [*_PICTURE, "-crf", "22", *_threads()]
    return [
        *arguments, *_VOICE, *_BARE,
        *("-f", "mp4", "-movflags", "+faststart", *_FILES_ONLY, f"file:{target}"),
    ]  # fmt: skip


def laddering(
    source: Path, demuxer: str, folder: Path, steps: Sequence[Rung], *, sound: bool
) -> list[str]:
    """Return the arguments for an HLS ladder in ``folder``; the sound is there once."""
    arguments = _reading(source, demuxer)
    splits = "".join(f"[s{n}]" for n in range(len(steps)))
    graph = [f"[0:v:0]split={len(steps)}{splits}"]
    streams = []
    group = f",agroup:{SOUND}" if sound else ""
    for n, step in enumerate(steps):
        graph.append(f"[s{n}]scale={step.width}:{step.height}:{_PLAIN}[v{n}]")
        streams.append(f"v:{n}{group},name:{step.name}")
    arguments += ["-filter_complex", ";".join(graph)]
    for n, step in enumerate(steps):
        arguments += ["-map", f"[v{n}]"]
        arguments += [f"-maxrate:v:{n}", f"{step.kilobits}k", f"-bufsize:v:{n}"]
        arguments += [f"{2 * step.kilobits}k"]
    arguments += [*_PICTURE, "-crf", "23", "-sc_threshold", "0", *_threads()]
    # Every version can be entered at the same places, so a phone may change between them.
    arguments += ["-force_key_frames", "expr:gte(t,n_forced*2)"]
    if sound:
        arguments += ["-map", "0:a:0", *_VOICE]
        streams.append(f"a:0,agroup:{SOUND},name:{SOUND},default:yes")
    return [
        *arguments, *_BARE,
        *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
        *("-hls_segment_type", "fmp4", "-hls_flags", "independent_segments"),
        *("-hls_fmp4_init_filename", "%v_init.mp4"),
        *("-hls_segment_filename", f"file:{folder}/%v_%05d.m4s"),
        *("-master_pl_name", MASTER, "-var_stream_map", " ".join(streams)),
        *(*_FILES_ONLY, f"file:{folder}/%v.m3u8"),
    ]  # fmt: skip


def _reading(source: Path, demuxer: str) -> list[str]:
    return [*_FILES_ONLY, "-threads", str(THREADS), "-f", demuxer, "-i", f"file:{source}"]


def _threads() -> list[str]:
    return ["-threads", str(THREADS)]


def _even(edge: float) -> int:
    return max(2, round(edge / 2) * 2)
