"""What the image tests run inside the child in place of the decoder."""

import resource
from collections.abc import Callable
from pathlib import Path

from backend.media import decoder
from backend.media.rules import pictures


def without_the_header_check(
    payload: bytes, progress: Callable[[dict[str, object]], None]
) -> bytes:
    """The decoder as it would be with its own limits on pixels forgotten."""
    pictures.MAX_PIXELS = 1 << 40
    return decoder.render(payload, progress)


def measured(payload: bytes, progress: Callable[[dict[str, object]], None]) -> bytes:
    """The decoder, reporting the most memory (bytes) and the CPU time (seconds) it took."""
    try:
        return decoder.render(payload, progress)
    finally:
        status = Path("/proc/self/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        used = resource.getrusage(resource.RUSAGE_SELF)
        progress({"peak": int(peak.split()[1]) * 1024, "cpu": used.ru_utime + used.ru_stime})
