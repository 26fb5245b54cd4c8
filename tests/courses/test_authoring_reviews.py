"""Four eyes: what may be handed in, who reviews it, and what a new revision changes."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from tortoise.exceptions import IntegrityError

from backend import clock
from backend.courses.models import Course
from backend.database import execute, fetch
from backend.people.operations import ties
from backend.web.actor import Role
from seed.cast import Cast
from tests.courses.stories import (
    a_medium,
    add,
    approved,
    article,
    course,
    handed_in,
    lesson,
    letters_to,
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
