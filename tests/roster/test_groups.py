"""Named groups: who may make them, of whom, and what happens to them."""

from uuid import UUID, uuid4

from backend.roster import audiences
from seed.cast import Cast
from tests.house import SignIn


def body(name: str, students: list[UUID] | None = None, people: list[UUID] | None = None) -> object:
    return {
        "name": name,
        "studentIds": [str(student) for student in students or []],
        "personIds": [str(person) for person in people or []],
    }


async def test_an_administrator_groups_pupils_and_staff_of_the_school(
    as_: SignIn, cast: Cast
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    made = await admin.post(
        f"/schools/{school}/groups",
        json=body(
            "合唱团",
            [cast.children["王子墨"].id, cast.children["赵可心"].id],
            [cast.id("吴思远")],
        ),
    )
    assert made.status_code == 201, made.text
    group = made.json()
    assert [student["name"] for student in group["students"]] == ["王子墨", "赵可心"]
    assert group["students"][0]["className"] == "三年级1班"
    assert [person["name"] for person in group["staff"]] == ["吴思远"]
    key = audiences.key(UUID(group["id"]), "members")
    assert set(await audiences.page([key], None, 10)) == {
        cast.id(name) for name in ("王立强", "刘敏", "赵德胜", "吴思远")
    }
    listed = (await admin.get(f"/schools/{school}/groups")).json()["items"]
    assert [(g["name"], g["students"], g["staff"]) for g in listed] == [("合唱团", 2, 1)]


async def test_changing_a_group_leaves_exactly_the_new_members(as_: SignIn, cast: Cast) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    a, b = cast.children["王子墨"].id, cast.children["赵可心"].id
    made = (await admin.post(f"/schools/{school}/groups", json=body("足球", [a]))).json()
    changed = await admin.put(f"/groups/{made['id']}", json=body("足球队", [b]))
    assert changed.json()["name"] == "足球队"
    assert [student["name"] for student in changed.json()["students"]] == ["赵可心"]
    again = await admin.put(f"/groups/{made['id']}", json=body("足球队", [b]))
    assert again.json() == changed.json()
    assert (await admin.delete(f"/groups/{made['id']}")).status_code == 204
    assert (await admin.get(f"/groups/{made['id']}")).status_code == 404


async def test_members_from_elsewhere_are_refused(as_: SignIn, cast: Cast) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    outsiders = [
        body("甲", [cast.children["孙一诺"].id]),
        body("乙", [uuid4()]),
        body("丙", [], [cast.id("罗以南")]),
        body("丁", [], [cast.id("王立强"), cast.id("钱进")]),
    ]
    for wrong in outsiders:
        answer = await admin.post(f"/schools/{school}/groups", json=wrong)
        assert answer.json()["code"] == "member_outside"
    assert (await admin.get(f"/schools/{school}/groups")).json()["items"] == []


async def test_a_class_teacher_groups_pupils_of_their_own_class_only(
    as_: SignIn, cast: Cast
) -> None:
    teacher, school = await as_("林晓岚"), cast.schools["海湾"].id
    url = f"/schools/{school}/groups"
    own = await teacher.post(url, json=body("值日一组", [cast.children["王子墨"].id]))
    assert own.status_code == 201
    for wrong in (
        body("值日二组", [cast.children["赵可心"].id]),
        body("值日三组", [], [cast.id("吴思远")]),
    ):
        assert (await teacher.post(url, json=wrong)).json()["code"] == "member_outside"
    colleague = await as_("陈启明")
    assert (await colleague.get(f"/groups/{own.json()['id']}")).status_code == 404
    assert (await colleague.get(url)).json()["items"] == []
    admin = await as_("许建安")
    assert (await admin.get(f"/groups/{own.json()['id']}")).status_code == 200


async def test_a_name_is_used_once_in_a_school(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    url = f"/schools/{cast.schools['海湾'].id}/groups"
    assert (await admin.post(url, json=body("合唱团"))).status_code == 201
    assert (await admin.post(url, json=body("合唱团"))).json()["code"] == "group_name_taken"


async def test_others_may_not_group(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/groups"
    for name, status in (("吴思远", 403), ("郑佩文", 403), ("沈知微", 403), ("何清越", 404),
                         ("王立强", 404)):  # fmt: skip
        visitor = await as_(name)
        assert (await visitor.post(url, json=body("甲"))).status_code == status, name
        assert (await visitor.get(url)).status_code == status, name
