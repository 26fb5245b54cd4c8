"""What may be wrong with an installation, and what to do about it."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from rich.console import Console
from rich.text import Text
from tortoise.exceptions import BaseORMException

from backend import embedded, migrate
from backend.clock import now
from backend.database import database
from backend.media.cinema import encoder
from backend.media.storage import open_files
from backend.settings import Settings
from notifications import health

SKEW_SECONDS = 2.0
LAG_SECONDS = 60.0
SILENCE = timedelta(minutes=5)
FREE_DISK = 0.10


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``advice`` says what to do when it is not well."""

    well: bool
    subject: str
    detail: str
    advice: str = ""


def run(settings: Settings, *, replay_dead: bool = False) -> int:
    """Print one line for each finding and return the exit code: 1 when something is wrong.

    ``replay_dead`` first queues again every push that was given up.
    """
    console = Console(highlight=False, soft_wrap=True)
    findings = [_disk(settings), asyncio.run(_files(settings))]
    findings += [_video(settings), _push(settings)]
    server = None
    try:
        dsn = settings.database_url
        if dsn is None:
            server = embedded.start(settings.data_dir)
            dsn = server.dsn()
            asyncio.run(embedded.ensure_database(dsn))
        findings += asyncio.run(_ask_database(dsn, settings, console, replay_dead))
    except embedded.EmbeddedError as error:
        findings.append(Finding(False, "数据库 database", str(error), "see the message"))
    finally:
        if server is not None:
            server.stop()
    for finding in findings:
        mark = ("✓ ", "green") if finding.well else ("✗ ", "red")
        line = Text.assemble(mark, (finding.subject, "bold"), "  ", finding.detail)
        if not finding.well:
            line.append(f"\n    → {finding.advice}", "yellow")
        console.print(line)
    return 0 if all(finding.well for finding in findings) else 1


def _disk(settings: Settings) -> Finding:
    place = settings.data_dir.resolve()
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total
    return Finding(
        share >= FREE_DISK,
        "磁盘 disk",
        f"{share:.0%} of {place} is free ({usage.free / 2**30:.1f} GiB)",
        "free some space, or move TONGXING_DATA_DIR to a larger disk",
    )


def _video(settings: Settings) -> Finding:
    """Say what films become here; without the encoder most work as they are."""
    if not encoder.is_installed():
        told = "no encoder: films play as MP4 or WebM, other formats are refused"
    elif settings.video_ladder:
        told = "every format is taken, and weak networks get smaller versions"
    else:
        told = "every format is taken; smaller versions are switched off"
    return Finding(True, "视频 video", told)


async def _files(settings: Settings) -> Finding:
    """Write a small object where the files lie, and read it."""
    subject, bucket = "文件 files", settings.storage_bucket
    place = f"bucket {bucket}" if bucket else str((settings.data_dir / "files").resolve())
    try:
        trouble = await open_files(settings).trouble()
    except OSError as error:
        trouble = str(error)
    return Finding(
        trouble is None,
        subject,
        f"{place}: {trouble or 'can be written and read'}",
        "check TONGXING_STORAGE_* and the rights to the bucket, or to the folder",
    )


def _push(settings: Settings) -> Finding:
    subject = "推送 push"
    if settings.push_provider == "console":
        return Finding(
            not settings.is_production,
            subject,
            "printed in the log only",
            "set TONGXING_PUSH_PROVIDER=fcm and TONGXING_FCM_CREDENTIALS",
        )
    account = settings.fcm_credentials
    readable = account is not None and account.is_file()
    return Finding(
        readable,
        subject,
        f"FCM with {account}" if readable else f"cannot read the service account {account}",
        "point TONGXING_FCM_CREDENTIALS at the service account file of your Firebase project",
    )


async def _ask_database(
    dsn: str, settings: Settings, console: Console, replay_dead: bool
) -> list[Finding]:
    subject = "数据库 database"
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        return [Finding(False, subject, str(error), "check TONGXING_DATABASE_URL")]
    try:
        version = connection.get_server_version()
        skew = await _skew(connection)
    finally:
        await connection.close()
    findings = [
        Finding(version.major >= 18, subject, f"PostgreSQL {version.major}", "use PostgreSQL 18"),
        Finding(
            abs(skew) <= SKEW_SECONDS,
            "时钟 clock",
            f"{skew:+.2f} s against the database",
            "synchronise both machines' clocks (chrony or systemd-timesyncd)",
        ),
    ]
    missing = await migrate.pending(dsn)
    findings.append(
        Finding(
            not missing,
            "数据表 tables",
            f"lack {', '.join(missing)}" if missing else "up to date",
            "run `tongxing migrate`",
        )
    )
    if missing:
        return findings
    async with database(dsn, settings, name="tongxing-doctor"):
        try:
            if replay_dead:
                console.print(f"{await health.replay_dead(now())} pushes queued again")
            findings += [finding async for finding in _post_office(now())]
        except (BaseORMException, asyncpg.PostgresError) as error:
            findings.append(Finding(False, "后台 worker", str(error), "see the message"))
    return findings


async def _skew(connection: asyncpg.Connection) -> float:
    """Return how far our clock is ahead of the database's, in seconds."""
    best = (float("inf"), 0.0)
    for _ in range(3):
        begun, ours = time.perf_counter(), now()
        theirs: datetime = await connection.fetchval("select clock_timestamp()")
        took = time.perf_counter() - begun
        best = min(best, (took, (ours - theirs).total_seconds() + took / 2))
    return best[1]


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
