"""Writing courses: drafts, what may change once published, and who may see which part."""

from backend.media.models import Attachment
from seed.cast import Cast
from tests.courses.stories import (
    a_course,
    a_medium,
    add,
    article,
    course,
    listed,
    ok,
    quiz,
    refused,
    seen,
    trail,
    video,
    write,
    written,
)
from tests.house import SignIn, Visitor


async def test_a_class_teacher_writes_a_course_and_the_school_gets_its_parent_school(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    school = cast.schools["海湾"].id
    assert (await teacher.get(f"/schools/{school}/parent-school")).status_code == 404
    draft = ok(await write(teacher, cast, course(grades=[3, 1], brand="九龙好父母")), 201)
    assert (draft["state"], draft["grades"], draft["stages"]) == ("draft", [1, 3], ["primary"])
    assert draft["host"] == "海湾实验小学家长学校"
    assert draft["rule"] == {
        "version": 1,
        "threshold": 90,
        "offlineSeconds": 1200,
        "familyCounts": False,
        "certifies": True,
        "validDays": None,
    }
    assert draft["work"]["author"] == "林晓岚" and draft["work"]["runs"] is False
    host = ok(await teacher.get(f"/schools/{school}/parent-school"))
    assert (host["id"], host["kind"], host["courses"]) == (draft["hostId"], "school", 0)
    assert await trail(draft["id"]) == ["courses.written"]
    assert await trail(host["id"]) == ["courses.host_opened"]


async def test_a_draft_is_its_authors_and_whoever_runs_the_school(as_: SignIn, cast: Cast) -> None:
    draft = await written(await as_("林晓岚"), cast, quiz())
    [line] = await listed(await as_("林晓岚"), draft["id"])
    assert (await seen(await as_("许建安"), draft["id"]))["work"]["runs"] is True
    for stranger in ("陈启明", "王立强", "周婷", "何清越", "沈知微", "唐一苇", "钱进"):
        visitor = await as_(stranger)
        for path in (f"/courses/{draft['id']}", f"/courses/{draft['id']}/lessons",
                     f"/lessons/{line['id']}", f"/courses/{draft['id']}/reviews"):  # fmt: skip
            assert (await visitor.get(path)).status_code == 404, (stranger, path)


async def test_only_the_staff_of_the_school_write_its_courses(as_: SignIn, cast: Cast) -> None:
    body = course()
    assert (await write(await as_("王立强"), cast, body)).status_code == 404
    # A committee seat is held by a parent, who is no colleague.
    assert (await write(await as_("周婷"), cast, body)).status_code == 404
    assert (await write(await as_("罗以南"), cast, body)).status_code == 404
    assert (await write(await as_("唐一苇"), cast, body)).status_code == 404
    assert (await write(await as_("沈知微"), cast, body)).status_code == 403


async def test_a_draft_may_change_in_everything_and_the_change_sent_twice_is_one(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    body = course("新的名字", kind="content_set", setSize=3, version=draft["version"],
                  rule={"threshold": 80}, topic="health", delivery="both")  # fmt: skip
    changed = ok(await teacher.put(f"/courses/{draft['id']}", json=body))
    assert changed["kind"] == "content_set" and changed["setSize"] == 3
    assert changed["rule"]["threshold"] == 80 and changed["rule"]["version"] == 1
    assert changed["version"] == draft["version"] + 1
    again = ok(await teacher.put(f"/courses/{draft['id']}", json=body))
    assert again["version"] == changed["version"]
    assert (await trail(draft["id"])).count("courses.rewritten") == 1


async def test_two_editors_at_once_do_not_undo_each_other(as_: SignIn, cast: Cast) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article())
    version = draft["version"]
    first = {**course("管理员改的"), "version": version}
    ok(await admin.put(f"/courses/{draft['id']}", json=first))
    second = {**course("老师改的"), "version": version}
    facts = refused(await teacher.put(f"/courses/{draft['id']}", json=second), "course_changed")
    assert facts["version"] == version + 1
    assert (await seen(teacher, draft["id"]))["title"] == "管理员改的"
    [line] = await listed(teacher, draft["id"])
    path = f"/lessons/{line['id']}/draft"
    ok(await admin.put(path, json={**article("管理员的课时"), "version": 1}))
    facts = refused(
        await teacher.put(path, json={**article("老师的课时"), "version": 1}), "lesson_changed"
    )
    assert facts["version"] == 2


async def test_a_published_course_changes_in_how_it_is_shown_by_those_who_run_the_host(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    made = await a_course(as_, cast)
    path = f"/courses/{made['id']}"
    body = {**course("更好的名字", grades=[3], topic="mind"), "version": made["version"]}
    assert (await teacher.put(path, json=body)).status_code == 403
    shown = ok(await admin.put(path, json=body))
    assert (shown["title"], shown["grades"], shown["topic"]) == ("更好的名字", [3], "mind")
    assert shown["state"] == "published"
    body["version"] = shown["version"]
    for field, value in (("rule", {"threshold": 50}), ("kind", "content_set")):
        other = {**body, field: value} | ({"setSize": 3} if field == "kind" else {})
        facts = refused(await admin.put(path, json=other), "fixed_once_published")
        assert facts["field"] == field
    refused(await admin.delete(path), "wrong_course_state")


async def test_a_new_rule_of_a_published_course_is_a_new_version_of_the_rule(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    made = await a_course(as_, cast)
    path = f"/courses/{made['id']}/rule"
    rule = {"threshold": 80, "familyCounts": True, "validDays": 365, "version": made["version"]}
    assert (await teacher.put(path, json=rule)).status_code == 403
    changed = ok(await admin.put(path, json=rule))["rule"]
    assert (changed["version"], changed["threshold"], changed["familyCounts"]) == (2, 80, True)
    same = ok(await admin.put(path, json=rule))
    assert same["rule"]["version"] == 2
    stale = {**rule, "threshold": 70}
    refused(await admin.put(path, json=stale), "course_changed")
    # A certificate more or less changes nothing about how the course is completed.
    quiet = {**rule, "certifies": False, "version": same["version"]}
    assert ok(await admin.put(path, json=quiet))["rule"]["version"] == 2


async def test_the_rule_of_a_draft_has_no_versions_yet(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    body = {"threshold": 70, "version": draft["version"]}
    assert ok(await teacher.put(f"/courses/{draft['id']}/rule", json=body))["rule"]["version"] == 1


async def test_a_draft_is_thrown_away_with_its_lessons_and_lets_its_files_go(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    medium = await a_medium(cast)
    draft = await written(teacher, cast, video(medium))
    assert (await Attachment.get(id=medium)).owner_id is not None
    assert (await teacher.delete(f"/courses/{draft['id']}")).status_code == 204
    assert (await teacher.get(f"/courses/{draft['id']}")).status_code == 404
    assert (await Attachment.get(id=medium)).owner_id is None


async def test_families_see_a_published_course_without_how_it_was_made(
    as_: SignIn, cast: Cast
) -> None:
    made = await a_course(as_, cast)
    father = await as_("王立强")
    shown = await seen(father, made["id"])
    assert shown["work"] is None and shown["lessons"] == 3
    assert shown["durationMs"] == 300_000 + 20_000
    assert (await father.get(f"/courses/{made['id']}/reviews")).status_code == 404
    ok(await (await as_("许建安")).get(f"/courses/{made['id']}/reviews"))
    for stranger in ("孙海燕", "何清越", "沈知微", "唐一苇", "钱进"):
        assert (await (await as_(stranger)).get(f"/courses/{made['id']}")).status_code == 404


async def test_a_course_that_ended_says_why_and_takes_nobody_new(as_: SignIn, cast: Cast) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    made = await a_course(as_, cast)
    path = f"/courses/{made['id']}/retirement"
    assert (await teacher.put(path, json={"reason": "内容过时"})).status_code == 403
    assert (await (await as_("王立强")).put(path, json={"reason": "x"})).status_code == 404
    ended = ok(await admin.put(path, json={"reason": "内容过时"}))
    assert (ended["state"], ended["retiredReason"]) == ("retired", "内容过时")
    assert ok(await admin.put(path, json={"reason": "换一个理由"}))["retiredReason"] == "内容过时"
    assert (await (await as_("王立强")).get(f"/courses/{made['id']}")).status_code == 404
    body = {**course("改名"), "version": ended["version"]}
    refused(await admin.put(f"/courses/{made['id']}", json=body), "wrong_course_state")
    refused(
        await teacher.post(f"/courses/{made['id']}/lessons", json=article()), "wrong_course_state"
    )


async def test_a_schools_courses_are_listed_by_how_far_the_work_is(as_: SignIn, cast: Cast) -> None:
    teacher, colleague, admin = await as_("林晓岚"), await as_("陈启明"), await as_("许建安")
    out = await a_course(as_, cast, title="已发布的")
    mine = await written(teacher, cast, article(), title="还在写的")
    waiting = await written(teacher, cast, article(), title="待审核的")
    ok(await teacher.put(f"/courses/{waiting['id']}/submission"))
    path = f"/schools/{cast.schools['海湾'].id}/courses"

    async def titles(visitor: Visitor, **query: str) -> list[str]:
        return [one["title"] for one in ok(await visitor.get(path, params=query))["items"]]

    assert await titles(teacher) == ["待审核的", "还在写的", "已发布的"]
    assert await titles(colleague) == ["待审核的", "已发布的"]
    assert await titles(admin, work="draft") == ["还在写的"]
    assert await titles(admin, work="in_review") == ["待审核的"]
    assert await titles(admin, work="published") == ["已发布的"]
    assert await titles(admin, work="retired") == []
    first = ok(await teacher.get(path, params={"limit": 2}))
    rest = ok(await teacher.get(path, params={"limit": 2, "cursor": first["nextCursor"]}))
    assert [one["id"] for one in rest["items"]] == [out["id"]] and rest["nextCursor"] is None
    assert first["items"][1]["id"] == mine["id"]
    for stranger, status in (("王立强", 404), ("何清越", 404), ("沈知微", 403)):
        assert (await (await as_(stranger)).get(path)).status_code == status


async def test_a_cover_is_an_image_of_ones_own_and_families_get_a_link_to_it(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    picture = await a_medium(cast, kind="image")
    draft = await written(teacher, cast, article(), coverId=picture)
    assert draft["coverUrl"].startswith(f"/v1/attachments/{picture}/original?link=")
    film, others = await a_medium(cast), await a_medium(cast, "陈启明", kind="image")
    refused(await write(teacher, cast, course(coverId=film)), "not_a_cover")
    refused(await write(teacher, cast, course(coverId=others)), "attachment_missing")
    body = {**course(), "version": draft["version"], "coverId": None}
    bare = ok(await teacher.put(f"/courses/{draft['id']}", json=body))
    assert bare["coverUrl"] == f"/v1/courses/{draft['id']}/cover"


async def test_without_a_cover_one_is_drawn_and_the_phones_copy_stays_good(
    as_: SignIn, cast: Cast
) -> None:
    made = await a_course(as_, cast, article(), brand="九龙好父母")
    father, admin = await as_("王立强"), await as_("许建安")
    path = made["coverUrl"].removeprefix("/v1")
    drawn = await father.get(path)
    assert drawn.status_code == 200 and drawn.headers["content-type"] == "image/jpeg"
    assert drawn.content.startswith(b"\xff\xd8\xff") and len(drawn.content) > 10_000
    known = {"If-None-Match": drawn.headers["etag"]}
    assert (await father.get(path, headers=known)).status_code == 304
    ok(await admin.put(f"/courses/{made['id']}", json={**course("改了名"), "version": 3}))
    again = await father.get(path, headers=known)
    assert again.status_code == 200 and again.content != drawn.content
    assert (await (await as_("孙海燕")).get(path)).status_code == 404


async def test_external_courses_are_not_made_by_hand(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    refused(await write(teacher, cast, course(kind="external")), "external_is_imported")
    draft = await written(teacher, cast)
    body = {**course(kind="external"), "version": draft["version"]}
    refused(await teacher.put(f"/courses/{draft['id']}", json=body), "external_is_imported")


async def test_a_content_set_says_its_size_and_nothing_else_does(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    assert (await write(teacher, cast, course(kind="content_set"))).status_code == 400
    assert (await write(teacher, cast, course(setSize=66))).status_code == 400


async def test_where_the_school_has_switched_courses_off_nothing_is_there(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    made = await a_course(as_, cast)
    school = cast.schools["海湾"].id
    answer = await admin.put(f"/schools/{school}/features", json={"functions": {"courses": False}})
    assert answer.status_code < 300, answer.text
    for name in ("许建安", "林晓岚", "王立强"):
        assert (await (await as_(name)).get(f"/courses/{made['id']}")).status_code == 404
    assert (await write(admin, cast, course())).status_code == 404
    answer = await admin.post(f"/courses/{made['id']}/lessons", json=article())
    assert answer.status_code == 404


async def test_the_same_course_sent_twice_is_one(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    key = {"Idempotency-Key": "course-once-0001"}
    path = f"/schools/{cast.schools['海湾'].id}/courses"
    first = ok(await teacher.post(path, json=course(), headers=key), 201)
    again = ok(await teacher.post(path, json=course(), headers=key), 201)
    assert first["id"] == again["id"]
    lesson = {"Idempotency-Key": "lesson-once-0001"}
    path = f"/courses/{first['id']}/lessons"
    one = ok(await teacher.post(path, json=article(), headers=lesson), 201)
    assert ok(await teacher.post(path, json=article(), headers=lesson), 201)["id"] == one["id"]
    assert len(await listed(teacher, first["id"])) == 1
    await add(teacher, first["id"], article())
    assert len(await listed(teacher, first["id"])) == 2
