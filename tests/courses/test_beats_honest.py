"""Who really watches loses nothing, whatever the network does: the meter against a model.

``BEATS_EXAMPLES`` makes it longer, and no longer the same every time; a failure prints the
story that leads to it.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from backend import clock
from backend.courses.models import Course, Lesson, ParentSchool
from backend.courses.operations import beats
from backend.courses.operations.beats import Report, Watched
from backend.database import config, fetch_one
from backend.people.models import Person
from backend.schools.operations import tree
from tests.conftest import Clone
from tests.courses.honest import Beat, Phone, Viewer, closed, runs, union
from tests.courses.sabotage import sabotaged

EXAMPLES = int(os.environ.get("BEATS_EXAMPLES", "150"))
BEAT_MS = 15_000
EARLY_MS = 10_000

SPEEDS = st.sampled_from([0.75, 1.0, 1.25, 1.5, 2.0])
PLAY = st.tuples(st.just("play"), st.integers(500, 40_000), SPEEDS)
SEEK = st.tuples(st.just("seek"), st.integers(0, 1000), st.just(1.0))
SKIPS = st.sampled_from([1, 250, 499, 500, 501, 900, -1, -700])
SKIP = st.tuples(st.just("skip"), SKIPS, st.just(1.0))
LENGTHS = st.sampled_from([2000, 45_000, 90_000, 300_000, 900_000])
ALLOWANCES = st.sampled_from([0, 60_000, 1_200_000])
PAUSE = st.tuples(st.just("pause"), st.integers(0, 120_000), st.just(1.0))
CUT = st.tuples(st.just("cut"), st.integers(1, 12), st.just(1.0))
SWITCH = st.tuples(st.just("switch"), st.integers(0, 1), st.just(1.0))
SLEEP = st.tuples(st.just("sleep"), st.integers(1, 30), st.just(1.0))
CALM = st.lists(st.one_of(PLAY, PLAY, SEEK, SKIP, PAUSE), min_size=6, max_size=24)
STORY = st.lists(
    st.one_of(PLAY, PLAY, PLAY, SEEK, SKIP, PAUSE, CUT, SWITCH, SLEEP), min_size=6, max_size=24
)
"""``cut``: so many reports do not get through. ``switch``: another phone is taken up, which goes
on where the server says; 1 leaves behind what the first one has not sent. ``sleep``: hours."""
NETWORK = st.lists(
    st.sampled_from(["fine", "doubled", "unanswered", "backwards", "joined", "one_by_one"]),
    min_size=1,
    max_size=12,
)
Act = tuple[str, int, float]


class House:
    """The engine on a clock of its own, with one learner and one lesson at a time."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.now = datetime(2026, 11, 23, 8, tzinfo=UTC)
        self.opened_at = self.now
        self.course: UUID | None = None
        self.person, self.lesson = uuid4(), uuid4()
        self.length = self.allowance = 0

    async def build(self) -> None:
        """Make a course for the lessons."""
        district = await tree.create_district(f"D{uuid4().int % 10**8}", "试验区")
        host = await ParentSchool.create(
            district_id=district.id, kind="district", name="家长学校", opened_on=date(2026, 9, 1)
        )
        made = await Course.create(
            host_id=host.id, district_id=district.id, title="试验", topic="parenting",
            author_id=uuid4(), created_at=self.now,
        )  # fmt: skip
        self.course = made.id

    async def begin(self, length: int, allowance: int, phone: Phone) -> None:
        """Let somebody new open a new lesson of this length."""
        self.now += timedelta(days=1)
        self.opened_at, self.length, self.allowance = self.now, length, allowance
        person = await Person.create(name="观众")
        lesson = await Lesson.create(
            course_id=self.course, position=uuid4().int % 2**31, created_at=self.now
        )
        self.person, self.lesson = person.id, lesson.id
        await self.open(phone)

    async def open(self, phone: Phone) -> int:
        """Open the lesson on a phone; returns the position to go on at."""
        row = await fetch_one(
            "SELECT * FROM open_play($1, $2, 1, 1, $3, $4, 90, $5, 1, $6)",
            self.person, self.lesson, phone.play, self.length, self.allowance, self.now,
        )  # fmt: skip
        assert row is not None
        return int(row["position_ms"])

    async def take(self, phone: Phone, stretches: list[Beat], seq: int) -> Watched:
        """Report stretches, after opening the lesson again where that is asked for."""
        report = Report(
            person_id=self.person, lesson_id=self.lesson, play_id=phone.play, seq=seq,
            position_ms=phone.position, stretches=stretches,
        )  # fmt: skip
        (watched,) = await beats.count([report])
        if watched is None:
            await self.open(phone)
            (watched,) = await beats.count([report])
        assert watched is not None
        return watched


