"""Where and when something was measured."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from backend.embedded.lodging import programs


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine in words, and the moment (RFC 3339, UTC)."""

    at: str
    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    postgresql: str

    @property
    def line(self) -> str:
        """Return all of it on one line."""
        return (
            f"{self.at[:16].replace('T', ' ')} UTC · {self.cores} × {self.processor} · "
            f"{self.memory_gib:.0f} GiB · {self.system} · Python {self.python} · "
            f"PostgreSQL {self.postgresql}"
        )


def this() -> Machine:
    """Return the machine this runs on, now."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    said = subprocess.run(
        [programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        processor=" ".join(model[1].split()) if model else platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gib=memory / 2**30,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        postgresql=said.stdout.split()[-1],
    )
