"""The capacity plan: what a school, a district, a city and a province need.

    make bench ARGS="--json bench.json"
    python -m tests.scale.capacity bench.json

Nothing here is measured. CPU per request, bytes per act and rates come from a run of the
bench; how people behave and what things cost are the assumptions below, each to be argued
with by its name. A city is as many installations as it has districts, see
``backend/schools/directory.py``: what grows past a district is their number.
"""

import json
import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

GUARDIANS, STAFF, CLASSES = 3_500, 120, 45
"""Of a school of two thousand pupils."""
SCHOOLS, DISTRICTS, CITIES = 200, 30, 10
"""Of a district, a city and a province."""
OPENS, MARKS, CONFIRMS = 10.0, 3.0, 0.3
"""What a guardian does in a day: opens the app, reads something new, confirms something."""
PEAK = 20.0
"""How much more is asked in the busiest minutes than on the average of the day."""
WATCHING, BEAT_SECONDS = 0.01, 15.0
"""The share of guardians in a lesson at the peak, and how often a phone reports."""
RUSHING, RUSH, RUSH_SECONDS = 0.1, 3_000, 60.0
"""The share of schools that open places in the same minute, and the families of each."""
OPEN_PHONES, CONNECTIONS = 0.1, 16_384
"""The share of phones with a live connection, and what a process holds."""
NOTICES = 2.0
"""Of a class in a day; the school's and the district's are few beside them."""
FILL = 0.6
"""How busy a core may be at the peak: what is left is for restarts and bad luck."""
POOL, WORKERS, MOST_CONNECTIONS = 10, 2, 200
"""Connections of a process, workers of an installation, and what the server allows."""
CORE, GIGABYTE, SMS, CODES = 100.0, 0.5, 0.045, 1.0
"""Yuan a month for a core with 4 GB and for a GB on SSD, yuan for a text message, and the
sign-in codes a person asks for in a month. Prices differ by place and contract."""

SPLIT = re.compile(r"µs \d+/(?P<app>\d+)/(?P<database>\d+) ")
WANTED = {
    "feed": ("J3", r"feed, 1 process"),
    "mark": ("J4", r"mark read, first time"),
    "confirm": ("J4", r"confirm"),
    "place": ("J1", r"40 shifts, sustained, 1 process"),
    "beat": ("J6", r"reports, sustained, 1 process"),
}


@dataclass(frozen=True)
class Cost:
    """CPU of one request in microseconds, and the WAL of one act in bytes."""

    app: float
    database: float
    wal: float = 0.0


@dataclass(frozen=True)
class Need:
    """What one installation needs at its peak; bytes are of a day, yuan of a month."""

    rate: float
    app_cores: float
    database_cores: float
    processes: int
    connections: int
    disk: float
    wal: float
    servers: float
    messages: float


def need(schools: int, costs: dict[str, Cost], *, row: float, receipt: float) -> Need:
    """Return what an installation with so many schools needs.

    ``row`` and ``receipt`` are the bytes that a notice and a confirmation leave.
    """
    guardians = schools * GUARDIANS
    rates = {
        "feed": guardians * OPENS / 86_400 * PEAK,
        "mark": guardians * MARKS / 86_400 * PEAK,
        "confirm": guardians * CONFIRMS / 86_400 * PEAK,
        "place": max(1.0, schools * RUSHING) * RUSH / RUSH_SECONDS,
        "beat": guardians * WATCHING / BEAT_SECONDS,
    }
    app = sum(rate * costs[job].app for job, rate in rates.items()) / 1e6 / FILL
    database = sum(rate * costs[job].database for job, rate in rates.items()) / 1e6 / FILL
    # Two, so that one may fail or be replaced.
    processes = max(2, ceil(app), ceil(guardians * OPEN_PHONES / CONNECTIONS))
    disk = schools * CLASSES * NOTICES * row + guardians * CONFIRMS * receipt
    wal = guardians * (MARKS * costs["mark"].wal + CONFIRMS * costs["confirm"].wal)
    cores = processes + ceil(database) + WORKERS
    return Need(
        rate=sum(rates.values()),
        app_cores=app,
        database_cores=database,
        processes=processes,
        connections=(processes + WORKERS) * POOL,
        disk=disk,
        wal=wal,
        servers=cores * CORE + (disk * 730 + 50e9) / 1e9 * GIGABYTE,
        messages=(guardians + schools * STAFF) * CODES * SMS,
    )


