"""Registering for sessions: answers, limits, siblings, plans, and who sees the list."""

import asyncio

import pytest

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
from tests.house import SignIn

QUESTIONS = [
    {"key": "lunch", "label": "是否用餐", "kind": "yes_no", "required": True},
    {"key": "topic", "label": "想了解什么"},
]

OTHERS = (("李建国", "李沐阳"), ("赵德胜", "赵可心"), ("王立强", "王子墨"))


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


@pytest.mark.parametrize("is_full", [False, True])
async def test_a_limit_is_kept_when_two_guardians_tap_at_once(
    as_: SignIn, cast: Cast, is_full: bool
) -> None:
    sessions = [session(f"第{n}场", n * 60, capacity=1) for n in range(3)]
    activity = await opened(
        await as_("许建安"), cast, open_day(cast, *sessions, sessionsPerChild=1)
    )
    if is_full:
        for one, (name, child) in zip(activity["sessions"], OTHERS, strict=True):
            assert (await register(await as_(name), cast, one["id"], child)).status_code == 200
    father, mother = await as_("高远"), await as_("马静")
    answers = await asyncio.gather(
        *(
            register(guardian, cast, one["id"], "高星辰")
            for one in activity["sessions"]
            for guardian in (father, mother)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    live = await Booking.filter(
        person_id__in=[cast.id("高远"), cast.id("马静")], state__in=["confirmed", "waitlisted"]
    )
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
