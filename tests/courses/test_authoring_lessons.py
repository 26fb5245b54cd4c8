"""Lessons: their kinds, their media, their order, and that answers stay with their authors."""

from uuid import UUID

import pytest

from backend.courses.models import Lesson
from backend.database import execute
from backend.media.models import Attachment
from seed.cast import Cast
from tests.courses.stories import (
    a_course,
    a_medium,
    a_session,
    add,
    approved,
    article,
    handed_in,
    in_order,
    lesson,
    listed,
    live,
    multiple,
    ok,
    quiz,
    refused,
    revised,
    single,
    video,
    written,
)
from tests.house import SignIn


async def test_a_lesson_lasts_as_long_as_its_medium_whatever_a_client_says(
    as_: SignIn, cast: Cast
) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    made = await add(teacher, draft["id"], video(await a_medium(cast, seconds=312.5)))
    assert made["draft"]["durationMs"] == 312_500 and made["content"] is None
    assert made["draft"]["medium"]["kind"] == "video"
    told = {**video(await a_medium(cast)), "durationMs": 1}
    answer = await teacher.post(f"/courses/{draft['id']}/lessons", json=told)
    assert answer.status_code == 400


async def test_an_article_takes_as_long_as_reading_it(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    long = article(paragraphs=["听" * 400, "说" * 400])
    assert (await add(teacher, draft["id"], long))["draft"]["durationMs"] == 120_000
    assert (await add(teacher, draft["id"], article()))["draft"]["durationMs"] == 20_000


async def test_a_medium_is_of_the_right_kind_and_the_authors_own(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    path = f"/courses/{draft['id']}/lessons"
    sound, picture = await a_medium(cast, kind="audio"), await a_medium(cast, kind="image")
    refused(await teacher.post(path, json=video(sound)), "wrong_medium")
    refused(await teacher.post(path, json=video(picture)), "wrong_medium")
    refused(await teacher.post(path, json=article(attachmentId=picture)), "wrong_medium")
    others = await a_medium(cast, "陈启明")
    refused(await teacher.post(path, json=video(others)), "attachment_missing")
    elsewhere = await a_medium(cast, school="莲塘")
    refused(await teacher.post(path, json=video(elsewhere)), "attachment_missing")
    assert (await Attachment.get(id=picture)).owner_id is None
    long = await a_medium(cast, seconds=4 * 3600 + 1)
    refused(await teacher.post(path, json=video(long)), "medium_too_long")
    assert await listed(teacher, draft["id"]) == []


async def test_a_live_lesson_is_a_session_of_the_same_school(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    path = f"/courses/{draft['id']}/lessons"
    elsewhere = await a_session(cast, "莲塘", organiser_id=cast.id("何清越"))
    shift = await a_session(cast, kind="shift")
    for slot in (elsewhere, shift, str(cast.id("王立强"))):
        refused(await teacher.post(path, json=live(slot)), "slot_not_fitting")
    off = await a_session(cast)
    await execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", UUID(off))
    refused(await teacher.post(path, json=live(off)), "slot_not_fitting")
    assert (await teacher.post(path, json={"kind": "live", "title": "讲座"})).status_code == 400
    assert (await teacher.post(path, json=article(slotId=elsewhere))).status_code == 400
    slot = await a_session(cast)
    made = await add(teacher, draft["id"], live(slot))
    assert made["draft"]["slotId"] == slot and made["draft"]["durationMs"] is None


async def test_a_recording_makes_a_live_lesson_one_to_watch(as_: SignIn, cast: Cast) -> None:
    slot = await a_session(cast)
    made = await a_course(as_, cast, live(slot))
    [lesson_id] = made["lessonIds"]
    father = await as_("王立强")
    assert (await lesson(father, lesson_id))["content"]["durationMs"] is None
    film = await a_medium(cast, seconds=3600)
    await revised(as_, lesson_id, live(slot, attachmentId=film, note="讲座录像"))
    content = (await lesson(father, lesson_id))["content"]
    assert (content["kind"], content["durationMs"]) == ("live", 3_600_000)
    assert content["medium"]["id"] == film and content["note"] == "讲座录像"
    row = await Lesson.get(id=lesson_id)
    # Whoever was there has done the lesson; there is something else to watch now.
    assert (row.revision, row.basis, row.counts_from) == (2, 2, 1)


async def test_families_never_get_an_answer_before_they_gave_theirs(
    as_: SignIn, cast: Cast
) -> None:
    secret = {**single(), "explanation": "这句话只有作者看得到"}
    made = await a_course(as_, cast, quiz("小测验", secret, multiple(), in_order()))
    [quiz_id] = made["lessonIds"]
    teacher = await as_("林晓岚")
    mine = await lesson(teacher, quiz_id)
    assert [one["answer"] for one in mine["answers"]] == [["b"], ["a", "c"], ["b", "a", "c"]]
    for name in ("王立强", "周婷", "陈启明"):
        visitor = await as_(name)
        shown = await lesson(visitor, quiz_id)
        assert shown["answers"] is None and shown["draft"] is None
        assert shown["content"]["questions"] == 3
        for path in (f"/courses/{made['id']}", f"/courses/{made['id']}/lessons",
                     f"/lessons/{quiz_id}"):  # fmt: skip
            body = (await visitor.get(path)).text
            for word in ("这句话只有作者看得到", '"answer":', "看着孩子", "停下手里的事"):
                assert word not in body, (name, path, word)


async def test_a_draft_beside_what_is_published_is_seen_by_those_who_write_it(
    as_: SignIn, cast: Cast
) -> None:
    made = await a_course(as_, cast, article("旧标题"))
    [lesson_id] = made["lessonIds"]
    teacher = await as_("林晓岚")
    body = {**article("新标题", paragraphs=["还没有审核的话"]), "version": 0}
    ok(await teacher.put(f"/lessons/{lesson_id}/draft", json=body))
    mine = await lesson(teacher, lesson_id)
    assert (mine["content"]["title"], mine["draft"]["title"]) == ("旧标题", "新标题")
    [line] = await listed(teacher, made["id"])
    assert line["title"] == "旧标题" and line["draft"]["state"] == "draft"
    for name in ("王立强", "陈启明"):
        visitor = await as_(name)
        for path in (f"/lessons/{lesson_id}", f"/courses/{made['id']}/lessons"):
            text = (await visitor.get(path)).text
            assert "旧标题" in text and "新标题" not in text and "还没有审核的话" not in text
    for name in ("王立强", "陈启明", "何清越"):
        answer = await (await as_(name)).put(f"/lessons/{lesson_id}/draft", json=body)
        assert answer.status_code in (403, 404)


async def test_media_are_reached_by_links_of_the_callers_own(as_: SignIn, cast: Cast) -> None:
    made = await a_course(as_, cast, video(await a_medium(cast)))
    [lesson_id] = made["lessonIds"]
    father = (await lesson(await as_("王立强"), lesson_id))["content"]["medium"]["url"]
    mother = (await lesson(await as_("刘敏"), lesson_id))["content"]["medium"]["url"]
    assert father != mother and "link=" in father
    # Another guardian signed in does not get through with it.
    answer = await (await as_("刘敏")).get(father.removeprefix("/v1"))
    assert answer.status_code == 404


async def test_throwing_a_change_away_leaves_what_is_published(as_: SignIn, cast: Cast) -> None:
    old, new = await a_medium(cast), await a_medium(cast)
    made = await a_course(as_, cast, video(old))
    [lesson_id] = made["lessonIds"]
    teacher = await as_("林晓岚")
    ok(await teacher.put(f"/lessons/{lesson_id}/draft", json={**video(new), "version": 0}))
    assert (await Attachment.get(id=new)).owner_id == UUID(lesson_id)
    assert (await teacher.delete(f"/lessons/{lesson_id}/draft")).status_code == 204
    assert (await Attachment.get(id=new)).owner_id is None
    assert (await Attachment.get(id=old)).owner_id == UUID(lesson_id)
    assert (await lesson(await as_("王立强"), lesson_id))["content"]["medium"]["id"] == old


async def test_a_replaced_medium_stays_for_those_who_are_watching_it(
    as_: SignIn, cast: Cast
) -> None:
    old, new = await a_medium(cast), await a_medium(cast)
    made = await a_course(as_, cast, video(old))
    [lesson_id] = made["lessonIds"]
    await revised(as_, lesson_id, video(new))
    assert (await Attachment.get(id=old)).owner_id == UUID(lesson_id)
    assert (await Attachment.get(id=new)).owner_id == UUID(lesson_id)


@pytest.mark.parametrize(
    "misfit",
    [
        {"answer": ["z"]},
        {"answer": ["a", "b"]},
        {"answer": []},
        {"options": [{"key": "a", "text": "甲"}]},
        {"options": [{"key": "b", "text": "甲"}, {"key": "b", "text": "乙"}]},
        {"kind": "order"},
        {"kind": "essay"},
    ],
)
async def test_questions_that_cannot_be_answered_are_refused_at_the_door(
    as_: SignIn, cast: Cast, misfit: dict[str, object]
) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    body = quiz("小测验", {**single(), **misfit})
    answer = await teacher.post(f"/courses/{draft['id']}/lessons", json=body)
    assert answer.status_code == 400, answer.text


async def test_links_lead_to_safe_places(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    path = f"/courses/{draft['id']}/lessons"
    for url in ("http://a.example", "javascript:alert(1)", "https://u:p@a.example", "https://"):
        body = {"kind": "external", "title": "看一看", "externalUrl": url}
        assert (await teacher.post(path, json=body)).status_code == 400, url
    body = {"kind": "external", "title": "看一看", "externalUrl": "https://a.example/course/7"}
    made = await add(teacher, draft["id"], body)
    assert made["draft"]["externalUrl"] == "https://a.example/course/7"
    await handed_in(teacher, draft["id"])
    await approved(await as_("许建安"), draft["id"])
