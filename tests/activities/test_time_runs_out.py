"""A school that has held too few 家长课堂 is told in time, once; and the demo shows both."""

from datetime import date, timedelta

import pytest

from backend import clock
from backend.activities import jobs
from backend.activities.rules import counting
from backend.schools.models import DistrictRule, Period
from backend.schools.operations import calendar, rulebook
from seed import invitations
from seed.cast import Cast
from tests.activities.lessons import count, held_on
from tests.activities.stories import inbox_of, letters, listed
from tests.house import SignIn


@pytest.mark.parametrize(
    ("today", "late"),
    [
        (date(2025, 10, 1), False),
        (date(2025, 10, 2), True),
        (date(2025, 12, 31), True),
        (date(2026, 1, 1), False),
        (date(2024, 12, 31), False),
    ],
)
def test_time_runs_out_when_three_quarters_are_over(today: date, late: bool) -> None:
    assert counting.time_runs_out(counting.calendar_year(2025), today) is late


@pytest.mark.parametrize(("held", "left"), [(0, 4), (3, 1), (4, 0), (9, 0)])
def test_more_than_enough_leaves_nothing_to_hold(held: int, left: int) -> None:
    assert counting.remaining(4, held) == left


async def _school_year(cast: Cast, begun: int, left: int) -> None:
    """Let the district count by a school year that began and ends so many days from today."""
    today = clock.local(clock.now()).date()
    dates = (today - timedelta(days=begun), today + timedelta(days=left))
    await calendar.set_year(cast.district.id, "本学年", *dates, [])
    await rulebook.count_by(cast.district.id, "N01", Period.SCHOOL_YEAR, by=None)


async def test_a_school_that_is_short_is_told_once_when_time_runs_out(
    as_: SignIn, cast: Cast
) -> None:
    await _school_year(cast, 300, 60)
    for _ in range(2):
        await jobs.warn_short()
    assert await inbox_of(cast, "许建安", "activities.parent_classes_short") == 1
    for name in ("周慕云", "林晓岚", "王立强", "沈知微"):
        assert await inbox_of(cast, name, "activities.parent_classes_short") == 0, name
    told = await letters("activities.parent_classes_short")
    assert len(told) == 2, "each school with an administrator"
    for letter in told:
        assert "课堂" not in letter["title_zh"]
    items = (await (await as_("许建安")).get("/inbox")).json()["items"]
    [item] = [one for one in items if one["body"] and "不少于4次" in one["body"]]
    assert "还差4次" in item["body"]


async def test_nobody_is_told_early_nor_once_enough_was_held(as_: SignIn, cast: Cast) -> None:
    await _school_year(cast, 200, 165)
    assert await jobs.warn_short() == 0
    await DistrictRule.filter(rule__code="N01").update(period=None)
    await _school_year(cast, 300, 60)
    today = clock.local(clock.now()).date()
    for days in (10, 20, 30, 40):
        await held_on(as_, cast, f"{today - timedelta(days=days)}T19:00")
    await jobs.warn_short()
    assert await inbox_of(cast, "许建安", "activities.parent_classes_short") == 0
    assert await inbox_of(cast, "何清越", "activities.parent_classes_short") == 1


async def test_the_demo_shows_one_that_was_held_and_one_that_comes(as_: SignIn, cast: Cast) -> None:
    await invitations.plant(cast)
    admin, mother = await as_("许建安"), await as_("刘敏")
    begun = clock.local(clock.now()) - timedelta(days=2)
    [one] = (await count(admin, cast, year=begun.year))["sessions"]
    assert (one["attended"], one["summarised"]) == (True, True)
    [coming] = await listed(mother, cast, kind="parent_class")
    assert coming["state"] == "open"
    [past] = await listed(mother, cast, kind="parent_class", past=True)
    assert (past["state"], past["mine"][0]["state"]) == ("summarised", "completed")
