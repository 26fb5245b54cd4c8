"""Parent schools: a school's own, the communities' and the district's; and how far they reach."""

from typing import Any

from backend.courses.models import ParentSchool
from backend.schools.models import DistrictRule, PolicyRule, RulePack, School, Town
from seed.cast import Cast
from tests.courses.stories import a_course, article, course, ok, refused, trail, write
from tests.house import SignIn, Visitor


def community(name: str = "新店社区家长学校", **more: Any) -> dict[str, Any]:
    return {"kind": "community", "name": name, "openedOn": "2026-09-10", **more}


async def opened(officer: Visitor, cast: Cast, **more: Any) -> dict[str, Any]:
    path = f"/districts/{cast.district.id}/parent-schools"
    return ok(await officer.post(path, json=community(**more)), 201)


async def test_a_school_says_what_its_parent_school_is(as_: SignIn, cast: Cast) -> None:
    path = f"/schools/{cast.schools['海湾'].id}/parent-school"
    body = {"name": "海湾家长学校", "head": "周慕云", "openedOn": "2026-09-01"}
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404), ("沈知微", 403)):
        assert (await (await as_(name)).put(path, json=body)).status_code == status, name
    made = ok(await (await as_("许建安")).put(path, json=body))
    assert (made["head"], made["openedOn"], made["kind"]) == ("周慕云", "2026-09-01", "school")
    again = ok(await (await as_("周慕云")).put(path, json={**body, "name": "海湾好父母学堂"}))
    assert again["id"] == made["id"] and again["name"] == "海湾好父母学堂"
    assert (await ParentSchool.filter(school_id=cast.schools["海湾"].id).count()) == 1
    assert ok(await (await as_("王立强")).get(path))["name"] == "海湾好父母学堂"
    assert (await (await as_("孙海燕")).get(path)).status_code == 404
    assert await trail(made["id"]) == ["courses.host_opened"] + ["courses.host_changed"] * 2


async def test_two_schools_of_one_name_both_get_a_parent_school(as_: SignIn, cast: Cast) -> None:
    await School.filter(id=cast.schools["莲塘"].id).update(name="海湾实验小学")
    ok(await write(await as_("林晓岚"), cast, course()), 201)
    ok(await write(await as_("何清越"), cast, course(), "莲塘"), 201)
    names = set(await ParentSchool.all().values_list("name", flat=True))
    assert names == {"海湾实验小学家长学校", "海湾实验小学家长学校（XA-LT）"}


async def test_the_district_registers_communities_and_itself(as_: SignIn, cast: Cast) -> None:
    officer = await as_("沈知微")
    town = await Town.get(district_id=cast.district.id)
    made = await opened(officer, cast, townId=str(town.id), head="陈明慧")
    assert (made["kind"], made["town"], made["schoolId"]) == ("community", town.name, None)
    path = f"/districts/{cast.district.id}/parent-schools"
    refused(await officer.post(path, json=community()), "host_name_taken")
    own = community("区家长学校", kind="district")
    ok(await officer.post(path, json=own), 201)
    refused(await officer.post(path, json={**own, "name": "又一所"}), "host_name_taken")
    assert (await officer.post(path, json=community("甲", kind="school"))).status_code == 400
    elsewhere = await Town.create(district_id=cast.other_district.id, name="远山镇")
    answer = await officer.post(path, json=community("乙", townId=str(elsewhere.id)))
    assert answer.status_code == 404
    for name, status in (("许建安", 403), ("王立强", 404), ("曹望舒", 404)):
        answer = await (await as_(name)).post(path, json=community("丙"))
        assert answer.status_code == status, name
    assert await trail(made["id"]) == ["courses.host_opened"]


