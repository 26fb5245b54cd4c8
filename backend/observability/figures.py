"""What only the database can say of an installation: who waits, and what is left to do.

Workers ask it from time to time for Prometheus, the doctor when somebody looks. Each
question is one statement; none reads what a row says, only how many there are and since when.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from backend import clock
from backend.database import fetch, fetch_one
from backend.observability import metrics
from backend.observability.metrics import Figure

log = structlog.get_logger("metrics")

EVERY_SECONDS = 15.0
PATIENCE = 10.0
"""Seconds the database may take for all questions together."""


@dataclass(frozen=True, slots=True)
class Strain:
    """How busy the database is: connections, who waits for whom, how far standbys are."""

    connections: Sequence[dict[str, Any]]
    """``application``, ``state`` and ``count``, of this database."""
    in_use: int
    """Connections of all databases of the server."""
    limit: int
    """How many there may be, without those reserved for its keepers."""
    waiting: int
    """Sessions that wait for a lock."""
    longest_wait: float
    longest_transaction: float
    standbys: Sequence[dict[str, Any]]
    """``standby``, and how far behind: ``behind`` in bytes, ``lag`` in seconds."""


async def strain() -> Strain:
    """Ask how busy the database is."""
    row = await fetch_one(_STRAIN)
    if row is None:
        raise LookupError("an aggregate without a row")
    return Strain(connections=await fetch(_CONNECTIONS), standbys=await fetch(_STANDBYS), **row)


async def gather() -> list[Figure]:
    """Return all figures as they stand."""
    now = clock.now()
    told = await strain()
    ways = await fetch(_WAYS, now)
    left = await left_over(now)
    jobs = await fetch(_JOBS)
    return [
        _one("tongxing_database_up", "Whether the database answered the last questions.", 1),
        Figure(
            "tongxing_database_connections",
            "Connections to this database.",
            ("application", "state"),
            [((row["application"], row["state"]), row["count"]) for row in told.connections],
        ),
        _one("tongxing_database_connections_in_use", "Connections of the server.", told.in_use),
        _one("tongxing_database_connections_limit", "How many there may be.", told.limit),
        _one("tongxing_database_lock_waits", "Sessions that wait for a lock.", told.waiting),
        _one("tongxing_database_lock_wait_seconds", "The longest such wait.", told.longest_wait),
        _one(
            "tongxing_database_transaction_seconds",
            "The age of the oldest open transaction.",
            told.longest_transaction,
        ),
        Figure(
            "tongxing_database_standby_behind_bytes",
            "What a standby has not replayed yet.",
            ("standby",),
            [((row["standby"],), row["behind"]) for row in told.standbys],
        ),
        *(
            Figure(
                f"tongxing_outbox_{name}",
                text,
                ("way",),
                [((row["way"],), row[name]) for row in ways],
            )
            for name, text in _OF_WAYS.items()
        ),
        *(_one(f"tongxing_{name}", text, left[name]) for name, text in _OF_LEFT.items()),
        Figure(
            "tongxing_job_last_run_timestamp_seconds",
            "When a job of the timetable last finished.",
            ("name",),
            [((row["name"],), row["at"]) for row in jobs],
        ),
    ]


async def left_over(now: datetime) -> dict[str, float]:
    """Return what is left to do outside of the queue of pushes, by the names of the figures."""
    return await fetch_one(_LEFT, now) or {}


async def tell_prometheus(stop: asyncio.Event) -> None:
    """Ask and tell again and again until ``stop`` is set."""
    while not stop.is_set():
        try:
            async with asyncio.timeout(PATIENCE):
                metrics.tell(await gather())
        except Exception as error:  # noqa: BLE001 (the edge of the process)
            # Figures must never end the worker, and old ones would look as if all were well.
            log.warning("figures_not_gathered", error=type(error).__name__)
            metrics.tell([_one("tongxing_database_up", "Whether the database answered.", 0)])
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue


def _one(name: str, text: str, value: float) -> Figure:
    return Figure(name, text, (), [((), value)])


# An application is named by its connection; strangers to the house are told as one.
_CONNECTIONS = """
SELECT CASE WHEN application_name ~ '^tongxing-[a-z]{1,12}$' THEN application_name
        ELSE 'other' END AS application,
    coalesce(state, 'unknown') AS state, count(*)::int AS count
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY 1, 2
"""

_STRAIN = """
SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')
        AS in_use,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - current_setting('reserved_connections')::int AS limit,
    waits.waiting, waits.longest_wait,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float
     FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend'
         AND pid <> pg_backend_pid()) AS longest_transaction
