"""Opening an activity to families, inviting, adding sessions, and calling it off."""

from typing import Any

import pytest

from backend.audit.models import AuditEntry
from backend.bookings.models import Slot, SlotShare
from backend.database import fetch
from seed.cast import Cast
from tests.activities.stories import (
    inbox_of,
    letters,
    listed,
    named,
    open_day,
    opened,
    register,
    seen,
    session,
    write,
    written,
)
from tests.house import SignIn


async def test_opening_makes_a_slot_of_every_session(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    third = str(cast.classes["海湾/三年级/1班"].id)
    body = open_day(
        cast,
        session(
            "公开课",
            capacity=30,
            nodeIds=[third],
            quotaKeys=["day"],
            shares=[
                {
                    "label": "一班",
                    "nodeIds": [third],
                    "places": 10,
                    "releaseAt": "2026-11-24T00:00:00Z",
                }
            ],
            hostIds=[str(cast.id("林晓岚"))],
        ),
        session("参观", 60, quotaKeys=["day"]),
        quotas=[{"key": "day", "name": "全天", "capacity": 31}],
        questions=[
            {"key": "lunch", "label": "是否用餐", "kind": "yes_no", "required": True},
            {"key": "topic", "label": "想了解什么"},
        ],
        maxParty=3,
    )
    activity = await opened(admin, cast, body)
    assert activity["state"] == "open"
    slots = {slot.id: slot for slot in await Slot.all()}
    lesson = next(s for s in slots.values() if s.title.endswith("公开课"))
    tour = next(s for s in slots.values() if s.title.endswith("参观"))
    assert {str(slot) for slot in slots} == {one["id"] for one in activity["sessions"]}
    assert (lesson.kind, lesson.children_named, lesson.max_party) == ("session", True, 3)
    assert (lesson.asks, lesson.place) == (["lunch"], "公开课的教室")
    assert [str(node) for node in lesson.open_to] == [third]
    assert tour.open_to == []
    assert lesson.quota_ids == tour.quota_ids != []
    assert lesson.host_ids == [cast.id("林晓岚")]
    assert [share.places for share in await SlotShare.all()] == [10]
    assert (await admin.put(f"/activities/{activity['id']}/opening")).status_code == 200
    assert await Slot.all().count() == 2
    [letter] = await letters("activities.opened")
    assert letter["title_zh"] == "学校有新的活动可以报名"
    assert await AuditEntry.filter(action="activities.opened").count() == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sessions": []}, "no_sessions"),
        ({"opensAt": "2030-01-01T00:00:00Z"}, "bad_activity_dates"),
        ({"closesAt": "2020-01-01T00:00:00Z"}, "bad_activity_dates"),
        ({"mode": "invited"}, "nobody_invited"),
    ],
)
async def test_what_cannot_take_place_does_not_open(
    as_: SignIn, cast: Cast, more: dict[str, Any], code: str
) -> None:
    admin = await as_("许建安")
    draft = await written(admin, cast, open_day(cast) | more)
    answer = await admin.put(f"/activities/{draft['id']}/opening")
    assert answer.json()["code"] == code
    assert await Slot.all().count() == 0
    assert (await seen(admin, draft))["state"] == "draft"


