"""What one act costs, as a run of the bench has measured it; nothing is made up here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Figures = list[dict[str, Any]]

SPLIT = re.compile(r"µs \d+/(?P<app>\d+)/(?P<database>\d+) ")
IMAGES = re.compile(r"and ([\d,]+) B of page images")

REQUESTS = {
    "feed": ("首页 Home feed", "J3", "feed, 1 process"),
    "mark": ("标记已读 Mark read", "J4", "mark read, first time, 1 process"),
    "confirm": ("确认 Confirm", "J4", "confirm, 1 process"),
    "place": ("抢名额 Take a place", "J1", "40 shifts, sustained, 1 process"),
    "ballot": ("投票 Cast a ballot", "J5", "ballots, secret, sealed by the phone, 1 process"),
    "beat": ("上报进度 Report progress", "J6", "reports, sustained, 1 process"),
    "renew": ("续期登录 Renew a sign-in", "J9", r"[\d,]+ refreshes and .*, 1 process: .*"),
    "film": ("读 1 MiB 视频 Read 1 MiB of film", "J8", "ranges of 1 MiB, 1 process"),
}
WAL = {
    "mark": ("J4", "WAL of a mark, whole request"),
    "confirm": ("J4", "WAL of a confirmation"),
    "ballot": ("J5", "WAL of a ballot, secret 2"),
    "beat": ("J6", "WAL of a report, whole request"),
}
OTHERS = {
    "notice": ("一条通知占用 Stored for a notice", "J2", "stored for a notice, .*"),
    "receipt": ("一张回执占用 Stored for a receipt", "J2", "stored for a receipt, .*"),
    "read_state": (
        "两年已读状态 Read state, 2 years", "J2", "read state of a membership, 2 years",
    ),
    "pushes": ("一个后台推送 Pushes of a worker", "J2", "deliveries carried, .*"),
    "hear": ("在线手机听到一条 A live phone hears", "J10", "CPU of the API process a phone .*"),
    "channel": ("一个长连接的内存 A live channel", "J10", "memory of a live channel, .*"),
    "rush": (
        "三千家同一刻，末位得到答复 3,000 at once, the last answer",
        "J1", "3,000 at once, 40 shifts, 2 processes: last answer",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """CPU of one request in microseconds, and the WAL it leaves in bytes."""

    app: float
    database: float
    wal: float = 0.0


@dataclass(frozen=True)
class Costs:
    """``requests`` by :data:`REQUESTS`. Bytes of a notice, a receipt and a guardian's read
    state after two years; pushes a second; microseconds and bytes of a live channel; seconds
    until the last of three thousand knows.
    """

    requests: dict[str, Cost]
    notice: float
    receipt: float
    read_state: float
    pushes: float
    hear: float
    channel: float
    rush: float


def costs_of(figures: Figures) -> Costs:
    """Return what the run has measured. Raises ``LookupError`` naming what it has not."""
    requests = {}
    for name, (_, job, measured) in REQUESTS.items():
        found = _figure(figures, job, measured, splits=True)
        split = SPLIT.search(found["note"])
        assert split is not None
        requests[name] = Cost(float(split["app"]), float(split["database"]), _wal(figures, name))
    others = {
        name: float(_figure(figures, job, measured)["value"])
        for name, (_, job, measured) in OTHERS.items()
    }
    others["channel"] *= 1024
    return Costs(requests=requests, **others)


def told(costs: Costs) -> Iterator[tuple[str, str, str]]:
    """Yield what each is, what it costs, and the job of the bench that says so."""
    for name, (what, job, measured) in REQUESTS.items():
        cost = costs.requests[name]
        wal = f"，WAL {cost.wal:,.0f} B" if cost.wal else ""
        yield what, f"{cost.app:,.0f} + {cost.database:,.0f} µs{wal}", f"{job} {_plain(measured)}"
    units = {"pushes": "/s", "hear": " µs", "rush": " s"}
    for name, (what, job, measured) in OTHERS.items():
        value = f"{getattr(costs, name):,.{2 if name == 'rush' else 0}f}{units.get(name, ' B')}"
        yield what, value, f"{job} {_plain(measured)}"


def _figure(figures: Figures, job: str, measured: str, *, splits: bool = False) -> dict[str, Any]:
    for figure in figures:
        is_it = figure["job"] == job and re.fullmatch(measured, figure["measured"])
        if is_it and (not splits or SPLIT.search(str(figure.get("note", "")))):
            return figure
    raise LookupError(f"the run says nothing of {job} {_plain(measured)}")


def _wal(figures: Figures, name: str) -> float:
    """Return it with the page images that follow a checkpoint: the dearest it gets."""
    if name not in WAL:
        return 0.0
    figure = _figure(figures, *WAL[name])
    images = IMAGES.search(str(figure.get("note", "")))
    return float(figure["value"]) + (float(images[1].replace(",", "")) if images else 0.0)


def _plain(measured: str) -> str:
    return measured.replace(r"[\d,]+", "…").replace(".*", "…")
