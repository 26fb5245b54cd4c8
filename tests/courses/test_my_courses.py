"""My courses: taken up, gone on with on another phone, finished, left."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend import clock
from backend.courses.models import CourseCompletion, CourseEnrolment, Lesson
from backend.database import execute, transaction
from backend.people.operations import sessions
from backend.people.tokens import keys_for
from backend.settings import Settings
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.courses.shelf import MINUTE, assign, on_the_shelf, revise, watch
from tests.courses.viewing import Hand, Viewing
from tests.house import SignIn, Visitor

LIST = 2
"""The caller, and everything that is listed."""


async def mine(visitor: Visitor, **wanted: Any) -> list[dict[str, Any]]:
    answer = await visitor.get("/me/courses", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@asynccontextmanager
async def another_phone(
    person_id: UUID, transport: httpx.ASGITransport, settings: Settings
) -> AsyncIterator[Visitor]:
    """A second sign-in of the same person."""
    device = sessions.Device(key=secrets.token_hex(8), name="tablet", platform="ios")
    async with transaction():
        await sessions.lock_person(person_id)
        signed = await sessions.open_session(
            person_id, device, "code", keys=keys_for(settings.secret_key), now=clock.now()
        )
    async with Visitor(transport=transport, base_url="http://house/v1") as phone:
        phone.headers["Authorization"] = f"Bearer {signed.access_token}"
        yield phone


async def test_a_course_is_taken_up_gone_through_and_finished(as_: SignIn, cast: Cast) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast, lessons=3)
    url = f"/me/courses/{course.id}"
    assert await mine(father) == []
    taken = (await father.put(url)).json()
    assert (taken["standing"], taken["done"], taken["total"]) == ("enrolled", 0, 3)
    assert taken["nextLesson"]["lessonId"] == str(course.lessons[0].id)
    assert taken["resume"] is None
    assert (await father.put(url)).json() == taken

    await watch(cast.id("王立强"), course.lessons[0], to=MINUTE)
    [begun] = await mine(father)
    assert (begun["standing"], begun["percent"]) == ("in_progress", 0)
    assert begun["resume"] == {
        "lessonId": str(course.lessons[0].id),
        "title": "第1课",
        "positionMs": MINUTE,
        "durationMs": 5 * MINUTE,
    }
    await watch(cast.id("王立强"), course.lessons[1])
    [further] = await mine(father)
    assert (further["done"], further["percent"]) == (1, 33)
    assert further["nextLesson"]["position"] == 1
    await watch(cast.id("王立强"), course.lessons[0])
    await watch(cast.id("王立强"), course.lessons[2])
    [done] = await mine(father)
    assert (done["standing"], done["percent"], done["nextLesson"]) == ("completed", 100, None)
    assert done["completedAt"] is not None
    completion = await CourseCompletion.get(course_id=course.id)
    assert done["certificateId"] == str(completion.certificate_id)
    assert await mine(father, standing="in_progress") == []
    assert len(await mine(father, standing="completed")) == 1


async def test_what_was_left_is_off_the_list_and_not_lost(as_: SignIn, cast: Cast) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast)
    url = f"/me/courses/{course.id}"
    assert (await father.delete(url)).status_code == 404
    await father.put(url)
    await watch(cast.id("王立强"), course.lessons[0])
    assert (await father.delete(url)).status_code == 204
    assert (await father.delete(url)).status_code == 204
    assert await mine(father) == []
    again = (await father.put(url)).json()
    assert (again["standing"], again["done"]) == ("in_progress", 1)
    assert await CourseEnrolment.all().count() == 1


async def test_resuming_goes_on_where_the_last_phone_stopped(
    as_: SignIn,
    cast: Cast,
    transport: httpx.ASGITransport,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phone, course = await as_("王立强"), await on_the_shelf(cast)
    first, second = course.lessons
    hand = Hand(monkeypatch)
    async with another_phone(cast.id("王立强"), transport, settings) as tablet:

        async def watched(device: Visitor, lesson: Lesson, begin: int, end: int) -> None:
            viewing = Viewing(device, lesson)
            shown = await viewing.open()
            assert shown["positionMs"] == begin
            hand.forward((end - begin) / 1000)
            assert (await viewing.send((begin, end), position=end)).status_code == 200
            for other in (phone, tablet):
                [seen] = await mine(other)
                assert seen["resume"]["lessonId"] == str(lesson.id)
                assert seen["resume"]["positionMs"] == end

        await watched(phone, first, 0, MINUTE)
        await watched(phone, second, 0, 2 * MINUTE)
        # At home on the tablet.
        await watched(tablet, first, MINUTE, 3 * MINUTE)
        await watched(phone, first, 3 * MINUTE, 4 * MINUTE)
        await watched(tablet, second, 2 * MINUTE, 3 * MINUTE)
        await tablet.delete(f"/me/courses/{course.id}")
        assert await mine(phone) == []


async def test_only_required_lessons_count_and_a_revision_may_ask_again(
    as_: SignIn, cast: Cast
) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast, lessons=3)
    await Lesson.filter(id=course.lessons[2].id).update(required=False)
    await father.put(f"/me/courses/{course.id}")
    await watch(cast.id("王立强"), course.lessons[0])
    await watch(cast.id("王立强"), course.lessons[2])
    [half] = await mine(father)
    assert (half["done"], half["total"], half["percent"]) == (1, 2, 50)
    assert half["nextLesson"]["position"] == 2
    await revise(course, course.lessons[0])
    assert (await mine(father))[0]["percent"] == 50
    await revise(course, course.lessons[0], again=True)
    [again] = await mine(father)
    assert (again["percent"], again["nextLesson"]["position"]) == (0, 1)
    assert again["nextLesson"]["title"] == "新版"


async def test_what_was_finished_runs_out_and_says_so_before(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, lessons=1, valid_days=60)
    await watch(cast.id("王立强"), course.lessons[0])
    [fresh] = await mine(father)
    assert (fresh["standing"], fresh["expiresSoon"]) == ("completed", False)
    for days, standing, soon in ((29, "completed", True), (-1, "expired", False)):
        await CourseCompletion.all().update(valid_until=clock.now() + timedelta(days=days))
        [seen] = await mine(father)
        assert (seen["standing"], seen["expiresSoon"]) == (standing, soon)
    # Renewed, it begins anew; what was earned stays until it runs out.
    await CourseCompletion.all().update(valid_until=clock.now() + timedelta(days=5))
    await CourseEnrolment.all().update(round=2)
    [renewing] = await mine(father)
    assert (renewing["standing"], renewing["percent"]) == ("enrolled", 0)
    assert renewing["certificateId"] == fresh["certificateId"]
    assert not renewing["expiresSoon"]


async def test_a_family_counts_together_but_nobody_learns_who_watched_what(
    as_: SignIn, cast: Cast
) -> None:
    father, mother = await as_("王立强"), await as_("刘敏")
    family = await on_the_shelf(cast, "全家一起学", family_counts=True)
    alone = await on_the_shelf(cast, "各学各的", lessons=1)
    for course in (family, alone):
        await father.put(f"/me/courses/{course.id}")
        await mother.put(f"/me/courses/{course.id}")

    async def known(visitor: Visitor) -> dict[str, bool]:
        return {item["title"]: item["familyCompleted"] for item in await mine(visitor)}

    await watch(cast.id("刘敏"), alone.lessons[0])
    await watch(cast.id("刘敏"), family.lessons[0])
    assert await known(father) == {"全家一起学": False, "各学各的": False}
    # One lesson each: together they have finished it.
    await watch(cast.id("王立强"), family.lessons[1])
    assert (await known(father))["全家一起学"]
    assert (await known(mother))["全家一起学"]
    [seen] = [item for item in await mine(father) if item["familyCompleted"]]
    assert (seen["standing"], seen["done"]) == ("in_progress", 1)
    assert seen["nextLesson"]["lessonId"] == str(family.lessons[0].id)
    assert not (await known(await as_("王立强")))["各学各的"]


@pytest.mark.parametrize("kept_apart", ["刘敏", "王立强"])
async def test_a_restricted_guardian_counts_for_nobody_and_hears_nothing(
    as_: SignIn, cast: Cast, kept_apart: str
) -> None:
    course = await on_the_shelf(cast, lessons=1, school=None, family_counts=True)
    father, mother = await as_("王立强"), await as_("刘敏")
    await father.put(f"/me/courses/{course.id}")
    await watch(cast.id("刘敏"), course.lessons[0])
    assert (await mine(father))[0]["familyCompleted"]
    await execute("UPDATE guardianships SET restricted = true WHERE person_id = $1",
                  cast.id(kept_apart))  # fmt: skip
    assert not any(item["familyCompleted"] for item in await mine(father))
    # Their own record stays theirs, whether or not they may go on.
    assert (await mine(mother))[0]["standing"] == "completed"


async def test_a_course_that_is_no_longer_offered_stays_on_record(as_: SignIn, cast: Cast) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast)
    await father.put(f"/me/courses/{course.id}")
    await watch(cast.id("王立强"), course.lessons[0], to=MINUTE)
    await execute("UPDATE courses SET state = 'retired', retired_reason = '内容过时'")
    [seen] = await mine(father)
    assert (seen["available"], seen["resume"], seen["nextLesson"]) == (False, None, None)
    assert (await father.put(f"/me/courses/{course.id}")).status_code == 404
    assert (await father.delete(f"/me/courses/{course.id}")).status_code == 204


async def test_only_whoever_is_offered_a_course_takes_it_up(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast)
    url = f"/me/courses/{course.id}"
    for name, status in (("王立强", 200), ("林晓岚", 200), ("孙海燕", 404), ("钱进", 404),
                         ("沈知微", 404), ("何清越", 404)):  # fmt: skip
        assert (await (await as_(name)).put(url)).status_code == status, name
    assert (await (await as_("孙海燕")).delete(url)).status_code == 404
    assert await CourseEnrolment.all().count() == 2
    # What one has on the list is on nobody else's.
    assert await mine(await as_("刘敏")) == []


async def test_an_assigned_course_says_until_when(as_: SignIn, cast: Cast) -> None:
    father, course = await as_("王立强"), await on_the_shelf(cast)
    class_id = cast.classes["海湾/三年级/1班"].id
    soon = await assign(course, cast, class_id, due_in=3)
    await assign(course, cast, cast.classes["海湾/三年级/2班"].id, due_in=1)
    await assign(course, cast, cast.schools["海湾"].id, due_in=9)
    await father.put(f"/me/courses/{course.id}")
    assert (await mine(father))[0]["dueOn"] == soon.due_on.isoformat()


async def test_a_content_set_counts_what_was_read(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, "健康素养66条", lessons=66, kind="article", topic="health")
    await execute("UPDATE courses SET kind = 'content_set', set_size = 66")
    taken = (await father.put(f"/me/courses/{course.id}")).json()
    assert (taken["kind"], taken["done"], taken["total"]) == ("content_set", 0, 66)
    for lesson in course.lessons[:2]:
        await watch(cast.id("王立强"), lesson)
    [seen] = await mine(father)
    assert (seen["done"], seen["total"], seen["percent"]) == (2, 66, 3)
    assert seen["nextLesson"]["position"] == 3


async def test_pages_hold_each_course_once(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    made = [await on_the_shelf(cast, f"课程{number}", lessons=0) for number in range(5)]
    for course in made:
        await father.put(f"/me/courses/{course.id}")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await father.get("/me/courses", params={"limit": 2, **cursor})).json()
        seen += [item["courseId"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == [str(course.id) for course in reversed(made)]
    stolen = await (await as_("刘敏")).get("/me/courses", params=cursor)
    assert (stolen.status_code, stolen.json()["code"]) == (400, "bad_cursor")


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    async with counted(dsn) as statements:
        yield statements


async def test_the_list_costs_the_same_for_one_course_and_for_many(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    father = await as_("王立强")
    for number in range(4):
        course = await on_the_shelf(cast, f"课程{number}", lessons=2, family_counts=True)
        await father.put(f"/me/courses/{course.id}")
        await watch(cast.id("王立强"), course.lessons[0])
        for path in ("/me/courses", "/me/courses/recommended", "/courses", "/courses?q=课程"):
            # The driver asks about a kind of value once for each connection.
            await father.get(path)
            sent.clear()
            assert (await father.get(path)).status_code == 200
            assert await sent.count() == LIST, path
