"""The tree as those in it see it, zones and their lead school, departments."""

from datetime import date
from uuid import uuid4

import pytest

from backend.database import execute
from backend.people.operations import ties
from backend.schools import rules
from backend.schools.models import School, Stage, Zone, ZoneMembership
from backend.schools.operations import tree
from backend.web.actor import Role
from seed.cast import Cast
from tests.house import SignIn


async def test_a_school_shows_where_it_belongs(as_: SignIn, cast: Cast) -> None:
    school = cast.schools["海湾"]
    shown = (await (await as_("王立强")).get(f"/schools/{school.id}")).json()
    assert (shown["name"], shown["stage"], shown["code"]) == ("海湾实验小学", "primary", "XA-HW")
    assert (shown["districtName"], shown["townName"]) == ("翔安区", "新店街道")
    assert shown["zoneName"] == "海湾教联体实验区"


SIGHT = [
    ("王立强", "海湾", 200), ("林晓岚", "海湾", 200), ("许建安", "海湾", 200),
    ("周婷", "海湾", 200), ("沈知微", "海湾", 200), ("沈知微", "新圩", 200),
    ("王立强", "莲塘", 404), ("林晓岚", "莲塘", 404), ("许建安", "莲塘", 404),
    ("曹望舒", "海湾", 404), ("沈知微", "远山小学", 404), ("唐一苇", "海湾", 404),
]  # fmt: skip


@pytest.mark.parametrize(("who", "school", "status"), SIGHT)
async def test_a_school_is_seen_by_its_own_and_by_offices_above(
    as_: SignIn, cast: Cast, who: str, school: str, status: int
) -> None:
    visitor, here = await as_(who), f"/schools/{cast.schools[school].id}"
    for path in (here, f"{here}/classes", f"{here}/features"):
        assert (await visitor.get(path)).status_code == status, path


async def test_a_school_not_yours_looks_like_one_that_is_not_there(as_: SignIn, cast: Cast) -> None:
    parent = await as_("王立强")
    answers = []
    for school_id in (cast.schools["莲塘"].id, uuid4()):
        body = (await parent.get(f"/schools/{school_id}")).json()
        body.pop("requestId"), body.pop("instance")
        answers.append(body)
    assert answers[0] == answers[1]


async def test_a_zone_coordinator_sees_the_schools_of_the_zone_while_they_are_in_it(
    as_: SignIn, cast: Cast
) -> None:
    zone = await Zone.get(name="海湾教联体实验区")
    standing = await ties.appoint(cast.id("何清越"), Role.ZONE_COORDINATOR, cast.district)
    await execute("UPDATE standings SET zone_id = $2 WHERE id = $1", standing.id, zone.id)
    coordinator = await as_("何清越")
    assert (await coordinator.get(f"/schools/{cast.schools['海湾'].id}")).status_code == 200
    assert (await coordinator.get(f"/schools/{cast.schools['新圩'].id}")).status_code == 404
    await tree.set_lead(zone.id, cast.schools["莲塘"].id, by=None)
    await tree.leave_zone(zone.id, cast.schools["海湾"].id, date(2026, 11, 1))
    assert (await coordinator.get(f"/schools/{cast.schools['海湾'].id}")).status_code == 404


async def test_classes_stand_under_their_grades_in_order(as_: SignIn, cast: Cast) -> None:
    school = cast.schools["海湾"]
    grade = await tree.create_grade(school.id, "二年级", 1)
    for name in ("10班", "2班", "1班", "火炬班"):
        await tree.create_class(grade.id, name)
    shown = (await (await as_("许建安")).get(f"/schools/{school.id}/classes")).json()
    names = {g["name"]: [c["name"] for c in g["classes"]] for g in shown["items"]}
    assert names["二年级"] == ["1班", "2班", "10班", "火炬班"]
    assert list(names) == ["一年级", "二年级", "三年级"]
    assert shown["nextCursor"] is None


