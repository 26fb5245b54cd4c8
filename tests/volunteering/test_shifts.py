"""Shifts: made by the school, found by families, said of each other no more than needed."""

from datetime import datetime, timedelta

import pytest

from backend.database import fetch
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import (
    a_shift,
    booked,
    next_weekday,
    served,
    shift_body,
    volunteers,
)

STRANGER = "019ab3c4-0000-7000-8000-000000000000"


async def test_a_shift_is_made_with_the_schools_defaults_and_booked_by_a_volunteer(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    shift = await a_shift(admin, cast, "canteen")
    slot = shift["slot"]
    assert (slot["title"], slot["capacity"], slot["minimum"]) == ("食堂管理", 2, 1)
    begins, ends, until = (slot[key] for key in ("startsAt", "endsAt", "cancelUntil"))
    read = datetime.fromisoformat
    assert read(ends) - read(begins) == timedelta(hours=2)
    assert read(begins) - read(until) == timedelta(days=1)
    assert "洗手" in shift["briefing"]
    seen = (await father.get(f"/shifts/{slot['id']}")).json()
    assert seen["slot"]["standing"]["code"] == "needs"
    assert seen["slot"]["standing"]["lacking"] == ["volunteer"]
    refused = await father.put(f"/slots/{slot['id']}/booking", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "needs")
    await volunteers(as_, cast, "王立强")
    taken = await father.put(f"/slots/{slot['id']}/booking", json={})
    assert taken.json()["state"] == "confirmed"
    assert (await father.get(f"/shifts/{slot['id']}")).json()["slot"]["standing"]["code"] == "mine"


async def test_the_same_key_makes_one_shift(as_: SignIn, cast: Cast) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shifts"
    key = {"Idempotency-Key": "the-same-shift"}
    body = shift_body()
    first, again = [await admin.post(url, json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert len((await admin.get(url)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"duty": "gossip"}, 422, "unknown_duty"),
        ({"duty": "after_school"}, 422, "teacher_needed"),
        ({"duty": "mediation", "briefing": "王子墨和李沐阳"}, 422, "discreet_duty"),
        ({"duty": "patrol", "minimum": 5}, 400, "bad_shift_numbers"),
        ({"duty": "patrol", "starts_at": next_weekday(-1)}, 400, "bad_shift_hours"),
        ({"duty": "patrol", "endsAt": next_weekday(4).isoformat()}, 400, "bad_shift_hours"),
        ({"duty": "patrol", "openTo": [STRANGER]}, 400, "unknown_class"),
        ({"duty": "patrol", "teacherId": STRANGER}, 422, "not_on_staff"),
    ],
)  # fmt: skip
async def test_a_shift_that_cannot_be_is_refused(
    as_: SignIn, cast: Cast, body: dict[str, object], status: int, code: str
) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shifts"
    answer = await admin.post(url, json=shift_body(**body))  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await admin.get(url)).json()["items"] == []


async def test_after_school_service_has_its_teacher_who_keeps_the_door(
    as_: SignIn, cast: Cast
) -> None:
    admin, teacher = await as_("许建安"), await as_("吴思远")
    shift = await a_shift(admin, cast, "after_school", teacherId=str(cast.id("吴思远")))
    assert shift["teacher"] == "吴思远"
    url = f"/shifts/{shift['slot']['id']}"
    assert (await teacher.get(f"/slots/{shift['slot']['id']}/bookings")).status_code == 200
    without = await admin.put(url, json={"briefing": ""})
    assert without.json()["code"] == "teacher_needed"


@pytest.mark.parametrize("duty", ["guidance", "mediation"])
async def test_guidance_and_mediation_are_never_confirmed_unseen(
    as_: SignIn, cast: Cast, duty: str
) -> None:
    admin, mother = await as_("许建安"), await as_("刘敏")
    shift = await a_shift(admin, cast, duty)
    slot = shift["slot"]["id"]
    await volunteers(as_, cast, "刘敏")
    assert (await mother.put(f"/slots/{slot}/booking", json={})).json()["code"] == "needs"
    await volunteers(as_, cast, "刘敏", duties=[duty])
    booking = (await mother.put(f"/slots/{slot}/booking", json={})).json()
    assert booking["state"] == "requested"
    yes = await admin.put(f"/bookings/{booking['id']}/decision", json={"approved": True})
    assert yes.json()["state"] == "confirmed"


