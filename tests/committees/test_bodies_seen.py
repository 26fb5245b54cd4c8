"""Who sees which bodies, and who runs them."""

from typing import Any

import pytest

from seed.cast import Cast
from tests.bench.counting import counted
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
from tests.house import SignIn, Visitor

OFFICER = "沈知微"
OUTSIDE = [
    ("community", "新店社区 郑主任", "13800138001"),
    ("department", "区妇联 蔡主任", "13800138002"),
]


async def listed(visitor: Visitor, cast: Cast, school: str = "海湾", **query: str) -> list[str]:
    items = ok(await visitor.get(f"/schools/{cast.schools[school].id}/bodies", params=query))
    return [one["name"] for one in items["items"]]


async def test_everybody_is_shown_the_bodies_that_concern_them(as_: SignIn, cast: Cast) -> None:
    await active_committee(as_, cast, "周婷", name="三1家委会")
    await active_committee(as_, cast, "赵德胜", class_="海湾/三年级/2班", name="三2家委会")
    await active_committee(
        as_, cast, "高远", level="grade", grade="海湾/三年级", name="三年级家委会"
    )
    await active_committee(as_, cast, "王立强", level="school", name="校家委会")
    await found(as_, ADMIN, cast.schools["海湾"].id, kind="alliance", level="school", name="教联体")
    theirs = {
        ADMIN: ["教联体", "校家委会", "三年级家委会", "三1家委会", "三2家委会"],
        "周慕云": ["教联体", "校家委会", "三年级家委会", "三1家委会", "三2家委会"],
        "林晓岚": ["校家委会", "三年级家委会", "三1家委会", "三2家委会"],
        OFFICER: ["校家委会", "三年级家委会", "三1家委会", "三2家委会"],
        "李建国": ["校家委会", "三年级家委会", "三1家委会"],
        "赵德胜": ["校家委会", "三年级家委会", "三2家委会"],
        "王立强": ["校家委会", "三年级家委会", "三1家委会"],
    }
    for name, expected in theirs.items():
        assert await listed(await as_(name), cast) == expected, name
    for stranger in ("何清越", "孙海燕", "曹望舒"):
        answer = await (await as_(stranger)).get(f"/schools/{cast.schools['海湾'].id}/bodies")
        assert answer.status_code == 404, stranger


async def test_a_draft_is_for_those_inside(as_: SignIn, cast: Cast) -> None:
    body = await found(
        as_, ADMIN, cast.schools["海湾"].id, class_id=cast.classes["海湾/三年级/1班"].id
    )
    await seat(as_, ADMIN, body["id"], cast.id("周婷"), role="chair")
    await seat(as_, ADMIN, body["id"], cast.id("高远"), until="nominated")
    assert len((await get(await as_("周婷"), body))["members"]) == 2
    for name in ("高远", "李建国", "林晓岚", OFFICER, "孙海燕", "何清越"):
        answer = await (await as_(name)).get(f"/bodies/{body['id']}")
        assert answer.status_code == 404, name


@pytest.mark.parametrize(
    ("founder", "school", "status"),
    [
        (ADMIN, "海湾", 201),
        ("周慕云", "海湾", 201),
        ("林晓岚", "海湾", 403),
        (OFFICER, "海湾", 403),
        ("周婷", "海湾", 404),
        ("何清越", "海湾", 404),
        ("唐一苇", "海湾", 404),
        (ADMIN, "莲塘", 404),
    ],
)
async def test_who_runs_a_school_founds_its_bodies(
    as_: SignIn, cast: Cast, founder: str, school: str, status: int
) -> None:
    body = {"kind": "parent_committee", "level": "school", "name": "校家委会", **term()}
    client = await as_(founder)
    answer = await client.post(f"/schools/{cast.schools[school].id}/bodies", json=body)
    assert answer.status_code == status


async def test_a_district_has_bodies_of_its_own(as_: SignIn, cast: Cast) -> None:
    officer, path = await as_(OFFICER), f"/districts/{cast.district.id}/bodies"
    body = {"kind": "joint_meeting", "level": "district", "name": "家校社协同育人联席会", **term()}
    made = ok(await officer.post(path, json=body), 201)
    refused(
        await officer.post(path, json=body | {"level": "school", "kind": "alliance"}),
        "wrong_level",
        422,
    )
    await seat(as_, OFFICER, made["id"], cast.id(OFFICER), constituency="department", role="chair")
    await seat(as_, OFFICER, made["id"], cast.id("何清越"), constituency="school_leader")
    ok(await officer.put(f"/bodies/{made['id']}/activation"))
    assert [one["id"] for one in ok(await officer.get(path))["items"]] == [made["id"]]
    # Whoever sits on it finds it among their own; nobody else at the schools sees it.
    member = await as_("何清越")
    assert ok(await member.get("/me/seats"))["items"][0]["id"] == made["id"]
    assert (await get(member, made))["myRole"] == "member"
    for name, status in ((ADMIN, 403), ("王立强", 404), ("曹望舒", 404)):
        assert (await (await as_(name)).get(path)).status_code == status, name
        assert (await (await as_(name)).post(path, json=body)).status_code == status, name
    for name in (ADMIN, "王立强", "曹望舒", "周慕云"):
        assert (await (await as_(name)).get(f"/bodies/{made['id']}")).status_code == 404, name


