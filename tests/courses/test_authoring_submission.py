"""Handing in: what must be complete before anybody reviews it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from backend.database import execute
from backend.media.models import Attachment
from seed.cast import Cast
from tests.courses.stories import (
    a_medium,
    a_session,
    add,
    approved,
    article,
    course,
    handed_in,
    listed,
    live,
    ok,
    refused,
    seen,
    video,
    written,
)
from tests.house import SignIn

NO = {"approved": False, "reason": "第二课的声音太小"}
YES = {"approved": True}


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
