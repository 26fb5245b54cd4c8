"""Volunteers: applying, being approved for this and that, pausing, leaving, being suspended."""

import pytest

from backend import clock
from backend.bookings.operations import qualifications
from backend.database import execute, fetch
from backend.people.models import Guardianship
from backend.volunteering import jobs
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import a_shift, booked, next_weekday, volunteers


async def keys_of(cast: Cast, name: str) -> set[str]:
    rows = await fetch("SELECT key FROM qualifications WHERE person_id = $1", cast.id(name))
    return {row["key"] for row in rows}


async def test_a_parent_applies_is_approved_and_may_do_what_was_approved(
    as_: SignIn, cast: Cast
) -> None:
    school, father, admin = cast.schools["海湾"].id, await as_("王立强"), await as_("许建安")
    url = f"/schools/{school}/volunteer"
    assert (await father.get(url)).status_code == 404
    profile = {
        "duties": ["guidance", "patrol"],
        "skills": ["急救"],
        "weekdays": [1, 3],
        "mentorOffers": ["career"],
        "lectureTopics": ["家庭用电安全"],
        "note": "周五下午不便",
    }
    made = (await father.put(url, json=profile)).json()
    assert made["state"] == "applied"
    assert {wish["state"] for wish in made["duties"]} == {"wanted"}
    assert await keys_of(cast, "王立强") == set()
    yes = {"approved": True, "duties": ["guidance"]}
    decided = (await admin.put(f"/volunteers/{made['id']}/decision", json=yes)).json()
    assert decided["state"] == "active"
    assert {w["duty"]: w["state"] for w in decided["duties"]} == {
        "guidance": "approved",
        "patrol": "refused",
    }
    assert await keys_of(cast, "王立强") == {"volunteer", "duty:guidance"}
    letters = (await father.get("/inbox")).json()["items"]
    assert [letter["title"] for letter in letters] == ["您的志愿者申请有新进展"]
    changed = (await father.put(url, json={**profile, "duties": ["patrol"]})).json()
    assert changed["state"] == "active"
    assert await keys_of(cast, "王立强") == {"volunteer"}


async def test_a_school_that_trusts_everybody_approves_at_once_but_never_guidance(
    as_: SignIn, cast: Cast
) -> None:
    school, admin = cast.schools["海湾"].id, await as_("许建安")
    settings = f"/schools/{school}/volunteering-settings"
    decided = await admin.put(settings, json={"autoApprove": True})
    assert decided.json()["autoApprove"] is True
    made = await (await as_("刘敏")).put(
        f"/schools/{school}/volunteer", json={"duties": ["guidance"]}
    )
    assert made.json()["state"] == "active"
    assert await keys_of(cast, "刘敏") == {"volunteer"}


async def test_training_comes_before_the_first_shift(as_: SignIn, cast: Cast) -> None:
    school, admin = cast.schools["海湾"].id, await as_("许建安")
    course = "course:safe-at-school"
    await admin.put(f"/schools/{school}/volunteering-settings", json={"training": [course]})
    mother, url = await as_("刘敏"), f"/schools/{school}/volunteer"
    made = (await mother.put(url, json={})).json()
    decided = await admin.put(f"/volunteers/{made['id']}/decision", json={"approved": True})
    assert (decided.json()["state"], decided.json()["lacking"]) == ("approved", [course])
    assert await jobs.activate_trained() == 0
    assert await keys_of(cast, "刘敏") == set()
    await qualifications.grant(cast.id("刘敏"), school, course, by=None)
    assert [await jobs.activate_trained() for _ in range(2)] == [1, 0]
    assert (await mother.get(url)).json()["state"] == "active"


async def test_pausing_keeps_what_is_booked_and_takes_nothing_new(as_: SignIn, cast: Cast) -> None:
    school, admin, father = cast.schools["海湾"].id, await as_("许建安"), await as_("王立强")
    await volunteers(as_, cast, "王立强", duties=["mediation"])
    shift = await a_shift(admin, cast)
    later = await a_shift(admin, cast, starts_at=next_weekday(9))
    await booked(as_, shift, "王立强")
    url = f"/schools/{school}/volunteer/pause"
    for _ in range(2):
        assert (await father.put(url)).json()["state"] == "paused"
    assert await keys_of(cast, "王立强") == set()
    refused = await father.put(f"/slots/{later['slot']['id']}/booking", json={})
    assert refused.json()["code"] == "needs"
    mine = (await father.get(f"/slots/{shift['slot']['id']}/booking")).json()
    assert mine["state"] == "confirmed"
    for _ in range(2):
        assert (await father.delete(url)).status_code == 204
    assert await keys_of(cast, "王立强") == {"volunteer", "duty:mediation"}


async def test_leaving_gives_places_back_and_coming_back_asks_the_school_again(
    as_: SignIn, cast: Cast
) -> None:
    school, admin, father = cast.schools["海湾"].id, await as_("许建安"), await as_("王立强")
    await volunteers(as_, cast, "王立强")
    shift = await a_shift(admin, cast)
    await booked(as_, shift, "王立强")
    url = f"/schools/{school}/volunteer"
    for _ in range(2):
        assert (await father.delete(url)).status_code == 204
    assert (await father.get(url)).json()["state"] == "left"
    assert (await father.get(f"/slots/{shift['slot']['id']}")).json()["taken"] == 0
    assert await keys_of(cast, "王立强") == set()
    assert (await father.put(url, json={})).json()["state"] == "applied"