def costs_of(figures: list[dict[str, Any]]) -> dict[str, Cost]:
    """Return the unit costs a bench has measured. Raises ``KeyError`` for one it has not."""
    found: dict[str, Cost] = {}
    for name, (job, measured) in WANTED.items():
        for figure in figures:
            split = SPLIT.search(str(figure.get("note", "")))
            if figure["job"] == job and re.fullmatch(measured, figure["measured"]) and split:
                found[name] = Cost(
                    float(split["app"]), float(split["database"]), _wal(figures, name)
                )
                break
        else:
            raise KeyError(f"the run says nothing of {job} {measured}")
    return found


def table(costs: dict[str, Cost], *, row: float, receipt: float) -> str:
    """Return the plan as a Markdown table."""
    school = need(1, costs, row=row, receipt=receipt)
    district = need(SCHOOLS, costs, row=row, receipt=receipt)
    lines = [
        "| | 一所学校 School | 一个区 District | 一个市 City | 一个省 Province |",
        "|---|---|---|---|---|",
    ]
    sizes = [(school, 1), (district, 1), (district, DISTRICTS), (district, DISTRICTS * CITIES)]
    for name, figure in (
        ("安装（库）数 Installations", lambda n, k: f"{k:,}"),
        ("高峰请求 Requests/s", lambda n, k: f"{n.rate * k:,.0f}"),
        ("接口进程 API processes", lambda n, k: f"{n.processes * k:,}"),
        ("数据库核 Database cores", lambda n, k: f"{ceil(n.database_cores) * k:,}"),
        ("每库连接 Connections each", lambda n, k: f"{n.connections:,}"),
        ("每日落盘 Disk a day", lambda n, k: _size(n.disk * k)),
        ("每日 WAL", lambda n, k: _size(n.wal * k)),
        ("服务器 元/月 Servers", lambda n, k: f"{n.servers * k:,.0f}"),
        ("短信 元/月 Text messages", lambda n, k: f"{n.messages * k:,.0f}"),
    ):
        lines.append(f"| {name} | " + " | ".join(figure(n, k) for n, k in sizes) + " |")
    return "\n".join(lines)


def breaks_first(costs: dict[str, Cost], *, row: float, receipt: float) -> str:
    """Say how many schools one installation carries before its connections run out."""
    schools = 1
    while need(schools, costs, row=row, receipt=receipt).connections <= MOST_CONNECTIONS:
        schools += 1
    full = need(schools - 1, costs, row=row, receipt=receipt)
    return f"{schools - 1} schools: {full.processes} processes, {full.database_cores:.1f} cores"


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _wal(figures: list[dict[str, Any]], name: str) -> float:
    wanted = {"mark": "WAL of a mark, whole request", "confirm": "WAL of a confirmation"}
    for figure in figures:
        if figure["measured"] == wanted.get(name):
            images = re.search(r"and ([\d,]+) B of page images", str(figure.get("note", "")))
            return float(figure["value"]) + (float(images[1].replace(",", "")) if images else 0)
    return 0.0


if __name__ == "__main__":
    run = json.loads(Path(sys.argv[1]).read_text("utf-8"))["figures"]
    measured = costs_of(run)
    for name, cost in measured.items():
        sys.stdout.write(f"{name}: app {cost.app:.0f} µs, database {cost.database:.0f} µs\n")
    sys.stdout.write(table(measured, row=2_048, receipt=239) + "\n")
    sys.stdout.write(breaks_first(measured, row=2_048, receipt=239) + "\n")
