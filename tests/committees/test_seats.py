"""Seats: who may hold one, how they come and go, and what they make of their holder."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.committees.operations import seats as operations
from backend.committees.rules.seats import WrongSeatState
from backend.database import execute, fetch
from backend.people.models import Standing
from seed.cast import Cast
from tests.committees.standing_items import a_vote
from tests.committees.stories import (
    ADMIN,
    activate,
    active_committee,
    found,
    get,
    ok,
    refused,
    seat,
    seat_of,
    term,
)
from tests.house import SignIn

OFFICER = "沈知微"


async def a_draft(as_: SignIn, cast: Cast, **more: Any) -> dict[str, Any]:
    """Return a draft committee of class 三年级1班."""
    return await found(
        as_,
        ADMIN,
        cast.schools["海湾"].id,
        class_id=cast.classes["海湾/三年级/1班"].id,
        **more,
    )


async def roles_of(cast: Cast, name: str) -> list[str]:
    """Return the committee standings somebody holds now."""
    rows = await fetch(
        "SELECT role FROM standings WHERE person_id = $1 AND valid_until IS NULL "
        "AND role LIKE 'committee%' ORDER BY role",
        cast.id(name),
    )
    return [row["role"] for row in rows]


async def letters(cast: Cast, name: str) -> list[str]:
    """Return the occasions of which somebody has been told about committees."""
    rows = await fetch(
        "SELECT l.occasion FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE i.person_id = $1 AND l.occasion LIKE 'committees.%' ORDER BY l.id",
        cast.id(name),
    )
    return [row["occasion"].removeprefix("committees.") for row in rows]


@pytest.mark.parametrize(
    ("name", "eligible"),
    [
        ("周婷", True),
        ("王立强", True),
        ("赵德胜", False),  # A child in another class of the grade.
        ("孙海燕", False),  # A child at another school.
        ("钱进", False),  # A child in another district.
        ("林晓岚", False),  # On the staff, with no child here.
    ],
)
async def test_parents_sit_for_a_child_who_belongs_here(
    as_: SignIn, cast: Cast, name: str, eligible: bool
) -> None:
    body = await a_draft(as_, cast)
    said = {"personId": str(cast.id(name)), "constituency": "parent"}
    answer = await (await as_(ADMIN)).post(f"/bodies/{body['id']}/seats", json=said)
    if eligible:
        assert ok(answer, 201)["studentId"]
    else:
        refused(answer, "not_eligible", 422)


@pytest.mark.parametrize("change", ["can_vote = false", "restricted = true", "valid_until = now()"])
async def test_a_guardian_without_a_vote_has_no_seat(as_: SignIn, cast: Cast, change: str) -> None:
    body = await a_draft(as_, cast)
    await execute(f"UPDATE guardianships SET {change} WHERE person_id = $1", cast.id("高远"))
    said = {"personId": str(cast.id("高远")), "constituency": "parent"}
    answer = await (await as_(ADMIN)).post(f"/bodies/{body['id']}/seats", json=said)
    refused(answer, "not_eligible", 422)


async def test_nobody_and_somebody_ineligible_are_refused_alike(as_: SignIn, cast: Cast) -> None:
    admin, body = await as_(ADMIN), await a_draft(as_, cast)
    problems = []
    for person in (cast.id("孙海燕"), uuid4()):
        said = {"personId": str(person), "constituency": "parent"}
        problem = refused(
            await admin.post(f"/bodies/{body['id']}/seats", json=said), "not_eligible", 422
        )
        problems.append({key: value for key, value in problem.items() if key != "requestId"})
    assert problems[0] == problems[1]


async def test_a_parent_may_say_for_which_child(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    younger, other = cast.children["王子萱"].id, cast.children["李沐阳"].id
    said = {"personId": str(cast.id("王立强")), "constituency": "parent"}
    path = f"/bodies/{body['id']}/seats"
    refused(await admin.post(path, json=said | {"studentId": str(other)}), "not_eligible", 422)
    made = ok(await admin.post(path, json=said | {"studentId": str(younger)}), 201)
    assert made["studentId"] == str(younger)
    refused(await admin.post(path, json=said), "already_seated")


@pytest.mark.parametrize(
    ("name", "constituency", "eligible"),
    [
        ("林晓岚", "teacher", True),
        ("周慕云", "school_leader", True),
        ("罗以南", "teacher", False),
        ("王立强", "teacher", False),
        (OFFICER, "department", True),
        (OFFICER, "school_leader", False),
        ("王立强", "community", True),
        ("曹望舒", "department", False),
        ("孙海燕", "community", False),
        ("王立强", "committee", False),
    ],
)
async def test_who_may_speak_for_whom(
    as_: SignIn, cast: Cast, name: str, constituency: str, eligible: bool
) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, kind="working_group", level="school")
    said = {"personId": str(cast.id(name)), "constituency": constituency}
    answer = await (await as_(ADMIN)).post(f"/bodies/{body['id']}/seats", json=said)
    if eligible:
        ok(answer, 201)
    else:
        refused(answer, "not_eligible", 422)


async def test_people_from_outside_come_by_telephone_and_it_is_never_shown(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_(ADMIN)
    body = await found(
        as_, ADMIN, cast.schools["海湾"].id, kind="guidance_committee", level="school"
    )
    path = f"/bodies/{body['id']}/seats"
    said = {"constituency": "community", "name": "郑主任", "phone": "138 0013 8001"}
    answer = await admin.post(path, json=said | {"until": "serving"})
    made = ok(answer, 201)
    read = await admin.get(f"/bodies/{body['id']}")
    assert "13800138001" not in answer.text + read.text
    assert (made["name"], made["state"], made["inForce"]) == ("郑主任", "serving", True)
    [person] = await fetch("SELECT name FROM persons WHERE phone = '+8613800138001'")
    assert person["name"] == "郑主任"
    # A number that is somebody's already shows nothing of theirs.
    taken = {"constituency": "expert", "name": "某专家", "phone": cast.people["孙海燕"].phone}
    made = ok(await admin.post(path, json=taken), 201)
    assert made["name"] == "某专家"
    refused(await admin.post(path, json=said | {"constituency": "teacher"}), "not_eligible", 422)
    refused(await admin.post(path, json=said | {"phone": "059212345678"}), "bad_phone", 400)
    for wrong in (
        {"constituency": "community"},
        {"constituency": "community", "name": "只有名字"},
        {"constituency": "community", "phone": "13800138003"},
        said | {"personId": str(cast.id("王立强"))},
        {"constituency": "community", "personId": str(cast.id("王立强")), "until": "elected"},
        {"constituency": "community", "personId": str(cast.id("王立强")), "until": "ended"},
    ):
        assert (await admin.post(path, json=wrong)).status_code == 400, wrong


async def test_a_seat_goes_from_nominated_to_serving_to_ended(as_: SignIn, cast: Cast) -> None:
    admin, body = await as_(ADMIN), await active_committee(as_, cast, "周婷")
    made = await seat(as_, ADMIN, body["id"], cast.id("高远"), until="nominated")
    path = f"/seats/{made['id']}"
    refused(await admin.put(f"{path}/service"), "wrong_seat_state")
    assert ok(await admin.put(f"{path}/appointment"))["state"] == "appointed"
    refused(await admin.put(f"{path}/appointment"), "wrong_seat_state")
    assert await roles_of(cast, "高远") == []
    assert ok(await admin.put(f"{path}/service"))["inForce"] is True
    assert await roles_of(cast, "高远") == ["committee_member"]
    assert (
        ok(await admin.put(f"{path}/role", json={"role": "secretary", "office": "记录"}))["office"]
        == "记录"
    )
    holder = await as_("高远")
    assert ok(await holder.put(f"{path}/resignation"))["endedReason"] == "resigned"
    # Its holder is a guardian of the class still, and an ended seat of theirs ended for good.
    refused(await holder.put(f"{path}/resignation"), "wrong_seat_state")
    for act, said in (
        ("appointment", None),
        ("service", None),
        ("role", {"role": "member"}),
        ("ending", {"reason": "免去"}),
    ):
        refused(await admin.put(f"{path}/{act}", json=said), "wrong_seat_state")
    assert await roles_of(cast, "高远") == []
    assert await letters(cast, "高远") == ["seat_given", "seat_ended"]


async def test_nobody_resigns_for_another(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "高远")
    path = f"/seats/{seat_of(body, '高远')['id']}/resignation"
    for name, status in (("周婷", 403), (ADMIN, 403), ("李建国", 403), ("赵德胜", 404)):
        assert (await (await as_(name)).put(path)).status_code == status, name


async def test_a_seat_is_ended_with_a_reason_that_the_trail_keeps(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "高远")
    path = f"/seats/{seat_of(body, '高远')['id']}/ending"
    assert (await (await as_("周婷")).put(path, json={"reason": "不合适"})).status_code == 404
    ended = ok(await (await as_(ADMIN)).put(path, json={"reason": "多次无故缺席"}))
    assert (ended["state"], ended["endedReason"]) == ("ended", "dismissed")
    [entry] = await fetch("SELECT facts FROM audit_entries WHERE action = 'committees.seat_ended'")
    assert "多次无故缺席" in str(entry["facts"])
    # The place is free again for the same person.
    await seat(as_, ADMIN, body["id"], cast.id("高远"))


async def test_standings_come_and_go_with_seats_and_others_stay(as_: SignIn, cast: Cast) -> None:
    # 周婷 held both standings before there were seats; 高远 held none.
    assert await roles_of(cast, "周婷") == ["committee_chair", "committee_member"]
    body = await a_draft(as_, cast)
    chair = await seat(as_, ADMIN, body["id"], cast.id("周婷"), role="chair")
    member = await seat(as_, ADMIN, body["id"], cast.id("高远"))
    assert await roles_of(cast, "高远") == []
    assert await letters(cast, "高远") == []
    await activate(as_, ADMIN, body["id"])
    assert await roles_of(cast, "高远") == ["committee_member"]
    [given] = await Standing.filter(person_id=cast.id("高远"), role="committee_member")
    assert given.class_id == cast.classes["海湾/三年级/1班"].id
    ok(await (await as_(ADMIN)).put(f"/bodies/{body['id']}/chair", json={"seatId": member["id"]}))
    assert await roles_of(cast, "高远") == ["committee_chair"]
    assert await roles_of(cast, "周婷") == ["committee_chair", "committee_member"]
    for one in (member, chair):
        ok(await (await as_(ADMIN)).put(f"/seats/{one['id']}/ending", json={"reason": "换届"}))
    assert await roles_of(cast, "高远") == []
    assert await roles_of(cast, "周婷") == ["committee_chair", "committee_member"]


async def test_a_standing_passes_from_one_terms_seat_to_the_next(as_: SignIn, cast: Cast) -> None:
    old = await active_committee(as_, cast, "周婷", "高远")
    await execute("UPDATE bodies SET term_until = current_date - 2 WHERE id = $1", old["id"])
    new = await active_committee(as_, cast, "周婷", "高远", **term(begins=-1))
    assert await roles_of(cast, "高远") == ["committee_member"]
    ok(await (await as_(ADMIN)).put(f"/bodies/{old['id']}/ending", json={"reason": "换届"}))
    assert await roles_of(cast, "高远") == ["committee_member"]
    ok(await (await as_(ADMIN)).put(f"/bodies/{new['id']}/ending", json={"reason": "撤销"}))
    assert await roles_of(cast, "高远") == []


async def test_a_certified_vote_elects_a_nominee_once(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷")
    made = await seat(as_, ADMIN, body["id"], cast.id("高远"), until="nominated")
    vote = await a_vote(cast)
    seat_id, by = UUID(made["id"]), cast.id("周婷")
    elected = await operations.seat_elected(seat_id, vote, by=by)
    assert elected.state == "elected"
    await operations.seat_elected(seat_id, vote, by=by)
    served = await operations.seat_elected(seat_id, vote, by=by, serves=True)
    assert (served.state, served.vote_id) == ("serving", vote)
    assert (await operations.seat_elected(seat_id, vote, by=by, serves=True)).state == "serving"
    with pytest.raises(WrongSeatState):
        await operations.seat_elected(seat_id, await a_vote(cast), by=by)
    shown = seat_of(await get(await as_(ADMIN), body), "高远")
    assert (shown["state"], shown["inForce"]) == ("serving", True)