async def test_a_community_that_closes_takes_no_new_courses(as_: SignIn, cast: Cast) -> None:
    officer = await as_("沈知微")
    made = await opened(officer, cast)
    at = f"/parent-schools/{made['id']}"
    ok(await officer.post(f"{at}/courses", json=course()), 201)
    early = {"closedOn": "2026-01-01"}
    assert (await officer.put(f"{at}/closing", json=early)).json()["code"] == "bad_closing"
    closed = {"closedOn": "2026-10-01"}
    for name, status in (("许建安", 403), ("王立强", 404), ("曹望舒", 404)):
        visitor = await as_(name)
        assert (await visitor.put(f"{at}/closing", json=closed)).status_code == status, name
    ok(await officer.put(f"{at}/closing", json=closed))
    refused(await officer.post(f"{at}/courses", json=course()), "host_closed")
    assert ok(await officer.put(f"{at}/closing", json={"closedOn": None}))["closedOn"] is None
    ok(await officer.post(f"{at}/courses", json=course()), 201)
    body = {"name": "新店好父母学堂", "openedOn": "2026-09-01"}
    assert ok(await officer.put(at, json=body))["name"] == "新店好父母学堂"
    assert (await (await as_("许建安")).put(at, json=body)).status_code == 403


async def test_a_schools_own_parent_school_is_not_the_officers(as_: SignIn, cast: Cast) -> None:
    made = ok(await write(await as_("林晓岚"), cast, course()), 201)
    at = f"/parent-schools/{made['hostId']}"
    body = {"name": "改名", "openedOn": "2026-09-01"}
    for name in ("沈知微", "许建安"):
        visitor = await as_(name)
        assert (await visitor.put(at, json=body)).status_code == 403
        assert (await visitor.put(f"{at}/closing", json={"closedOn": None})).status_code == 403
    # The staff of the school reach its courses at this address as well.
    ok(await (await as_("陈启明")).post(f"{at}/courses", json=course()), 201)
    assert (await (await as_("沈知微")).post(f"{at}/courses", json=course())).status_code == 403
    assert (await (await as_("何清越")).get(f"{at}/courses")).status_code == 403


async def test_coverage_counts_those_with_a_published_course_and_the_target_is_the_rules(
    as_: SignIn, cast: Cast
) -> None:
    officer = await as_("沈知微")
    path = f"/districts/{cast.district.id}/parent-schools"
    bare = ok(await officer.get(path))
    assert bare["items"] == []
    assert bare["coverage"] == {
        "schools": 3, "schoolsActive": 0, "communities": 0, "communitiesActive": 0,
        "percent": 0.0, "target": None, "binding": None, "source": None,
    }  # fmt: skip
    await opened(officer, cast)
    ok(await write(await as_("何清越"), cast, course(), "莲塘"), 201)
    made = await a_course(as_, cast, article())
    pack = await RulePack.create(key="jlp", name="九龙坡区", source="协同育人实施方案")
    rule = await PolicyRule.create(
        pack_id=pack.id, code="N25", subject="家长学校覆盖", scope="district", amount=100,
        unit="%", period="always",
    )  # fmt: skip
    await DistrictRule.create(district_id=cast.district.id, rule_id=rule.id, binding=False)
    found = ok(await officer.get(path))
    assert found["coverage"] == {
        "schools": 3, "schoolsActive": 1, "communities": 1, "communitiesActive": 0,
        "percent": 25.0, "target": 100, "binding": False, "source": "协同育人实施方案",
    }  # fmt: skip
    kinds = [(one["kind"], one["courses"]) for one in found["items"]]
    assert sorted(kinds) == [("community", 0), ("school", 0), ("school", 1)]
    why = {"reason": "内容过时"}
    ok(await (await as_("许建安")).put(f"/courses/{made['id']}/retirement", json=why))
    assert ok(await officer.get(path))["coverage"]["schoolsActive"] == 0


async def test_parent_schools_are_listed_for_the_staff_of_the_district(
    as_: SignIn, cast: Cast
) -> None:
    path = f"/districts/{cast.district.id}/parent-schools"
    for name, status in (("林晓岚", 200), ("何清越", 200), ("王立强", 404), ("周婷", 404),
                         ("唐一苇", 404), ("曹望舒", 404)):  # fmt: skip
        assert (await (await as_(name)).get(path)).status_code == status, name
