"""Station days: planned, published with their shifts, running, closed, summed up."""

from typing import Any

import pytest

from backend import clock
from backend.database import execute, fetch
from backend.volunteering import jobs
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import a_shift, booked, next_weekday, volunteers


async def a_day(as_: SignIn, cast: Cast, **more: Any) -> str:
    """Plan a station day three days ahead and return its id."""
    answer = await (await as_("许建安")).post(
        f"/schools/{cast.schools['海湾'].id}/station-days",
        json={"day": next_weekday().date().isoformat(), **more},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_day_is_planned_filled_and_published_with_its_shifts(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    day = await a_day(as_, cast, note="食堂开放周")
    assert await a_day(as_, cast) == day
    url = f"/station-days/{day}"
    assert (await father.get(url)).status_code == 404
    assert (await admin.put(f"{url}/publication")).json()["code"] == "no_shifts"
    for duty, hour in (("canteen", 10), ("patrol", 14)):
        made = await a_shift(admin, cast, duty, starts_at=next_weekday(hour=hour), stationDayId=day)
        assert made["slot"]["state"] == "draft"
    for _ in range(2):
        assert (await admin.put(f"{url}/publication")).json()["state"] == "published"
    assert (await father.get(url)).json()["note"] == "食堂开放周"
    school = f"/schools/{cast.schools['海湾'].id}"
    found = (await father.get(f"{school}/shifts", params={"day": day})).json()["items"]
    assert [item["duty"] for item in found] == ["canteen", "patrol"]
    late = await a_shift(admin, cast, starts_at=next_weekday(hour=16), stationDayId=day)
    assert late["slot"]["state"] == "open"
    assert len((await father.get(f"{school}/station-days")).json()["items"]) == 1


async def test_a_shift_belongs_on_its_days_date(as_: SignIn, cast: Cast) -> None:
    day = await a_day(as_, cast)
    answer = await (await as_("许建安")).post(
        f"/schools/{cast.schools['海湾'].id}/shifts",
        json={"duty": "patrol", "startsAt": next_weekday(4).isoformat(), "stationDayId": day},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "other_day")


async def test_cancelling_a_day_cancels_its_shifts_and_says_why(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    day = await a_day(as_, cast)
    shift = await a_shift(admin, cast, stationDayId=day)
    alone = await a_shift(admin, cast, starts_at=next_weekday(5))
    await admin.put(f"/station-days/{day}/publication")
    await volunteers(as_, cast, "王立强", "周婷")
    await booked(as_, shift, "王立强", "周婷")
    await booked(as_, alone, "王立强")
    reason = {"reason": "台风停课一天"}
    for _ in range(2):
        gone = (await admin.put(f"/station-days/{day}/cancellation", json=reason)).json()
        assert (gone["state"], gone["reason"]) == ("cancelled", "台风停课一天")
    mine = {
        item["booking"]["slotId"]: item["booking"]["state"]
        for item in (await father.get("/me/bookings")).json()["items"]
    }
    assert mine[shift["slot"]["id"]] == "school_cancelled"
    assert mine[alone["slot"]["id"]] == "confirmed"
    seen = (await father.get(f"/station-days/{day}")).json()
    assert (seen["state"], seen["reason"]) == ("cancelled", "台风停课一天")
    assert await a_day(as_, cast) != day
    again = await admin.put(f"/station-days/{day}/publication")
    assert again.json()["code"] == "wrong_day_state"


async def test_time_runs_a_day_and_closes_it_and_then_it_is_summed_up(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, url = await as_("许建安"), f"/station-days/{(day := await a_day(as_, cast))}"
    await a_shift(admin, cast, starts_at=next_weekday(hour=10), stationDayId=day)
    await a_shift(admin, cast, starts_at=next_weekday(hour=14), stationDayId=day)
    await admin.put(f"{url}/publication")
    words = {"summary": "两位家长参加，发现隐患一处，已报修。"}
    assert (await admin.put(f"{url}/summary", json=words)).json()["code"] == "wrong_day_state"
    states = []
    for moment in [next_weekday(hour=hour) for hour in (9, 10, 13, 16)]:
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        changed = [await jobs.advance_days() for _ in range(2)]
        rows = await fetch("SELECT state FROM station_days")
        states.append((rows[0]["state"], changed))
    assert states == [
        ("published", [0, 0]),
        ("running", [1, 0]),
        ("running", [0, 0]),
        ("closed", [1, 0]),
    ]
    monkeypatch.undo()
    off = await admin.put(f"{url}/cancellation", json={"reason": "太晚了"})
    assert off.json()["code"] == "wrong_day_state"
    for _ in range(2):
        done = (await admin.put(f"{url}/summary", json=words)).json()
        assert (done["state"], done["summary"]) == ("summarised", words["summary"])


async def test_a_day_whose_shifts_were_all_called_off_is_over_with_its_date(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    day = await a_day(as_, cast)
    shift = await a_shift(admin, cast, stationDayId=day)
    await admin.put(f"/station-days/{day}/publication")
    await admin.put(f"/slots/{shift['slot']['id']}/cancellation", json={"reason": "下雨"})
    assert await jobs.advance_days() == 0
    await execute("UPDATE station_days SET day = day - 10")
    assert await jobs.advance_days() == 1


async def test_the_teacher_who_organises_a_day_runs_it_and_no_other(
    as_: SignIn, cast: Cast
) -> None:
    teacher, other = await as_("吴思远"), await as_("林晓岚")
    day = await a_day(as_, cast, organiserId=str(cast.id("吴思远")))
    url = f"/station-days/{day}"
    assert (await teacher.get(url)).json()["state"] == "planned"
    assert (await other.get(url)).status_code == 404
    await a_shift(await as_("许建安"), cast, stationDayId=day)
    assert (await teacher.put(f"{url}/publication")).json()["state"] == "published"
    assert (await other.put(f"{url}/cancellation", json={"reason": "不该"})).status_code == 403
    parent = await (await as_("王立强")).put(f"{url}/cancellation", json={"reason": "不该"})
    assert parent.status_code == 404
    for name in ("孙海燕", "何清越", "沈知微"):
        assert (await (await as_(name)).get(url)).status_code == 404, name
    strangers = {"day": next_weekday(6).date().isoformat(), "organiserId": str(cast.id("何清越"))}
    answer = await (await as_("许建安")).post(
        f"/schools/{cast.schools['海湾'].id}/station-days", json=strangers
    )
    assert answer.json()["code"] == "not_on_staff"


@pytest.mark.parametrize("day", ["2020-01-01", "0001-01-01", "9999-12-31"])
async def test_a_day_is_planned_ahead_and_not_at_the_end_of_time(
    as_: SignIn, cast: Cast, day: str
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    url = f"/schools/{school}/station-days"
    answer = await admin.post(url, json={"day": day})
    assert (answer.status_code, answer.json()["code"]) == (400, "past_day")
    for path in (url, f"/schools/{school}/shifts"):
        for wanted in ({"first": day}, {"last": day}, {"first": day, "last": day}):
            found = await admin.get(path, params=wanted)
            assert found.status_code in (200, 400), (path, wanted)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"]
)
@pytest.mark.parametrize("member", ["startsAt", "endsAt", "opensAt"])
async def test_moments_at_the_ends_of_time_are_answered_kindly(
    as_: SignIn, cast: Cast, moment: str, member: str
) -> None:
    body = {"duty": "patrol", "startsAt": next_weekday().isoformat(), member: moment}
    answer = await (await as_("许建安")).post(
        f"/schools/{cast.schools['海湾'].id}/shifts", json=body
    )
    assert answer.status_code in (201, 400), answer.text


async def test_a_plan_nobody_saw_is_cancelled_unseen(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    day = await a_day(as_, cast)
    shift = await a_shift(admin, cast, starts_at=next_weekday(hour=10), stationDayId=day)
    await admin.put(f"/station-days/{day}/cancellation", json={"reason": "改到下月"})
    shift_id = shift["slot"]["id"]
    for url in (f"/station-days/{day}", f"/shifts/{shift_id}", f"/slots/{shift_id}"):
        assert (await father.get(url)).status_code == 404
        assert (await admin.get(url)).status_code == 200
    school = f"/schools/{cast.schools['海湾'].id}"
    assert (await father.get(f"{school}/station-days")).json()["items"] == []
    refused = await father.put(f"/slots/{shift_id}/booking", json={})
    assert refused.status_code == 404
