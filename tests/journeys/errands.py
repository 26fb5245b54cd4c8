"""What a school's year does by itself, done now: ``python -m tests.journeys.errands``.

``run NAME…`` runs jobs of the timetable, as a worker does when their minute comes;
``found MONDAY`` plants the cast, and around a Monday the district's calendar: a holiday on
its Wednesday, a make-up Saturday, and the end of term on the Thursday of the week after.
"""

import asyncio
import sys
from datetime import date, timedelta

from backend.database import database
from backend.media.storage import open_files
from backend.schools.operations import calendar
from backend.settings import load
from backend.timetable import timetable
from seed.cast import plant

HOLIDAY, MAKE_UP, LAST = timedelta(days=2), timedelta(days=5), timedelta(days=10)


async def main(errand: str, *wanted: str) -> None:
    settings = load()
    assert settings.database_url is not None
    async with database(settings.database_url, settings, name="tongxing-errand"):
        if errand == "found":
            await found(date.fromisoformat(wanted[0]))
            return
        jobs = {job.name: job.run for job in timetable(open_files(settings))}
        for name in wanted:
            await jobs[name]()


async def found(monday: date) -> None:
    district = (await plant()).district.id
    months = timedelta(days=100)
    dates = calendar.TermDates(name="第一学期", starts_on=monday - months, ends_on=monday + LAST)
    await calendar.set_year(district, "2026—2027学年", monday - months, monday + months, [dates])
    await calendar.set_day(district, monday + HOLIDAY, is_school_day=False, label="校运会")
    await calendar.set_day(district, monday + MAKE_UP, is_school_day=True, label="调休上课")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