async def test_the_districts_schools_come_in_pages(as_: SignIn, cast: Cast) -> None:
    officer, here = await as_("沈知微"), f"/districts/{cast.district.id}/schools"
    first = (await officer.get(here, params={"limit": 2})).json()
    rest = (await officer.get(here, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    codes = [item["code"] for item in first["items"] + rest["items"]]
    assert codes == ["XA-HW", "XA-LT", "XA-XX"]
    assert rest["nextCursor"] is None
    forged = await officer.get(here, params={"cursor": first["nextCursor"][:-2] + "xx"})
    assert forged.json()["code"] == "bad_cursor"


async def test_a_district_is_seen_by_those_who_work_or_have_a_child_in_it(
    as_: SignIn, cast: Cast
) -> None:
    here, there = cast.district.id, cast.other_district.id
    for who in ("王立强", "林晓岚", "沈知微", "何清越"):
        visitor = await as_(who)
        for list_ in ("schools", "calendar", "departments", "zones"):
            assert (await visitor.get(f"/districts/{here}/{list_}")).status_code == 200
            assert (await visitor.get(f"/districts/{there}/{list_}")).status_code == 404


async def test_the_fifteen_departments_stand_in_the_order_of_their_signatures(
    as_: SignIn, cast: Cast
) -> None:
    shown = (await (await as_("沈知微")).get(f"/districts/{cast.district.id}/departments")).json()
    names = [item["name"] for item in shown["items"]]
    assert len(names) == 15
    assert (names[0], names[2], names[-1]) == ("教育局", "公安翔安分局", "关工委")
    assert "消防支队" in shown["items"][10]["aliases"]


async def test_zones_show_members_and_sums_only(as_: SignIn, cast: Cast) -> None:
    shown = (await (await as_("沈知微")).get(f"/districts/{cast.district.id}/zones")).json()
    (zone,) = shown["items"]
    assert zone["leadSchoolName"] == "海湾实验小学"
    assert [member["name"] for member in zone["members"]] == ["海湾实验小学", "莲塘中学"]
    assert zone["pupils"] == 6
    await execute("UPDATE students SET left_at = now() WHERE number IN ('20230101', '20230103')")
    shown = (await (await as_("沈知微")).get(f"/districts/{cast.district.id}/zones")).json()
    assert shown["items"][0]["pupils"] is None, "fewer than five are not told"


async def test_the_lead_school_is_a_member(as_: SignIn, cast: Cast) -> None:
    zone = await Zone.get(name="海湾教联体实验区")
    here = f"/districts/{cast.district.id}/zones/{zone.id}/lead-school"
    officer = await as_("沈知微")
    outside = await officer.put(here, json={"schoolId": str(cast.schools["新圩"].id)})
    assert (outside.status_code, outside.json()["code"]) == (409, "lead_not_a_member")
    member = await officer.put(here, json={"schoolId": str(cast.schools["莲塘"].id)})
    assert member.json()["leadSchoolId"] == str(cast.schools["莲塘"].id)
    admin = await as_("许建安")
    assert (
        await admin.put(here, json={"schoolId": str(cast.schools["海湾"].id)})
    ).status_code == 403
    stranger = await as_("曹望舒")
    assert (
        await stranger.put(here, json={"schoolId": str(cast.schools["海湾"].id)})
    ).status_code == 404
    await zone.refresh_from_db()
    assert zone.lead_school_id == cast.schools["莲塘"].id


async def test_a_zone_without_its_lead_among_the_members_is_not_made(cast: Cast) -> None:
    outsider = await tree.create_school(cast.district.id, "XA-ZZ", "新校", Stage.PRIMARY)
    with pytest.raises(rules.LeadNotAMember):
        await tree.create_zone(
            cast.district.id,
            "二区",
            lead_id=outsider.id,
            member_ids=[cast.schools["新圩"].id],
            since=date(2026, 9, 1),
        )
    assert not await Zone.filter(name="二区").exists()


async def test_a_school_is_in_one_zone_at_a_time(cast: Cast) -> None:
    zone = await Zone.get(name="海湾教联体实验区")
    with pytest.raises(rules.InAnotherZone):
        await tree.create_zone(
            cast.district.id,
            "二区",
            lead_id=cast.schools["海湾"].id,
            member_ids=[cast.schools["海湾"].id],
            since=date(2026, 9, 1),
        )
    with pytest.raises(rules.LeadCannotLeave):
        await tree.leave_zone(zone.id, cast.schools["海湾"].id, date(2027, 9, 1))
    with pytest.raises(rules.OtherDistrict):
        await tree.join_zone(zone.id, cast.schools["远山小学"].id, date(2026, 9, 1))
    await tree.leave_zone(zone.id, cast.schools["莲塘"].id, date(2027, 9, 1))
    await tree.create_zone(
        cast.district.id,
        "二区",
        lead_id=cast.schools["莲塘"].id,
        member_ids=[cast.schools["莲塘"].id],
        since=date(2027, 9, 1),
    )
    assert await ZoneMembership.filter(school_id=cast.schools["莲塘"].id).count() == 2


async def test_growing_the_tree_twice_changes_nothing(cast: Cast) -> None:
    school = cast.schools["海湾"]
    again = await tree.create_school(cast.district.id, school.code, "别的名字", Stage.PRIMARY)
    assert (again.id, again.name) == (school.id, "海湾实验小学")
    assert await School.filter(code=school.code).count() == 1
