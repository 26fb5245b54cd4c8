"""Seven days in a minute: two workers, one dying every day, and a clock that cannot be trusted.

Every family has a shift each day and is to be reminded of it the evening before and two
hours before; what an evening without workers missed comes in the morning. Letters of the
night wait for the morning, unimportant ones for the day's digest.
"""

import asyncio
import random
import re
import time
from datetime import timedelta
from pathlib import Path

import asyncpg

from backend.database import fetch
from backend.media.storage import open_files
from backend.settings import Settings
from backend.timetable import timetable
from seed.cast import Cast
from tests.conftest import Clone
from tests.drills import dice, seen
from tests.drills.by_another_clock import FORGETFUL
from tests.drills.week import a_week, amiss

HOUR = timedelta(hours=1)
# Everything that makes a reminder come once: what it was told for, and the letter's name.
_FORGET = """
CREATE FUNCTION forget_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.day_told_for := NULL; NEW.soon_told_for := NULL; RETURN NEW; END $$;
CREATE TRIGGER forget_told BEFORE UPDATE ON bookings
    FOR EACH ROW EXECUTE FUNCTION forget_told();
CREATE FUNCTION rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.once := gen_random_uuid(); RETURN NEW; END $$;
CREATE TRIGGER rename BEFORE INSERT ON post_letter FOR EACH ROW EXECUTE FUNCTION rename();
"""


async def test_each_reminder_comes_exactly_once_in_seven_days(clone: Clone, tmp_path: Path) -> None:
    chance, begun, dsn = dice("seven_days"), time.monotonic(), await clone("week")
    async with a_week(dsn, tmp_path, days=7, dead=3) as week:
        await week.live(chance)
        connection = await asyncpg.connect(dsn)
        wrong = await amiss(week, connection)
        [row] = await connection.fetch(
            "SELECT count(*) FILTER (WHERE occasion LIKE 'bookings.%') AS reminders, "
            "count(*) FILTER (WHERE occasion = 'bookings.today') AS late, "
            "(SELECT count(*) FROM audit_entries WHERE action = 'bookings.reminder_expired') "
            "AS expired FROM post_letter"
        )
        [runs] = await connection.fetch(
            "SELECT count(*) FROM post_job_run WHERE finished_at NOTNULL"
        )
        await connection.close()
    seen("seven_days", steps=len(week.lived), deaths=len(week.deaths), **row,
         job_runs=runs["count"], pushes=len(week.place.pushes()), wrong=len(wrong),
         seconds=round(time.monotonic() - begun))  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert row["late"] > 0 and row["expired"] > 0 and len(week.deaths) >= 5


async def test_control_an_evening_nobody_makes_good_is_missed(clone: Clone, tmp_path: Path) -> None:
    dsn = await clone("week_forgetful")
    async with a_week(dsn, tmp_path, days=2, dead=0, step=HOUR) as week:
        await week.live(random.Random(1), FORGETFUL)
        connection = await asyncpg.connect(dsn)
        wrong = await amiss(week, connection)
        await connection.close()
    assert any("0 the day before" in sentence for sentence in wrong), wrong


async def test_control_without_memory_reminders_come_again_and_again(
    clone: Clone, tmp_path: Path
) -> None:
    dsn = await clone("week_doubled")
    async with a_week(dsn, tmp_path, days=2, dead=5, step=HOUR) as week:
        connection = await asyncpg.connect(dsn)
        await connection.execute(_FORGET)
        await week.live(random.Random(1))
        wrong = await amiss(week, connection)
        await connection.close()
    again = [re.search(r": ([2-9]|\d\d+) the day before", sentence) for sentence in wrong]
    assert any(again), wrong


async def test_every_job_bears_running_twice_and_at_the_same_time(
    cast: Cast, settings: Settings
) -> None:
    jobs = timetable(open_files(settings), settings)
    assert len(jobs) > 40
    for job in jobs:
        await asyncio.gather(*(job.run() for _ in range(2)))
    told = await fetch("SELECT count(*) FROM post_letter")
    for job in jobs:
        await asyncio.gather(*(job.run() for _ in range(2)))
    assert await fetch("SELECT count(*) FROM post_letter") == told
    assert await fetch("SELECT once FROM post_letter GROUP BY 1 HAVING count(*) > 1") == []