FROM (SELECT count(*)::int AS waiting,
          coalesce(extract(epoch FROM clock_timestamp() - min(waitstart)), 0)::float
              AS longest_wait
      FROM pg_locks WHERE NOT granted) AS waits
"""

_STANDBYS = """
SELECT coalesce(nullif(application_name, ''), 'standby') AS standby,
    coalesce(CASE WHEN NOT pg_is_in_recovery() THEN
        pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, flush_lsn)) END, 0)::float
        AS behind,
    coalesce(extract(epoch FROM replay_lag), 0)::float AS lag
FROM pg_stat_replication WHERE state IN ('streaming', 'catchup')
"""

_OF_WAYS = {
    "queued": "Pushes waiting for any reason.",
    "due": "Pushes that should be out by now.",
    "oldest_due_seconds": "For how long the oldest of those has been due.",
    "dead": "Pushes given up.",
    "refused": "Pushes whose device is gone.",
}

_WAYS = """
SELECT channel AS way,
    count(*) FILTER (WHERE state = 'queued') AS queued,
    count(*) FILTER (WHERE state = 'queued' AND due_at <= $1) AS due,
    coalesce(extract(epoch FROM $1 - min(due_at)
        FILTER (WHERE state = 'queued' AND due_at <= $1)), 0)::float AS oldest_due_seconds,
    count(*) FILTER (WHERE state = 'dead') AS dead,
    count(*) FILTER (WHERE state = 'refused') AS refused
FROM post_delivery GROUP BY channel
"""

_OF_LEFT = {
    "outbox_open_letters": "Announcements whose audience is not yet paged to the end.",
    "outbox_oldest_letter_seconds": "For how long the oldest of those has been due.",
    "sms_queued": "Text messages waiting to leave.",
    "sms_oldest_due_seconds": "For how long the oldest of those has been due.",
    "sms_sent": "Text messages the gateway took within a day.",
    "sms_given_up": "Text messages given up within a day.",
    "media_preparing": "Films and recordings waiting to be prepared.",
    "rosters_waiting": "Rosters waiting to be read.",
    "exports_waiting": "Lists waiting to be written.",
}

_LEFT = """
SELECT * FROM (
    SELECT count(*)::int AS outbox_open_letters,
        coalesce(extract(epoch FROM $1 - min(not_before)), 0)::float
            AS outbox_oldest_letter_seconds
    FROM post_letter WHERE state = 'open' AND not_before <= $1) AS letters, (
    SELECT count(*) FILTER (WHERE state = 'queued')::int AS sms_queued,
        coalesce(extract(epoch FROM $1 - min(due_at)
            FILTER (WHERE state = 'queued' AND due_at <= $1)), 0)::float
            AS sms_oldest_due_seconds,
        count(*) FILTER (WHERE state = 'sent')::int AS sms_sent,
        count(*) FILTER (WHERE state = 'given_up')::int AS sms_given_up
    FROM sms_outbox) AS sms, (
    SELECT count(*)::int AS media_preparing
    FROM attachments WHERE state = 'preparing' AND stored_at IS NOT NULL) AS media, (
    SELECT count(*)::int AS rosters_waiting
    FROM roster_imports WHERE state IN ('queued', 'reading')) AS rosters, (
    SELECT count(*)::int AS exports_waiting
    FROM activity_exports WHERE state IN ('queued', 'running')) AS exports
"""

# The latest run of each job by the index over name and period: the table is long.
_JOBS = """
WITH RECURSIVE names AS (
    (SELECT name FROM post_job_run ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT run.name FROM post_job_run AS run WHERE run.name > names.name
            ORDER BY run.name LIMIT 1)
    FROM names WHERE names.name IS NOT NULL
)
SELECT names.name, extract(epoch FROM latest.finished_at)::float AS at
FROM names, LATERAL (
    SELECT finished_at FROM post_job_run AS run
    WHERE run.name = names.name AND finished_at IS NOT NULL
    ORDER BY period DESC LIMIT 1) AS latest
"""
