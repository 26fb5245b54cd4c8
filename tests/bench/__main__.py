"""``python -m tests.bench``; :mod:`tests.bench` says how to read it."""

import argparse
import importlib.util
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from backend import logs
from tests.bench import (
    ballots,
    beats,
    eight_o_clock,
    ground,
    home_feed,
    machine,
    marking,
    open_phones,
    publishing,
    ranges,
    report,
    sign_in_storm,
)
from tests.bench.figures import Findings

JOBS: dict[str, Callable[[ground.Ground, bool], Findings]] = {
    "J3": lambda site, _: home_feed.run(site),
    "J4": lambda site, _: marking.run(site),
    "J2": publishing.run,
    "J1": lambda site, _: eight_o_clock.run(site),
    "J5": lambda site, _: ballots.run(site),
    "J6": lambda site, _: beats.run(site),
    "J8": lambda site, _: ranges.run(site),
    "J9": lambda site, _: sign_in_storm.run(site),
    "J10": lambda site, _: open_phones.run(site),
}


def main() -> int:
    """Run the jobs asked for; returns 1 when something that was timed came out wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", default="J3,J4,J2,J1,J5,J6,J8,J9,J10,J7", help="jobs, such as J3,J4"
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every competitor")
    parser.add_argument("--large", action="store_true", help="push to 200,000 phones")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--picture", type=Path, help="draw the figures to this file, a PNG")
    options = parser.parse_args()
    wanted = options.only.split(",")
    # Asked to end, it still takes its server and its files away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logs.configure("console", process="bench")
    log = structlog.get_logger("bench")
    whole, where = Findings(), machine.this()
    begun = time.monotonic()
    # First, for it asks how large the largest of all children was until then.
    if "J7" in wanted and importlib.util.find_spec("tests.bench.roster"):
        from tests.bench import roster

        log.info("measuring", job="J7")
        _add(whole, roster.run())
    noise = 0.0
    if set(wanted) & set(JOBS):
        log.info("growing the district")
        with ground.prepared(options.seconds, options.rounds) as site:
            for name in JOBS:
                if name in wanted:
                    log.info("measuring", job=name, after=f"{time.monotonic() - begun:.0f} s")
                    _add(whole, JOBS[name](site, options.large))
            noise = site.noise
    report.show(whole, where, noise)
    if options.json:
        report.write(whole, options.json, where, noise)
    if options.picture:
        report.draw(whole, options.picture, where)
    log.info("done", after=f"{time.monotonic() - begun:.0f} s")
    return 1 if report.failed(whole.checks) else 0


def _add(whole: Findings, more: Findings) -> None:
    whole.figures += more.figures
    whole.checks += more.checks


if __name__ == "__main__":
    sys.exit(main())
