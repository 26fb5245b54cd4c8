"""``python -m tests.drills``: the long lane, one drill after the other, and a table."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> int:
    """Run the drills named on the command line, or all; returns pytest's exit code."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tongxing-drill-") as folder:
        report = Path(folder) / "report.jsonl"
        environment = {**os.environ, "DRILL": "long", "DRILL_REPORT": str(report)}
        wanted = sys.argv[1:] or ["tests/drills"]
        command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *wanted]
        code = subprocess.run(command, env=environment, check=False).returncode
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    table = Table("drill", "figures", title=f"{time.monotonic() - begun:.0f} s")
    for line in map(json.loads, lines):
        name = line.pop("drill")
        figures = {key: value for key, value in line.items() if key not in ("at", "lane")}
        table.add_row(name, ", ".join(f"{key} {value}" for key, value in figures.items()))
    Console().print(table)
    return code


if __name__ == "__main__":
    sys.exit(main())