async def test_which_organs_a_school_has(as_: SignIn, cast: Cast) -> None:
    path = f"/schools/{cast.schools['海湾'].id}/bodies/overview"
    admin = await as_(ADMIN)
    bare = ok(await admin.get(path))
    assert (bare["complete"], bare["grades"], bare["classes"]) == (
        False,
        {"places": 2, "committees": 0},
        {"places": 4, "committees": 0},
    )
    await active_committee(as_, cast, "周婷")
    await active_committee(as_, cast, "高远", level="grade", grade="海湾/三年级")
    await active_committee(as_, cast, "王立强", level="school")
    body = await found(
        as_, ADMIN, cast.schools["海湾"].id, kind="guidance_committee", level="school"
    )
    await seat(
        as_, ADMIN, body["id"], cast.id("周慕云"), constituency="school_leader", role="chair"
    )
    assert ok(await admin.get(path))["guidanceCommittee"] is False
    await activate(as_, ADMIN, body["id"])
    said = {"name": "海湾家长学校", "head": "周慕云", "openedOn": "2026-09-01"}
    ok(await admin.put(f"/schools/{cast.schools['海湾'].id}/parent-school", json=said))
    full = ok(await (await as_(OFFICER)).get(path))
    assert (full["complete"], full["threeLevels"], full["parentCommittee"]) == (True, False, True)
    assert (full["grades"]["committees"], full["classes"]["committees"]) == (1, 1)
    for name in ("王立强", "何清越", "曹望舒"):
        assert (await (await as_(name)).get(path)).status_code == 404, name


async def test_a_school_that_has_no_committees_shows_none(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷")
    admin, here = await as_(ADMIN), f"/schools/{cast.schools['海湾'].id}"
    ok(await admin.put(f"{here}/features", json={"functions": {"committees": False}}))
    for name in (ADMIN, "周婷", OFFICER, "林晓岚"):
        client = await as_(name)
        assert (await client.get(f"/bodies/{body['id']}")).status_code == 404, name
        assert (await client.get(f"{here}/bodies")).status_code == 404, name
    mine = await (await as_("周婷")).get("/me/seats")
    assert mine.status_code == 404 or mine.json()["items"] == []


async def test_who_runs_another_school_runs_none_here(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, "周婷", "王立强")
    seat_id = seat_of(body, "王立强")["id"]
    base, own = f"/bodies/{body['id']}", f"/seats/{seat_id}"
    acts: list[tuple[str, str, Any]] = [
        ("PUT", base, {"name": "改名", **term()}),
        ("PUT", f"{base}/activation", None),
        ("PUT", f"{base}/ending", {"reason": "解散"}),
        ("POST", f"{base}/next-term", term(begins=400)),
        ("POST", f"{base}/seats", {"personId": str(cast.id("高远")), "constituency": "parent"}),
        ("GET", f"{base}/past-seats", None),
        ("PUT", f"{own}/appointment", None),
        ("PUT", f"{own}/service", None),
        ("PUT", f"{own}/role", {"role": "secretary"}),
        ("PUT", f"{own}/ending", {"reason": "免去"}),
    ]
    both = [("PUT", f"{base}/chair", {"seatId": seat_id}), ("PUT", f"{own}/resignation", None)]
    for name, status in (("何清越", 404), ("唐一苇", 404), ("林晓岚", 403), (OFFICER, 403)):
        client = await as_(name)
        for method, path, body_ in acts + both:
            if method == "POST":
                answer = await client.post(path, json=body_)
            else:
                answer = await client.request(method, path, json=body_)
            assert answer.status_code == status, (name, method, path)
    for name, status in (("孙海燕", 404), ("李建国", 403)):
        client = await as_(name)
        for method, path, body_ in both:
            assert (await client.request(method, path, json=body_)).status_code == status, path
        # What is for staff does not exist for families.
        for method, path, body_ in acts:
            headers = {"Idempotency-Key": "12345678"}
            answer = await client.request(method, path, json=body_, headers=headers)
            assert answer.status_code == 404, (name, path)


async def test_a_list_asks_as_many_questions_of_one_body_as_of_four(
    as_: SignIn, cast: Cast, dsn: str
) -> None:
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    body = await active_committee(as_, cast, "周婷", "高远")
    await listed(admin, cast)
    async with counted(dsn) as statements:
        await listed(admin, cast)
        one = await statements.count()
        statements.clear()
        await get(admin, body)
        alone = await statements.count()
    for name in ("三年级/2班", "一年级/1班", "一年级/2班"):
        await found(as_, ADMIN, school, class_id=cast.classes[f"海湾/{name}"].id)
    await seat(as_, ADMIN, body["id"], cast.id("王立强"))
    await listed(admin, cast)
    async with counted(dsn) as statements:
        assert len(await listed(admin, cast)) == 4
        assert await statements.count() == one
        statements.clear()
        assert len((await get(admin, body))["members"]) == 3
        assert await statements.count() == alone
