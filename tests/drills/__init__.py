"""Hurt on purpose: what the product promises, tried while it is being harmed.

    make drill                                the long lane, with a table at the end
    python -m pytest tests/drills             the short lane, as every run of the tests takes it
    DRILL_SEED=7 DRILL=long python -m pytest tests/drills/test_kills.py     one of them again

Every drill has a negative control: the same drill with the defence removed, which has to
see the harm. What is drawn at random is drawn from a seed that the drill prints.
"""

import json
import os
import random
import secrets
import sys
import time
from pathlib import Path

LONG = os.environ.get("DRILL") == "long"
"""Whether this is the long lane."""


def size(short: int, long: int) -> int:
    """Return how often something is tried in the lane that is running."""
    return long if LONG else short


def dice(drill: str) -> random.Random:
    """Return the drill's own source of chance and print the seed it can be replayed with."""
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(1_000_000))
    sys.stdout.write(f"{drill}: DRILL_SEED={seed}\n")
    return random.Random(f"{drill}:{seed}")


def seen(drill: str, **figures: object) -> None:
    """Report a drill's figures: printed, and kept for the table where one is asked for.

    ``drill`` is its short name, such as ``kills``. Asserting is the caller's affair.
    """
    line = {"drill": drill, "lane": "long" if LONG else "short", **figures}
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    if report := os.environ.get("DRILL_REPORT"):
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "at": time.time()}, default=str) + "\n")
