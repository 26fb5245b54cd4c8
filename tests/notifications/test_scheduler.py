"""Recurring work happens once an occasion, and no failure stops the clock."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from notifications import health
from notifications.scheduler import Job, _claim, _Occasions, clockwork
from tests.notifications.conftest import at, rows


def clock() -> datetime:
    return datetime.now(UTC)


async def test_three_schedulers_run_each_occasion_once(db: None) -> None:
    periods: list[datetime] = []

    async def note() -> None:
        periods.append(clock().replace(microsecond=0))
        await asyncio.sleep(0.05)

    job = Job(name="tick", run=note, every=1)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(clockwork([job], clock=clock))
            await asyncio.sleep(0.1)
        await asyncio.sleep(3.2)
    assert len(periods) >= 3
    assert len(set(periods)) == len(periods)
    assert len(await rows("SELECT id FROM post_job_run WHERE finished_at NOTNULL")) == len(periods)


async def test_without_the_claim_three_schedulers_would_run_it_three_times(db: None) -> None:
    runs = 0

    async def count() -> None:
        nonlocal runs
        runs += 1

    job = Job(name="tick", run=count, every=1, once_per_period=False)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(clockwork([job], clock=clock))
        await asyncio.sleep(1.5)
    assert runs >= 3
    assert len(await rows("SELECT id FROM post_job_run")) == 1


async def test_a_failing_job_is_run_again_and_stops_no_other(db: None) -> None:
    failures, successes = 0, 0

    async def fail() -> None:
        nonlocal failures
        failures += 1
        raise LookupError("today not")

    async def succeed() -> None:
        nonlocal successes
        successes += 1

    jobs = [Job(name="bad", run=fail, every=0.2), Job(name="good", run=succeed, every=0.2)]
    async with clockwork(jobs, clock=clock):
        await asyncio.sleep(1)
    assert failures >= 3
    assert successes >= 3
    [bad, good] = await rows(
        "SELECT name, max(error) AS error FROM post_job_run GROUP BY 1 ORDER BY 1"
    )
    assert (bad["error"], good["error"]) == ("LookupError", None)
    assert set((await health.figures(clock())).last_runs) == {"bad", "good"}


async def test_what_is_in_flight_at_shutdown_is_finished(db: None) -> None:
    finished = asyncio.Event()
    started = asyncio.Event()
    stop = asyncio.Event()

    async def linger() -> None:
        started.set()
        await stop.wait()
        await asyncio.sleep(0.3)
        finished.set()

    async with clockwork([Job(name="slow", run=linger, every=0.1)], clock=clock, stop=stop):
        await asyncio.wait_for(started.wait(), 2)
    assert finished.is_set()
    [run] = await rows("SELECT finished_at FROM post_job_run WHERE finished_at NOTNULL")
    assert run["finished_at"] is not None


async def test_what_does_not_end_in_time_is_cancelled_after_the_grace(db: None) -> None:
    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.sleep(60)

    async with asyncio.timeout(3):
        async with clockwork([Job(name="stuck", run=hang, every=0.1)], clock=clock, grace=0.2):
            await asyncio.wait_for(started.wait(), 2)
    [run] = await rows("SELECT finished_at FROM post_job_run")
    assert run["finished_at"] is None


async def nothing() -> None:
    """A job whose times alone matter."""


@pytest.mark.parametrize(
    ("now", "period"),
    [(at(8), at(8)), (at(8, 20), at(8)), (at(8, days=2), at(8, days=2))],
)
def test_a_cron_occasion_has_one_name_however_late_a_worker_wakes(
    now: datetime, period: datetime
) -> None:
    moment = at(7)
    occasions = _Occasions(Job(name="eight", run=nothing, cron={"hour": 8}), lambda: moment)
    moment = now
    assert occasions.period() == period.astimezone(UTC).isoformat()


def test_a_worker_that_starts_late_makes_good_what_it_may() -> None:
    late = Job(name="eight", run=nothing, cron={"hour": 8}, catch_up=3_600)
    assert _Occasions(late, lambda: at(8, 30)).is_overdue
    assert not _Occasions(late, lambda: at(9, 30)).is_overdue
    assert _Occasions(late, lambda: at(8, 30)).period() == at(8).astimezone(UTC).isoformat()


async def test_a_run_lost_with_its_worker_is_taken_over_after_its_lease(db: None) -> None:
    job = Job(name="eight", run=nothing, cron={"hour": 8})
    assert await _claim(job, "period", at(8))
    assert not await _claim(job, "period", at(8, 9))
    assert await _claim(job, "period", at(8) + timedelta(minutes=11))


def test_a_job_needs_one_rhythm() -> None:
    with pytest.raises(ValueError, match="either"):
        Job(name="never", run=nothing)
    with pytest.raises(ValueError, match="either"):
        Job(name="twice", run=nothing, every=1, cron={"hour": 8})
