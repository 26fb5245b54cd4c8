"""A school's week by a clock of its own, lived through by worker processes that die."""

import asyncio
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as hour
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
from tortoise.context import TortoiseContext

from backend.database import config, transaction
from backend.people.models import Relation
from backend.people.operations import ties
from backend.schools.models import Stage
from backend.schools.operations import tree
from notifications import Message, Priority, addresses, tell
from tests.bookings.verbs import Verbs, a_slot
from tests.drills import size
from tests.journeys.town import ROOT, Town, town

CHINA = ZoneInfo("Asia/Shanghai")
STEP = timedelta(minutes=size(30, 10))
FAMILIES = 6
ROOMS = ("bookings", "notices", "post", "activities", "volunteering")
QUIET = (hour(21, 30), hour(7))
DONE = b"done\n"
JUMPS = {2: timedelta(minutes=90), 5: timedelta(hours=-2)}
"""How wrong the clock is for an hour of the afternoon, by the day."""


def monday() -> datetime:
    """Return a midnight in China when all that was left in real time has come due."""
    day = datetime.now(CHINA).date() + timedelta(days=2)
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


class Worker:
    """A process that does at each step what is due by then."""

    def __init__(self, place: Town, name: str, rooms: Sequence[str]) -> None:
        self.place, self.name, self.rooms = place, name, rooms
        self.process: asyncio.subprocess.Process | None = None

    async def step(self, moment: datetime) -> None:
        """Let it live at ``moment``; a dead one is started first."""
        if self.process is None:
            with (self.place.folder / f"{self.name}.log").open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.drills.by_another_clock", *self.rooms, cwd=ROOT,
                    env=self.place.environment, stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE, stderr=log,
                )  # fmt: skip
            await self._say(moment)
        await self._say(moment)

    async def die(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
            self.process = None

    async def _say(self, moment: datetime) -> None:
        process = self.process
        if process is None or process.stdin is None or process.stdout is None:
            return
        try:
            process.stdin.write(f"{moment.astimezone(UTC).isoformat()}\n".encode())
            await process.stdin.drain()
        except ConnectionError:
            # It was killed in the middle, as it was meant to be.
            return
        # What it logs comes the same way; of the dead there is nothing more to read.
        while (said := await process.stdout.readline()) and said != DONE:
            continue


@dataclass
class Week:
    """A school, its families, and what they are owed."""

    place: Town
    days: int
    dead: int
    """The day on whose evening no worker runs."""
    step: timedelta = STEP
    school: UUID = field(default_factory=uuid4)
    people: list[UUID] = field(default_factory=list)
    begins: datetime = field(default_factory=monday)
    shifts: list[tuple[UUID, UUID, datetime]] = field(default_factory=list)
    given_back: set[UUID] = field(default_factory=set)
    lived: list[tuple[float, datetime]] = field(default_factory=list)
    """When each step began, by the real clock, and what the clock on the wall showed."""
    deaths: list[float] = field(default_factory=list)

    async def found(self) -> None:
        district = await tree.create_district("WEEK", "七日区")
        school = await tree.create_school(district.id, "W-1", "七日小学", Stage.PRIMARY)
        grade = await tree.create_grade(school.id, "一年级", 1)
        class_ = await tree.create_class(grade.id, "1班")
        school.quiet_hours = QUIET
        await school.save()
        self.school = school.id
        for number in range(FAMILIES):
            child = await ties.admit(school.id, class_.id, f"{number:06}", f"孩子{number}")
            person = await ties.open_account(f"家长{number}", f"+86199200{number:05}")
            await ties.bind(person.id, child.id, Relation.OTHER)
            await addresses.register(
                person.id, f"fcm-{person.id}", provider="fcm", platform="android", now=self.begins
            )
            self.people.append(person.id)

    async def plan(self) -> None:
        """Give every family one shift a day, and a letter at night and two for the digest."""
        verbs = Verbs(self.school, self.begins - timedelta(hours=12))
        for day in range(1, self.days):
            for number, person in enumerate(self.people):
                hours = (8, 12, 16, 19, 11, 14)[number]
                starts = self.begins + timedelta(days=day, hours=hours)
                slot = await a_slot(self.school, starts, hours=1)
                await verbs.take(slot, person)
                assert await verbs.state(slot, person) == "confirmed"
                self.shifts.append((slot, person, starts))
        for day in range(self.days):
            morning = self.begins + timedelta(days=day)
            await self._tell(f"night:{day}", Priority.NORMAL, morning + timedelta(hours=22))
            for n in range(2):
                at = morning + timedelta(hours=9 + n)
                await self._tell(f"low:{day}:{n}", Priority.LOW, at)

    async def _tell(self, once: str, priority: Priority, at: datetime) -> None:
        letter = Message(
            occasion="drill.told", category="school", title_zh="您有一条新消息",
            title_en="You have a message", link="/inbox", priority=priority,
        )  # fmt: skip
        async with transaction():
            await tell(self.people, letter, once=once, not_before=at)

    async def live(self, chance: random.Random, *more: str) -> None:
        """Let two workers live through the days, and one of them die on each."""
        workers = [Worker(self.place, f"days-{n}", (*ROOMS, *more)) for n in range(2)]
        fatal = {day: self._fatal(day, chance) for day in range(self.days)}
        asleep: dict[int, datetime] = {}
        now = self.begins
        while now < self.begins + timedelta(days=self.days):
            day, hours = divmod((now - self.begins) / timedelta(hours=1), 24)
            shown = now + (JUMPS.get(int(day), timedelta(0)) if 14 <= hours < 15 else timedelta(0))
            self.lived.append((time.time(), now))
            awake = [n for n in range(2) if asleep.get(n, now) <= now]
            if int(day) == self.dead and 17 <= hours < 22:
                awake = []
                for worker in workers:
                    await worker.die()
            steps = [workers[n].step(shown) for n in awake]
            if fatal[int(day)] == now and awake:
                victim = chance.choice(awake)
                asleep[victim] = now + timedelta(hours=chance.uniform(0.5, 6))
                steps.append(self._kill(workers[victim], 0.15 * chance.random()))
            await asyncio.gather(*steps)
            if now == self.begins + timedelta(days=2, hours=10):
                await self._give_back()
            now += self.step
        for worker in workers:
            await worker.die()

    def _fatal(self, day: int, chance: random.Random) -> datetime:
        steps = int(timedelta(hours=14) / self.step)
        return self.begins + timedelta(days=day, hours=7) + chance.randrange(steps) * self.step

    async def _kill(self, worker: Worker, after: float) -> None:
        await asyncio.sleep(after)
        await worker.die()
        self.deaths.append(time.time())

    async def _give_back(self) -> None:
        """One family gives back the next day's shift before it is reminded of it."""
        slot, person, _ = next(s for s in self.shifts if s[2] > self.begins + timedelta(days=3))
        verbs = Verbs(self.school, self.begins + timedelta(days=2, hours=10))
        await verbs.cancel(slot, person)
        self.given_back.add(slot)

    def wall(self, at: float) -> datetime:
        """Return what time it really was in the week at a moment of the real clock."""
        return max((one for one in self.lived if one[0] <= at), key=lambda one: one[0])[1]


@asynccontextmanager
async def a_week(
    dsn: str, folder: Path, *, days: int, dead: int, step: timedelta = STEP
) -> AsyncIterator[Week]:
    """Hold a school with families, their phones, and a plan for so many days."""
    async with TortoiseContext() as context:
        await context.init(config=config(dsn, pool_size=4, name="week"))
        with town(dsn, folder) as place:
            place.start_provider()
            week = Week(place, days, dead, step)
            await week.found()
            await week.plan()
            yield week


async def amiss(week: Week, connection: "asyncpg.Connection[Any]") -> list[str]:
    """Return every reminder that did not come exactly once, and every push at a bad hour."""
    rows = await connection.fetch(
        "SELECT l.occasion, l.subject_id AS slot, i.person_id AS person, l.once FROM post_letter l "
        "JOIN post_inbox_item i ON i.letter_id = l.id WHERE l.occasion LIKE 'bookings.%'"
    )
    told = Counter((r["slot"], r["person"], r["occasion"].partition(".")[2]) for r in rows)
    expired = {
        row["slot_id"]
        for row in await connection.fetch(
            "SELECT b.slot_id FROM audit_entries a JOIN bookings b ON b.id = a.subject_id "
            "WHERE a.action = 'bookings.reminder_expired'"
        )
    }
    found = []
    for slot, person, starts in week.shifts:
        day = told[slot, person, "tomorrow"] + told[slot, person, "today"]
        soon = told[slot, person, "soon"] + (slot in expired)
        due = 0 if slot in week.given_back else 1
        # Whoever begins so early hears of a missed evening by the two hours' reminder.
        early = starts.hour < 9 and (starts - week.begins).days == week.dead + 1
        if soon != due or day not in ((0, 1) if early else (due,)):
            found.append(f"{starts:%d %H:%M} {slot}: {day} the day before, {soon} two hours before")
    found += _pushed_amiss(week)
    # The last night's letter waits for a morning that is not lived.
    left = await connection.fetch(
        "SELECT l.once, d.state, count(*) FROM post_delivery d "
        "JOIN post_letter l ON l.id = d.letter_id WHERE l.once <> $1 GROUP BY 1, 2",
        f"night:{week.days - 1}",
    )
    return found + [f"{row['count']} pushes of {row['once']} are {row['state']}" for row in left]


def _pushed_amiss(week: Week) -> list[str]:
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    found = []
    for push in week.place.pushes():
        tag = push["message"]["android"]["collapse_key"]
        times[push["token"], tag].append(push["at"])
        wall = week.wall(push["at"])
        if wall.time() >= QUIET[0] or wall.time() < QUIET[1]:
            found.append(f"{tag} was pushed at {wall:%d %H:%M}")
        # A digest that nobody was there to send goes out with the morning.
        late = (wall - week.begins).days == week.dead + 1
        if tag.startswith("digest:") and wall.hour < 18 and not late:
            found.append(f"a digest was pushed at {wall:%d %H:%M}")
    for (_, tag), at in times.items():
        # What the dead had already written to a socket may arrive a little later.
        kills = sum(at[0] - 1 <= death <= at[-1] for death in week.deaths)
        twice = tag.startswith("digest:") and (week.wall(at[0]) - week.begins).days == week.dead + 1
        if len(at) > 1 + kills + twice:
            found.append(f"{tag} was pushed {len(at)} times, and {kills} workers had died")
    nights = sum(tag.startswith("night:") for _, tag in times)
    if nights != FAMILIES * (week.days - 1):
        found.append(f"{nights} letters of the night were pushed")
    return found
