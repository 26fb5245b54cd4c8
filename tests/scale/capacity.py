"""The capacity plan: what a school, a district, a city and a province need.

    make bench ARGS="--json bench.json"
    python -m tests.scale.capacity bench.json

Nothing here is measured. Unit costs come from a run of the bench
(:mod:`tests.scale.unit_costs`); how people behave and what things cost are the assumptions
below, each to be argued with by its name. A city is as many installations as it has
districts, see ``backend/schools/directory.py``: what grows past a district is their number.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import ceil
from pathlib import Path

from tests.scale.unit_costs import Costs, costs_of, told

PUPILS, GUARDIANS, STAFF, CLASSES = 2_000, 3_500, 120, 45
"""Of a school."""
SCHOOLS, DISTRICTS, CITIES = 200, 30, 10
"""Of a district, a city and a province: a city is large, and the province has ten of them."""
OPENS, MARKS, CONFIRMS, RENEWS, VOTES = 10.0, 3.0, 0.3, 2.0, 0.01
"""What a guardian does in a day: opens the app, reads something new, confirms something,
is signed in afresh, casts a ballot."""
NOTICES = 2.0
"""Of a class in a day; the school's and the district's are few beside them."""
WATCHED, BEAT, FILM = 60.0, 15.0, 100_000.0
"""Seconds of lessons a guardian watches in a day, seconds between two reports of a phone,
bytes of a second of film (480p)."""
PEAK = 20.0
"""How much more is asked in the busiest minutes than on the average of the day."""
RUSHING, RUSH, RUSH_SECONDS = 0.1, 3_000, 60.0
"""The share of schools that open places in the same minute, and the families of each."""
OPEN_PHONES, CHANNELS = 0.1, 16_384
"""The share of phones with a live connection at once, and what a process holds."""
FILL = 0.6
"""How busy a core or a line may be at the peak: what is left is for restarts and bad luck."""
POOL, SPARE = 10, 2
"""Connections of a process; of each kind of process so many at least, for one may fail."""
HOST_CORES, LINE, CONNECTIONS = 16, 1e9, 200
"""Cores of the largest host, bits a second of its line, what the database lets in."""
YEARS, COPIES, FILES = 2, 35, 10e9
"""How old the database is, how many backups are kept, and the bytes of pictures and films of
a school, which may keep five times as much."""
CORE, SSD, OBJECTS, TRAFFIC, SMS, CODES = 100.0, 0.5, 0.12, 0.5, 0.045, 1.0
"""Yuan a month for a core with 4 GB, for a GB on SSD and in object storage; for a GB that
leaves the house; for a text message; and codes a person asks for in a month. Prices differ
by place and contract."""
DAY = 86_400.0


@dataclass(frozen=True)
class Need:
    """What one installation needs at its peak; bytes are of a day, yuan of a month."""

    people: int
    rate: float
    live: float
    app_cores: float
    database_cores: float
    worker_cores: float
    bits: float
    disk: float
    wal: float
    films: float
    files: float
    channel_bytes: float

    @property
    def processes(self) -> int:
        return max(SPARE, ceil(self.app_cores), ceil(self.live / CHANNELS))

    @property
    def workers(self) -> int:
        return max(SPARE, ceil(self.worker_cores))

    @property
    def connections(self) -> int:
        return (self.processes + self.workers) * POOL

    @property
    def hosts(self) -> int:
        """Hosts of the API: for its cores, and for what leaves through their lines."""
        return max(1, ceil(self.processes / HOST_CORES), ceil(self.bits / FILL / LINE))

    @property
    def database(self) -> float:
        return self.disk * 365 * YEARS

    @property
    def servers(self) -> float:
        cores = max(2, ceil(self.app_cores + self.database_cores + self.worker_cores))
        kept = self.database * SSD
        kept += ((self.database + self.wal) * COPIES + self.files) * OBJECTS
        return cores * CORE + kept / 1e9

    @property
    def traffic(self) -> float:
        return self.films * 30 / 1e9 * TRAFFIC

    @property
    def messages(self) -> float:
        return self.people * CODES * SMS

    @property
    def money(self) -> float:
        return self.servers + self.traffic + self.messages


def need(schools: float, costs: Costs) -> Need:
    """Return what an installation with so many schools needs."""
    guardians, at_peak = schools * GUARDIANS, schools * GUARDIANS / DAY * PEAK
    often = {
        "feed": OPENS, "mark": MARKS, "confirm": CONFIRMS, "renew": RENEWS, "ballot": VOTES,
        "beat": WATCHED / BEAT, "film": WATCHED * FILM / 2**20,
    }  # fmt: skip
    rates = {name: at_peak * times for name, times in often.items()}
    rates["place"] = max(1.0, schools * RUSHING) * RUSH / RUSH_SECONDS
    heard = at_peak * MARKS * OPEN_PHONES
    app = sum(rate * costs.requests[name].app for name, rate in rates.items()) + heard * costs.hear
    database = sum(rate * costs.requests[name].database for name, rate in rates.items())
    written = schools * CLASSES * NOTICES * costs.notice + guardians * CONFIRMS * costs.receipt
    return Need(
        people=ceil(guardians + schools * STAFF),
        rate=sum(rates.values()),
        live=guardians * OPEN_PHONES,
        app_cores=app / 1e6 / FILL,
        database_cores=database / 1e6 / FILL,
        worker_cores=at_peak * MARKS / costs.pushes / FILL,
        bits=at_peak * WATCHED * FILM * 8,
        disk=written + guardians * costs.read_state / 730,
        wal=guardians * sum(costs.requests[name].wal * times for name, times in often.items()),
        films=guardians * WATCHED * FILM,
        files=schools * FILES,
        channel_bytes=guardians * OPEN_PHONES * costs.channel,
    )


def pupils(one: Need) -> float:
    return PUPILS * one.people / (GUARDIANS + STAFF)


def table(costs: Costs) -> str:
    """Return the plan as a Markdown table."""
    school, district = need(1, costs), need(SCHOOLS, costs)
    sizes = [(school, 1), (district, 1), (district, DISTRICTS), (district, DISTRICTS * CITIES)]
    rows: list[tuple[str, Callable[[Need, int], str]]] = [
        ("安装（库）数 Installations", lambda n, k: f"{k:,}"),
        ("学生 Pupils", lambda n, k: f"{pupils(n) * k:,.0f}"),
        ("家长和教职工 People", lambda n, k: f"{n.people * k:,}"),
        ("高峰请求 Requests/s", lambda n, k: f"{n.rate * k:,.0f}"),
        ("同时在线的长连接 Live channels", lambda n, k: f"{n.live * k:,.0f}"),
        ("接口进程 API processes", lambda n, k: f"{n.processes * k:,}"),
        ("后台进程 Workers", lambda n, k: f"{n.workers * k:,}"),
        ("接口忙时占核 API cores", lambda n, k: f"{n.app_cores * k:,.2f}"),
        ("数据库忙时占核 Database cores", lambda n, k: f"{n.database_cores * k:,.2f}"),
        ("每库连接 Connections each", lambda n, k: f"{n.connections:,}"),
        ("长连接内存 Memory of live channels", lambda n, k: _size(n.channel_bytes * k)),
        ("接口主机 API hosts, 1 Gbit/s", lambda n, k: f"{n.hosts * k:,}"),
        ("高峰出口 Line at the peak", lambda n, k: f"{n.bits * k / 1e6:,.0f} Mbit/s"),
        ("每日落盘 Database a day", lambda n, k: _size(n.disk * k)),
        ("每日 WAL a day", lambda n, k: _size(n.wal * k)),
        ("每日视频流量 Films a day", lambda n, k: _size(n.films * k)),
        ("图片和视频 Files kept", lambda n, k: _size(n.files * k)),
        ("两年后的库 Database after 2 years", lambda n, k: _size(n.database * k)),
        ("服务器与备份 元/月 Servers", lambda n, k: f"{n.servers * k:,.0f}"),
        ("流量 元/月 Traffic", lambda n, k: f"{n.traffic * k:,.0f}"),
        ("短信 元/月 Text messages", lambda n, k: f"{n.messages * k:,.0f}"),
        ("每名学生 元/年 Yuan a pupil and year", lambda n, k: f"{n.money * 12 / pupils(n):,.2f}"),
    ]
    lines = [
        f"| | 一所学校 School | 一个区 District，{SCHOOLS} 所 | 一个市 City，{DISTRICTS} 个区 "
        f"| 一个省 Province，{CITIES} 个这样的市 |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, told_of in rows:
        lines.append(f"| {name} | " + " | ".join(told_of(n, k) for n, k in sizes) + " |")
    return "\n".join(lines)


ENDS: tuple[tuple[str, Callable[[Need], bool], str], ...] = (
    (
        "一个接口进程 One API process",
        lambda n: n.app_cores > 1,
        "`API_PROCESSES` more processes",
    ),
    (
        "一台主机的线路 One host's line, 1 Gbit/s",
        lambda n: n.bits / FILL > LINE,
        "第二台接口主机 a second API host：`VALKEY_URL`、`STORAGE_BUCKET`",
    ),
    (
        "一个后台进程 One worker",
        lambda n: n.worker_cores > 1,
        "更多 `tongxing worker` more workers",
    ),
    (
        f"一个进程的长连接 {CHANNELS:,} live channels",
        lambda n: n.live > CHANNELS,
        "更多接口进程 more processes",
    ),
    (
        f"数据库连接 {CONNECTIONS} connections",
        lambda n: n.connections > CONNECTIONS,
        "减小 `POOL_SIZE`，或加连接池 a smaller pool or a pooler",
    ),
    (
        f"一台数据库主机 {HOST_CORES} cores of the database",
        lambda n: n.database_cores > HOST_CORES,
        "`REPLICA_URLS`：列表和报表由备库回答 standbys answer lists；再大 then：`SHARD`",
    ),
)
"""What comes to its end, and what is switched on then."""


def ends(costs: Costs) -> list[tuple[int, str, str]]:
    """Return with how many schools each comes to its end, the first one first."""
    found = []
    for what, is_over, then in ENDS:
        schools = next(n for n in count(1) if is_over(need(n, costs))) - 1
        found.append((schools, what, then))
    return sorted(found)


def report(figures: list[dict[str, object]]) -> str:
    """Return the plan, what it breaks at, and the unit costs, ready for the README."""
    costs = costs_of(figures)
    lines = [table(costs), "", "| 一个库里的学校 Schools | 先到头的 What ends | 打开 Switch on |"]
    lines += ["|--:|---|---|", *(f"| {n:,} | {what} | {then} |" for n, what, then in ends(costs))]
    lines += ["", "| 单价 Unit cost | 接口 + 数据库 API + database | 出自 From |", "|---|---|---|"]
    lines += [f"| {what} | {value} | {job} |" for what, value, job in told(costs)]
    return "\n".join(lines)


def _size(size: float) -> str:
    for unit, bytes_ in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if size >= bytes_:
            return f"{size / bytes_:,.1f} {unit}"
    return f"{size / 1e6:,.1f} MB"


if __name__ == "__main__":
    run = json.loads(Path(sys.argv[1]).read_text("utf-8"))["figures"]
    sys.stdout.write(report(run) + "\n")
