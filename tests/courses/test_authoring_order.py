"""Lessons in their course: their order, whether they are required, and how they end."""

import json

from backend.courses.models import Revision
from seed.cast import Cast
from tests.courses.stories import (
    a_course,
    add,
    article,
    listed,
    ok,
    refused,
    seen,
    trail,
    written,
)
from tests.house import SignIn


async def test_lessons_are_put_in_order_all_at_once(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast, article("一"), article("二"), article("三"))
    path = f"/courses/{draft['id']}/lesson-order"
    one, two, three = [line["id"] for line in await listed(teacher, draft["id"])]
    body = {"lessonIds": [three, one, two], "version": draft["version"]}
    moved = ok(await teacher.put(path, json=body))
    assert [line["title"] for line in await listed(teacher, draft["id"])] == ["三", "一", "二"]
    assert ok(await teacher.put(path, json=body))["version"] == moved["version"]
    for wrong in ([one, two], [one, two, two], [one, two, three, str(cast.id("王立强"))]):
        body = {"lessonIds": wrong, "version": moved["version"]}
        refused(await teacher.put(path, json=body), "order_incomplete")
    stale = {"lessonIds": [one, two, three], "version": draft["version"]}
    refused(await teacher.put(path, json=stale), "course_changed")
    assert [line["position"] for line in await listed(teacher, draft["id"])] == [1, 2, 3]
    assert (await (await as_("陈启明")).put(path, json=stale)).status_code == 404


async def test_the_order_of_a_published_course_is_for_those_who_run_the_host(
    as_: SignIn, cast: Cast
) -> None:
    made = await a_course(as_, cast, article("一"), article("二"))
    body = {"lessonIds": made["lessonIds"][::-1], "version": made["version"]}
    path = f"/courses/{made['id']}/lesson-order"
    assert (await (await as_("林晓岚")).put(path, json=body)).status_code == 403
    assert (await (await as_("陈启明")).put(path, json=body)).status_code == 403
    ok(await (await as_("许建安")).put(path, json=body))
    titles = [line["title"] for line in await listed(await as_("王立强"), made["id"])]
    assert titles == ["二", "一"]


async def test_a_lesson_nobody_ever_saw_is_thrown_away_and_the_rest_move_up(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast, article("一"), article("二"), article("三"))
    first = (await listed(teacher, draft["id"]))[0]["id"]
    assert (await (await as_("陈启明")).delete(f"/lessons/{first}/draft")).status_code == 404
    assert (await teacher.delete(f"/lessons/{first}/draft")).status_code == 204
    left = await listed(teacher, draft["id"])
    assert [(line["position"], line["title"]) for line in left] == [(1, "二"), (2, "三")]
    assert (await teacher.get(f"/lessons/{first}")).status_code == 404
    assert (await trail(first))[-1] == "courses.lesson_discarded"


async def test_whether_a_lesson_is_required_is_said_by_those_who_may(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    made = await a_course(as_, cast, article("一"), article("二", required=False))
    assert (await seen(teacher, made["id"]))["requiredLessons"] == 1
    path = f"/lessons/{made['lessonIds'][1]}/requirement"
    assert (await teacher.put(path, json={"required": True})).status_code == 403
    assert ok(await admin.put(path, json={"required": True}))["required"] is True
    assert (await seen(teacher, made["id"]))["requiredLessons"] == 2
    assert (await (await as_("何清越")).put(path, json={"required": False})).status_code == 404


async def test_a_retired_lesson_is_needed_no_more_and_the_last_one_is_not_retired(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    made = await a_course(as_, cast, article("一"), article("二"))
    first, second = made["lessonIds"]
    ok(await teacher.put(f"/lessons/{first}/draft", json={**article("改"), "version": 0}))
    why = {"reason": "与第二课重复"}
    assert (await teacher.put(f"/lessons/{first}/retirement", json=why)).status_code == 403
    gone = ok(await admin.put(f"/lessons/{first}/retirement", json=why))
    assert (gone["state"], gone["retiredReason"], gone["draft"]) == ("retired", why["reason"], None)
    ok(await admin.put(f"/lessons/{first}/retirement", json=why))
    father = await as_("王立强")
    assert [line["title"] for line in await listed(father, made["id"])] == ["二"]
    assert (await father.get(f"/lessons/{first}")).status_code == 404
    assert (await seen(father, made["id"]))["requiredLessons"] == 1
    refused(await admin.put(f"/lessons/{second}/retirement", json=why), "last_lesson")
    body = {**article("再改"), "version": 0}
    refused(await teacher.put(f"/lessons/{first}/draft", json=body), "wrong_lesson_state")
    assert await Revision.filter(lesson_id=first, state="published").count() == 0
    assert (await trail(first)).count("courses.lesson_retired") == 1


async def test_a_lesson_of_a_published_course_joins_it_after_its_own_review(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin, father = await as_("林晓岚"), await as_("许建安"), await as_("王立强")
    made = await a_course(as_, cast, article("一"))
    late = (await add(teacher, made["id"], article("二")))["id"]
    assert (await father.get(f"/lessons/{late}")).status_code == 404
    assert len(await listed(father, made["id"])) == 1
    assert ok(await teacher.put(f"/lessons/{late}/submission"))["state"] == "in_review"
    assert (await father.get(f"/lessons/{late}")).status_code == 404
    ok(await admin.put(f"/lessons/{late}/review", json={"approved": True}))
    assert [line["title"] for line in await listed(father, made["id"])] == ["一", "二"]


async def test_two_drafts_of_one_lesson_begun_at_once_are_one(as_: SignIn, cast: Cast) -> None:
    made = await a_course(as_, cast, article("一"))
    [lesson_id] = made["lessonIds"]
    path = f"/lessons/{lesson_id}/draft"
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    ok(await teacher.put(path, json={**article("老师的"), "version": 0}))
    refused(await admin.put(path, json={**article("管理员的"), "version": 0}), "lesson_changed")
    again = ok(await teacher.put(path, json={**article("老师的"), "version": 0}))
    assert again["draft"]["version"] == 1
    revisions = await Revision.filter(lesson_id=lesson_id).order_by("number")
    assert [(one.number, one.state) for one in revisions] == [(1, "published"), (2, "draft")]
    assert json.dumps(again["draft"]["questions"]) == "[]"
