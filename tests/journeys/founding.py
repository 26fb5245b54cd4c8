"""``python -m tests.journeys.founding MONDAY``: plant the cast, and a calendar around a Monday.

Its Wednesday is a holiday, its Saturday a make-up day, and the term ends on the Thursday of
the week after.
"""

import asyncio
import sys
from datetime import date, timedelta

from backend.database import database
from backend.schools.operations import calendar
from backend.settings import load
from seed.cast import plant

HOLIDAY, MAKE_UP, LAST = timedelta(days=2), timedelta(days=5), timedelta(days=10)
MONTHS = timedelta(days=100)


async def main(monday: date) -> None:
    settings = load()
    assert settings.database_url is not None
    async with database(settings.database_url, settings, name="tongxing-founding"):
        district = (await plant()).district.id
        begins, ends = monday - MONTHS, monday + MONTHS
        term = calendar.TermDates(name="第一学期", starts_on=begins, ends_on=monday + LAST)
        await calendar.set_year(district, "2026—2027学年", begins, ends, [term])
        await calendar.set_day(district, monday + HOLIDAY, is_school_day=False, label="校运会")
        await calendar.set_day(district, monday + MAKE_UP, is_school_day=True, label="调休上课")


if __name__ == "__main__":
    asyncio.run(main(date.fromisoformat(sys.argv[1])))
