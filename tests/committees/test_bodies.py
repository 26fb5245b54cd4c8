"""Bodies: founded, complete, begun, ended, founded anew."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend.committees.jobs import seats as jobs
from backend.committees.models import Body
from backend.database import execute, fetch
from seed.cast import Cast
from tests.committees.standing_items import an_item
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
    today,
)
from tests.house import SignIn, Visitor

OFFICER = "沈知微"
OUTSIDE = [
    ("community", "新店社区 郑主任", "13800138001"),
    ("department", "区妇联 蔡主任", "13800138002"),
]


async def listed(visitor: Visitor, cast: Cast, school: str = "海湾", **query: str) -> list[str]:
    items = ok(await visitor.get(f"/schools/{cast.schools[school].id}/bodies", params=query))
    return [one["name"] for one in items["items"]]


async def test_a_class_has_a_committee_and_its_families_see_it(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强", "高远", secretary="马静")
    assert (body["state"], body["chair"], body["seats"]) == ("active", "周婷", 4)
    assert (body["place"], body["missing"]) == ("海湾实验小学三年级1班", [])
    seen = await get(await as_("李建国"), body)
    assert [one["name"] for one in seen["members"]] == ["周婷", "马静", "王立强", "高远"]
    assert (seat_of(seen, "周婷")["personId"], seen["myRole"], seen["mayRun"]) == (None,) * 2 + (
        False,
    )
    mine = ok(await (await as_("马静")).get("/me/seats"))["items"]
    assert [(one["id"], one["myRole"]) for one in mine] == [(body["id"], "secretary")]
    assert ok(await (await as_("李建国")).get("/me/seats"))["items"] == []


async def test_the_level_and_the_place_match(as_: SignIn, cast: Cast) -> None:
    """V12."""
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    here, there = cast.classes["海湾/三年级/1班"], cast.classes["莲塘/七年级/1班"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"level": "class"}, "classId"),
        ({"level": "class", "classId": str(there.id)}, "classId"),
        ({"level": "class", "classId": str(uuid4())}, "classId"),
        ({"level": "grade", "gradeId": str(there.grade_id)}, "gradeId"),
        ({"level": "class", "classId": str(here.id), "gradeId": str(here.grade_id)}, "gradeId"),
        ({"level": "school", "classId": str(here.id)}, "classId"),
        ({"level": "district"}, "level"),
        ({"level": "class", "classId": str(here.id), "kind": "working_group"}, "level"),
        ({"level": "district", "kind": "task_force"}, "level"),
    ]
    for members, field in wrong:
        body = {"kind": "parent_committee", "name": "家委会", **term(), **members}
        problem = refused(
            await admin.post(f"/schools/{school}/bodies", json=body), "wrong_level", 422
        )
        assert problem["facts"]["field"] == field, members
    first = today()
    for until in (first, first - timedelta(days=1), first + timedelta(days=4000)):
        body = {"kind": "parent_committee", "level": "school", "name": "家委会"}
        days = {"termFrom": first.isoformat(), "termUntil": until.isoformat()}
        refused(await admin.post(f"/schools/{school}/bodies", json=body | days), "bad_term", 422)


async def test_a_place_has_one_committee_a_term(as_: SignIn, cast: Cast) -> None:
    school = cast.schools["海湾"].id
    body = await found(as_, ADMIN, school, level="school", **term())
    admin = await as_(ADMIN)
    again = {"kind": "parent_committee", "level": "school", "name": "又一个"}
    for days in (term(), term(begins=335), term(begins=-300)):
        refused(await admin.post(f"/schools/{school}/bodies", json=again | days), "body_exists")
    later = term(begins=336)
    ok(await admin.post(f"/schools/{school}/bodies", json=again | later), 201)
    # Alliances may be several, and other kinds stand beside it.
    for kind in ("alliance", "alliance", "guidance_committee"):
        await found(as_, ADMIN, school, kind=kind, level="school")
    # One that has ended makes room.
    ok(await admin.put(f"/bodies/{body['id']}/ending", json={"reason": "重新筹备"}))
    ok(await admin.post(f"/schools/{school}/bodies", json=again | term()), 201)


async def test_the_database_holds_one_a_place_by_itself(as_: SignIn, cast: Cast) -> None:
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    columns = (
        "kind, level, district_id, school_id, name, remit, state, term_from, term_until, "
        "founded_by, created_at"
    )
    with pytest.raises(Exception, match="one_body_a_place"):
        await execute(
            f"INSERT INTO bodies (id, {columns}) SELECT uuidv7(), {columns} FROM bodies "
            "WHERE id = $1",
            body["id"],
        )


async def test_a_coeducation_committee_begins_with_all_four(as_: SignIn, cast: Cast) -> None:
    """V07."""
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    body = await found(
        as_, ADMIN, school, kind="coeducation_committee", level="school", name="家校共育委员会"
    )
    path = f"/bodies/{body['id']}/activation"
    assert len(body["missing"]) == 4
    await seat(
        as_, ADMIN, body["id"], cast.id("周慕云"), constituency="school_leader", role="chair"
    )
    await seat(as_, ADMIN, body["id"], cast.id("林晓岚"), constituency="teacher")
    parent = await seat(as_, ADMIN, body["id"], cast.id("王立强"), until="appointed")
    problem = refused(await admin.put(path), "constituencies_missing")
    assert problem["facts"]["missing"] == ["parent", "community"]
    ok(await admin.put(f"/seats/{parent['id']}/service"))
    person = {"constituency": "community", "name": "郑主任", "phone": "13800138001"}
    ok(await admin.post(f"/bodies/{body['id']}/seats", json=person | {"until": "serving"}), 201)
    begun = ok(await admin.put(path))
    assert (begun["state"], begun["seats"], begun["missing"]) == ("active", 4, [])
    wrong = {"personId": str(cast.id("陈启明")), "constituency": "expert"}
    answer = await admin.post(f"/bodies/{body['id']}/seats", json=wrong)
    refused(answer, "wrong_constituency", 422)


async def test_a_working_group_begins_with_all_five(as_: SignIn, cast: Cast) -> None:
    """V08."""
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    await active_committee(as_, cast, "周婷")
    body = await found(
        as_, ADMIN, school, kind="working_group", level="school", name="专项工作小组"
    )
    seats = [("周慕云", "school_leader"), (ADMIN, "division_leader"), ("周婷", "committee")]
    for name, constituency in seats:
        await seat(as_, ADMIN, body["id"], cast.id(name), constituency=constituency)
    problem = refused(await admin.put(f"/bodies/{body['id']}/activation"), "constituencies_missing")
    assert problem["facts"]["missing"] == ["department", "community"]
    for constituency, name, phone in OUTSIDE:
        person = {"constituency": constituency, "name": name, "phone": phone, "until": "serving"}
        ok(await admin.post(f"/bodies/{body['id']}/seats", json=person), 201)
    refused(await admin.put(f"/bodies/{body['id']}/activation"), "chair_missing")
    chair = seat_of(await get(admin, body), "周慕云")
    ok(await admin.put(f"/bodies/{body['id']}/chair", json={"seatId": chair["id"]}))
    assert (await activate(as_, ADMIN, body["id"]))["chair"] == "周慕云"


async def test_a_body_begins_within_its_term(as_: SignIn, cast: Cast) -> None:
    admin = await as_(ADMIN)
    body = await found(as_, ADMIN, cast.schools["海湾"].id, level="school", **term(begins=2))
    await seat(as_, ADMIN, body["id"], cast.id("周婷"), role="chair")
    refused(await admin.put(f"/bodies/{body['id']}/activation"), "outside_term")
    said = {"name": "校家委会", "remit": "沟通家校", **term()}
    changed = ok(await admin.put(f"/bodies/{body['id']}", json=said))
    assert changed["remit"] == "沟通家校"
    # Its seats' term is the body's, wherever it was moved to.
    assert changed["members"][0]["termFrom"] == said["termFrom"]
    await activate(as_, ADMIN, body["id"])
    refused(await admin.put(f"/bodies/{body['id']}", json=said), "wrong_body_state")
    refused(await admin.put(f"/bodies/{body['id']}/activation"), "wrong_body_state")


async def test_a_body_ends_with_its_seats_and_stays_readable(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强")
    admin = await as_(ADMIN)
    path = f"/bodies/{body['id']}/ending"
    await an_item(cast, body, state="voting")
    refused(await admin.put(path, json={"reason": "班级合并"}), "business_open")
    await execute("UPDATE agenda_items SET state = 'decided', outcome = 'failed'")
    ended = ok(await admin.put(path, json={"reason": "班级合并"}))
    assert (ended["state"], ended["members"], ended["endedReason"]) == ("ended", [], "班级合并")
    refused(await admin.put(path, json={"reason": "再来一次"}), "wrong_body_state")
    refused(await admin.put(f"/bodies/{body['id']}/activation"), "wrong_body_state")
    father = await as_("李建国")
    assert (await get(father, body))["state"] == "ended"
    assert await listed(father, cast) == []
    assert await listed(father, cast, ended="true") == [body["name"]]
    past = ok(await admin.get(f"/bodies/{body['id']}/past-seats"))["items"]
    assert {(one["name"], one["endedReason"]) for one in past} == {
        ("周婷", "body_ended"),
        ("王立强", "body_ended"),
    }


async def test_a_body_is_founded_anew_without_its_seats(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强")
    admin = await as_(ADMIN)
    path = f"/bodies/{body['id']}/next-term"
    draft = await found(as_, ADMIN, cast.schools["海湾"].id, level="school")
    answer = await admin.post(f"/bodies/{draft['id']}/next-term", json=term(begins=400))
    refused(answer, "wrong_body_state")
    refused(await admin.post(path, json=term(begins=10)), "body_exists")
    refused(await admin.post(path, json=term(begins=-400)), "bad_term", 422)
    anew = ok(await admin.post(path, json=term(begins=336)), 201)
    assert (anew["state"], anew["members"], anew["name"]) == ("draft", [], body["name"])
    assert (anew["classId"], anew["level"]) == (body["classId"], "class")
    assert (await get(admin, body))["seats"] == 2


async def test_a_term_that_is_over_ends_the_body(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强")
    chair = await as_("周婷")
    await execute("UPDATE bodies SET term_from = $1, term_until = $2", *_gone())
    await execute("UPDATE seats SET term_from = $1, term_until = $2", *_gone())
    # Nobody sits on it from that day on, whether or not the round has come by.
    assert (await get(chair, body))["myRole"] is None
    await jobs.end_lapsed()
    await jobs.end_lapsed()
    row = await Body.get(id=body["id"])
    assert (row.state, row.ended_reason) == ("ended", "任期届满")
    seats = await fetch("SELECT DISTINCT state, ended_reason FROM seats")
    assert seats == [{"state": "ended", "ended_reason": "term_over"}]


def _gone() -> tuple[object, object]:
    return today() - timedelta(days=400), today() - timedelta(days=1)
