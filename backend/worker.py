"""The worker process: rounds of the post, waiting work, and the timetable.

Any number of workers may run; what they carry is claimed row by row.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import structlog

from backend import clock
from backend.activities import jobs as activities
from backend.bookings import jobs as bookings
from backend.column import jobs as column
from backend.committees.jobs import votes as committee_votes
from backend.courses import jobs as courses
from backend.database import database
from backend.media.storage import open_files
from backend.notices import jobs as notices
from backend.observability.watching import watch
from backend.people import gateways
from backend.people import jobs as people
from backend.people.tokens import keys_for
from backend.roster import audiences
from backend.roster import jobs as roster
from backend.schools import quiet
from backend.settings import Settings
from backend.timetable import timetable
from backend.volunteering import jobs as volunteering
from notifications.channels.base import Channel
from notifications.channels.console import ConsoleChannel
from notifications.channels.fcm import FcmChannel
from notifications.dispatcher import Office
from notifications.scheduler import clockwork

log = structlog.get_logger("worker")


Round = Callable[[], Awaitable[object]]
STOP_GRACE = 6.0
"""Seconds that work in hand may take once the process is told to stop."""


async def run(settings: Settings, dsn: str, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set, then finish what is in hand and leave."""
    seen = watch(settings, "worker")
    channels = channels_of(settings)
    gateway = gateways.gateway_for(settings)
    keys = keys_for(settings.secret_key)
    files = open_files(settings)
    office = Office(
        channels=channels,
        page_audience=audiences.page,
        still_wanted=still_wanted,
        quiet_hours=quiet.hours_of,
        lease=timedelta(seconds=settings.push_lease),
        send_timeout=settings.push_lease * 0.75,
        trace=seen.post,
    )
    rounds: dict[str, Round] = {
        "post": lambda: office.drain(clock.now, stop),
        "sms": lambda: people.send_sms(gateway, keys, clock.now()),
        "rosters": roster.read_waiting,
        "bookings": bookings.tell_moves,
        "exports": lambda: activities.make_exports(files),
    }
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(database(dsn, settings, name="tongxing-worker"))
        await stack.enter_async_context(seen.watching())
        stack.push_async_callback(gateway.close)
        for channel in channels.values():
            await channel.open()
            stack.push_async_callback(channel.close)
        jobs = seen.jobs(timetable(files, settings))
        await stack.enter_async_context(clockwork(jobs, clock=clock.now, stop=stop))
        log.info("worker_started", channels=",".join(channels))
        async with asyncio.TaskGroup() as group:
            group.create_task(seen.tell_figures(stop))
            for name, work in rounds.items():
                watched = seen.work("round", name, work)
                group.create_task(_go_round(name, watched, settings.worker_tick, stop))
    log.info("worker_stopped")


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Ask the room an occasion belongs to who of ``people`` should still hear of it."""
    room = _ASKED.get(occasion.partition(".")[0])
    return set(people) if room is None else await room(occasion, subject_id, people)


_ASKED = {
    "notices": notices.still_wanted,
    "bookings": bookings.still_wanted,
    "column": column.still_wanted,
    "committees": committee_votes.still_wanted,
    "courses": courses.still_wanted,
    "volunteering": volunteering.still_wanted,
}


async def _go_round(name: str, work: Round, tick: float, stop: asyncio.Event) -> None:
    """Do one kind of work again and again, each kind at its own pace."""
    while not stop.is_set():
        try:
            await _within_grace(work, stop)
        except Exception:
            # The edge of the process: one bad round must not end the others. The work
            # itself is still in its rows and comes up again.
            log.exception("round_failed", round=name)
        try:
            await asyncio.wait_for(stop.wait(), tick)
        except TimeoutError:
            continue


async def _within_grace(work: Round, stop: asyncio.Event) -> None:
    """Do the work; once ``stop`` is set it has a few seconds left, then it is put down."""
    working, stopping = asyncio.ensure_future(work()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await asyncio.wait((working,), timeout=STOP_GRACE)
        if working.done():
            await working
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def channels_of(settings: Settings) -> dict[str, Channel]:
    """Return the ways out of the house, keyed by the provider of the devices they serve."""
    channels: dict[str, Channel] = {"console": ConsoleChannel(), "fcm": ConsoleChannel()}
    if settings.push_provider == "fcm" and settings.fcm_credentials is not None:
        account = json.loads(settings.fcm_credentials.read_text(encoding="utf-8"))
        channels["fcm"] = FcmChannel(account, endpoint=settings.fcm_endpoint)
    return channels
