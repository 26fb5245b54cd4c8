"""The doctor sees how long the queue is and since when."""

from datetime import UTC, timedelta
from uuid import uuid4

from backend.media.storage import open_files
from backend.settings import Settings
from backend.timetable import timetable
from notifications import Outcome, health
from notifications.dispatcher import Office
from notifications.scheduler import Job, _claim
from tests.notifications.conftest import (
    NOON,
    RecordingChannel,
    announce_once,
    message,
    phone,
    rows,
    tell_once,
)


async def test_figures_add_up(office: Office, channel: RecordingChannel) -> None:
    people = [uuid4() for _ in range(4)]
    gone, dead, waiting, _ = [await phone(person) for person in people]
    channel.script(gone, Outcome.GONE)
    channel.script(dead, Outcome.REJECTED)
    channel.script(waiting, Outcome.THROTTLED, retry_after=300)
    await tell_once(people, message())
    await announce_once(["class:1"], message(), "open")
    await office.dispatch(NOON)

    calm = await health.figures(NOON)
    assert (calm.queued, calm.due, calm.oldest_due_seconds) == (1, 0, 0)
    assert (calm.refused, calm.dead, calm.open_letters) == (1, 1, 1)
    late = await health.figures(NOON + timedelta(seconds=330))
    assert (late.due, late.oldest_due_seconds) == (1, 30)
    assert late.last_runs == {}


async def test_the_sweep_takes_what_is_old_and_keeps_what_still_says_once(
    office: Office,
) -> None:
    person = uuid4()
    await phone(person)
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert await health.sweep(NOON) == 0
    # After a quarter the letter must stay: its inbox item is kept for a year.
    assert await health.sweep(NOON + timedelta(days=100)) == 0
    assert await tell_once([person], message()) is False
    assert await health.sweep(NOON + timedelta(days=400)) == 2
    assert await rows("SELECT id FROM post_letter UNION SELECT id FROM post_inbox_item") == []


RUNS = """
INSERT INTO post_job_run (id, name, period, started_at, finished_at, error)
SELECT uuidv7(), $1, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00'), at,
    CASE WHEN $5 THEN at END, $6
FROM generate_series($2::timestamptz, $3, $4 * interval '1 second') AS at
RETURNING id
"""


async def ran(
    name: str, days: tuple[float, float], every: int, *, ends: bool = True, error: str | None = None
) -> int:
    """Write down runs from so many days before noon to so many; returns how many."""
    first, last = (NOON - timedelta(days=ago) for ago in days)
    return len(await rows(RUNS, name, first, last, every, ends, error))


async def kept(name: str) -> list[timedelta]:
    """Return how long ago the runs began that are still there."""
    found = await rows("SELECT started_at FROM post_job_run WHERE name = $1 ORDER BY 1", name)
    return [NOON - row["started_at"] for row in found]


async def test_uneventful_runs_of_busy_jobs_go_after_a_day(db: None) -> None:
    day = timedelta(days=1)
    await ran("busy", (3, 0), 60)
    await ran("busy.failed", (3, 0), 60)
    failed = await ran("busy.failed", (2.5001, 2.4), 600, error="LookupError")
    await ran("lost", (3, 2), 60)
    lost = await ran("lost", (1.9999, 1.95), 600, ends=False)
    daily = await ran("daily", (80, 0), 86_400)
    await ran("busy.until.the.silence", (9, 5), 60)
    before = await health.figures(NOON)
    assert await health.sweep(NOON) > 10_000

    assert max(await kept("busy")) <= day and len(await kept("busy")) == 1_441
    failures = [ago for ago in await kept("busy.failed") if ago > day]
    assert len(failures) == failed
    # The last that went well before those that were lost says when that began.
    assert len(await kept("lost")) == lost + 1
    assert len(await kept("daily")) == daily == 81
    (last,) = await kept("busy.until.the.silence")
    assert last == 5 * day
    assert (await health.figures(NOON)).last_runs == before.last_runs
    assert await health.sweep(NOON) == 0
    assert await health.sweep(NOON + 100 * day) > daily


async def test_an_occasion_of_yesterday_is_not_run_again_after_the_sweep(db: None) -> None:
    """What a late worker may make up for is still written down."""
    job = Job(name="busy", run=_nothing, every=5)
    yesterday = NOON - health.UNEVENTFUL + timedelta(minutes=1)
    longest = max(job.catch_up for job in timetable(open_files(Settings()), Settings()))
    assert timedelta(seconds=longest) < health.UNEVENTFUL
    await ran("busy", (1.1, 0), 5)
    await health.sweep(NOON)
    assert not await _claim(job, yesterday.astimezone(UTC).isoformat(), NOON)
    before = NOON - 1.05 * health.UNEVENTFUL
    assert await _claim(job, before.astimezone(UTC).isoformat(), NOON), "the control"


async def _nothing() -> None:
    """A job whose times alone matter."""