async def test_peers_see_a_surname_and_the_duty_and_only_once_they_belong(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    shift = await a_shift(admin, cast, capacity=3)
    await volunteers(as_, cast, "王立强", "周婷", "赵德胜")
    url = f"/shifts/{shift['slot']['id']}"
    await booked(as_, shift, "周婷", "赵德胜")
    assert (await father.get(url)).json()["peers"] == []
    await booked(as_, shift, "王立强")
    told = await father.get(url)
    names = [peer["name"] for peer in told.json()["peers"]]
    assert names == ["周女士", "赵家长", "王先生"]
    assert {peer["duty"] for peer in told.json()["peers"]} == {"校园安全巡查"}
    for secret in ("周婷", "赵德胜", "1990000", str(cast.id("周婷"))):
        assert secret not in told.text


async def test_of_a_mediation_that_is_over_its_volunteer_sees_nothing_more(
    as_: SignIn, cast: Cast
) -> None:
    admin, mother = await as_("许建安"), await as_("刘敏")
    shift = await a_shift(admin, cast, "mediation")
    await volunteers(as_, cast, "刘敏", duties=["mediation"])
    booking = (await mother.put(f"/slots/{shift['slot']['id']}/booking", json={})).json()
    await admin.put(f"/bookings/{booking['id']}/decision", json={"approved": True})
    url = f"/shifts/{shift['slot']['id']}"
    before = (await mother.get(url)).json()
    assert before["briefing"] != ""
    assert len(before["peers"]) == 1
    await served(shift)
    after = (await mother.get(url)).json()
    assert (after["briefing"], after["peers"]) == ("", [])
    assert (await admin.get(url)).json()["briefing"] != ""


async def test_a_draft_is_seen_by_the_school_alone_until_published(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    shift = await a_shift(admin, cast, isDraft=True)
    url = f"/shifts/{shift['slot']['id']}"
    lists = f"/schools/{cast.schools['海湾'].id}/shifts"
    assert (await father.get(url)).status_code == 404
    assert (await father.get(lists)).json()["items"] == []
    assert len((await admin.get(lists)).json()["items"]) == 1
    assert (await father.put(f"{url}/publication")).status_code == 404
    for _ in range(2):
        assert (await admin.put(f"{url}/publication")).json()["slot"]["state"] == "open"
    assert (await father.get(url)).status_code == 200


async def test_another_schools_people_never_learn_of_a_shift(as_: SignIn, cast: Cast) -> None:
    shift = await a_shift(await as_("许建安"), cast)
    url, school = f"/shifts/{shift['slot']['id']}", cast.schools["海湾"].id
    # The district's officer knows the school, and is given counts of it only.
    kept_out = {
        "孙海燕": 404,
        "何清越": 404,
        "钱进": 404,
        "唐一苇": 404,
        "曹望舒": 404,
        "沈知微": 403,
    }
    for name, status in kept_out.items():
        stranger = await as_(name)
        assert (await stranger.get(url)).status_code == 404, name
        for path in ("shifts", "station-days", "duty-kinds"):
            listing = await stranger.get(f"/schools/{school}/{path}")
            assert listing.status_code == status, (name, path)
        assert (
            await stranger.put(f"{url}/call/answer", json={"willing": False})
        ).status_code == 404
        if name in ("何清越", "唐一苇", "曹望舒", "沈知微"):
            assert (await stranger.put(url, json={"briefing": "x"})).status_code == 404
            made = await stranger.post(f"/schools/{school}/shifts", json=shift_body())
            assert made.status_code == status, name
            people = await stranger.get(f"/schools/{school}/volunteers")
            assert people.status_code == status, name


async def test_a_teacher_sees_shifts_and_changes_only_their_own(as_: SignIn, cast: Cast) -> None:
    admin, teacher = await as_("许建安"), await as_("吴思远")
    others = await a_shift(admin, cast)
    own = await a_shift(admin, cast, organiserId=str(cast.id("吴思远")), starts_at=next_weekday(4))
    assert (await teacher.get(f"/shifts/{others['slot']['id']}")).status_code == 200
    text = {"briefing": "请走东侧楼梯"}
    answer = await teacher.put(f"/shifts/{others['slot']['id']}", json=text)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    answer = await teacher.put(f"/shifts/{own['slot']['id']}", json=text)
    assert answer.json()["briefing"] == "请走东侧楼梯"
    made = await teacher.post(f"/schools/{cast.schools['海湾'].id}/shifts", json=shift_body())
    assert made.status_code == 403


async def test_a_switched_off_function_does_not_exist(as_: SignIn, cast: Cast) -> None:
    admin, father, school = await as_("许建安"), await as_("王立强"), cast.schools["海湾"].id
    shift = await a_shift(admin, cast)
    off = await admin.put(
        f"/schools/{school}/features", json={"functions": {"volunteering": False}}
    )
    assert off.status_code == 200
    for url in (f"/schools/{school}/shifts", f"/shifts/{shift['slot']['id']}"):
        assert (await father.get(url)).status_code == 404
        assert (await admin.get(url)).status_code == 404


async def test_a_guard_post_says_what_it_lacks_and_lets_itself_be_booked_all_the_same(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    shift = await a_shift(admin, cast, "guard", neededSchool=1, neededPolice=1)
    url = f"/shifts/{shift['slot']['id']}"
    assert {gap["side"] for gap in shift["gaps"]} == {"family", "school", "police"}
    await volunteers(as_, cast, "王立强")
    await booked(as_, shift, "王立强")
    holders = [{"side": "school", "name": "吴思远", "unit": "德育处"}]
    manned = (await admin.put(f"{url}/guard-post", json={"holders": holders})).json()
    assert manned["gaps"] == [{"side": "police", "needed": 1, "have": 0}]
    holders.append({"side": "police", "name": "陈警官", "unit": "新店派出所"})
    manned = (await admin.put(f"{url}/guard-post", json={"holders": holders})).json()
    assert manned["gaps"] == []
    assert len((await father.get(url)).json()["holders"]) == 2
    assert (await (await as_("周婷")).get(url)).json()["holders"] == []
    other = await a_shift(admin, cast, "canteen", starts_at=next_weekday(5))
    answer = await admin.put(f"/shifts/{other['slot']['id']}/guard-post", json={"holders": []})
    assert answer.json()["code"] == "no_guard_post"


async def test_only_for_some_classes_is_only_for_them(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, "王立强", "赵德胜")
    class_id = str(cast.classes["海湾/三年级/2班"].id)
    shift = await a_shift(admin, cast, openTo=[class_id])
    slot = f"/slots/{shift['slot']['id']}/booking"
    refused = await (await as_("王立强")).put(slot, json={})
    assert refused.json()["code"] == "not_eligible"
    assert (await (await as_("赵德胜")).put(slot, json={})).json()["state"] == "confirmed"


async def test_what_is_said_of_a_shift_changes_only_until_it_is_over(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    shift = await a_shift(admin, cast)
    url = f"/shifts/{shift['slot']['id']}"
    await served(shift)
    for path, body in (("", {"briefing": "晚了"}), ("/publication", None), ("/call", None)):
        answer = await admin.put(url + path, json=body) if body else await admin.put(url + path)
        assert answer.json()["code"] == "wrong_shift_state", path


async def test_who_comes_tomorrow_is_known_the_evening_before(as_: SignIn, cast: Cast) -> None:
    admin, father, aunt = await as_("许建安"), await as_("王立强"), await as_("周婷")
    shift = await a_shift(admin, cast, capacity=3)
    await volunteers(as_, cast, "王立强", "周婷", "李建国")
    await booked(as_, shift, "王立强", "周婷", "李建国")
    slot = f"/slots/{shift['slot']['id']}/booking/attendance"
    assert (await father.put(slot, json={"coming": True})).status_code == 204
    assert (await aunt.put(slot, json={"coming": False})).status_code == 204
    said = (await admin.get(f"/shifts/{shift['slot']['id']}/answers")).json()
    assert (said["coming"], said["unanswered"]) == (1, 1)
    assert [(one["name"], one["coming"]) for one in said["items"]] == [
        ("李建国", None),
        ("王立强", True),
    ]
    assert said["items"][0]["phone"] == "+8619900000103"
    head = (await (await as_("周慕云")).get(f"/shifts/{shift['slot']['id']}/answers")).json()
    assert [(one["name"], one["phone"]) for one in head["items"]] == [
        ("李建国", ""),
        ("王立强", ""),
    ]
    for name in ("林晓岚", "王立强"):
        answer = await (await as_(name)).get(f"/shifts/{shift['slot']['id']}/answers")
        assert answer.status_code in (403, 404), name


async def test_every_act_is_on_record(as_: SignIn, cast: Cast) -> None:
    await a_shift(await as_("许建安"), cast)
    rows = await fetch("SELECT action, person_id FROM audit_entries WHERE action LIKE 'volunt%'")
    assert rows == [{"action": "volunteering.shift_made", "person_id": cast.id("许建安")}]