class Telling:
    """One story: what happens, and what must hold whenever the server has answered."""

    def __init__(self, house: House, length: int, network: Sequence[str]) -> None:
        self.house = house
        self.viewer = Viewer(length)
        self.network = cycle(network)
        self.cut = 0
        self.counted = 0
        self.offline_ms = 0

    async def act(self, act: Act) -> None:
        """Let one thing happen."""
        verb, amount, speed = act
        viewer, house = self.viewer, self.house
        if verb == "play":
            while amount > 0:
                step = min(BEAT_MS, amount)
                amount -= step
                house.now += timedelta(milliseconds=step)
                viewer.play(step, speed)
                await self.report(viewer.phone)
        elif verb == "seek":
            viewer.phone.position = viewer.length * amount // 1000
        elif verb == "skip":
            viewer.phone.position = min(max(0, viewer.phone.position + amount), viewer.length)
        elif verb == "pause":
            house.now += timedelta(milliseconds=amount)
            await self.report(viewer.phone)
        elif verb == "cut":
            self.cut = amount
        elif verb == "sleep":
            house.now += timedelta(hours=amount)
        elif verb == "switch":
            if not amount:
                await self.report(viewer.phone)
            phone = Phone()
            phone.position = await house.open(phone)
            viewer.phones.append(phone)

    async def report(self, phone: Phone) -> None:
        """Let a phone say what it has not said yet, over a network of the story's kind."""
        if self.cut:
            self.cut -= 1
            return
        if not phone.unsent:
            return
        manner, all_of_it = next(self.network), list(phone.unsent)
        requests = [all_of_it]
        if manner == "doubled":
            requests = [all_of_it, all_of_it]
        elif manner == "backwards":
            requests = [all_of_it[::-1]]
        elif manner == "joined":
            requests = [runs(union(all_of_it), self.viewer.length)]
        elif manner == "one_by_one":
            requests = [[beat] for beat in reversed(all_of_it)]
        refused = 0
        for number, stretches in enumerate(requests):
            watched = await self.house.take(phone, stretches, max(1, phone.seq - number))
            self.check(watched)
            refused = max(refused, watched.refused_ms)
        if refused == 0 and manner != "unanswered":
            phone.unsent.clear()

    async def settle(self) -> None:
        """Let everything arrive at last, within the time the clock needs for it."""
        self.cut = 0
        self.network = cycle(["fine"])
        patience = 2 * self.viewer.length // BEAT_MS + 10
        while any(phone.unsent for phone in self.viewer.phones):
            assert patience > 0, "something that was watched never counted"
            patience -= 1
            self.house.now += timedelta(milliseconds=BEAT_MS)
            for phone in self.viewer.phones:
                await self.report(phone)

    def check(self, watched: Watched) -> None:
        """Nothing is forgotten, invented, or faster than the clock."""
        counted = union(watched.spans)
        forgotten = self.counted & ~counted != 0
        assert not forgotten, "something was forgotten"
        invented = counted & ~closed(self.viewer.seen, self.viewer.length) != 0
        assert not invented, "something was counted that nobody saw"
        assert watched.covered_ms == counted.bit_count()
        elapsed = (self.house.now - self.house.opened_at) // timedelta(milliseconds=1)
        assert watched.covered_ms <= 2 * elapsed + EARLY_MS
        assert watched.offline_ms <= self.house.allowance
        self.counted, self.offline_ms = counted, watched.offline_ms


async def told(
    house: House, length: int, allowance: int, story: Sequence[Act], network: Sequence[str]
) -> Telling:
    """Tell a story to its end; what was watched must all count."""
    telling = Telling(house, length, network)
    await house.begin(length, allowance, telling.viewer.phone)
    for act in story:
        await telling.act(act)
    await telling.settle()
    lost = telling.counted != closed(telling.viewer.seen, length)
    assert not lost, "something was lost"
    return telling


@pytest.fixture(scope="module")
async def clone_dsn(clone: Clone) -> str:
    return await clone("beats")


@pytest.fixture
def house(clone_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with asyncio.Runner() as runner:
        found = House(runner)
        context = TortoiseContext()

        async def enter() -> None:
            context.__enter__()
            await context.init(config=config(clone_dsn, pool_size=1))
            await found.build()

        runner.run(enter())
        monkeypatch.setattr(clock, "now", lambda: found.now)
        yield found
        runner.run(context.close_connections())


def compare(house: House, *, phases: Sequence[Phase] = tuple(Phase)) -> None:
    """Tell many stories; raises at the first that comes out wrong."""

    @settings(
        max_examples=EXAMPLES, phases=phases, deadline=None, database=None, print_blob=True,
        derandomize="BEATS_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(LENGTHS, ALLOWANCES, STORY, NETWORK)
    def stories(length: int, allowance: int, story: list[Act], network: list[str]) -> None:
        house.run(told(house, length, allowance, story, network))

    stories()


def test_an_honest_viewer_loses_nothing_and_gains_nothing(house: House) -> None:
    compare(house)


def test_with_a_good_network_nothing_is_called_offline(house: House) -> None:
    @settings(
        max_examples=EXAMPLES // 2, deadline=None, database=None, print_blob=True,
        derandomize="BEATS_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(LENGTHS, CALM)
    def stories(length: int, story: list[Act]) -> None:
        telling = house.run(told(house, length, 1_200_000, story, ["fine"]))
        assert telling.offline_ms == 0

    stories()


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("healed(u, 500)", "u", "something was lost"),
        ("s.watched + CASE", "CASE", "something was forgotten"),
        ("least(7200000, bank, before)", "least(1000, bank, before)", "never counted"),
        ("least(long, live) part", "0 part", "something that was watched never counted"),
        ("lower(said_so) BETWEEN 1 AND 500", "lower(said_so) > 0", "nobody saw"),
    ],
    ids=["unhealed", "forgetful", "stingy", "never_live", "generous"],
)
def test_control_a_meter_that_was_tampered_with_is_noticed(
    house: House, clone_dsn: str, old: str, new: str, seen: str
) -> None:
    damage = AsyncExitStack()
    house.run(damage.enter_async_context(sabotaged(clone_dsn, old, new)))
    try:
        with pytest.raises(AssertionError, match=seen):
            compare(house, phases=(Phase.generate,))
    finally:
        house.run(damage.aclose())
