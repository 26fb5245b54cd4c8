"""Whether workers are at work, and what has been left lying."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
from tortoise.exceptions import BaseORMException

from backend.clock import now
from backend.database import database
from backend.doctor.finding import Finding
from backend.observability.figures import left_over
from backend.settings import Settings
from notifications import health

LAG_SECONDS = 60.0
SILENCE = timedelta(minutes=5)
FEW_GIVEN_UP = 5
"""Messages given up that prove nothing: people mistype their numbers."""


async def findings(dsn: str, settings: Settings, replay_dead: bool) -> tuple[int, list[Finding]]:
    """Return what is found, after queueing again what was given up, and how many that were."""
    replayed = 0
    async with database(dsn, settings, name="tongxing-doctor"):
        try:
            if replay_dead:
                replayed = await health.replay_dead(now())
            told = [finding async for finding in _post_office(now())]
            told += [finding async for finding in _other_ways(now())]
        except (BaseORMException, asyncpg.PostgresError) as error:
            return replayed, [Finding(False, "后台 worker", str(error), "see the message")]
    return replayed, told


async def _post_office(moment: datetime) -> AsyncIterator[Finding]:
    figures = await health.figures(moment)
    latest = max(figures.last_runs.values(), default=None)
    yield Finding(
        latest is not None and moment - latest <= SILENCE,
        "后台 worker",
        "has never run" if latest is None else f"last seen {latest:%Y-%m-%d %H:%M:%S} UTC",
        "start one with `tongxing worker`",
    )
    yield Finding(
        figures.oldest_due_seconds <= LAG_SECONDS,
        "队列 queue",
        f"{figures.due} pushes due, the oldest for {figures.oldest_due_seconds:.0f} s; "
        f"{figures.queued} waiting, {figures.open_letters} notices still being addressed",
        "start more workers, and look for errors in their log",
    )
    dead = await health.dead_deliveries(5)
    reasons = "; ".join(f"{one.once} via {one.channel}: {one.error}" for one in dead)
    yield Finding(
        not figures.dead,
        "死信 dead letters",
        f"{figures.dead} pushes given up{': ' if reasons else ''}{reasons}",
        "mend the cause, then `tongxing doctor --replay-dead`",
    )


async def _other_ways(moment: datetime) -> AsyncIterator[Finding]:
    left = await left_over(moment)
    yield Finding(
        left["sms_oldest_due_seconds"] <= LAG_SECONDS
        and left["sms_given_up"] <= max(FEW_GIVEN_UP, left["sms_sent"]),
        "短信 text messages",
        f"{left['sms_queued']:.0f} waiting, the oldest due for "
        f"{left['sms_oldest_due_seconds']:.0f} s; within a day {left['sms_sent']:.0f} sent, "
        f"{left['sms_given_up']:.0f} given up",
        "look for sms_given_up in the worker's log, and ask your SMS gateway "
        "(TONGXING_SMS_URL, TONGXING_SMS_SECRET)",
    )
