"""Recurring work: the only module that knows APScheduler, used by workers alone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from tortoise.connection import get_connection

log = structlog.get_logger("clockwork")

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that recurs, either ``every`` so many seconds or at ``cron`` times.

    ``cron`` holds APScheduler's cron fields (``hour=8``), read on the clock of
    ``timezone``. With ``once_per_period`` each occasion is run by one worker only; a
    worker that starts up to ``catch_up`` seconds late makes good a missed cron time. A
    run that has not finished within ``lease`` counts as lost with its worker. ``run``
    must bear running twice.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    every: float | None = None
    cron: Mapping[str, object] | None = None
    timezone: str = "Asia/Shanghai"
    once_per_period: bool = True
    catch_up: float = 0.0
    lease: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        if (self.every is None) == (self.cron is None):
            raise ValueError(f"{self.name}: a job recurs either every so often or by cron.")


@asynccontextmanager
async def clockwork(
    jobs: Iterable[Job],
    *,
    clock: Clock,
    stop: asyncio.Event | None = None,
    grace: float = 4.0,
) -> AsyncIterator[None]:
    """Run the jobs while the block lasts.

    Leaving sets ``stop``, on which long jobs may end early, and waits ``grace`` seconds
    for those in flight before they are cancelled.
    """
    # Skipped and late ticks are what coalescing is for, not news.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler = AsyncIOScheduler(timezone=UTC)
    in_flight: set[asyncio.Task[None]] = set()
    for job in jobs:
        _schedule(scheduler, _Occasions(job, clock), in_flight)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        if stop is not None:
            stop.set()
        if in_flight:
            # APScheduler's own shutdown would cancel them at once.
            await asyncio.wait(set(in_flight), timeout=grace)
        scheduler.shutdown(wait=False)
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)


class _Occasions:
    """One job with its trigger, and the name of the occasion that has come."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self.job = job
        self.clock = clock
        self.trigger: Any
        self._next: datetime | None = None
        if job.cron is None:
            self.trigger = IntervalTrigger(seconds=job.every, timezone=UTC)
        else:
            self.trigger = CronTrigger(**job.cron, timezone=job.timezone)
            since = clock() - timedelta(seconds=job.catch_up)
            self._next = self.trigger.get_next_fire_time(None, since)

    @property
    def is_overdue(self) -> bool:
        """Whether an occasion passed before this worker started."""
        return self._next is not None and self._next <= self.clock()

    def period(self) -> str:
        """Name the latest occasion up to now, alike in every worker."""
        now = self.clock()
        if self.job.every is not None:
            slots = int((now - _EPOCH).total_seconds() / self.job.every)
            return (_EPOCH + timedelta(seconds=slots * self.job.every)).isoformat()
        occasion = self._next or now
        while (after := self._after(occasion)) is not None and after <= now:
            occasion = after
        self._next = self._after(occasion)
        return occasion.astimezone(UTC).isoformat()

    def _after(self, occasion: datetime) -> datetime | None:
        following: datetime | None = self.trigger.get_next_fire_time(occasion, occasion)
        return following


def _schedule(scheduler: Any, occasions: _Occasions, in_flight: set[asyncio.Task[None]]) -> None:
    tick = partial(_tick, occasions, in_flight)
    options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler.add_job(tick, occasions.trigger, id=occasions.job.name, **options)
    if occasions.is_overdue:
        scheduler.add_job(tick, "date", **options)


async def _tick(occasions: _Occasions, in_flight: set[asyncio.Task[None]]) -> None:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("A tick runs in a task of its own.")
    in_flight.add(task)
    try:
        await _run(occasions)
    finally:
        in_flight.discard(task)


async def _run(occasions: _Occasions) -> None:
    job = occasions.job
    period = occasions.period()
    error: str | None = None
    try:
        if job.once_per_period and not await _claim(job, period, occasions.clock()):
            return
        await job.run()
    except Exception as trouble:
        # The edge of the process: a job that fails today must be run again tomorrow, and
        # the worker's other jobs with it.
        log.exception("job_failed", job=job.name, period=period)
        error = type(trouble).__name__
    try:
        await _finish(job, period, occasions.clock(), error)
    except Exception:
        # The same edge: without a database there is nowhere to write that it failed.
        log.exception("job_not_recorded", job=job.name, period=period)


async def _claim(job: Job, period: str, now: datetime) -> bool:
    rows = await get_connection("default").execute_query_dict(
        _CLAIM, [job.name, period, now, now - job.lease]
    )
    return bool(rows)


async def _finish(job: Job, period: str, now: datetime, error: str | None) -> None:
    await get_connection("default").execute_query_dict(
        _FINISH, [job.name, period if job.once_per_period else "", now, error]
    )


_CLAIM = """
INSERT INTO post_job_run AS run (id, name, period, started_at)
VALUES (uuidv7(), $1, $2, $3)
ON CONFLICT (name, period) DO UPDATE SET started_at = excluded.started_at
WHERE run.finished_at IS NULL AND run.started_at < $4
RETURNING id
"""

# A job that runs in every worker keeps one row, which shows the doctor, to a quarter of a
# minute, when it last did.
_FINISH = """
INSERT INTO post_job_run AS run (id, name, period, started_at, finished_at, error)
VALUES (uuidv7(), $1, $2, $3, $3, $4)
ON CONFLICT (name, period) DO UPDATE SET finished_at = excluded.finished_at,
    error = excluded.error
WHERE $2 <> '' OR run.finished_at < excluded.finished_at - interval '15 seconds'
RETURNING id
"""
