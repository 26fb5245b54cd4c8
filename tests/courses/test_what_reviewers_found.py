"""What went wrong with courses when somebody looked for it; each of these once did."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.courses import jobs
from backend.courses.models import CourseCompletion
from backend.courses.operations import assigning, enrolling
from backend.database import execute, fetch
from backend.media.models import Attachment
from seed.cast import Cast
from tests.column.desk import Pocket, carry, phones
from tests.courses.shelf import on_the_shelf, watch
from tests.courses.stories import (
    a_course,
    a_medium,
    approved,
    article,
    handed_in,
    letters_to,
    ok,
    video,
    written,
)
from tests.courses.test_library import adopting, shared
from tests.courses.test_tracks import arranged, at, begun
from tests.house import SignIn

REASON = {"reason": "内容过时"}


async def test_a_lesson_that_is_retired_keeps_no_film_that_nobody_ever_saw(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    first, second = await a_medium(cast), await a_medium(cast)
    made = await a_course(as_, cast, video(first), article())
    lesson = f"/lessons/{made['lessonIds'][0]}"
    ok(await teacher.put(f"{lesson}/draft", json={"version": 0, **video(second)}))
    ok(await admin.put(f"{lesson}/retirement", json=REASON))
    unseen, shown = await Attachment.get(id=second), await Attachment.get(id=first)
    assert (unseen.owner_id, unseen.attached_at) == (None, None)
    # Whoever is watching the other one watches on.
    assert str(shown.owner_id) == made["lessonIds"][0]


async def test_what_is_discarded_while_somebody_works_on_it_is_not_found(
    as_: SignIn, cast: Cast
) -> None:
    """Two taps on the same button, and a colleague who is a moment late."""
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    for _ in range(4):
        draft = await written(teacher, cast, article("留下的"), article("不要的"))
        rows = await fetch(
            "SELECT id FROM lessons WHERE course_id = $1 ORDER BY position", UUID(draft["id"])
        )
        path = f"/lessons/{rows[1]['id']}"
        answers = await asyncio.gather(
            teacher.delete(f"{path}/draft"),
            teacher.delete(f"{path}/draft"),
            admin.put(f"{path}/draft", json={"version": 1, **article("改过的")}),
            admin.put(f"{path}/requirement", json={"required": False}),
            admin.delete(f"{path}/draft"),
        )
        assert {one.status_code for one in answers} <= {200, 204, 404, 409}
        course = f"/courses/{draft['id']}"
        answers = await asyncio.gather(
            teacher.delete(course),
            teacher.delete(course),
            admin.put(f"{course}/submission"),
            admin.post(f"{course}/lessons", json=article("迟到的")),
            admin.put(f"{path}/submission"),
            admin.put(f"{course}/rule", json={"version": 1, "threshold": 80}),
        )
        assert {one.status_code for one in answers} <= {200, 201, 204, 404, 409}


async def test_who_has_left_is_not_told_that_a_course_they_cannot_take_runs_out(
    as_: SignIn, cast: Cast
) -> None:
    shelved = await on_the_shelf(cast, lessons=1, valid_days=60)
    for name in ("王立强", "李建国"):
        await watch(cast.id(name), shelved.lessons[0])
    await CourseCompletion.all().update(valid_until=clock.now() + timedelta(days=20))
    await execute(
        "UPDATE guardianships SET valid_until = now() WHERE person_id = $1", cast.id("李建国")
    )
    assert await jobs.warn_running_out() == 1
    assert len(await letters_to(cast, "王立强", "courses.running_out")) == 1
    assert await letters_to(cast, "李建国", "courses.running_out") == []


async def test_only_whoever_runs_the_district_sees_what_its_tracks_have_lost(
    as_: SignIn, cast: Cast
) -> None:
    officer, head, father = [await as_(name) for name in ("沈知微", "周慕云", "王立强")]
    kept = await on_the_shelf(cast, "还在的课", school=None)
    lost = await on_the_shelf(cast, "下架的课", school=None)
    track = await begun(officer, cast, None)
    ok(await officer.put(f"/tracks/{track['id']}", json=arranged(track, kept, lost)))
    ok(await officer.put(f"/courses/{lost.id}/retirement", json=REASON))
    for visitor in (head, father):
        [seen] = await at(visitor, cast)
        assert [one["title"] for one in seen["courses"]] == ["还在的课"]
    mine = ok(await officer.get(f"/tracks/{track['id']}"))["courses"]
    assert [one["title"] for one in mine] == ["还在的课", "下架的课"]


async def test_a_course_left_on_one_phone_while_another_takes_it_up_is_no_accident(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast), await as_("王立强")
    take_up = enrolling.take_up

    async def and_the_other_phone(*given: Any) -> int:
        round_ = await take_up(*given)
        assert (await father.delete(f"/me/courses/{shelved.id}")).status_code == 204
        return round_

    monkeypatch.setattr(enrolling, "take_up", and_the_other_phone)
    assert (await father.put(f"/me/courses/{shelved.id}")).status_code == 404


async def test_a_verdict_is_not_told_to_whoever_has_left_the_school(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article())
    await handed_in(teacher, draft["id"])
    await execute(
        "UPDATE standings SET valid_until = now() WHERE person_id = $1", cast.id("林晓岚")
    )
    back = {"approved": False, "reason": "请换一位老师接着写"}
    ok(await admin.put(f"/courses/{draft['id']}/review", json=back))
    assert await letters_to(cast, "林晓岚", "courses.review_answered") == []


async def test_whoever_still_works_there_is_told(as_: SignIn, cast: Cast) -> None:
    """The control of the one before."""
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast, article())
    await handed_in(teacher, draft["id"])
    await approved(await as_("许建安"), draft["id"])
    assert len(await letters_to(cast, "林晓岚", "courses.review_answered")) == 1


@pytest.mark.parametrize("ending", ["ended", "given up"])
async def test_what_is_asked_no_longer_rings_nobodys_phone(
    as_: SignIn, cast: Cast, ending: str
) -> None:
    """Asked late in the evening, taken back before the phones ring in the morning."""
    course, there = await shared(cast), await as_("何清越")
    ok(await there.put(adopting(cast, course)))
    await phones(cast, "孙海燕")
    body = {"nodeId": str(cast.schools["莲塘"].id)}
    made = ok(await there.post(f"/courses/{course.id}/assignments", json=body), 201)
    assert len(await fetch("SELECT id FROM post_delivery WHERE state = 'queued'")) == 1
    url = f"/courses/{course.id}/assignments/{made['id']}"
    answer = await there.delete(url if ending == "ended" else adopting(cast, course))
    assert answer.status_code == 204
    assert await carry(Pocket(), clock.now() + timedelta(days=2)) == []


async def test_what_is_given_up_meanwhile_is_assigned_to_nobody(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, there = await shared(cast), await as_("何清越")
    ok(await there.put(adopting(cast, course)))
    at_the_door, gone = asyncio.Event(), asyncio.Event()

    async def give_up() -> None:
        await at_the_door.wait()
        assert (await there.delete(adopting(cast, course))).status_code == 204
        gone.set()

    today = assigning._today

    async def slowly(school_id: UUID) -> Any:
        at_the_door.set()
        await gone.wait()
        return await today(school_id)

    monkeypatch.setattr(assigning, "_today", slowly)
    body = {"nodeId": str(cast.schools["莲塘"].id)}
    answer, _ = await asyncio.gather(
        there.post(f"/courses/{course.id}/assignments", json=body), give_up()
    )
    assert answer.status_code == 404
    assert await fetch("SELECT id FROM course_assignments") == []
    assert await letters_to(cast, "孙海燕", "courses.assigned") == []
