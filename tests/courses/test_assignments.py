"""Assignments: whose families are asked to take a course, by whom, and how they hear of it."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from backend import clock
from backend.courses import jobs
from backend.courses.models import Assignment
from backend.database import execute, fetch
from seed.cast import Cast
from tests.courses.shelf import Shelved, on_the_shelf, watch
from tests.courses.stories import letters_to, ok, refused, trail
from tests.courses.test_library import adopting, shared
from tests.house import SignIn, Visitor

CLASS, SISTER, FIRST = "海湾/三年级/1班", "海湾/三年级/2班", "海湾/一年级/1班"
TOLD = "courses.assigned"


def day(number: int = 7) -> str:
    return (clock.local(clock.now()).date() + timedelta(days=number)).isoformat()


def node(cast: Cast, key: str) -> str:
    """Return the id of a class, a grade or a school by its key."""
    found: dict[str, Any] = {**cast.schools, **cast.grades, **cast.classes}
    return str(found[key].id)


async def ask(
    visitor: Visitor, cast: Cast, course: Shelved, key: str = CLASS, due: str | None = None
) -> httpx.Response:
    body = {"nodeId": node(cast, key), "dueOn": due}
    return await visitor.post(f"/courses/{course.id}/assignments", json=body)


async def asked(visitor: Visitor, course: Shelved) -> list[str]:
    items = ok(await visitor.get(f"/courses/{course.id}/assignments"))["items"]
    return [item["label"] for item in items]


async def test_a_class_teacher_asks_the_own_class_and_its_families_hear_of_it_once(
    as_: SignIn, cast: Cast
) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    for lesson in course.lessons:
        await watch(cast.id("马静"), lesson)
    made = ok(await ask(teacher, cast, course, due=day()), 201)
    assert (made["label"], made["kind"], made["dueOn"]) == ("三年级1班", "class", day())
    assert made["assignedBy"] == "林晓岚"
    for name in ("王立强", "刘敏", "周婷", "高远"):
        [letter] = await letters_to(cast, name, TOLD)
        assert "陪孩子用好网络" not in letter["title_zh"]
        assert "陪孩子用好网络" in letter["body_zh"]
    # Who has finished it, and other classes, hear nothing.
    for name in ("马静", "赵德胜", "孙海燕", "林晓岚"):
        assert await letters_to(cast, name, TOLD) == [], name
    facts = refused(await ask(teacher, cast, course, due=day(9)), "already_assigned")
    assert facts["assignmentId"] == made["id"]
    [mine] = ok(await (await as_("王立强")).get("/me/courses/recommended"))["items"]
    assert (mine["assigned"], mine["dueOn"]) == (True, day())
    assert await trail(str(course.id)) == ["courses.completed", TOLD]


async def test_who_was_asked_by_the_school_hears_nothing_more_from_the_class(
    as_: SignIn, cast: Cast
) -> None:
    course = await on_the_shelf(cast)
    ok(await ask(await as_("林晓岚"), cast, course), 201)
    ok(await ask(await as_("许建安"), cast, course, "海湾"), 201)
    ok(await ask(await as_("郑佩文"), cast, course, "海湾/三年级"), 201)
    for name in ("王立强", "高远", "赵德胜"):
        assert len(await letters_to(cast, name, TOLD)) == 1, name
    labels = ["海湾实验小学", "三年级", "三年级1班"]
    assert await asked(await as_("吴思远"), course) == labels


async def test_another_day_is_no_news_and_an_end_is_one(as_: SignIn, cast: Cast) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    made = ok(await ask(teacher, cast, course, due=day(2)), 201)
    path = f"/courses/{course.id}/assignments/{made['id']}"
    for _ in range(2):
        assert ok(await teacher.put(path, json={"dueOn": day(30)}))["dueOn"] == day(30)
    assert ok(await teacher.put(path, json={"dueOn": None}))["dueOn"] is None
    assert len(await letters_to(cast, "王立强", TOLD)) == 1
    for _ in range(2):
        assert (await teacher.delete(path)).status_code == 204
    refused(await teacher.put(path, json={"dueOn": None}), "assignment_ended")
    assert await asked(teacher, course) == []
    [mine] = ok(await (await as_("王立强")).get("/me/courses/recommended"))["items"]
    assert not mine["assigned"]
    assert await jobs.remind_due() == 0
    steps = [TOLD] + ["courses.assignment_moved"] * 2 + ["courses.assignment_ended"]
    assert await trail(str(course.id)) == steps
    # Nothing of it waits to be sent any more.
    queued = await fetch(
        "SELECT v.id FROM post_delivery v JOIN post_letter l ON l.id = v.letter_id "
        "WHERE l.subject_id = $1",
        made["id"],
    )
    assert queued == []
    ok(await ask(teacher, cast, course, due=day()), 201)


@pytest.mark.parametrize(
    ("who", "key", "status"),
    [
        ("林晓岚", CLASS, 201), ("林晓岚", SISTER, 403), ("林晓岚", "海湾/三年级", 403),
        ("林晓岚", "海湾", 403), ("郑佩文", CLASS, 201), ("郑佩文", "海湾/三年级", 201),
        ("郑佩文", FIRST, 403), ("郑佩文", "海湾", 403), ("许建安", "海湾", 201),
        ("许建安", FIRST, 201), ("周慕云", "海湾/一年级", 201), ("吴思远", CLASS, 403),
        ("许建安", "莲塘", 404), ("林晓岚", "莲塘/七年级/1班", 404), ("何清越", CLASS, 404),
        ("何清越", "莲塘", 404), ("王立强", CLASS, 404), ("周婷", CLASS, 404),
        ("沈知微", CLASS, 404), ("唐一苇", "远山小学", 404),
    ],
)  # fmt: skip
async def test_who_asks_whom(as_: SignIn, cast: Cast, who: str, key: str, status: int) -> None:
    course = await on_the_shelf(cast)
    answer = await ask(await as_(who), cast, course, key)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == "not_your_place"
    assert await Assignment.all().count() == (status == 201)


@pytest.mark.parametrize(
    ("who", "sees", "ends"),
    [("林晓岚", 200, 204), ("郑佩文", 200, 204), ("许建安", 200, 204), ("陈启明", 200, 403),
     ("吴思远", 200, 403), ("何清越", 404, 404), ("王立强", 404, 404), ("周婷", 404, 404),
     ("沈知微", 404, 404), ("曹望舒", 404, 404)],
)  # fmt: skip
async def test_who_sees_and_who_ends_an_assignment(
    as_: SignIn, cast: Cast, who: str, sees: int, ends: int
) -> None:
    course = await on_the_shelf(cast)
    made = ok(await ask(await as_("林晓岚"), cast, course), 201)
    path, visitor = f"/courses/{course.id}/assignments", await as_(who)
    assert (await visitor.get(path)).status_code == sees
    moved = await visitor.put(f"{path}/{made['id']}", json={"dueOn": day()})
    assert moved.status_code == (200 if ends == 204 else ends)
    assert (await visitor.delete(f"{path}/{made['id']}")).status_code == ends


async def test_an_adopted_course_is_assigned_where_it_was_adopted_and_seen_nowhere_else(
    as_: SignIn, cast: Cast
) -> None:
    course, there = await shared(cast), await as_("何清越")
    # A course of the library is read before it is adopted, not assigned.
    answer = await ask(there, cast, course, "莲塘")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    ok(await there.put(adopting(cast, course)))
    made = ok(await ask(there, cast, course, "莲塘"), 201)
    assert len(await letters_to(cast, "孙海燕", TOLD)) == 1
    assert await asked(await as_("许建安"), course) == []
    path = f"/courses/{course.id}/assignments/{made['id']}"
    assert (await (await as_("许建安")).delete(path)).status_code == 404
    # Nor is it found below another course.
    other = await on_the_shelf(cast, "别的课", school="莲塘")
    assert (await there.delete(f"/courses/{other.id}/assignments/{made['id']}")).status_code == 404
    assert (await there.delete(adopting(cast, course))).status_code == 204
    assert (await Assignment.get(id=made["id"])).ended_at is not None


async def test_what_is_not_out_is_not_assigned(as_: SignIn, cast: Cast) -> None:
    admin, course = await as_("许建安"), await on_the_shelf(cast)
    for state in ("draft", "in_review"):
        await execute("UPDATE courses SET state = $2 WHERE id = $1", course.id, state)
        refused(await ask(admin, cast, course), "wrong_course_state")
    await execute("UPDATE courses SET state = 'published' WHERE id = $1", course.id)
    ok(await admin.put(f"/courses/{course.id}/retirement", json={"reason": "已过时"}))
    refused(await ask(admin, cast, course), "wrong_course_state")


@pytest.mark.parametrize("days", [-1, 401, 4000])
async def test_a_day_that_makes_no_sense_is_refused(as_: SignIn, cast: Cast, days: int) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    answer = await ask(teacher, cast, course, due=day(days))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_due_date")
    made = ok(await ask(teacher, cast, course, due=day(0)), 201)
    assert date.fromisoformat(made["dueOn"]) == clock.local(clock.now()).date()
    path = f"/courses/{course.id}/assignments/{made['id']}"
    answer = await teacher.put(path, json={"dueOn": day(days)})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_due_date")


async def test_a_repeated_request_asks_once(as_: SignIn, cast: Cast) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    body = {"nodeId": node(cast, CLASS)}
    path = f"/courses/{course.id}/assignments"
    key = {"Idempotency-Key": "once-and-for-all"}
    answers = [await teacher.post(path, json=body, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert await Assignment.all().count() == 1


async def test_of_two_who_ask_at_once_one_does(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast)
    visitors = [await as_(name) for name in ("林晓岚", "郑佩文", "许建安", "周慕云")]
    answers = await asyncio.gather(*(ask(one, cast, course) for one in visitors))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await letters_to(cast, "王立强", TOLD)) == 1
