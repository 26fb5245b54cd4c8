"""How the post office is doing, for the doctor, and what may be tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection

UNEVENTFUL = timedelta(days=1)
"""How long a run is kept that was well and was followed by another within the hour.

Longer than any job makes up for: a run that is kept prevents its repetition.
"""
PART = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The state of the queues.

    ``queued`` counts deliveries waiting for any reason, ``due`` those that should be out
    by now, the oldest of which has waited ``oldest_due_seconds``. ``open_letters`` are
    announcements whose time has come but whose audience is not yet paged to the end.
    """

    queued: int
    due: int
    oldest_due_seconds: float
    refused: int
    dead: int
    open_letters: int
    last_runs: dict[str, datetime]
    """When each recurring job last finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadDelivery:
    """A push that was given up, for a list a person reads."""

    id: UUID
    once: str
    channel: str
    attempts: int
    error: str


async def figures(now: datetime) -> Figures:
    """Count the queues as they stand."""
    row = (await _run(_FIGURES, now))[0]
    runs = await _run(
        "SELECT name, max(finished_at) AS at FROM post_job_run "
        "WHERE finished_at IS NOT NULL GROUP BY name"
    )
    return Figures(**row, last_runs={run["name"]: run["at"] for run in runs})


async def dead_deliveries(limit: int = 50) -> list[DeadDelivery]:
    """Return the pushes given up last."""
    return [DeadDelivery(**row) for row in await _run(_DEAD, limit)]


async def replay_dead(now: datetime, *, once: str | None = None) -> int:
    """Queue what was given up once more, of one letter or of all; returns how many."""
    return len(await _run(_REPLAY, now, once))


async def sweep(now: datetime, *, keep: timedelta = timedelta(days=90)) -> int:
    """Delete what nobody needs after ``keep``; returns the number of rows.

    Inbox items are kept four times as long. A letter goes last, when neither items nor
    deliveries are left of it, for its ``once`` prevents a repetition. Of jobs that run all
    the time the runs in which nothing happened go after :data:`UNEVENTFUL`.
    """
    before = now - keep
    swept = await _sweep_runs(now - UNEVENTFUL)
    for sql, limit in (
        ("DELETE FROM post_delivery WHERE due_at < $1 RETURNING id", before),
        ("DELETE FROM post_inbox_item WHERE created_at < $1 RETURNING id", now - 4 * keep),
        ("DELETE FROM post_job_run WHERE started_at < $1 RETURNING id", before),
        ("DELETE FROM post_piercing WHERE day < $1::timestamptz::date RETURNING id", before),
        ("DELETE FROM post_device WHERE retired_at < $1 RETURNING id", before),
        (_SWEEP_LETTERS, before),
    ):
        swept += len(await _run(sql, limit))
    return swept


async def _sweep_runs(before: datetime) -> int:
    swept = 0
    # By parts, each well within the time a statement may take.
    while part := len(await _run(_SWEEP_RUNS, before, PART)):
        swept += part
    return swept


async def _run(sql: str, *values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


_FIGURES = """
SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
    count(*) FILTER (WHERE state = 'queued' AND due_at <= $1) AS due,
    coalesce(extract(epoch FROM $1 - min(due_at)
        FILTER (WHERE state = 'queued' AND due_at <= $1)), 0)::float AS oldest_due_seconds,
    count(*) FILTER (WHERE state = 'refused') AS refused,
    count(*) FILTER (WHERE state = 'dead') AS dead,
    (SELECT count(*) FROM post_letter WHERE state = 'open' AND not_before <= $1) AS open_letters
FROM post_delivery
"""

_DEAD = """
SELECT delivery.id, letter.once, delivery.channel, delivery.attempts,
    coalesce(delivery.last_error, '') AS error
FROM post_delivery AS delivery JOIN post_letter AS letter ON letter.id = delivery.letter_id
WHERE delivery.state = 'dead'
ORDER BY delivery.id DESC LIMIT $1
"""

_REPLAY = """
UPDATE post_delivery AS delivery SET state = 'queued', attempts = 0, due_at = $1
FROM post_letter AS letter
WHERE letter.id = delivery.letter_id AND delivery.state = 'dead'
    AND ($2::varchar IS NULL OR letter.once = $2)
RETURNING delivery.id
"""

# What stays: failures, runs that were lost, those of rare jobs, the last before a silence,
# and the last of all.
_SWEEP_RUNS = """
DELETE FROM post_job_run WHERE id IN (
    SELECT run.id FROM post_job_run AS run
    WHERE run.started_at < $1 AND run.finished_at IS NOT NULL AND run.error IS NULL
        AND EXISTS (
            SELECT 1 FROM post_job_run AS later
            WHERE later.name = run.name AND later.period > run.period
                AND later.started_at < run.started_at + interval '1 hour'
                AND later.finished_at IS NOT NULL)
    LIMIT $2)
RETURNING id
"""

_SWEEP_LETTERS = """
DELETE FROM post_letter AS letter
WHERE created_at < $1 AND state <> 'open'
    AND NOT EXISTS (SELECT 1 FROM post_inbox_item AS item WHERE item.letter_id = letter.id)
    AND NOT EXISTS (SELECT 1 FROM post_delivery AS one WHERE one.letter_id = letter.id)
RETURNING id
"""
