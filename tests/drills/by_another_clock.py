"""A worker that is told what time it is: ``python -m tests.drills.by_another_clock bookings post``.

It reads one moment a line, does everything that the real timetable says is due by then in
the rooms it was named, tells moves and carries the post as a worker does, and answers with a
line. Its rows, claims and leases are those of the real worker; it can be killed at any time.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import clock, logs
from backend import settings as configuration
from backend.bookings import jobs as bookings
from backend.database import database
from backend.media.storage import open_files
from backend.roster import audiences
from backend.schools import quiet
from backend.timetable import timetable
from backend.worker import channels_of, still_wanted
from notifications.dispatcher import Office
from notifications.scheduler import Job, _Occasions, _run

FORGETFUL = "forgetful"
"""Named as a room: reminders that were missed in the evening are missed for good."""


class Due:
    """One job of the timetable and the moment at which it is due next."""

    def __init__(self, job: Job) -> None:
        self.occasions = _Occasions(job, clock.now)
        self.next: datetime | None = None
        if self.occasions.is_overdue:
            self.next = clock.now()

    async def run_if_due(self, now: datetime) -> None:
        """Run once for whatever has come due, as the scheduler's coalescing does."""
        trigger = self.occasions.trigger
        if self.next is None:
            self.next = trigger.get_next_fire_time(None, now)
        if self.next is not None and self.next <= now:
            await _run(self.occasions)
            self.next = trigger.get_next_fire_time(now, now + timedelta(microseconds=1))


async def main(rooms: Sequence[str]) -> None:
    settings = configuration.load()
    logs.configure("json", process="worker")
    assert settings.database_url is not None
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    moment = datetime.fromisoformat((await lines.readline()).decode().strip())
    clock.now = lambda: moment
    if FORGETFUL in rooms:
        bookings._TODAY = bookings._TODAY.replace("AND c.starts_at > $1", "AND false")
    channels = channels_of(settings)
    office = Office(
        channels=channels, page_audience=audiences.page, still_wanted=still_wanted,
        quiet_hours=quiet.hours_of, lease=timedelta(seconds=settings.push_lease),
    )  # fmt: skip
    files = open_files(settings)
    async with database(settings.database_url, settings, name="another-clock"):
        for channel in channels.values():
            await channel.open()
        due = [
            Due(job) for job in timetable(files, settings) if job.name.partition(".")[0] in rooms
        ]
        while True:
            print("done", flush=True)  # noqa: T201
            line = (await lines.readline()).decode().strip()
            if not line:
                return
            moment = datetime.fromisoformat(line)
            await asyncio.gather(*(one.run_if_due(moment) for one in due))
            await bookings.tell_moves()
            await office.drain(clock.now, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
