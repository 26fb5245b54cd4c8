"""Four eyes: what may be handed in, who reviews it, and what a new revision changes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend import clock
from backend.courses.models import Course, Lesson, Revision
from backend.database import execute, fetch
from backend.media.models import Attachment
from backend.people.operations import ties
from backend.web.actor import Role
from seed.cast import Cast
from tests.courses.stories import (
    a_course,
    a_medium,
    a_session,
    add,
    approved,
    article,
    course,
    handed_in,
    lesson,
    letters_to,
    listed,
    live,
    ok,
    quiz,
    refused,
    revised,
    seen,
    trail,
    video,
    write,
    written,
)
from tests.house import SignIn, Visitor

NO = {"approved": False, "reason": "第二课的声音太小"}
YES = {"approved": True}


async def test_a_course_is_published_by_somebody_who_runs_the_school_and_did_not_write_it(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin, father = await as_("林晓岚"), await as_("许建安"), await as_("王立强")
    draft = await written(teacher, cast, video(await a_medium(cast)), article(), quiz())
    waiting = await handed_in(teacher, draft["id"])
    assert (waiting["state"], waiting["version"]) == ("in_review", draft["version"] + 1)
    assert {line["state"] for line in await listed(teacher, draft["id"])} == {"in_review"}
    assert (await father.get(f"/courses/{draft['id']}")).status_code == 404
    path = f"/courses/{draft['id']}/review"
    for name, status in (("林晓岚", 403), ("陈启明", 403), ("王立强", 404), ("何清越", 404),
                         ("沈知微", 404), ("唐一苇", 404)):  # fmt: skip
        assert (await (await as_(name)).put(path, json=YES)).status_code == status, name
    out = ok(await admin.put(path, json=YES))
    assert out["state"] == "published" and out["work"]["reviewer"] == "许建安"
    assert {line["state"] for line in await listed(father, draft["id"])} == {"published"}
    assert ok(await admin.put(path, json=YES))["version"] == out["version"]
    actions = await trail(draft["id"])
    assert actions == ["courses.written", "courses.submitted", "courses.published"]


async def test_nobody_reviews_their_own_and_an_only_administrators_work_is_the_principals(
    as_: SignIn, cast: Cast
) -> None:
    admin, principal = await as_("许建安"), await as_("周慕云")
    draft = await written(admin, cast, article())
    await handed_in(admin, draft["id"])
    refused(await admin.put(f"/courses/{draft['id']}/review", json=YES), "own_review")
    refused(await admin.put(f"/courses/{draft['id']}/review", json=NO), "own_review")
    assert len(await letters_to(cast, "周慕云", "courses.review_asked")) == 1
    assert await letters_to(cast, "许建安", "courses.review_asked") == []
    assert (await approved(principal, draft["id"]))["state"] == "published"


async def test_whoever_had_a_hand_in_it_does_not_review_it(as_: SignIn, cast: Cast) -> None:
    teacher, admin, principal = await as_("林晓岚"), await as_("许建安"), await as_("周慕云")
    draft = await written(teacher, cast, article())
    [line] = await listed(teacher, draft["id"])
    body = {**article("管理员改过的"), "version": 1}
    ok(await admin.put(f"/lessons/{line['id']}/draft", json=body))
    await handed_in(teacher, draft["id"])
    refused(await admin.put(f"/courses/{draft['id']}/review", json=YES), "own_review")
    assert len(await letters_to(cast, "周慕云", "courses.review_asked")) == 1
    await approved(principal, draft["id"])


async def test_without_anybody_to_review_it_nothing_is_handed_in(as_: SignIn, cast: Cast) -> None:
    admin = await as_("何清越")
    draft = await written(admin, cast, article(), school="莲塘")
    refused(await admin.put(f"/courses/{draft['id']}/submission"), "nobody_to_review")
    assert (await seen(admin, draft["id"]))["state"] == "draft"


async def test_the_database_itself_refuses_ones_own_review(as_: SignIn, cast: Cast) -> None:
    from tortoise.exceptions import IntegrityError

    draft = await written(await as_("林晓岚"), cast, article())
    with pytest.raises(IntegrityError):
        await Course.filter(id=draft["id"]).update(reviewer_id=cast.id("林晓岚"))
    with pytest.raises(IntegrityError):
        await Course.filter(id=draft["id"]).update(state="published", published_at=clock.now())


async def test_a_returned_course_goes_back_with_a_reason_and_may_be_handed_in_again(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article())
    path = f"/courses/{draft['id']}/review"
    await handed_in(teacher, draft["id"])
    assert (await admin.put(path, json={"approved": False})).status_code == 400
    back = ok(await admin.put(path, json=NO))
    assert (back["state"], back["work"]["returnReason"]) == ("draft", NO["reason"])
    [line] = await listed(teacher, draft["id"])
    assert line["state"] == "draft"
    assert (await lesson(teacher, line["id"]))["draft"]["returnReason"] == NO["reason"]
    body = {**article("更大声"), "version": line["draft"]["version"]}
    ok(await teacher.put(f"/lessons/{line['id']}/draft", json=body))
    again = await handed_in(teacher, draft["id"])
    assert again["work"]["returnReason"] == ""
    await approved(admin, draft["id"])
    reviews = ok(await teacher.get(f"/courses/{draft['id']}/reviews"))["items"]
    assert [(one["approved"], one["reason"], one["reviewer"]) for one in reviews] == [
        (True, "", "许建安"),
        (False, NO["reason"], "许建安"),
    ]
    assert all(one["reviewedAt"] >= one["submittedAt"] for one in reviews)


async def test_an_editor_who_returned_it_may_still_change_it_but_then_not_review_it(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article())
    await handed_in(teacher, draft["id"])
    back = ok(await admin.put(f"/courses/{draft['id']}/review", json=NO))
    body = {**course("我来改"), "version": back["version"]}
    ok(await admin.put(f"/courses/{draft['id']}", json=body))
    await handed_in(admin, draft["id"])
    refused(await admin.put(f"/courses/{draft['id']}/review", json=YES), "own_review")
    await approved(await as_("周慕云"), draft["id"])


async def test_reviewers_are_asked_and_authors_told_without_a_word_in_the_title(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article(), title="很私密的标题")
    await handed_in(teacher, draft["id"])
    await handed_in(teacher, draft["id"])
    [asked] = await letters_to(cast, "许建安", "courses.review_asked")
    assert "很私密的标题" in asked["body_zh"] and "很私密的标题" not in asked["title_zh"]
    assert await letters_to(cast, "周慕云", "courses.review_asked") == []
    ok(await admin.put(f"/courses/{draft['id']}/review", json=NO))
    [told] = await letters_to(cast, "林晓岚", "courses.review_answered")
    assert NO["reason"] in told["body_zh"] and "标题" not in told["title_zh"]
    assert told["link"] == f"/courses/{draft['id']}"
    await handed_in(teacher, draft["id"])
    await approved(admin, draft["id"])
    assert len(await letters_to(cast, "许建安", "courses.review_asked")) == 2
    assert len(await letters_to(cast, "林晓岚", "courses.review_answered")) == 2


async def test_what_is_being_reviewed_stays_as_the_reviewer_reads_it(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article("一"), article("二"))
    lines = [line["id"] for line in await listed(teacher, draft["id"])]
    waiting = await handed_in(teacher, draft["id"])
    at, version = f"/courses/{draft['id']}", waiting["version"]
    order = {"lessonIds": lines[::-1], "version": version}
    for visitor in (teacher, admin):
        for answer in (
            await visitor.put(at, json={**course("新名"), "version": version}),
            await visitor.put(f"{at}/rule", json={"threshold": 60, "version": version}),
            await visitor.put(f"{at}/lesson-order", json=order),
            await visitor.post(f"{at}/lessons", json=article("三")),
            await visitor.put(f"/lessons/{lines[0]}/draft", json={**article("改"), "version": 1}),
            await visitor.put(f"/lessons/{lines[0]}/requirement", json={"required": False}),
            await visitor.put(f"/lessons/{lines[0]}/submission"),
            await visitor.delete(at),
        ):
            refused(answer, "wrong_course_state")
        refused(await visitor.delete(f"/lessons/{lines[0]}/draft"), "wrong_lesson_state")
    stale = {**YES, "version": version - 1}
    refused(await admin.put(f"{at}/review", json=stale), "course_changed")
    ok(await admin.put(f"{at}/review", json={**YES, "version": version}))


Make = Callable[[Cast], Awaitable[list[dict[str, Any]]]]


async def _nothing(cast: Cast) -> list[dict[str, Any]]:
    return []


async def _video_without_film(cast: Cast) -> list[dict[str, Any]]:
    return [article(), video(None, "没有片子")]


async def _quiz_without_questions(cast: Cast) -> list[dict[str, Any]]:
    return [{"kind": "quiz", "title": "空测验"}]


async def _article_without_words(cast: Cast) -> list[dict[str, Any]]:
    return [article("空文章", paragraphs=["……", " "])]


async def _film_in_preparation(cast: Cast) -> list[dict[str, Any]]:
    return [video(await a_medium(cast, state="preparing"), "还在转码")]


async def _film_that_failed(cast: Cast) -> list[dict[str, Any]]:
    return [video(await a_medium(cast, state="failed"), "转码失败")]


@pytest.mark.parametrize(
    ("made", "code", "facts"),
    [
        (_nothing, "no_lessons", {}),
        (_video_without_film, "lesson_incomplete", {"lesson": "没有片子", "what": "medium"}),
        (_quiz_without_questions, "lesson_incomplete", {"lesson": "空测验", "what": "questions"}),
        (_article_without_words, "lesson_incomplete", {"lesson": "空文章", "what": "text"}),
        (_film_in_preparation, "medium_not_ready", {"readiness": "preparing"}),
        (_film_that_failed, "medium_not_ready", {"readiness": "failed"}),
    ],
)
async def test_what_is_not_complete_is_not_handed_in(
    as_: SignIn, cast: Cast, made: Make, code: str, facts: dict[str, str]
) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast, *await made(cast))
    told = refused(await teacher.put(f"/courses/{draft['id']}/submission"), code)
    assert facts.items() <= told.items()
    assert (await seen(teacher, draft["id"]))["state"] == "draft"


async def test_a_film_is_handed_in_once_it_is_ready(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    film = await a_medium(cast, state="preparing")
    draft = await written(teacher, cast, video(film))
    refused(await teacher.put(f"/courses/{draft['id']}/submission"), "medium_not_ready")
    await Attachment.filter(id=film).update(state="ready", duration_ms=61_000)
    await handed_in(teacher, draft["id"])
    await approved(await as_("许建安"), draft["id"])
    [line] = await listed(await as_("王立强"), draft["id"])
    assert line["durationMs"] == 61_000


async def test_a_session_called_off_meanwhile_is_not_handed_in(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    slot = await a_session(cast)
    draft = await written(teacher, cast, live(slot))
    await execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", UUID(slot))
    refused(await teacher.put(f"/courses/{draft['id']}/submission"), "slot_not_fitting")


async def test_a_content_set_is_handed_in_with_exactly_its_items(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(
        teacher, cast, article("第1条"), article("第2条"), kind="content_set", setSize=3
    )
    path = f"/courses/{draft['id']}/submission"
    assert refused(await teacher.put(path), "set_incomplete") == {"size": 3, "lessons": 2}
    await add(teacher, draft["id"], article("第3条"))
    extra = (await add(teacher, draft["id"], article("第4条")))["id"]
    assert refused(await teacher.put(path), "set_incomplete") == {"size": 3, "lessons": 4}
    assert (await teacher.delete(f"/lessons/{extra}/draft")).status_code == 204
    ok(await teacher.put(path))


async def test_a_revision_takes_the_place_of_the_former_one(as_: SignIn, cast: Cast) -> None:
    film = await a_medium(cast)
    made = await a_course(as_, cast, video(film, "旧标题"))
    [lesson_id] = made["lessonIds"]
    await revised(as_, lesson_id, video(film, "新标题"))
    content = (await lesson(await as_("王立强"), lesson_id))["content"]
    assert (content["title"], content["revision"]) == ("新标题", 2)
    row = await Lesson.get(id=lesson_id)
    assert (row.revision, row.basis, row.counts_from, row.state) == (2, 1, 1, "published")
    revisions = await Revision.filter(lesson_id=lesson_id).order_by("number")
    assert [(one.number, one.state) for one in revisions] == [(1, "retired"), (2, "published")]


async def test_another_film_begins_watching_anew_and_watching_again_ends_completions(
    as_: SignIn, cast: Cast
) -> None:
    made = await a_course(as_, cast, video(await a_medium(cast)))
    [lesson_id] = made["lessonIds"]
    other = await a_medium(cast)
    await revised(as_, lesson_id, video(other))
    row = await Lesson.get(id=lesson_id)
    assert (row.revision, row.basis, row.counts_from) == (2, 2, 1)
    await revised(as_, lesson_id, video(other, watchAgain=True))
    row = await Lesson.get(id=lesson_id)
    assert (row.revision, row.basis, row.counts_from) == (3, 3, 3)
    await revised(as_, lesson_id, video(other, "只改标题"))
    row = await Lesson.get(id=lesson_id)
    assert (row.revision, row.basis, row.counts_from) == (4, 3, 3)


async def test_a_lessons_revision_is_reviewed_like_a_course(as_: SignIn, cast: Cast) -> None:
    teacher, admin, father = await as_("林晓岚"), await as_("许建安"), await as_("王立强")
    made = await a_course(as_, cast, article("旧"))
    [lesson_id] = made["lessonIds"]
    at = f"/lessons/{lesson_id}"
    refused(await teacher.put(f"{at}/submission"), "nothing_to_review")
    refused(await (await as_("周慕云")).put(f"{at}/review", json=YES), "nothing_to_review")
    ok(await teacher.put(f"{at}/draft", json={**article("新"), "version": 0}))
    refused(await admin.put(f"{at}/review", json=YES), "wrong_lesson_state")
    ok(await teacher.put(f"{at}/submission"))
    ok(await teacher.put(f"{at}/submission"))
    refused(await teacher.put(f"{at}/draft", json={**article("更新"), "version": 1}),
            "wrong_lesson_state")  # fmt: skip
    refused(await teacher.delete(f"{at}/draft"), "wrong_lesson_state")
    for name, status in (("林晓岚", 403), ("陈启明", 403), ("王立强", 404), ("何清越", 404)):
        assert (await (await as_(name)).put(f"{at}/review", json=YES)).status_code == status
    assert (await (await as_("陈启明")).put(f"{at}/submission")).status_code == 403
    back = ok(await admin.put(f"{at}/review", json=NO))
    assert (back["state"], back["draft"]["state"]) == ("published", "draft")
    assert back["draft"]["returnReason"] == NO["reason"]
    assert (await lesson(father, lesson_id))["content"]["title"] == "旧"
    ok(await teacher.put(f"{at}/submission"))
    ok(await admin.put(f"{at}/review", json=YES))
    ok(await admin.put(f"{at}/review", json=YES))
    assert (await lesson(father, lesson_id))["content"]["title"] == "新"
    reviews = ok(await teacher.get(f"/courses/{made['id']}/reviews"))["items"]
    assert [(one["lessonId"], one["revision"], one["approved"]) for one in reviews] == [
        (lesson_id, 2, True), (lesson_id, 2, False), (None, None, True),
    ]  # fmt: skip
    assert (await trail(lesson_id))[-1] == "courses.lesson_published"
    assert len(await letters_to(cast, "许建安", "courses.review_asked")) == 3


async def test_an_administrators_revision_is_another_ones_to_review(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    made = await a_course(as_, cast, article("旧"))
    at = f"/lessons/{made['lessonIds'][0]}"
    ok(await admin.put(f"{at}/draft", json={**article("新"), "version": 0}))
    ok(await admin.put(f"{at}/submission"))
    refused(await admin.put(f"{at}/review", json=YES), "own_review")
    ok(await (await as_("周慕云")).put(f"{at}/review", json=YES))


async def test_a_lesson_whose_new_film_is_still_preparing_is_not_handed_in(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    made = await a_course(as_, cast, video(await a_medium(cast)))
    at = f"/lessons/{made['lessonIds'][0]}"
    film = await a_medium(cast, state="preparing")
    ok(await teacher.put(f"{at}/draft", json={**video(film), "version": 0}))
    refused(await teacher.put(f"{at}/submission"), "medium_not_ready")


async def test_of_two_reviewers_at_once_one_answers(as_: SignIn, cast: Cast) -> None:
    teacher, admin, principal = await as_("林晓岚"), await as_("许建安"), await as_("周慕云")
    draft = await written(teacher, cast, article())
    await handed_in(teacher, draft["id"])
    path = f"/courses/{draft['id']}/review"

    async def answer(visitor: Visitor, body: dict[str, Any]) -> httpx.Response:
        return await visitor.put(path, json=body)

    answers = await asyncio.gather(answer(admin, YES), answer(principal, NO))
    assert sorted(one.status_code for one in answers) == [200, 409]
    rows = await fetch("SELECT 1 FROM course_reviews WHERE course_id = $1", UUID(draft["id"]))
    assert len(rows) == 1


async def test_a_districts_course_is_reviewed_by_another_officer(as_: SignIn, cast: Cast) -> None:
    officer = await as_("沈知微")
    host = ok(
        await officer.post(
            f"/districts/{cast.district.id}/parent-schools",
            json={"kind": "district", "name": "翔安区家长学校", "openedOn": "2026-09-01"},
        ),
        201,
    )
    at = f"/parent-schools/{host['id']}/courses"
    for name, status in (("许建安", 403), ("王立强", 404), ("曹望舒", 404)):
        assert (await (await as_(name)).post(at, json=course())).status_code == status, name
    made = ok(await officer.post(at, json=course("全区都能学")), 201)
    await add(officer, made["id"], article())
    path = f"/courses/{made['id']}"
    refused(await officer.put(f"{path}/submission"), "nobody_to_review")
    await ties.appoint(cast.id("何清越"), Role.DISTRICT_OFFICER, cast.district)
    ok(await officer.put(f"{path}/submission"))
    refused(await officer.put(f"{path}/review", json=YES), "own_review")
    assert (await (await as_("曹望舒")).put(f"{path}/review", json=YES)).status_code == 404
    ok(await (await as_("何清越")).put(f"{path}/review", json=YES))
    for name in ("王立强", "孙海燕"):
        assert (await seen(await as_(name), made["id"]))["hostKind"] == "district"
    assert (await (await as_("钱进")).get(path)).status_code == 404
    page = ok(await officer.get(at, params={"work": "published"}))
    assert [one["title"] for one in page["items"]] == ["全区都能学"]


async def test_an_author_who_left_the_school_edits_no_more(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast, article())
    await execute(
        "UPDATE standings SET valid_until = $2 WHERE person_id = $1",
        cast.id("林晓岚"),
        clock.now() - timedelta(seconds=1),
    )
    assert (await teacher.get(f"/courses/{draft['id']}")).status_code == 404
    assert (await teacher.put(f"/courses/{draft['id']}/submission")).status_code == 404
    assert (await write(teacher, cast, course())).status_code == 404
