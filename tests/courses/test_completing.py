"""When a course is completed, how long that lasts, and what a family does together."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend import clock
from backend.bookings.models import Booking
from backend.courses import jobs
from backend.courses.models import CourseEnrolment, Lesson, Revision
from backend.courses.operations.completing import settle_attended, settle_lesson
from backend.courses.queries.learning import family_completions
from backend.database import execute, fetch
from backend.people.operations import ties
from backend.settings import Settings
from seed.cast import Cast
from tests.bookings.slots import a_slot
from tests.courses.shelf import a_lesson, on_the_shelf
from tests.courses.viewing import Hand, Viewing, counts, letters, seen
from tests.house import SignIn, _open

FATHER, MOTHER = "王立强", "刘敏"


async def test_only_required_lessons_are_needed_and_all_where_none_is(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, father = Hand(monkeypatch), await as_(FATHER)
    some = await on_the_shelf(cast, lessons=1)
    await a_lesson(some, "选修", required=False)
    await seen(father, hand, some.lessons[0])
    assert await counts("course_completions", cast.id(FATHER)) == 1
    none = await on_the_shelf(cast, "全是选修", required=False)
    await seen(father, hand, none.lessons[0])
    assert await counts("course_completions", cast.id(FATHER)) == 1
    await seen(father, hand, none.lessons[1])
    assert await counts("course_completions", cast.id(FATHER)) == 2


async def test_the_last_missing_lesson_retired_completes_the_course(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast), await as_(FATHER)
    await seen(father, Hand(monkeypatch), shelved.lessons[0])
    assert await jobs.finish_courses() == 0
    await Lesson.filter(id=shelved.lessons[1].id).update(state="retired")
    assert [await jobs.finish_courses() for _ in range(2)] == [1, 0]
    assert await counts("course_completions", cast.id(FATHER)) == 1


async def test_a_session_attended_completes_its_lesson_and_its_recording_does_too(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved = await on_the_shelf(cast, lessons=1, kind="quiz")
    lesson, slot = shelved.lessons[0], await a_slot(cast, kind="session", capacity=9)
    await Revision.filter(lesson_id=lesson.id).update(kind="live", slot_id=slot)
    father, mother = await as_(FATHER), await as_(MOTHER)
    for name in (FATHER, MOTHER):
        await Booking.create(
            slot_id=slot, school_id=cast.schools["海湾"].id, person_id=cast.id(name),
            state="confirmed", starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=2),
        )  # fmt: skip
    assert (await father.put(f"/lessons/{lesson.id}/plays/{uuid4()}")).json()["code"] == (
        "nothing_to_play"
    )
    assert await jobs.settle_attended() == 0
    await execute(
        "UPDATE bookings SET state = 'checked_in', checked_in_at = now() WHERE person_id = $1",
        cast.id(FATHER),
    )
    assert [await jobs.settle_attended() for _ in range(2)] == [1, 0]
    done = await fetch("SELECT person_id, means FROM lesson_completions")
    assert done == [{"person_id": cast.id(FATHER), "means": "attended"}]
    assert await counts("course_completions", cast.id(FATHER)) == 1
    await Revision.filter(lesson_id=lesson.id).update(duration_ms=300_000)
    hand = Hand(monkeypatch)
    told = await seen(mother, hand, lesson)
    assert told["completed"]
    assert await counts("course_completions", cast.id(MOTHER)) == 1
    await settle_attended(cast.id(MOTHER), shelved.id)
    assert len(await letters("courses.completed")) == 2


async def test_a_completion_runs_out_is_told_of_once_and_is_renewed_in_time(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    shelved = await on_the_shelf(cast, lessons=1, valid_days=365)
    father, renewal = await as_(FATHER), f"/courses/{shelved.id}/renewal"
    hand = Hand(monkeypatch)
    assert (await father.put(renewal)).json()["code"] == "nothing_to_renew"
    await seen(father, hand, shelved.lessons[0])
    (completed,) = await fetch("SELECT completed_at AS at FROM course_completions")
    early = await father.put(renewal)
    assert (early.json()["code"], early.json()["facts"]["renewableFrom"]) == (
        "too_early_to_renew",
        (completed["at"] + timedelta(days=245)).isoformat(),
    )
    assert await jobs.warn_running_out() == 0
    hand.forward(days=336)
    assert [await jobs.warn_running_out() for _ in range(2)] == [1, 0]
    assert len(await letters("courses.running_out")) == 1
    await _open(father, cast.id(FATHER), settings)
    for _ in range(2):
        renewed = (await father.put(renewal)).json()
        assert renewed["round"] == 2
        assert renewed["validUntil"] is not None
    shown = await Viewing(father, shelved.lessons[0]).open()
    assert (shown["round"], shown["coveredMs"], shown["lessonCompleted"]) == (2, 0, False)
    hand.forward(days=1)
    await _open(father, cast.id(FATHER), settings)
    told = await seen(father, hand, shelved.lessons[0])
    assert told["completed"]
    rounds = await fetch("SELECT round, valid_until FROM course_completions ORDER BY round")
    assert [row["round"] for row in rounds] == [1, 2]
    assert hand.at - rounds[1]["valid_until"] < timedelta(days=-364)
    held = await fetch("SELECT valid_until FROM qualifications")
    assert held == [{"valid_until": rounds[1]["valid_until"]}]
    certificates = (await father.get("/me/certificates")).json()["items"]
    assert len({one["number"] for one in certificates}) == 2


async def test_what_does_not_run_out_is_not_renewed(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1), await as_(FATHER)
    await seen(father, Hand(monkeypatch), shelved.lessons[0])
    url = f"/courses/{shelved.id}/renewal"
    assert (await father.put(url)).json()["code"] == "nothing_to_renew"
    assert (await (await as_("孙海燕")).put(url)).status_code == 404


async def test_a_family_learns_together_and_whoever_is_kept_apart_is_no_part_of_it(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved = await on_the_shelf(cast, family_counts=True)
    hand, now = Hand(monkeypatch), clock.now()
    children = [child.id for child in cast.children.values()]

    async def done(together: bool = True) -> set[UUID]:
        return await family_completions(shelved.id, children, now, together=together)

    await seen(await as_(FATHER), hand, shelved.lessons[0])
    assert await done() == set()
    told = await seen(await as_(MOTHER), hand, shelved.lessons[1])
    assert (told["completed"], told["lessonCompleted"], told["courseCompleted"]) == (
        True,
        False,
        False,
    )
    assert await done() == {cast.children["王子墨"].id, cast.children["王子萱"].id}
    assert await done(together=False) == set()
    (tie,) = await fetch(
        "SELECT id FROM guardianships WHERE person_id = $1 AND student_id = $2",
        cast.id(MOTHER), cast.children["王子墨"].id,
    )  # fmt: skip
    await ties.restrict(tie["id"], restricted=True, by=None, reason="法院裁定")
    assert await done() == {cast.children["王子萱"].id}
    await seen(await as_(FATHER), hand, shelved.lessons[1])
    assert await done() == {cast.children["王子墨"].id, cast.children["王子萱"].id}


async def test_settling_again_changes_nothing(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1), await as_(FATHER)
    await seen(father, Hand(monkeypatch), shelved.lessons[0])
    before = await fetch("SELECT * FROM lesson_completions, course_completions")
    for _ in range(2):
        settled = await settle_lesson(cast.id(FATHER), shelved.lessons[0].id)
        assert settled.lesson and settled.course
    assert await fetch("SELECT * FROM lesson_completions, course_completions") == before
    assert len(await letters("courses.completed")) == 1
    assert await CourseEnrolment.filter(course_id=shelved.id).count() == 1
