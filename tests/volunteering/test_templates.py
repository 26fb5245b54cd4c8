"""A term of shifts in one call: which days, why not the others, and never one twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from backend import clock
from backend.database import fetch
from backend.schools.models import CalendarDay, SchoolYear
from backend.schools.operations import calendar
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.house import SignIn
from tests.volunteering.stories import volunteers


@pytest.fixture
async def monday(cast: Cast) -> date:
    """A Monday ahead, two weeks of school from it, with a holiday, a make-up day and an end."""
    today = clock.local(clock.now()).date()
    monday = today + timedelta(days=14 - today.weekday())
    await SchoolYear.all().delete()
    await CalendarDay.all().delete()
    district = cast.district.id
    last = monday + timedelta(days=10)
    await calendar.set_year(
        district,
        "试验学年",
        monday - timedelta(days=60),
        monday + timedelta(days=60),
        [calendar.TermDates(name="学期", starts_on=monday - timedelta(days=50), ends_on=last)],
    )
    await calendar.set_day(
        district, monday + timedelta(days=2), is_school_day=False, label="校运会"
    )
    await calendar.set_day(
        district, monday + timedelta(days=5), is_school_day=True, label="调休上课"
    )
    return monday


def term(monday: date, **more: Any) -> dict[str, Any]:
    """Two weeks of mornings at the gate, two at a time."""
    return {
        "duty": "guard",
        "place": "东门",
        "starts": "07:20",
        "ends": "08:00",
        "firstDay": monday.isoformat(),
        "lastDay": (monday + timedelta(days=13)).isoformat(),
        "capacity": 2,
        "neededSchool": 1,
        "neededPolice": 1,
        **more,
    }


async def test_every_school_day_and_only_those(as_: SignIn, cast: Cast, monday: date) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    tried = (await admin.post(url, json=term(monday, dryRun=True))).json()
    assert (tried["templateId"], tried["dryRun"], tried["made"]) == (None, True, 9)
    assert await fetch("SELECT 1 FROM shifts") == []
    made = (await admin.post(url, json=term(monday))).json()
    assert {**made, "templateId": None, "dryRun": True} == tried
    days = [monday + timedelta(days=n) for n in (0, 1, 3, 4, 5, 7, 8, 9, 10)]
    assert made["days"] == [day.isoformat() for day in days]
    assert [(s["day"], s["reason"], s["label"]) for s in made["skipped"]] == [
        ((monday + timedelta(days=2)).isoformat(), "holiday", "校运会"),
        ((monday + timedelta(days=11)).isoformat(), "out_of_term", ""),
    ]
    rows = await fetch(
        "SELECT s.starts_at, s.state, p.capacity, x.needed_police FROM shifts x "
        "JOIN slots s ON s.id = x.id JOIN slot_places p ON p.slot_id = s.id ORDER BY 1"
    )
    assert [clock.local(row["starts_at"]).date() for row in rows] == days
    assert {f"{clock.local(row['starts_at']):%H:%M}" for row in rows} == {"07:20"}
    assert {(row["state"], row["capacity"], row["needed_police"]) for row in rows} == {
        ("open", 2, 1)
    }


async def test_asked_again_it_makes_only_what_is_missing(
    as_: SignIn, cast: Cast, monday: date
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    short = term(monday, lastDay=(monday + timedelta(days=4)).isoformat())
    first = (await admin.post(url, json=short)).json()
    again = (await admin.post(url, json=term(monday))).json()
    assert (first["made"], first["existing"]) == (4, 0)
    assert (again["made"], again["existing"]) == (5, 4)
    assert again["templateId"] == first["templateId"]
    assert len(await fetch("SELECT 1 FROM shifts")) == 9
    [kept] = (await admin.get(url)).json()["items"]
    assert (kept["starts"], kept["ends"], kept["ended"]) == ("07:20", "08:00", False)


async def test_asked_by_four_phones_at_once_no_day_has_two(
    as_: SignIn, cast: Cast, monday: date
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    answers = await asyncio.gather(*(admin.post(url, json=term(monday)) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["made"] for answer in answers) == [0, 0, 0, 9]
    assert len(await fetch("SELECT 1 FROM slots")) == 9


async def test_only_some_weekdays(as_: SignIn, cast: Cast, monday: date) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    made = (await admin.post(url, json=term(monday, weekdays=[3, 6]))).json()
    assert made["days"] == [(monday + timedelta(days=n)).isoformat() for n in (5, 9)]
    assert [skipped["reason"] for skipped in made["skipped"]] == ["holiday", "weekend"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"ends": "07:25"}, 400, "bad_shift_hours"),
        ({"lastDay": "2020-01-01"}, 400, "bad_template"),
        ({"firstDay": "2020-01-01", "lastDay": "2020-03-01"}, 400, "bad_template"),
        ({"firstDay": "9999-12-01", "lastDay": "9999-12-31"}, 400, "bad_template"),
        ({"firstDay": "0001-01-01", "lastDay": "0001-02-01"}, 400, "bad_template"),
        ({"minimum": 3}, 400, "bad_shift_numbers"),
        ({"duty": "after_school"}, 422, "teacher_needed"),
        ({"duty": "nothing"}, 422, "unknown_duty"),
        ({"starts": "7:20"}, 400, "does_not_fit"),
    ],
)
async def test_a_template_that_cannot_be_is_refused(
    as_: SignIn, cast: Cast, monday: date, change: dict[str, Any], status: int, code: str
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    for dry in (True, False):
        answer = await admin.post(url, json=term(monday, **change, dryRun=dry))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await admin.get(url)).json()["items"] == []


async def test_booking_opens_so_many_days_before_each_shift(
    as_: SignIn, cast: Cast, monday: date
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    await admin.post(url, json=term(monday, opensDaysBefore=2))
    await volunteers(as_, cast, "王立强")
    items = (await admin.get(f"/schools/{cast.schools['海湾'].id}/shifts")).json()["items"]
    for item in items:
        opens, begins = (
            clock.now().fromisoformat(item["slot"][k]) for k in ("opensAt", "startsAt")
        )
        assert begins - opens == timedelta(days=2)
    early = await (await as_("王立强")).put(f"/slots/{items[-1]['slot']['id']}/booking", json={})
    assert early.json()["code"] == "not_open_yet"


async def test_ending_a_template_calls_off_what_is_to_come(
    as_: SignIn, cast: Cast, monday: date
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    url = f"/schools/{school}/shift-templates"
    made = (await admin.post(url, json=term(monday))).json()
    await volunteers(as_, cast, "王立强")
    father = await as_("王立强")
    items = (await father.get(f"/schools/{school}/shifts")).json()["items"]
    await father.put(f"/slots/{items[0]['slot']['id']}/booking", json={})
    ending = f"/shift-templates/{made['templateId']}/ending"
    for name, status in (("林晓岚", 404), ("何清越", 404), ("王立强", 404)):
        answer = await (await as_(name)).put(ending, json={"reason": "不该能停"})
        assert answer.status_code == status
    reason = {"reason": "东门施工，护学岗改到西门"}
    assert [(await admin.put(ending, json=reason)).json()["calledOff"] for _ in range(2)] == [9, 0]
    mine = (await father.get(f"/shifts/{items[0]['slot']['id']}")).json()["slot"]
    assert (mine["state"], mine["cancelledReason"]) == ("cancelled", reason["reason"])
    again = (await admin.post(url, json=term(monday))).json()
    assert again["made"] == 9
    assert again["templateId"] != made["templateId"]


async def test_shifts_of_a_template_may_stand_on_station_days(
    as_: SignIn, cast: Cast, monday: date
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    planned = await admin.post(f"/schools/{school}/station-days", json={"day": monday.isoformat()})
    body = term(monday, duty="canteen", starts="10:30", ends="12:30", withDays=True)
    await admin.post(f"/schools/{school}/shift-templates", json=body)
    last = (monday + timedelta(days=30)).isoformat()
    days = (await admin.get(f"/schools/{school}/station-days", params={"last": last})).json()[
        "items"
    ]
    assert [day["state"] for day in days] == ["planned"] + ["published"] * 8
    assert days[0]["id"] == planned.json()["id"]
    found = (await admin.get(f"/schools/{school}/shifts", params={"day": days[0]["id"]})).json()[
        "items"
    ]
    assert [item["slot"]["state"] for item in found] == ["draft"]


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_a_term_costs_as_many_statements_as_a_week(
    as_: SignIn, cast: Cast, monday: date, sent: Statements
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shift-templates"
    costs = []
    for place, days in (("西门", 4), ("南门", 4), ("北门", 13)):
        last = (monday + timedelta(days=days)).isoformat()
        sent.clear()
        made = await admin.post(url, json=term(monday, place=place, lastDay=last))
        assert made.status_code == 201
        costs.append(await sent.count())
    assert costs[1] == costs[2]
