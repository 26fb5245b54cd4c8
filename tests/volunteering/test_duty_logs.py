"""Duty logs: who writes them, what they hold, who reads what."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.database import execute, fetch
from seed.cast import Cast
from tests.house import SignIn
from tests.media import corpus
from tests.volunteering.duty import HOUR, finding, on_duty, photo_of, report, run_from
from tests.volunteering.stories import volunteers


async def test_a_patrol_is_ticked_point_by_point_and_what_is_left_is_listed(
    as_: SignIn, cast: Cast
) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    blank = (await father.get(f"/shifts/{shift}/duty-log")).json()
    assert (blank["version"], blank["updatedAt"]) == (0, None)
    assert len(blank["unticked"]) == len(blank["checks"]) == 7
    now = clock.now().isoformat()
    ticks = [{"itemId": check["id"], "at": now} for check in blank["checks"][:5]]
    body = {"version": 0, "ticks": ticks, "remarks": "巡查顺利"}
    kept = (await father.put(f"/shifts/{shift}/duty-log", json=body)).json()
    assert kept["version"] == 1
    assert kept["unticked"] == ["饮水点和卫生间", "专用教室用电"]
    assert [check["at"] is not None for check in kept["checks"]] == [True] * 5 + [False] * 2
    assert (await father.get(f"/shifts/{shift}/duty-log")).json() == kept


async def test_a_log_sent_again_after_a_lost_answer_is_kept_once(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    body = {"version": 0, "remarks": "巡查顺利", "findings": [finding()]}
    first, again = [await father.put(f"/shifts/{shift}/duty-log", json=body) for _ in range(2)]
    assert first.json()["version"] == again.json()["version"] == 1
    assert first.json()["findings"][0]["hazardId"] == again.json()["findings"][0]["hazardId"]
    assert len(await fetch("SELECT id FROM hazards")) == 1


async def test_one_log_sent_by_many_hands_at_once_is_written_once(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    url, body = f"/shifts/{shift}/duty-log", {"version": 0, "findings": [finding()]}
    same = await asyncio.gather(*[father.put(url, json=body) for _ in range(6)])
    assert {answer.status_code for answer in same} == {200}
    assert {answer.json()["version"] for answer in same} == {1}
    assert len(await fetch("SELECT id FROM hazards")) == 1
    unlike = await asyncio.gather(
        *[father.put(url, json=body | {"version": 1, "remarks": f"第{n}只手"}) for n in range(6)]
    )
    assert sorted(answer.status_code for answer in unlike) == [200] + [409] * 5


async def test_an_older_version_does_not_overwrite_a_newer_one(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    url = f"/shifts/{shift}/duty-log"
    await father.put(url, json={"version": 0, "remarks": "第一次"})
    await father.put(url, json={"version": 1, "remarks": "第二次"})
    late = await father.put(url, json={"version": 1, "remarks": "旧手机上的"})
    assert (late.status_code, late.json()["code"]) == (409, "log_changed")
    assert late.json()["facts"] == {"version": 2}
    assert (await father.get(url)).json()["remarks"] == "第二次"


async def test_the_canteen_is_rated_and_nothing_else_is(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    canteen = await on_duty(as_, cast, "王立强", duty="canteen")
    rated = await father.put(f"/shifts/{canteen}/duty-log", json={"version": 0, "rating": 4})
    assert rated.json()["rating"] == 4
    too_much = await father.put(f"/shifts/{canteen}/duty-log", json={"version": 1, "rating": 6})
    assert too_much.status_code == 400
    patrol = await on_duty(as_, cast, "李建国")
    answer = await (await as_("李建国")).put(
        f"/shifts/{patrol}/duty-log", json={"version": 0, "rating": 4}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "only_canteens_are_rated")


@pytest.mark.parametrize(
    ("state", "begun", "outcome"),
    [
        ("confirmed", HOUR, "not_on_duty"),
        ("confirmed", HOUR / 4, "kept"),
        ("confirmed", -HOUR, "kept"),
        ("checked_in", -HOUR, "kept"),
        ("completed", -20 * HOUR, "kept"),
        ("completed", -25 * HOUR, "kept"),
        ("completed", -27 * HOUR, "log_closed"),
        ("confirmed", -27 * HOUR, "log_closed"),
    ],
)
async def test_a_log_is_written_around_the_shift_and_no_later_than_a_day_after(
    as_: SignIn, cast: Cast, state: str, begun: timedelta, outcome: str
) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    await run_from(shift, clock.now() + begun, state)
    answer = await father.put(f"/shifts/{shift}/duty-log", json={"version": 0})
    got = "kept" if answer.status_code == 200 else answer.json()["code"]
    assert got == outcome
    # Reading is not writing: their own log stays theirs to read.
    assert (await father.get(f"/shifts/{shift}/duty-log")).status_code == 200


async def test_ticks_belong_to_the_list_and_to_the_shift(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    url = f"/shifts/{shift}/duty-log"
    item = (await father.get(url)).json()["checks"][0]["id"]
    stray = "019ab3c4-0000-7000-8000-000000000000"

    async def tick(item_id: str, at: Any) -> str:
        ticks = [{"itemId": item_id, "at": at.isoformat()}]
        answer = await father.put(url, json={"version": 0, "ticks": ticks})
        assert answer.status_code == 400
        return str(answer.json()["code"])

    assert await tick(stray, clock.now()) == "unknown_item"
    assert await tick(item, clock.now() + HOUR) == "tick_outside_shift"
    assert await tick(item, clock.now() - 3 * HOUR) == "tick_outside_shift"


async def test_nobody_without_a_place_on_the_shift_sees_or_writes_its_log(
    as_: SignIn, cast: Cast
) -> None:
    shift = await on_duty(as_, cast, "王立强")
    for name, status in (("李建国", 404), ("孙海燕", 404), ("林晓岚", 403), ("何清越", 404)):
        phone = await as_(name)
        for answer in (
            await phone.get(f"/shifts/{shift}/duty-log"),
            await phone.put(f"/shifts/{shift}/duty-log", json={"version": 0}),
        ):
            assert answer.status_code == status, name


async def test_whoever_gave_the_place_back_writes_no_log(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    await execute("UPDATE bookings SET state = 'late_cancelled'")
    answer = await father.put(f"/shifts/{shift}/duty-log", json={"version": 0})
    assert answer.status_code == 404


async def test_two_volunteers_write_a_log_each_and_the_school_reads_both(
    as_: SignIn, cast: Cast
) -> None:
    shift = await on_duty(as_, cast, "王立强", "李建国")
    for name in ("王立强", "李建国"):
        await report(await as_(name), shift, finding(f"{name}所见的隐患"))
    seen = await (await as_("许建安")).get(f"/shifts/{shift}/duty-logs")
    assert [log["author"] for log in seen.json()["items"]] == ["王立强", "李建国"]
    assert (await (await as_("周慕云")).get(f"/shifts/{shift}/duty-logs")).status_code == 200
    mine = (await (await as_("王立强")).get(f"/shifts/{shift}/duty-log")).json()
    assert [one["text"] for one in mine["findings"]] == ["王立强所见的隐患"]
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404), ("沈知微", 404)):
        assert (await (await as_(name)).get(f"/shifts/{shift}/duty-logs")).status_code == status


async def test_what_is_said_in_guidance_is_for_its_volunteer_and_the_organiser(
    as_: SignIn, cast: Cast
) -> None:
    shift, father = await on_duty(as_, cast, "王立强", duty="guidance"), await as_("王立强")
    secret = "谈了孩子入睡难的问题"
    await father.put(f"/shifts/{shift}/duty-log", json={"version": 0, "remarks": secret})
    mine = (await father.get(f"/shifts/{shift}/duty-log")).json()
    assert mine["remarks"] == secret
    organiser = (await (await as_("许建安")).get(f"/shifts/{shift}/duty-logs")).json()
    assert organiser["items"][0]["remarks"] == secret
    principal = await (await as_("周慕云")).get(f"/shifts/{shift}/duty-logs")
    assert principal.json()["items"][0]["remarks"] is None
    assert secret not in principal.text


async def test_mediation_has_no_log_and_leaves_nothing_once_it_is_over(
    as_: SignIn, cast: Cast
) -> None:
    shift, father = await on_duty(as_, cast, "王立强", duty="mediation"), await as_("王立强")
    body = {"version": 0, "remarks": "两名学生发生争执"}
    during = [
        await father.get(f"/shifts/{shift}/duty-log"),
        await father.put(f"/shifts/{shift}/duty-log", json=body),
        await father.get(f"/shifts/{shift}/rechecks"),
        await (await as_("许建安")).get(f"/shifts/{shift}/duty-logs"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in during} == {(409, "mediation_has_no_log")}
    await run_from(shift, clock.now() - 2 * HOUR, "completed")
    assert (await father.get(f"/shifts/{shift}/duty-log")).status_code == 404
    assert (await father.put(f"/shifts/{shift}/duty-log", json=body)).status_code == 404
    assert await fetch("SELECT id FROM duty_logs") == []


async def test_the_database_itself_keeps_no_mediation_log(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    await father.put(f"/shifts/{shift}/duty-log", json={"version": 0})
    with pytest.raises(Exception, match="mediation_has_no_log"):
        await execute("UPDATE duty_logs SET duty = 'mediation'")


async def test_a_school_has_its_own_list_and_begun_logs_keep_theirs(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    begun = await on_duty(as_, cast, "王立强")
    await father.put(f"/shifts/{begun}/duty-log", json={"version": 0})
    url = f"/schools/{cast.schools['海湾'].id}/checklists/patrol"
    own = ["东门", "西门", "操场"]
    made = await admin.put(url, json={"items": own})
    assert [item["text"] for item in made.json()["items"]] == own
    kept = {item["text"]: item["id"] for item in made.json()["items"]}
    changed = (await admin.put(url, json={"items": ["操场", "东门", "车库"]})).json()["items"]
    assert [item["text"] for item in changed] == ["操场", "东门", "车库"]
    assert changed[0]["id"] == kept["操场"]
    assert len((await father.get(f"/shifts/{begun}/duty-log")).json()["checks"]) == 7
    fresh = await on_duty(as_, cast, "李建国")
    seen = (await (await as_("李建国")).get(f"/shifts/{fresh}/duty-log")).json()
    assert seen["unticked"] == ["操场", "东门", "车库"]
    await admin.put(url, json={"items": []})
    assert len((await father.get(url)).json()["items"]) == 7


async def test_only_whoever_runs_the_school_sets_its_lists_and_never_for_mediation(
    as_: SignIn, cast: Cast
) -> None:
    school = cast.schools["海湾"].id
    url, body = f"/schools/{school}/checklists/patrol", {"items": ["东门"]}
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404), ("沈知微", 403)):
        assert (await (await as_(name)).put(url, json=body)).status_code == status, name
    admin = await as_("许建安")
    sealed = await admin.put(f"/schools/{school}/checklists/mediation", json=body)
    assert (sealed.status_code, sealed.json()["code"]) == (409, "mediation_has_no_log")
    unknown = await admin.put(f"/schools/{school}/checklists/gossip", json=body)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_duty")
    for odd in ("x" * 300, "Patrol", "%27", "1"):
        assert (await admin.get(f"/schools/{school}/checklists/{odd}")).status_code in (400, 404)


async def test_photos_are_handed_in_on_duty_and_carried_by_a_finding(
    as_: SignIn, cast: Cast
) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    photo = await photo_of(father, shift)
    [shown] = await report(father, shift, finding(photoIds=[photo]))
    assert [picture["id"] for picture in shown["photos"]] == [photo]
    fetched = await father.get(f"http://house{shown['photos'][0]['thumbnailUrl']}")
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "image/jpeg")


async def test_photos_are_refused_off_duty_and_documents_always(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    url = f"/shifts/{shift}/photos"
    document = await father.post(url, files={"file": ("a.pdf", corpus.PDF, "application/pdf")})
    assert (document.status_code, document.json()["code"]) == (415, "file_type_refused")
    await volunteers(as_, cast, "李建国")
    stranger = await (await as_("李建国")).post(url, files={"file": ("a.jpg", b"x", "image/jpeg")})
    assert stranger.status_code == 404
    await run_from(shift, clock.now() - 30 * HOUR, "completed")
    late = await father.post(url, files={"file": ("a.jpg", b"x", "image/jpeg")})
    assert (late.status_code, late.json()["code"]) == (409, "log_closed")


async def test_somebody_elses_photo_is_not_carried(as_: SignIn, cast: Cast) -> None:
    shift = await on_duty(as_, cast, "王立强", "李建国")
    photo = await photo_of(await as_("李建国"), shift)
    body = {"version": 0, "findings": [finding(photoIds=[photo])]}
    answer = await (await as_("王立强")).put(f"/shifts/{shift}/duty-log", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "attachment_missing")
    assert await fetch("SELECT id FROM hazards") == []
    assert await fetch("SELECT id FROM duty_logs") == []


async def test_a_finding_is_reworded_or_withdrawn_until_the_school_takes_it_up(
    as_: SignIn, cast: Cast
) -> None:
    shift, father, admin = (
        await on_duty(as_, cast, "王立强"),
        await as_("王立强"),
        await as_("许建安"),
    )
    url, one, other = f"/shifts/{shift}/duty-log", finding("扶手松动"), finding("灯不亮")
    [first, second] = await report(father, shift, one, other)
    reworded = one | {"text": "扶手松动，螺丝脱落", "severity": "high"}
    body = {"version": 1, "findings": [reworded]}
    kept = (await father.put(url, json=body)).json()
    assert [each["text"] for each in kept["findings"]] == ["扶手松动，螺丝脱落"]
    assert kept["findings"][0]["hazardId"] == first["hazardId"]
    gone = (await admin.get(f"/hazards/{second['hazardId']}")).json()
    assert gone["state"] == "rejected"
    assert (await father.get(f"/hazards/{second['hazardId']}")).status_code == 404
    decided = await admin.put(f"/hazards/{first['hazardId']}/decision", json={"confirmed": True})
    assert decided.json()["state"] == "confirmed"
    for findings in ([one], []):
        late = await father.put(url, json={"version": 2, "findings": findings})
        assert (late.status_code, late.json()["code"]) == (409, "finding_in_hand")
    more = await father.put(
        url, json={"version": 2, "remarks": "补充", "findings": [reworded, finding("地砖松动")]}
    )
    assert [each["state"] for each in more.json()["findings"]] == ["confirmed", "reported"]


async def test_volunteering_switched_off_leaves_no_log(as_: SignIn, cast: Cast) -> None:
    shift, father = await on_duty(as_, cast, "王立强"), await as_("王立强")
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    off = {"functions": {"volunteering": False}}
    assert (await admin.put(f"/schools/{school}/features", json=off)).status_code == 200
    assert (await father.get(f"/shifts/{shift}/duty-log")).status_code == 404
