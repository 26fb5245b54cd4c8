"""What a benchmark says: figures beside yardsticks, and whether the work was right."""

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report.

    ``ratio`` is ``value / yardstick``; ``goal`` bounds the ratio, or the value itself
    when there is no yardstick: from below (``at_least``) or above (``at_most``).
    """

    job: str
    measured: str
    value: float
    unit: str
    yardstick_name: str = ""
    yardstick: float | None = None
    goal: float | None = None
    sense: Literal["at_least", "at_most"] = "at_least"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.yardstick if self.yardstick else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` where none was set."""
        if self.goal is None:
            return None
        found = self.value if self.ratio is None else self.ratio
        return found >= self.goal if self.sense == "at_least" else found <= self.goal


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the work that was timed came out right."""

    job: str
    claim: str
    holds: bool


class Findings(msgspec.Struct, kw_only=True):
    """What one job hands to the report."""

    figures: list[Figure] = []
    checks: list[Check] = []


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One round of one competitor.

    ``rate`` is per second, ``p50`` and ``p99`` are in milliseconds, CPU is in
    microseconds per request, ``strangers`` is the share of the machine's CPU that
    neither competitor nor bench used.
    """

    rate: float
    p50: float
    p99: float
    done: int
    client: float = 0.0
    app: float = 0.0
    database: float = 0.0
    strangers: float = 0.0
    refused: int = 0
    sent: int = 0
    """How many requests of a list to be sent once went out."""


def typical(loads: Sequence[Load]) -> Load:
    """Return the median of each quantity; sums for what is counted."""
    middle = {
        name: statistics.median(getattr(load, name) for load in loads)
        for name in ("rate", "p50", "p99", "client", "app", "database", "strangers")
    }
    return Load(
        done=sum(load.done for load in loads),
        refused=sum(load.refused for load in loads),
        **middle,
    )


def split(load: Load) -> str:
    """Return latencies and the CPU split in words: client, application, database, strangers."""
    return (
        f"p50 {load.p50:.1f} p99 {load.p99:.1f} ms · "
        f"µs {load.client:.0f}/{load.app:.0f}/{load.database:.0f} · {load.strangers:.0%}"
    )
