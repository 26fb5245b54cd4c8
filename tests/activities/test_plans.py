"""A plan for all the children of a family, proposed and booked all or nothing."""

from datetime import timedelta
from typing import Any

from backend import clock
from backend.bookings.models import Booking
from seed.cast import Cast
from tests.activities.stories import (
    open_day,
    opened,
    register,
    session,
)
from tests.house import SignIn


async def test_the_plan_for_siblings_is_booked_all_or_nothing(as_: SignIn, cast: Cast) -> None:
    activity, lessons = await _two_years(as_, cast)
    father = await as_("王立强")
    path = f"/activities/{activity['id']}"
    wishes = {"children": [_child(cast, "王子墨"), _child(cast, "王子萱")]}
    plan = (await father.put(f"{path}/plan", json=wishes)).json()
    assert plan["complete"] is True
    best = plan["proposals"][0]
    assert [visit["sessionId"] for visit in best["visits"]] == [
        lessons["一年级课"],
        lessons["三年级课二"],
    ]
    assert best["idleMinutes"] == 0
    items = [
        {"sessionId": visit["sessionId"], "studentIds": visit["studentIds"]}
        for visit in best["visits"]
    ]
    for _ in range(2):
        booked = await father.put(f"{path}/registrations", json={"items": items})
        assert [one["state"] for one in booked.json()["items"]] == ["confirmed", "confirmed"]
    assert await Booking.all().count() == 2
    taken = (await father.put(f"{path}/plan", json=wishes)).json()
    assert taken["proposals"] == []
    assert {"booked", "too_few_sessions"} <= {one["code"] for one in taken["obstacles"]}


async def test_of_a_plan_that_does_not_fit_nothing_is_booked(as_: SignIn, cast: Cast) -> None:
    activity, lessons = await _two_years(as_, cast, capacity=1)
    father, path = await as_("王立强"), f"/activities/{activity['id']}/registrations"
    other = await register(await as_("高远"), cast, lessons["三年级课二"], "高星辰")
    assert other.json()["state"] == "confirmed"
    first = _item(cast, lessons["一年级课"], "王子萱")
    for second, code in (
        (_item(cast, lessons["三年级课二"], "王子墨"), "full"),
        (_item(cast, lessons["三年级课一"], "王子墨"), "sessions_overlap"),
        (_item(cast, lessons["三年级课一"], "王子萱"), "not_eligible"),
        (_item(cast, lessons["三年级课二"], "高星辰"), "not_found"),
    ):
        refused = await father.put(path, json={"items": [first, second]})
        assert refused.json()["code"] == code, refused.text
    assert await Booking.filter(person_id=cast.id("王立强")).count() == 0


async def test_the_plan_knows_other_commitments_and_says_what_stands_in_the_way(
    as_: SignIn, cast: Cast
) -> None:
    activity, lessons = await _two_years(as_, cast)
    father = await as_("王立强")
    other = await opened(
        await as_("许建安"), cast, open_day(cast, session("讲座", 0, 60), kind="lecture")
    )
    assert (await register(father, cast, other["sessions"][0]["id"], "王子墨")).status_code == 200
    path = f"/activities/{activity['id']}/plan"
    alone = (await father.put(path, json={"children": [_child(cast, "王子萱")]})).json()
    assert alone["proposals"] == []
    busy = [one for one in alone["obstacles"] if one["sessionId"] == lessons["一年级课"]]
    assert [one["code"] for one in busy] == ["busy"]
    assert "冲突" in busy[0]["reason"]
    both = (await father.put(path, json={"children": [_child(cast, "王子萱")], "adults": 2})).json()
    assert [visit["adult"] for visit in both["proposals"][0]["visits"]] == [2]


async def test_only_families_plan_and_only_for_their_own(as_: SignIn, cast: Cast) -> None:
    activity, _ = await _two_years(as_, cast)
    path = f"/activities/{activity['id']}/plan"
    mine = {"children": [_child(cast, "高星辰")]}
    for name, status in (("高远", 200), ("李建国", 404), ("林晓岚", 403), ("孙海燕", 404)):
        assert (await (await as_(name)).put(path, json=mine)).status_code == status
    twice = {"children": [_child(cast, "高星辰")] * 2}
    assert (await (await as_("高远")).put(path, json=twice)).status_code == 400


async def test_before_the_doors_open_one_may_plan_but_not_book(as_: SignIn, cast: Cast) -> None:
    opens = (clock.now() + timedelta(days=1)).isoformat()
    activity = await opened(await as_("许建安"), cast, open_day(cast, opensAt=opens))
    father = await as_("高远")
    plan = await father.put(
        f"/activities/{activity['id']}/plan", json={"children": [_child(cast, "高星辰")]}
    )
    assert len(plan.json()["proposals"]) == 1
    early = await register(father, cast, activity["sessions"][0]["id"], "高星辰")
    assert (early.status_code, early.json()["code"]) == (409, "not_open_yet")


async def test_a_draw_is_entered_session_by_session(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast, mode="draw"))
    only, father = activity["sessions"][0]["id"], await as_("高远")
    refused = await father.put(
        f"/activities/{activity['id']}/registrations",
        json={"items": [_item(cast, only, "高星辰")]},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_by_lot")
    entered = await register(father, cast, only, "高星辰")
    assert entered.json()["line"]["code"] == "in_draw"


async def _two_years(as_: SignIn, cast: Cast, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """An open day where 一年级 has one lesson, and 三年级 two: at that time, and after it."""
    first, third = (str(cast.grades[f"海湾/{year}"].id) for year in ("一年级", "三年级"))
    body = open_day(
        cast,
        session("一年级课", 0, nodeIds=[first], **more),
        session("三年级课一", 0, nodeIds=[third], **more),
        session("三年级课二", 40, nodeIds=[third], **more),
    )
    activity = await opened(await as_("许建安"), cast, body)
    return activity, {one["title"]: one["id"] for one in activity["sessions"]}


def _child(cast: Cast, name: str, **more: Any) -> dict[str, Any]:
    return {"studentId": str(cast.children[name].id), **more}


def _item(cast: Cast, session_id: str, *children: str) -> dict[str, Any]:
    return {
        "sessionId": session_id,
        "studentIds": [str(cast.children[child].id) for child in children],
    }
