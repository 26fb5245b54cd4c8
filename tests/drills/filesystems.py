"""Small disks that can be filled, where the test may mount one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEBIBYTE = 1 << 20


def why_not() -> str | None:
    """Return why no disk can be mounted here, ``None`` where one can."""
    if os.geteuid() != 0:
        return "only root may mount a small disk"
    if shutil.which("mount") is None or shutil.which("umount") is None:
        return "there is no mount command"
    try:
        with small_disk(Path("/tmp") / f"tongxing-mount-{os.getpid()}", 1):
            return None
    except subprocess.CalledProcessError as error:
        return f"mounting is not allowed here: {error.stderr.decode(errors='replace').strip()}"


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """Mount an empty disk in memory at ``place``, and take it away at the end."""
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "tmpfs", str(place)],
        check=True, capture_output=True,
    )  # fmt: skip
    try:
        yield place
    finally:
        # Lazily: somebody killed in the middle may still stand in it.
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
        with suppress(OSError):
            place.rmdir()


class Filler:
    """A file that takes what is free on a disk."""

    def __init__(self, disk: Path) -> None:
        self.path = disk / "filler"

    def leave(self, free: int) -> None:
        """Grow until ``free`` bytes are left; 0 takes everything, page by page."""
        with self.path.open("ab") as file, suppress(OSError):
            while (room := shutil.disk_usage(self.path.parent).free - free) > 0:
                file.write(b"x" * min(room, MEBIBYTE))
                file.flush()

    def go(self) -> None:
        self.path.unlink(missing_ok=True)


def files_below(folder: Path) -> set[Path]:
    """Return every file there is, half-written ones as well."""
    return {path for path in folder.rglob("*") if path.is_file()}