async def test_suspended_loses_every_place_to_come_with_the_reason_and_no_way_around(
    as_: SignIn, cast: Cast
) -> None:
    school, admin, father = cast.schools["海湾"].id, await as_("许建安"), await as_("王立强")
    [volunteer] = (await volunteers(as_, cast, "王立强")).values()
    shift = await a_shift(admin, cast, capacity=1)
    await booked(as_, shift, "王立强")
    await volunteers(as_, cast, "周婷")
    await booked(as_, shift, "周婷")
    reason = {"reason": "多次未按约到岗，请与德育处联系"}
    for _ in range(2):
        answer = await admin.put(f"/volunteers/{volunteer}/suspension", json=reason)
        assert answer.json()["state"] == "suspended"
    rows = await fetch("SELECT state FROM bookings WHERE person_id = $1", cast.id("王立强"))
    assert [row["state"] for row in rows] == ["cancelled"]
    aunt = (await (await as_("周婷")).get(f"/slots/{shift['slot']['id']}/booking")).json()
    assert aunt["state"] == "offered"
    again = await father.put(f"/schools/{school}/volunteer", json={})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_volunteer_state")
    bodies = [item["body"] for item in (await father.get("/inbox")).json()["items"]]
    assert any(reason["reason"] in body for body in bodies)
    taken_back = await admin.put(f"/volunteers/{volunteer}/decision", json={"approved": True})
    assert taken_back.json()["state"] == "active"


async def test_a_no_says_why_and_may_be_asked_again(as_: SignIn, cast: Cast) -> None:
    school, admin, father = cast.schools["海湾"].id, await as_("许建安"), await as_("王立强")
    url = f"/schools/{school}/volunteer"
    made = (await father.put(url, json={})).json()
    decision = f"/volunteers/{made['id']}/decision"
    assert (await admin.put(decision, json={"approved": False})).status_code == 400
    no = {"approved": False, "reason": "请先完成健康证明"}
    assert (await admin.put(decision, json=no)).json()["state"] == "rejected"
    assert (await father.get(url)).json()["reason"] == no["reason"]
    assert (await father.put(url, json={})).json()["state"] == "applied"


async def test_only_guardians_of_the_school_volunteer_there(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/volunteer"
    teacher = await (await as_("林晓岚")).put(url, json={})
    assert (teacher.status_code, teacher.json()["code"]) == (403, "not_a_guardian_here")
    for name, status in (("孙海燕", 404), ("钱进", 404), ("沈知微", 403), ("何清越", 404)):
        assert (await (await as_(name)).put(url, json={})).status_code == status, name


async def test_without_consent_nobody_is_asked_for_anything(as_: SignIn, cast: Cast) -> None:
    await execute("UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", cast.id("高远"))
    answer = await (await as_("高远")).put(f"/schools/{cast.schools['海湾'].id}/volunteer", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_first")


async def test_the_schools_list_is_filtered_paged_and_without_telephones(
    as_: SignIn, cast: Cast
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/volunteers"
    await volunteers(as_, cast, "王立强", mentorOffers=["club"], duties=["patrol"])
    await volunteers(as_, cast, "周婷", lectureTopics=["亲子阅读"])
    await (await as_("高远")).put(f"/schools/{cast.schools['海湾'].id}/volunteer", json={})
    page = (await admin.get(url, params={"limit": 2})).json()
    rest = await admin.get(url, params={"limit": 2, "cursor": page["nextCursor"]})
    assert [v["name"] for v in page["items"] + rest.json()["items"]] == ["王立强", "周婷", "高远"]
    assert rest.json()["nextCursor"] is None
    for wanted, names in (
        ({"standing": "applied"}, ["高远"]),
        ({"offer": "club"}, ["王立强"]),
        ({"duty": "patrol"}, ["王立强"]),
        ({"lectures": "true"}, ["周婷"]),
    ):
        found = await admin.get(url, params=wanted)
        assert [v["name"] for v in found.json()["items"]] == names, wanted
        assert "1990000" not in found.text
    one = await admin.get(f"/volunteers/{page['items'][0]['id']}")
    assert one.json()["phone"] == "+8619900000101"
    principal = await (await as_("周慕云")).get(f"/volunteers/{page['items'][0]['id']}")
    assert principal.json() == one.json() | {"phone": ""}
    for name in ("林晓岚", "王立强", "何清越"):
        visitor = await as_(name)
        assert (await visitor.get(url)).status_code in (403, 404), name
        other = await visitor.put(
            f"/volunteers/{page['items'][0]['id']}/suspension", json={"reason": "不该能做"}
        )
        assert other.status_code == 404, name


@pytest.mark.parametrize("how", ["left the school", "restricted", "guardianship over"])
async def test_who_has_no_child_here_any_more_keeps_no_place(
    as_: SignIn, cast: Cast, how: str
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, "高远", "周婷")
    shift = await a_shift(admin, cast)
    await booked(as_, shift, "高远", "周婷")
    assert await jobs.end_without_child() == 0
    if how == "left the school":
        await execute("UPDATE students SET left_at = now() WHERE name = '高星辰'")
    else:
        change = {"restricted": True} if how == "restricted" else {"valid_until": clock.now()}
        await Guardianship.filter(person_id=cast.id("高远")).update(**change)
    assert [await jobs.end_without_child() for _ in range(2)] == [1, 0]
    rows = await fetch(
        "SELECT p.name, b.state FROM bookings b JOIN persons p ON p.id = b.person_id ORDER BY 1"
    )
    assert [(row["name"], row["state"]) for row in rows] == [
        ("周婷", "confirmed"),
        ("高远", "cancelled"),
    ]
    assert await keys_of(cast, "高远") == set()
