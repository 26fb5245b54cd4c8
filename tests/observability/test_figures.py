"""What the database says of the house is true of it, and is not repeated once it is old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from backend import clock
from backend.database import execute, fetch
from backend.observability import figures, metrics
from tests.observability.conftest import told, value

LETTER = """
INSERT INTO post_letter (id, occasion, once, category, priority, title_zh, title_en, link,
    not_before, audiences, state, created_at, attempts, accepted, refused, suppressed, deferred)
VALUES (uuidv7(), 'x', $1, 'x', 'normal', '', '', '', now() - interval '5 minutes', '{a/families}',
    $2, now(), 0, 0, 0, 0, 0) RETURNING id
"""
DELIVERY = """
INSERT INTO post_delivery (id, letter_id, person_id, device_id, channel, state, rank, due_at,
    attempts, silent, digest)
SELECT uuidv7(), $1, device.person_id, device.id, $2, $3, 1, now() - interval '90 seconds',
    0, false, false FROM post_device AS device WHERE device.token = $4 RETURNING id
"""
DEVICE = """
INSERT INTO post_device (id, person_id, token, provider, platform, language, registered_at,
    last_seen_at) VALUES (uuidv7(), uuidv7(), $1, 'fcm', 'android', 'zh', now(), now()) RETURNING id
"""


async def as_told() -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the figures of this moment by name and labels."""
    return {
        (figure.name.removeprefix("tongxing_"), labels): number
        for figure in await figures.gather()
        for labels, number in figure.values
    }


async def left_in_the_post() -> None:
    """Leave an open announcement, two pushes due by one way and a dead one by another."""
    await fetch(LETTER, "open", "open")
    letter = (await fetch(LETTER, "old", "expanded"))[0]["id"]
    for token, way, state in (("a", "fcm", "queued"), ("b", "fcm", "queued"), ("c", "sms", "dead")):
        await fetch(DEVICE, token)
        await fetch(DELIVERY, letter, way, state, token)


@asynccontextmanager
async def others(dsn: str, *names: str) -> AsyncIterator[list[Any]]:
    """Open further sessions on the test's database."""
    sessions = [
        await asyncpg.connect(dsn, server_settings={"application_name": name}) for name in names
    ]
    try:
        yield sessions
    finally:
        for session in sessions:
            session.terminate()


async def test_the_outbox_is_told_by_way(db: None) -> None:
    await left_in_the_post()
    seen = await as_told()
    assert seen["outbox_due", ("fcm",)] == seen["outbox_queued", ("fcm",)] == 2
    assert 90 <= seen["outbox_oldest_due_seconds", ("fcm",)] < 600
    assert seen["outbox_dead", ("sms",)] == 1
    assert seen["outbox_due", ("sms",)] == 0
    assert seen["outbox_open_letters", ()] == 1
    assert 300 <= seen["outbox_oldest_letter_seconds", ()] < 900


async def test_jobs_tell_when_they_last_ran(db: None) -> None:
    for period, ago in (("1", 60), ("2", 20)):
        await execute(
            "INSERT INTO post_job_run (id, name, period, started_at, finished_at) VALUES "
            "(uuidv7(), 'notices.release', $1, now() - $2 * interval '1 second', "
            "now() - $2 * interval '1 second')",
            period,
            ago,
        )
    await execute(
        "INSERT INTO post_job_run (id, name, period, started_at) "
        "VALUES (uuidv7(), 'never.finished', '1', now())"
    )
    seen = await as_told()
    age = clock.now().timestamp() - seen["job_last_run_timestamp_seconds", ("notices.release",)]
    assert 19 <= age < 55
    assert ("job_last_run_timestamp_seconds", ("never.finished",)) not in seen


async def test_a_session_that_waits_for_a_lock_is_seen(db: None, dsn: str) -> None:
    async with others(dsn, "tongxing-api", "psql of 张三") as (first, second):
        await first.execute("BEGIN")
        await first.execute("LOCK TABLE limits")
        waiting = asyncio.create_task(second.fetch("SELECT FROM limits"))
        await asyncio.sleep(0.5)
        seen = await as_told()
        assert seen["database_lock_waits", ()] >= 1
        assert seen["database_lock_wait_seconds", ()] >= 0.3
        assert seen["database_transaction_seconds", ()] >= 0.4
        assert seen["database_connections", ("tongxing-api", "idle in transaction")] == 1
        # A name somebody gave a session of their own is not repeated.
        assert seen["database_connections", ("other", "active")] >= 1
        assert not [key for key in seen if "张三" in repr(key)]
        assert seen["database_connections_in_use", ()] >= 3
        assert seen["database_connections_limit", ()] > 50
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_old_figures_are_not_repeated(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose database is gone must not go on saying that all is well."""
    metrics.tell(await figures.gather())
    assert value("tongxing_database_up") == 1
    assert "tongxing_sms_queued" in told()

    async def break_down() -> Any:
        raise OSError("no route to host")

    stop = asyncio.Event()
    monkeypatch.setattr(figures, "gather", break_down)
    telling = asyncio.create_task(figures.tell_prometheus(stop))
    await asyncio.sleep(0.05)
    assert value("tongxing_database_up") == 0 and "tongxing_database_up 0.0" in told()
    assert "tongxing_sms_queued" not in told()
    stop.set()
    await telling

    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0.0)
    await asyncio.sleep(0.01)
    assert "tongxing_database_up" not in told()
