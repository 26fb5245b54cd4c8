"""``python -m tests.journeys.errands NAME…``: run jobs of the timetable now.

All of them at the same time, each in transactions of its own: a job named twice runs as it
does when the leases of two workers overlap.
"""

import asyncio
import sys

from backend.database import database
from backend.media.storage import open_files
from backend.settings import load
from backend.timetable import timetable


async def main(*names: str) -> None:
    settings = load()
    assert settings.database_url is not None
    async with database(settings.database_url, settings, name="tongxing-errand"):
        jobs = {job.name: job.run for job in timetable(open_files(settings), settings)}
        await asyncio.gather(*(jobs[name]() for name in names))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
