"""CPU time of groups of processes, read from ``/proc``."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

TICK = 1 / os.sysconf("SC_CLK_TCK")


class Reading(msgspec.Struct, frozen=True):
    """CPU seconds used so far: by each group, by the whole machine; and the moment."""

    groups: dict[str, float]
    machine: float
    at: float


def read(**roots: Iterable[int]) -> Reading:
    """Read the CPU of groups of process trees, each given by the ids of its roots.

    The dead count where they were waited for, so nothing is lost when a process ends.
    """
    children: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children[int(fields[1])].append(int(entry.name))
        used[int(entry.name)] = sum(map(int, fields[11:15])) * TICK
    busy = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    # Of user, nice, system, idle, iowait, irq and softirq all but the idle ones are work.
    machine = sum(int(busy[i]) for i in (0, 1, 2, 5, 6)) * TICK
    groups = {name: sum(_tree(pid, children, used) for pid in pids) for name, pids in roots.items()}
    return Reading(groups, machine, time.monotonic())


def strangers(before: Reading, after: Reading, ours: float) -> float:
    """Return the share of all CPUs that was used by none of ours in between."""
    room = (after.at - before.at) * (os.cpu_count() or 1)
    return max((after.machine - before.machine - ours) / room, 0.0)


def _tree(pid: int, children: dict[int, list[int]], used: dict[int, float]) -> float:
    return used.get(pid, 0.0) + sum(_tree(child, children, used) for child in children[pid])