async def test_a_forum_is_for_the_representatives_invited(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    body = open_day(
        cast,
        kind="forum",
        title="家长代表座谈会",
        mode="invited",
        inviteeIds=[str(cast.id("高远"))],
        invitesCommittees=True,
    )
    activity = await opened(admin, cast, body)
    invited = {cast.id(name) for name in ("高远", "周婷", "王立强")}
    assert {str(person) for person in invited} == set(activity["inviteeIds"])
    for name in ("高远", "周婷", "王立强"):
        guardian = await as_(name)
        assert (await seen(guardian, activity))["inviteeIds"] == []
        assert await inbox_of(cast, name, "activities.opened") == 1
    for name in ("李建国", "马静", "孙海燕"):
        guardian = await as_(name)
        assert (await guardian.get(f"/activities/{activity['id']}")).status_code == 404
    assert await listed(await as_("李建国"), cast) == []
    ticket = await register(await as_("周婷"), cast, activity["sessions"][0]["id"], "李沐阳")
    assert ticket.json()["state"] == "confirmed"
    refused = await register(await as_("李建国"), cast, activity["sessions"][0]["id"], "李沐阳")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


async def test_only_guardians_within_the_audience_are_invited(as_: SignIn, cast: Cast) -> None:
    body = open_day(cast, kind="forum", mode="invited", inviteeIds=[str(cast.id("孙海燕"))])
    answer = await write(await as_("许建安"), cast, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_guardian")


async def test_a_session_added_to_an_open_activity_can_be_booked(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast))
    body, key = session("加场", 120), {"Idempotency-Key": "one-more-session"}
    path = f"/activities/{activity['id']}/sessions"
    answers = [await admin.post(path, json=body, headers=key) for _ in range(2)]
    assert [len(answer.json()["sessions"]) for answer in answers] == [2, 2]
    more = named(answers[0].json(), "加场")
    assert (await register(await as_("高远"), cast, more, "高星辰")).json()["state"] == "confirmed"
    late = await admin.post(path, json=session("昨天", -60 * 24 * 9))
    assert late.json()["code"] == "bad_activity_dates"
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404)):
        assert (await (await as_(name)).post(path, json=body)).status_code == status


async def test_calling_off_ends_every_session_and_tells_those_concerned(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("高远")
    activity = await opened(admin, cast, open_day(cast, session("参观"), session("座谈", 60)))
    assert (await register(father, cast, named(activity, "参观"), "高星辰")).status_code == 200
    path = f"/activities/{activity['id']}/cancellation"
    for name, status in (("林晓岚", 403), ("高远", 404), ("何清越", 404)):
        answer = await (await as_(name)).put(path, json={"reason": "台风"})
        assert answer.status_code == status
    for _ in range(2):
        gone = (await admin.put(path, json={"reason": "台风预警"})).json()
        assert (gone["state"], gone["reason"]) == ("cancelled", "台风预警")
    untold = await fetch("SELECT person_id, became FROM booking_moves WHERE NOT told")
    assert [(row["person_id"], row["became"]) for row in untold] == [
        (cast.id("高远"), "school_cancelled")
    ]
    mine = await seen(father, activity)
    assert {one["slot"]["state"] for one in mine["sessions"]} == {"cancelled"}
    refused = await register(father, cast, named(activity, "座谈"), "高星辰")
    assert (refused.status_code, refused.json()["code"]) == (409, "called_off")
    assert (await admin.put(f"/activities/{activity['id']}/opening")).status_code == 409


async def test_an_organiser_who_left_the_office_answers_for_it_no_longer(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    body = open_day(cast, kind="lecture", nodeIds=[str(cast.classes["海湾/三年级/1班"].id)])
    activity = await opened(teacher, cast, body)
    assert activity["organiserTitle"] == "班主任"
    await fetch(
        "UPDATE standings SET class_id = $2 WHERE person_id = $1 RETURNING id",
        cast.id("林晓岚"),
        cast.classes["海湾/一年级/2班"].id,
    )
    assert (await seen(teacher, activity))["manages"] is False
    path = f"/activities/{activity['id']}/cancellation"
    assert (await teacher.put(path, json={"reason": "台风预警"})).status_code == 403


async def test_a_school_that_switched_activities_off_has_none(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("高远")
    activity = await opened(admin, cast, open_day(cast))
    switched = await admin.put(
        f"/schools/{cast.schools['海湾'].id}/features", json={"functions": {"activities": False}}
    )
    assert switched.status_code == 200, switched.text
    for visitor in (admin, father):
        assert (await visitor.get(f"/activities/{activity['id']}")).status_code == 404
        path = f"/schools/{cast.schools['海湾'].id}/activities"
        assert (await visitor.get(path)).status_code == 404
    taken = await register(father, cast, activity["sessions"][0]["id"], "高星辰")
    assert taken.status_code == 404
