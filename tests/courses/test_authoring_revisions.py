"""Revisions of published lessons: reviewed like courses, and what they make of what was watched."""

from backend.courses.models import Lesson, Revision
from seed.cast import Cast
from tests.courses.stories import (
    a_course,
    a_medium,
    article,
    lesson,
    letters_to,
    ok,
    refused,
    revised,
    trail,
    video,
)
from tests.house import SignIn

NO = {"approved": False, "reason": "第二课的声音太小"}
YES = {"approved": True}


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
