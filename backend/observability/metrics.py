"""What Prometheus is told of this process: the only module that knows prometheus_client.

Each process answers on a port of its own, so nothing is shared between processes: what a
killed one has said is gone with it, and a respawned one starts from zero, which Prometheus
takes for what it is.
"""

import asyncio
import errno
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from backend.settings import Settings

log = structlog.get_logger("metrics")

PORTS = 64
"""How many processes of one machine find a port, counted from the one that is set."""
FRESH_SECONDS = 60.0
"""Older figures of the database are not told any more."""

# When a series began is of no use to anybody here and doubles what is told.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_WAIT_SECONDS = (0.0005, 0.005, 0.025, 0.1, 0.5, 2.0, 5.0)
_WORK_SECONDS = (0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 300.0)

_requests = Counter(
    "tongxing_requests",
    "Requests answered, by the template of their route.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
_request_seconds = Histogram(
    "tongxing_request_seconds",
    "From a request's first byte to its answer's last.",
    ["method", "route"],
    buckets=_REQUEST_SECONDS,
    registry=REGISTRY,
)
in_flight = Gauge("tongxing_requests_in_flight", "Requests being answered.", registry=REGISTRY)
sockets_open = Gauge("tongxing_sockets_open", "Open live connections.", registry=REGISTRY)
_pool_wait = Histogram(
    "tongxing_pool_wait_seconds",
    "How long a database connection of the pool was waited for.",
    buckets=_WAIT_SECONDS,
    registry=REGISTRY,
)
_work_seconds = Histogram(
    "tongxing_work_seconds",
    "Rounds of the worker and jobs of the timetable.",
    ["kind", "name"],
    buckets=_WORK_SECONDS,
    registry=REGISTRY,
)
_work_failures = Counter(
    "tongxing_work_failures", "Rounds and jobs that failed.", ["kind", "name"], registry=REGISTRY
)

pool_waited: Callable[[float], None] = _pool_wait.observe
"""Note the seconds a connection was waited for."""


class Route:
    """What is counted of one route; looked up once and kept."""

    __slots__ = ("_by_status", "_method", "_route", "seconds")

    def __init__(self, method: str, route: str) -> None:
        self._method = method if method in METHODS else "OTHER"
        self._route = route
        self._by_status: dict[str, Callable[[], None]] = {}
        self.seconds: Callable[[float], None] = _request_seconds.labels(self._method, route).observe

    def answered(self, status: str) -> None:
        """Count one request; ``status`` is a class such as ``2xx``."""
        count = self._by_status.get(status)
        if count is None:
            count = _requests.labels(self._method, self._route, status).inc
            self._by_status[status] = count
        count()


_routes: dict[tuple[str, str], Route] = {}


def route_of(method: str, template: str) -> Route:
    """Return the counters of a route. ``template`` must not be a path somebody asked for."""
    key = (method if method in METHODS else "OTHER", template)
    found = _routes.get(key)
    if found is None:
        found = _routes[key] = Route(*key)
    return found


def timed(
    kind: Literal["round", "job"], name: str, work: Callable[[], Awaitable[object]]
) -> Callable[[], Awaitable[object]]:
    """Return ``work``, measured; what it raises is counted and passed on."""
    failed = _work_failures.labels(kind, name).inc

    async def measured() -> object:
        begun = time.perf_counter()
        try:
            return await work()
        except Exception:
            failed()
            raise
        finally:
            _work_seconds.labels(kind, name).observe(time.perf_counter() - begun)

    return measured


class Pool(Protocol):
    """What is asked of a connection pool."""

    def get_size(self) -> int: ...
    def get_idle_size(self) -> int: ...


class _Pools(Collector):
    """The pools of this process as they stand when Prometheus asks."""

    def __init__(self) -> None:
        self.sources: list[Callable[[], Pool | None]] = []

    def collect(self) -> Iterator[Metric]:
        pools = [pool for source in self.sources if (pool := source()) is not None]
        family = GaugeMetricFamily(
            "tongxing_pool_connections", "Connections of the pool.", labels=["state"]
        )
        idle = sum(pool.get_idle_size() for pool in pools)
        family.add_metric(["idle"], idle)
        family.add_metric(["busy"], sum(pool.get_size() for pool in pools) - idle)
        yield family


_pools = _Pools()
REGISTRY.register(_pools)


def watch_pool(source: Callable[[], Pool | None]) -> None:
    """Tell the size of the pool that ``source`` returns, as long as it returns one."""
    _pools.sources.append(source)


def forget_pool(source: Callable[[], Pool | None]) -> None:
    """Stop telling of it."""
    _pools.sources.remove(source)


class _Counts(Collector):
    """Numbers that others keep and only add to, read when Prometheus asks."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str, Callable[[], Mapping[str, float]]]] = []

    def collect(self) -> Iterator[Metric]:
        for name, text, label, source in self.kept:
            family = CounterMetricFamily(name, text, labels=[label])
            for value, number in source().items():
                family.add_metric([value], number)
            yield family


_counts = _Counts()
REGISTRY.register(_counts)


def count(name: str, text: str, label: str, source: Callable[[], Mapping[str, float]]) -> None:
    """Tell the numbers that ``source`` returns, by their ``label``, whenever they are asked for.

    What happens often or matters most is then counted by an addition and nothing else.
    """
    _counts.kept.append((name, text, label, source))


@dataclass(frozen=True, slots=True)
class Figure:
    """A name told with its values, each by its labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: Sequence[tuple[tuple[str, ...], float]]


class _Told(Collector):
    """Figures told from time to time; what is too old is not repeated."""

    def __init__(self) -> None:
        self._figures: Sequence[Figure] = ()
        self._told_at = 0.0

    def tell(self, figures: Iterable[Figure]) -> None:
        self._figures, self._told_at = tuple(figures), time.monotonic()

    def collect(self) -> Iterator[Metric]:
        if time.monotonic() - self._told_at > FRESH_SECONDS:
            return
        for figure in self._figures:
            family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.values:
                family.add_metric(labels, value)
            yield family


_told = _Told()
REGISTRY.register(_told)
tell = _told.tell
"""Replace the figures told before by these; they count as fresh for a minute."""


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[int | None]:
    """Answer Prometheus while the block lasts; yields the port, ``None`` when not asked to.

    It never keeps a process from its work: without a free port there are no metrics.
    """
    server = None if settings.metrics_port is None else _listen(settings, settings.metrics_port)
    if server is None:
        yield None
        return
    try:
        log.info("metrics_served", host=settings.metrics_host, port=server.server_port)
        yield int(server.server_port)
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def _listen(settings: Settings, first: int) -> Any:
    for port in range(first, min(first + PORTS, 65_536)):
        try:
            server, _ = start_http_server(port, settings.metrics_host, registry=REGISTRY)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                log.error("metrics_not_served", host=settings.metrics_host, reason=error.strerror)
                return None
        else:
            return server
    log.error("metrics_not_served", host=settings.metrics_host, reason="no free port")
    return None
