"""家长课堂 and 实践活动 are counted as they were held, against the number of the rule packs."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import pytest

from backend.activities.models import Activity
from backend.bookings import jobs as bookings
from backend.bookings.operations import slots
from backend.database import execute
from backend.schools.models import DistrictRule, FeatureSwitch, Period
from backend.schools.operations import calendar, rulebook
from seed.cast import Cast
from tests.activities.lessons import count, held_on, took_place
from tests.activities.stories import (
    came,
    listed,
    named,
    open_day,
    opened,
    register,
    session,
    written,
)
from tests.bench.counting import Statements, counted
from tests.house import SignIn

SCHOOL_COUNT = 6
DISTRICT_COUNT = 5


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_only_what_was_held_counts_and_both_kinds_together(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    lesson = await held_on(as_, cast, "2025-03-10T19:00")
    await held_on(as_, cast, "2025-05-17T09:00", "practice")
    await held_on(as_, cast, "2025-06-01T09:00", "lecture")
    await held_on(as_, cast, "2025-06-02T09:00", "open_day")
    await written(admin, cast, open_day(cast, kind="parent_class", title="草稿"))
    await opened(admin, cast, open_day(cast, kind="practice", title="还没举办"))
    off = await opened(admin, cast, open_day(cast, kind="practice", title="取消了"))
    assert (
        await admin.put(f"/activities/{off['id']}/cancellation", json={"reason": "台风"})
    ).status_code == 200
    await took_place(off, "数学公开课", "2025-07-01T09:00")

    found = await count(admin, cast, year=2025)
    assert (found["held"], found["remaining"], found["attended"]) == (2, 2, 0)
    assert found["period"] == {
        "kind": "calendar_year", "startsOn": "2025-01-01", "endsOn": "2025-12-31",
    }  # fmt: skip
    assert [(one["kind"], one["title"]) for one in found["sessions"]] == [
        ("practice", "活动 2025-05-17T09:00"),
        ("parent_class", "活动 2025-03-10T19:00"),
    ]
    assert found["sessions"][1]["activityId"] == lesson["id"]
    required = found["required"]
    assert (required["amount"], required["unit"], required["binding"]) == (4, "次", False)
    assert (required["code"], required["pack"]) == ("N01", "宝山区")
    assert "教联体" in required["source"]


async def test_the_new_kinds_are_listed_like_the_others(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    await opened(admin, cast, open_day(cast, kind="parent_class", title="家长课堂"))
    await opened(admin, cast, open_day(cast, session("手工", 90), kind="practice", title="实践"))
    for kind, title in (("parent_class", "家长课堂"), ("practice", "实践")):
        [item] = await listed(father, cast, kind=kind)
        assert (item["title"], item["kind"]) == (title, kind)
    body = open_day(cast, kind="parent_class", nodeIds=[str(cast.classes["海湾/三年级/1班"].id)])
    assert (await written(await as_("林晓岚"), cast, body))["kind"] == "parent_class"


@pytest.mark.parametrize(
    ("when", "year"),
    [
        ("2024-12-31T23:59", 2024),
        ("2025-01-01T00:00", 2025),
        ("2025-01-01T07:59", 2025),
        ("2025-12-31T23:59", 2025),
        ("2026-01-01T00:00", 2026),
    ],
)
async def test_a_year_begins_by_the_districts_clock(
    as_: SignIn, cast: Cast, when: str, year: int
) -> None:
    await held_on(as_, cast, when)
    admin = await as_("许建安")
    found = {asked: (await count(admin, cast, year=asked))["held"] for asked in range(2024, 2027)}
    assert found == {asked: int(asked == year) for asked in range(2024, 2027)}


async def test_the_year_is_the_zones_not_the_servers(as_: SignIn, cast: Cast) -> None:
    await execute("UPDATE districts SET timezone = 'Asia/Urumqi' WHERE code = '350213'")
    await held_on(as_, cast, "2025-01-01T01:30")
    admin = await as_("许建安")
    assert (await count(admin, cast, year=2025))["held"] == 0
    assert (await count(admin, cast, year=2024))["held"] == 1


async def test_dates_are_counted_one_by_one_and_rooms_at_once_are_one(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    plan = [session(title, start) for title, start in (
        ("第一讲甲", 0), ("第一讲乙", 0), ("第二讲", 60), ("第三讲", 120), ("第四讲", 180),
    )]  # fmt: skip
    series = await opened(admin, cast, open_day(cast, *plan, kind="parent_class"))
    for title in ("第一讲甲", "第一讲乙"):
        await took_place(series, title, "2025-03-01T19:00")
    await took_place(series, "第二讲", "2025-04-01T19:00")
    await slots.call_off(UUID(named(series, "第三讲")), "讲师生病", by=cast.id("许建安"))
    await took_place(series, "第三讲", "2025-05-01T19:00")
    assert (await Activity.get(id=series["id"])).state == "open"
    found = await count(admin, cast, year=2025)
    assert [one["sessions"] for one in found["sessions"]] == [1, 2]
    assert (found["held"], found["remaining"]) == (2, 2)
    # What was held stays held when the rest of the series is called off.
    await admin.put(f"/activities/{series['id']}/cancellation", json={"reason": "停课"})
    await took_place(series, "第四讲", "2025-06-01T19:00")
    after = await count(admin, cast, year=2025)
    assert after["held"] == 0, "sessions that had not been settled were called off with it"


async def test_a_session_that_was_settled_stays_held(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    series = await opened(
        admin, cast, open_day(cast, session("一"), session("二", 60), kind="practice")
    )
    await took_place(series, "一", "2025-03-01T19:00")
    await bookings.sweep()
    await admin.put(f"/activities/{series['id']}/cancellation", json={"reason": "停课"})
    assert (await count(admin, cast, year=2025))["held"] == 1


async def test_who_came_is_told_beside_and_small_numbers_are_not(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast, session("课堂"), kind="parent_class"))
    only = named(activity, "课堂")
    assert (await register(await as_("高远"), cast, only, "高星辰")).status_code == 200
    await came(cast, only, "高远")
    await took_place(activity, "课堂", "2025-03-01T19:00")
    found = await count(admin, cast, year=2025)
    [one] = found["sessions"]
    assert (found["held"], found["attended"]) == (1, 1)
    assert (one["attended"], one["families"], one["people"]) == (True, None, None)


async def test_a_district_may_count_by_school_years(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    year = (date(2024, 9, 1), date(2025, 8, 31))
    await calendar.set_year(cast.district.id, "2024—2025学年", *year, [])
    for when in ("2024-08-31T23:00", "2024-09-01T00:00", "2025-08-31T23:00", "2025-09-01T00:00"):
        await held_on(as_, cast, when)
    assert (await count(admin, cast, year=2025))["held"] == 2
    await rulebook.count_by(cast.district.id, "N01", Period.SCHOOL_YEAR, by=None)
    found = await count(admin, cast, year=2024)
    assert (found["held"], found["remaining"]) == (2, 2)
    assert found["period"] == {
        "kind": "school_year", "startsOn": "2024-09-01", "endsOn": "2025-08-31",
    }  # fmt: skip
    assert found["required"]["period"] == "school_year"
    unknown = await count(admin, cast, year=2031)
    assert (unknown["period"], unknown["held"], unknown["remaining"]) == (None, 0, None)
    rules = (await admin.get(f"/districts/{cast.district.id}/rules")).json()["items"]
    assert {rule["period"] for rule in rules if rule["code"] == "N01"} == {"school_year"}
    assert await DistrictRule.filter(period__isnull=True, rule__code="N01").count() == 0


async def test_the_number_is_the_rule_packs(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    await held_on(as_, cast, "2025-03-01T19:00")
    text = rulebook.RuleText(
        code="N01", subject="家长课堂", scope="school", amount=6, unit="次",
        period=Period.CALENDAR_YEAR,
    )  # fmt: skip
    await rulebook.publish_pack("own", "本区", "本区实施方案", [text])
    await rulebook.adopt(cast.district.id, "own", binding=True, by=None)
    found = await count(admin, cast, year=2025)
    assert (found["required"]["amount"], found["required"]["binding"]) == (6, True)
    assert found["remaining"] == 5
    await DistrictRule.filter(rule__code="N01").delete()
    found = await count(admin, cast, year=2025)
    assert (found["required"], found["remaining"], found["held"]) == (None, None, 1)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("许建安", 200),
        ("周慕云", 200),
        ("沈知微", 200),
        ("林晓岚", 403),
        ("郑佩文", 403),
        ("王立强", 404),
        ("周婷", 404),
        ("何清越", 404),
        ("孙海燕", 404),
        ("曹望舒", 404),
        ("唐一苇", 404),
    ],
)
async def test_who_may_ask_how_many_a_school_held(
    as_: SignIn, cast: Cast, name: str, status: int
) -> None:
    visitor, school = await as_(name), cast.schools["海湾"].id
    answer = await visitor.get(f"/schools/{school}/parent-class-count")
    assert answer.status_code == status, answer.text
    if status == 200:
        assert (answer.json()["sessions"] is None) == (name == "沈知微")
    of_district = await visitor.get(f"/districts/{cast.district.id}/parent-class-counts")
    works_here = name in ("许建安", "周慕云", "林晓岚", "郑佩文", "何清越")
    expected = 200 if name == "沈知微" else 403 if works_here else 404
    assert of_district.status_code == expected, of_district.text


async def test_a_school_without_activities_counts_none(as_: SignIn, cast: Cast) -> None:
    school = cast.schools["海湾"].id
    await FeatureSwitch.create(school_id=school, function="activities", is_on=False)
    answer = await (await as_("许建安")).get(f"/schools/{school}/parent-class-count")
    assert answer.status_code == 404


async def test_the_district_sees_counts_school_by_school(as_: SignIn, cast: Cast) -> None:
    for when in ("2025-03-01T19:00", "2025-04-01T19:00"):
        await held_on(as_, cast, when)
    officer = await as_("沈知微")
    path, items, cursor = f"/districts/{cast.district.id}/parent-class-counts", [], None
    while True:
        query = {"year": 2025, "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await officer.get(path, params=query)).json()
        assert page["required"]["amount"] == 4
        items += page["items"]
        cursor = page["nextCursor"]
        assert page["hasMore"] is (cursor is not None)
        if cursor is None:
            break
    held = {item["school"]: (item["held"], item["remaining"]) for item in items}
    assert held == {"海湾实验小学": (2, 2), "莲塘中学": (0, 4), "新圩中心幼儿园": (0, 4)}
    assert set(items[0]) == {"schoolId", "school", "held", "attended", "remaining"}
    assert (await officer.get(path, params={"year": 1999})).status_code == 400


async def test_counting_costs_the_same_for_one_and_for_many(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    admin, officer = await as_("许建安"), await as_("沈知微")
    costs = []
    for when in ("2025-03-01T19:00", "2025-04-01T19:00", "2025-05-01T19:00"):
        await held_on(as_, cast, when)
        sent.clear()
        await count(admin, cast, year=2025)
        costs.append(await sent.count())
        sent.clear()
        path = f"/districts/{cast.district.id}/parent-class-counts"
        assert (await officer.get(path, params={"year": 2025})).status_code == 200
        costs.append(await sent.count())
    assert costs[2:] == [SCHOOL_COUNT, DISTRICT_COUNT] * 2
