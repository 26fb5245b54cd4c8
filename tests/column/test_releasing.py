"""A series appears on its occasions: once, by day, and whatever happens to the workers."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from backend.column import jobs
from backend.column.operations import releases
from backend.column.rules import series as rules
from backend.database import execute, fetch
from seed.cast import Cast
from tests.column.desk import (
    MONDAY,
    appear,
    at,
    district_column,
    due_on,
    letters,
    of_district,
    of_school,
    ok,
    reasons,
    refused,
    school,
    school_column,
    second_officer,
    tips,
    titles,
)
from tests.house import SignIn

CHINA = ZoneInfo("Asia/Shanghai")


async def next_of(series: str) -> datetime:
    [row] = await fetch("SELECT next_release_at FROM column_series WHERE id = $1", UUID(series))
    moment: datetime = row["next_release_at"]
    return moment.astimezone(CHINA)


async def test_a_queued_item_appears_on_time_and_not_before(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)
    father = await as_("王立强")
    assert await appear(MONDAY - timedelta(minutes=1)) == 0
    assert await titles(father) == []
    assert await appear() == 1
    assert await titles(father) == ["慢一点，也没关系"]
    assert await next_of(column) == MONDAY + timedelta(days=7)


async def test_each_occasion_releases_as_many_as_the_series_says_in_the_queues_order(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast, perRelease=2)
    for title in ("甲篇", "乙篇", "丙篇"):
        await of_school(as_, column, title=title)
    await appear()
    father = await as_("王立强")
    assert set(await titles(father)) == {"甲篇", "乙篇"}
    await appear(MONDAY + timedelta(days=7))
    assert (await titles(father))[0] == "丙篇"


async def test_a_job_run_twice_and_by_two_workers_releases_once(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    for title in ("甲篇", "乙篇", "丙篇"):
        await of_school(as_, column, title=title)
    with at(MONDAY):
        await asyncio.gather(*(jobs.release_due() for _ in range(4)))
        await asyncio.gather(*(releases.release_due(UUID(column)) for _ in range(4)))
    assert await titles(await as_("王立强")) == ["甲篇"]
    assert len(await letters()) == 1
    assert len(await fetch("SELECT id FROM column_releases")) == 1


async def test_three_weeks_of_downtime_are_made_up_for_once(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    for title in ("甲篇", "乙篇", "丙篇", "丁篇"):
        await of_school(as_, column, title=title)
    late = MONDAY + timedelta(days=22, hours=3)
    assert await appear(late) == 1
    assert await appear(late + timedelta(minutes=1)) == 0
    assert await titles(await as_("王立强")) == ["甲篇"]
    assert len(await letters()) == 1
    assert await next_of(column) == MONDAY + timedelta(days=28)
    assert await appear(MONDAY + timedelta(days=28)) == 1


async def test_nothing_appears_at_night(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)
    for hour, minute in ((21, 0), (23, 30), (3, 0), (6, 59)):
        night = MONDAY.replace(hour=hour, minute=minute) + timedelta(days=hour < 10)
        assert await appear(night) == 0
    assert await letters() == []
    assert await appear(MONDAY + timedelta(days=1, hours=-3)) == 1
    assert await next_of(column) == MONDAY + timedelta(days=7)


async def test_an_empty_queue_is_told_to_the_editors_once_an_occasion(
    as_: SignIn, cast: Cast
) -> None:
    await school_column(as_, cast)
    for _ in range(3):
        await appear()
    assert await letters() == []
    assert await reasons("column.empty") == 2
    await appear(MONDAY + timedelta(days=7))
    assert await reasons("column.empty") == 4


async def test_a_paused_series_rests_and_makes_nothing_up(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)
    admin = await as_("许建安")
    await ok(admin.put(f"/column/series/{column}/state", json={"state": "paused"}))
    assert await appear() == 0
    with at(MONDAY + timedelta(days=9)):
        await releases.release_due(UUID(column))
    from backend.column.models import SeriesState
    from backend.column.operations import series

    with at(MONDAY + timedelta(days=9)):
        await series.set_state(UUID(column), SeriesState.ACTIVE, by=cast.id("许建安"))
    assert await next_of(column) == MONDAY + timedelta(days=14)
    assert await appear(MONDAY + timedelta(days=10)) == 0
    assert await appear(MONDAY + timedelta(days=14)) == 1


async def test_a_series_that_has_ended_stays_readable_and_takes_nothing_more(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)
    await appear()
    admin = await as_("许建安")
    await ok(admin.put(f"/column/series/{column}/state", json={"state": "ended"}))
    assert await titles(await as_("王立强")) == ["慢一点，也没关系"]
    body = {"title": "新篇", "paragraphs": ["正文"], "kind": "parenting"}
    await refused(admin.post(f"/column/series/{column}/items", json=body), 409, "series_over")
    await refused(
        admin.put(f"/column/series/{column}/state", json={"state": "active"}), 409, "series_over"
    )


async def test_what_has_a_day_waits_for_it_and_then_goes_first(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    dated = await of_school(as_, column, title="开学第一课")
    await of_school(as_, column, title="普通一篇")
    await of_school(as_, column, title="普通二篇")
    admin = await as_("许建安")
    week_later = (MONDAY + timedelta(days=7)).date().isoformat()
    place = {"position": 3, "releaseOn": week_later}
    queue = await ok(admin.put(f"/column/series/{column}/queue/{dated}", json=place))
    assert [one["title"] for one in queue["items"]] == ["普通一篇", "普通二篇", "开学第一课"]
    father = await as_("王立强")
    await appear()
    assert await titles(father) == ["普通一篇"]
    await appear(MONDAY + timedelta(days=7))
    assert (await titles(father))[0] == "开学第一课"


async def test_the_queue_is_put_in_order_by_its_editors(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    ids = [await of_school(as_, column, title=title) for title in ("甲篇", "乙篇", "丙篇")]
    admin = await as_("许建安")
    for item, position, order in (
        (ids[2], 1, "丙甲乙"),
        (ids[2], 2, "甲丙乙"),
        (ids[0], 900, "丙乙甲"),
        (ids[1], 2, "丙乙甲"),
    ):
        path = f"/column/series/{column}/queue/{item}"
        queue = await ok(admin.put(path, json={"position": position}))
        assert "".join(one["title"][0] for one in queue["items"]) == order
        assert [one["place"] for one in queue["items"]] == [1, 2, 3]
    teacher = await as_("林晓岚")
    await refused(
        teacher.put(f"/column/series/{column}/queue/{ids[0]}", json={"position": 1}),
        403, "not_allowed",
    )  # fmt: skip


async def test_one_letter_goes_to_a_whole_district(as_: SignIn, cast: Cast) -> None:
    await second_officer(cast)
    series = await tips(as_, cast, "drowning", "traffic")
    await of_district(as_, series, topic="drowning")
    await appear()
    [letter] = await letters()
    assert len(letter["audiences"]) == 3
    assert "drowning" not in letter["title_zh"] + letter["title_en"]
    assert await fetch("SELECT id FROM post_inbox_item WHERE letter_id = $1", letter["id"]) == []
    for name in ("王立强", "孙海燕"):
        assert await titles(await as_(name)) == ["慢一点，也没关系"]
    assert await titles(await as_("钱进")) == []


async def test_an_item_for_one_stage_reaches_only_its_schools(as_: SignIn, cast: Cast) -> None:
    await second_officer(cast)
    series = await district_column(as_, cast)
    await of_district(as_, series, stages=["junior"])
    await appear()
    assert await titles(await as_("孙海燕")) == ["慢一点，也没关系"]
    assert await titles(await as_("王立强")) == []
    [letter] = await letters()
    assert letter["audiences"] == [f"{cast.schools['莲塘'].id}/families"]


async def test_a_school_that_switched_the_function_off_neither_publishes_nor_hears(
    as_: SignIn, cast: Cast
) -> None:
    await second_officer(cast)
    own, general = await school_column(as_, cast), await district_column(as_, cast)
    await of_school(as_, own)
    await of_district(as_, general)
    await execute(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (uuidv7(), $1, 'courses', false)",
        cast.schools["海湾"].id,
    )
    assert await appear() == 1
    [letter] = await letters()
    assert f"{cast.schools['海湾'].id}/families" not in letter["audiences"]
    assert (await (await as_("王立强")).get("/column")).status_code == 404
    assert (await (await as_("许建安")).get(f"{school(cast)}/column/items")).status_code == 404


async def test_a_release_that_dies_midway_leaves_nothing_and_comes_again(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = await school_column(as_, cast)
    await of_school(as_, column)

    async def dies(*_: object, **__: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(releases, "record", dies)
        assert await appear() == 0
    assert await letters() == []
    assert await titles(await as_("王立强")) == []
    assert await appear() == 1
    assert len(await letters()) == 1


async def test_changing_the_rhythm_begins_it_anew(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    await due_on(column, MONDAY)
    admin = await as_("许建安")
    body = {"title": "家庭教育指导", "minute": 990, "cadenceDays": 14, "weekday": 5}
    made = await ok(admin.put(f"{school(cast)}/column", json=body))
    assert made["id"] == column
    begins = await next_of(column)
    assert (begins.isoweekday(), begins.hour, begins.minute) == (5, 16, 30)
    assert begins < MONDAY


@pytest.mark.parametrize(
    ("due", "now", "cadence", "expected"),
    [
        ("2030-09-02 10:00", "2030-09-02 10:00", 7, "2030-09-09 10:00"),
        ("2030-09-02 10:00", "2030-09-02 19:00", 7, "2030-09-09 10:00"),
        ("2030-09-02 10:00", "2030-09-09 09:59", 7, "2030-09-09 10:00"),
        ("2030-09-02 10:00", "2030-09-09 10:00", 7, "2030-09-16 10:00"),
        ("2030-09-02 10:00", "2030-09-24 10:00", 7, "2030-09-30 10:00"),
        ("2030-09-02 10:00", "2030-09-02 10:01", 1, "2030-09-03 10:00"),
        ("2030-09-02 10:00", "2031-09-02 10:01", 60, "2031-10-27 10:00"),
        ("2030-09-02 10:00", "2030-09-05 12:00", 1, "2030-09-06 10:00"),
    ],
)
def test_the_next_occasion_lies_ahead_on_the_series_own_grid(
    due: str, now: str, cadence: int, expected: str
) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA)

    found = rules.next_occasion(moment(due), moment(now), cadence, 600, "Asia/Shanghai")
    assert found == moment(expected)


@pytest.mark.parametrize(
    ("now", "weekday", "expected"),
    [
        ("2030-09-02 09:59", 1, "2030-09-02 10:00"),
        ("2030-09-02 10:00", 1, "2030-09-09 10:00"),
        ("2030-09-02 10:00", None, "2030-09-03 10:00"),
        ("2030-09-02 08:00", 7, "2030-09-08 10:00"),
    ],
)
def test_the_first_occasion_keeps_the_weekday(now: str, weekday: int | None, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=CHINA)
    found = rules.first_occasion(moment, weekday, 600, "Asia/Shanghai")
    assert found == datetime.fromisoformat(expected).replace(tzinfo=CHINA)
