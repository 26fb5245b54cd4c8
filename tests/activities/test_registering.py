"""Registering for sessions: answers, limits, siblings, plans, and who sees the list."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.bookings.models import Booking
from backend.database import execute
from seed.cast import Cast
from tests.activities.stories import (
    named,
    open_day,
    opened,
    register,
    seen,
    session,
    written,
)
from tests.house import SignIn, Visitor

QUESTIONS = [
    {"key": "lunch", "label": "是否用餐", "kind": "yes_no", "required": True},
    {"key": "topic", "label": "想了解什么"},
]


async def test_a_family_answers_and_has_its_place(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast, questions=QUESTIONS))
    only, father = activity["sessions"][0]["id"], await as_("高远")
    missing = await register(father, cast, only, "高星辰")
    assert (missing.status_code, missing.json()["code"]) == (409, "answer_missing")
    assert missing.json()["facts"]["keys"] == ["lunch"]
    for answers in ({"lunch": "maybe"}, {"lunch": "yes", "shoe": "42"}):
        misfit = await register(father, cast, only, "高星辰", answers=answers)
        assert (misfit.status_code, misfit.json()["code"]) == (400, "answer_misfit")
    taken = [
        await register(father, cast, only, "高星辰", answers={"lunch": "yes"}, party=2)
        for _ in range(2)
    ]
    assert [answer.json()["state"] for answer in taken] == ["confirmed", "confirmed"]
    assert taken[0].json()["id"] == taken[1].json()["id"]
    mine = (await seen(father, activity))["sessions"][0]["slot"]
    assert (mine["standing"]["code"], mine["booking"]["party"], mine["free"]) == ("mine", 2, 1)


async def test_a_child_has_one_place_whichever_guardian_asked(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast))
    only = activity["sessions"][0]["id"]
    assert (await register(await as_("高远"), cast, only, "高星辰")).status_code == 200
    again = await register(await as_("马静"), cast, only, "高星辰")
    assert (again.status_code, again.json()["code"]) == (409, "family_has_it")


async def test_nobody_registers_for_somebody_elses_child_or_class(as_: SignIn, cast: Cast) -> None:
    third = str(cast.classes["海湾/三年级/1班"].id)
    activity = await opened(
        await as_("许建安"), cast, open_day(cast, session("三年级", nodeIds=[third]))
    )
    only = activity["sessions"][0]["id"]
    father = await as_("王立强")
    assert (await register(await as_("高远"), cast, only, "王子墨")).status_code == 404
    for children in (["王子萱"], ["王子墨", "王子萱"]):
        refused = await register(father, cast, only, *children)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_eligible")
    assert (await register(father, cast, only, "王子墨")).json()["state"] == "confirmed"
    assert (await register(await as_("孙海燕"), cast, only, "孙一诺")).status_code == 404
    assert (await register(await as_("钱进"), cast, only, "钱多多")).status_code == 404
    assert (await register(await as_("林晓岚"), cast, only, "高星辰")).status_code == 403


async def test_without_consent_a_child_is_not_registered(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast))
    await execute("UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", cast.id("高远"))
    answer = await register(await as_("高远"), cast, activity["sessions"][0]["id"], "高星辰")
    assert answer.status_code == 404


async def test_a_draft_cannot_be_booked_and_a_full_session_has_a_queue(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    draft = await written(admin, cast, open_day(cast))
    hidden = await register(await as_("高远"), cast, draft["sessions"][0]["id"], "高星辰")
    assert hidden.status_code == 404
    activity = await opened(admin, cast, open_day(cast, session("参观", capacity=1)))
    only = activity["sessions"][0]["id"]
    assert (await register(await as_("高远"), cast, only, "高星辰")).json()["state"] == "confirmed"
    waiting = (await register(await as_("李建国"), cast, only, "李沐阳")).json()
    assert (waiting["state"], waiting["ahead"]) == ("waitlisted", 0)


@pytest.mark.parametrize(
    ("limit", "code"),
    [("sessionsPerChild", "too_many_for_child"), ("sessionsPerFamily", "too_many_for_family")],
)
async def test_limits_hold_across_both_guardians(
    as_: SignIn, cast: Cast, limit: str, code: str
) -> None:
    body = open_day(cast, session("参观"), session("座谈", 60), **{limit: 1})
    activity = await opened(await as_("许建安"), cast, body)
    first, second = named(activity, "参观"), named(activity, "座谈")
    assert (await register(await as_("高远"), cast, first, "高星辰")).status_code == 200
    assert (await register(await as_("高远"), cast, first, "高星辰")).status_code == 200
    for name in ("高远", "马静"):
        refused = await register(await as_(name), cast, second, "高星辰")
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (await register(await as_("李建国"), cast, second, "李沐阳")).status_code == 200


async def test_a_limit_is_kept_when_two_guardians_tap_at_once(as_: SignIn, cast: Cast) -> None:
    sessions = [session(f"第{n}场", n * 60) for n in range(4)]
    activity = await opened(
        await as_("许建安"), cast, open_day(cast, *sessions, sessionsPerChild=1)
    )
    father, mother = await as_("高远"), await as_("马静")
    answers = await asyncio.gather(
        *(
            register(guardian, cast, one["id"], "高星辰")
            for one in activity["sessions"]
            for guardian in (father, mother)
        )
    )
    assert sorted({answer.status_code for answer in answers}) == [200, 409]
    live = await Booking.filter(state__in=["confirmed", "waitlisted"])
    assert len(live) == 1


async def test_the_slots_own_address_is_no_way_round_the_rules(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast, sessionsPerChild=1))
    only, father = activity["sessions"][0]["id"], await as_("高远")
    body = {"studentIds": [str(cast.children["高星辰"].id)]}
    answer = await father.put(f"/slots/{only}/booking", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_desk")
    assert (await register(father, cast, only, "高星辰")).status_code == 200
    assert (await father.delete(f"/slots/{only}/booking")).status_code == 204
    assert (await seen(father, activity))["sessions"][0]["slot"]["standing"]["code"] == "free"


async def test_with_limits_a_full_session_still_has_a_queue(as_: SignIn, cast: Cast) -> None:
    body = open_day(cast, session("参观", capacity=1), sessionsPerChild=1)
    activity = await opened(await as_("许建安"), cast, body)
    only = activity["sessions"][0]["id"]
    states = [
        (await register(await as_(name), cast, only, child)).json()["state"]
        for name, child in (("高远", "高星辰"), ("李建国", "李沐阳"), ("李建国", "李沐阳"))
    ]
    assert states == ["confirmed", "waitlisted", "waitlisted"]


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


async def _names(visitor: Visitor, activity: dict[str, Any], **query: Any) -> list[Any]:
    answer = await visitor.get(f"/activities/{activity['id']}/registrations", params=query)
    assert answer.status_code == 200, answer.text
    return [
        (item["adult"], [child["name"] for child in item["children"]])
        for item in answer.json()["items"]
    ]


async def test_the_organiser_sees_everybody_a_class_teacher_their_own_class(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    body = open_day(cast, session("参观", capacity=9), questions=QUESTIONS)
    activity = await opened(admin, cast, body)
    only = activity["sessions"][0]["id"]
    for name, *children in (
        ("王立强", "王子墨", "王子萱"),
        ("李建国", "李沐阳"),
        ("赵德胜", "赵可心"),
    ):
        answers = {"lunch": "no", "topic": "阅读"}
        taken = await register(await as_(name), cast, only, *children, answers=answers)
        assert taken.status_code == 200, taken.text
    everybody = await _names(admin, activity)
    assert everybody == [
        ("王立强", ["王子墨", "王子萱"]),
        ("李建国", ["李沐阳"]),
        ("赵德胜", ["赵可心"]),
    ]
    assert await _names(await as_("林晓岚"), activity) == [
        ("王立强", ["王子墨"]),
        ("李建国", ["李沐阳"]),
    ]
    assert await _names(await as_("陈启明"), activity) == [("赵德胜", ["赵可心"])]
    assert await _names(await as_("黄若溪"), activity) == [("王立强", ["王子萱"])]
    path = f"/activities/{activity['id']}/registrations"
    for name, status in (
        ("吴思远", 403),
        ("王立强", 404),
        ("何清越", 404),
        ("沈知微", 404),
        ("罗以南", 404),
    ):
        assert (await (await as_(name)).get(path)).status_code == status, name
    item = (await admin.get(path)).json()["items"][0]
    assert [(one["label"], one["answer"]) for one in item["answers"]] == [
        ("是否用餐", "no"),
        ("想了解什么", "阅读"),
    ]
    assert "199" not in (await admin.get(path)).text.replace(only, ""), "no telephone numbers"


async def test_the_list_has_pages_and_sessions(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast, session("参观"), session("座谈", 60)))
    for name, child in (("高远", "高星辰"), ("李建国", "李沐阳")):
        for title in ("参观", "座谈"):
            await register(await as_(name), cast, named(activity, title), child)
    assert len(await _names(admin, activity, session_id=named(activity, "座谈"))) == 2
    path, seen_rows, cursor = f"/activities/{activity['id']}/registrations", [], None
    while True:
        page = (
            await admin.get(path, params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen_rows += [item["bookingId"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen_rows) == len(set(seen_rows)) == 4
