"""Reminders: once, at a decent hour, and never of what somebody has done with."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from backend import clock
from backend.courses import jobs
from backend.courses.models import CourseEnrolment
from backend.database import execute, fetch
from backend.media.storage import open_files
from backend.settings import Settings
from backend.timetable import timetable
from seed.cast import Cast
from tests.courses.shelf import MINUTE, Shelved, assign, on_the_shelf, watch
from tests.house import SignIn


async def letters(occasion: str) -> Counter[str]:
    """Return how many letters of an occasion each person has in the inbox."""
    rows = await fetch(
        "SELECT p.name FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "JOIN persons p ON p.id = i.person_id WHERE l.occasion = $1",
        occasion,
    )
    return Counter(row["name"] for row in rows)


async def begun(cast: Cast, *names: str, course: Shelved | None = None) -> Shelved:
    """Let people begin a course and let it lie for eight days."""
    course = course or await on_the_shelf(cast)
    for name in names:
        await watch(cast.id(name), course.lessons[0], to=MINUTE)
    await let_lie()
    return course


async def let_lie() -> None:
    await execute("UPDATE course_enrolments SET last_seen_at = last_seen_at - interval '8 days'")


async def test_a_course_that_lies_untouched_is_recalled_once_for_ever(
    as_: SignIn, cast: Cast
) -> None:
    course = await begun(cast, "王立强", "李建国")
    await (await as_("刘敏")).put(f"/me/courses/{course.id}")
    await let_lie()
    assert await asyncio.gather(jobs.nudge_quiet(), jobs.nudge_quiet()) != [0, 0]
    assert await jobs.nudge_quiet() == 0
    # Who never began is not asked to go on.
    assert await letters("courses.nudge") == {"王立强": 1, "李建国": 1}
    for _ in range(3):
        await let_lie()
        await execute("UPDATE course_enrolments SET nudged_at = nudged_at - interval '60 days'")
        assert await jobs.nudge_quiet() == 0
    # Not even after leaving and coming back.
    father = await as_("王立强")
    await father.delete(f"/me/courses/{course.id}")
    await father.put(f"/me/courses/{course.id}")
    await let_lie()
    assert await jobs.nudge_quiet() == 0
    assert await letters("courses.nudge") == {"王立强": 1, "李建国": 1}


async def test_nobody_is_recalled_of_what_they_have_done_with(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=1)
    await watch(cast.id("周婷"), course.lessons[0])
    await begun(cast, "王立强", "李建国", "赵德胜", course=course)
    await (await as_("王立强")).delete(f"/me/courses/{course.id}")
    await execute("UPDATE course_enrolments SET last_seen_at = now() WHERE person_id = $1",
                  cast.id("李建国"))  # fmt: skip
    await execute("UPDATE guardianships SET restricted = true WHERE person_id = $1",
                  cast.id("赵德胜"))  # fmt: skip
    assert await jobs.nudge_quiet() == 0
    await execute("UPDATE guardianships SET restricted = false")
    await execute("UPDATE courses SET state = 'retired', retired_reason = '过时'")
    assert await jobs.nudge_quiet() == 0
    await execute("UPDATE courses SET state = 'published'")
    await execute(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (gen_random_uuid(), $1, 'courses', false)",
        cast.schools["海湾"].id,
    )
    assert await jobs.nudge_quiet() == 0
    await execute("DELETE FROM feature_switches")
    assert await jobs.nudge_quiet() == 1
    assert await letters("courses.nudge") == {"赵德胜": 1}


@pytest.mark.parametrize(("counts", "told"), [(True, 0), (False, 1)])
async def test_a_family_that_has_finished_is_left_in_peace(
    cast: Cast, counts: bool, told: int
) -> None:
    course = await on_the_shelf(cast, lessons=1, family_counts=counts)
    await watch(cast.id("刘敏"), course.lessons[0])
    await begun(cast, "王立强", course=course)
    assert await jobs.nudge_quiet() == told


async def test_of_several_courses_one_is_recalled_a_week(cast: Cast) -> None:
    first = await begun(cast, "王立强")
    second = await begun(cast, "王立强", course=await on_the_shelf(cast, "第二门"))
    assert await jobs.nudge_quiet() == 1
    assert await jobs.nudge_quiet() == 0
    # The one they saw last.
    assert [row.course_id for row in await CourseEnrolment.filter(nudged_at__not_isnull=True)] == [
        second.id
    ]
    await execute("UPDATE course_enrolments SET nudged_at = nudged_at - interval '8 days'")
    assert await jobs.nudge_quiet() == 1
    assert await letters("courses.nudge") == {"王立强": 2}
    assert await CourseEnrolment.filter(course_id=first.id, nudged_at__not_isnull=True).exists()


async def test_the_titles_that_leave_the_house_name_nothing(cast: Cast) -> None:
    course = await begun(cast, "王立强")
    await assign(course, cast, cast.schools["海湾"].id)
    await jobs.nudge_quiet()
    await jobs.remind_due()
    titles = await fetch("SELECT title_zh, title_en FROM post_letter")
    assert len(titles) == 2
    for row in titles:
        assert course.course.title not in row["title_zh"] + row["title_en"]
        assert "王" not in row["title_zh"]


async def test_an_assigned_course_is_recalled_three_days_before_its_date(cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=1)
    class_id = cast.classes["海湾/三年级/1班"].id
    assignment = await assign(course, cast, class_id, due_in=4)
    assert await jobs.remind_due() == 0
    today = clock.local(clock.now()).date()
    assignment.due_on = today + timedelta(days=3)
    await assignment.save()
    await watch(cast.id("刘敏"), course.lessons[0])
    await execute("UPDATE guardianships SET restricted = true WHERE person_id = $1",
                  cast.id("马静"))  # fmt: skip
    assert sum(await asyncio.gather(jobs.remind_due(), jobs.remind_due())) == 1
    assert await jobs.remind_due() == 0
    # The class's guardians but for who has finished; nobody of another class.
    everyone = {"王立强": 1, "李建国": 1, "周婷": 1, "高远": 1}
    assert await letters("courses.due") == everyone
    assignment.due_on = today + timedelta(days=2)
    await assignment.save()
    assert await jobs.remind_due() == 0
    assert await letters("courses.due") == everyone


async def test_a_date_that_has_passed_or_a_duty_that_has_ended_is_not_recalled(
    cast: Cast,
) -> None:
    course = await on_the_shelf(cast, lessons=1)
    node = cast.schools["海湾"].id
    late = await assign(course, cast, node, due_in=-1)
    assert await jobs.remind_due() == 0
    await late.delete()
    over = await assign(course, cast, node, due_in=1)
    over.ended_at = clock.now()
    await over.save()
    await assign(await on_the_shelf(cast, "没有期限"), cast, node, due_in=None)
    fresh = await assign(course, cast, node, due_in=2)
    fresh.assigned_at = clock.now()
    await fresh.save()
    assert await jobs.remind_due() == 0


async def test_who_finishes_before_the_push_goes_out_is_spared_it(cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=1, family_counts=True)
    assignment = await assign(course, cast, cast.classes["海湾/三年级/1班"].id)
    people = [cast.id(name) for name in ("王立强", "李建国", "周婷", "高远")]
    assert await jobs.still_wanted("courses.due", assignment.id, people) == set(people)
    await watch(cast.id("王立强"), course.lessons[0])
    await watch(cast.id("周婷"), course.lessons[0])
    # 李建国 is of one family with 周婷, and the course counts for families.
    assert await jobs.still_wanted("courses.due", assignment.id, people) == {cast.id("高远")}
    assert await jobs.still_wanted("courses.nudge", course.id, people) == set(people)


async def a_set(cast: Cast, items: int = 4) -> Shelved:
    course = await on_the_shelf(
        cast, "健康素养66条", lessons=items, kind="article", topic="health",
        lesson_titles=[f"第{n}条素养" for n in range(1, items + 1)],
    )  # fmt: skip
    await execute("UPDATE courses SET kind = 'content_set', set_size = $2 WHERE id = $1",
                  course.id, items)  # fmt: skip
    return course


async def a_week_passes() -> None:
    await execute("UPDATE course_enrolments SET set_item_at = set_item_at - interval '7 days'")


async def test_a_set_sends_the_next_unread_item_each_week_and_then_stops(
    as_: SignIn, cast: Cast
) -> None:
    course = await a_set(cast)
    father, mother = await as_("王立强"), await as_("刘敏")
    await father.put(f"/me/courses/{course.id}")
    await mother.put(f"/me/courses/{course.id}")
    assert sum(await asyncio.gather(jobs.send_set_items(), jobs.send_set_items())) == 2
    assert await jobs.send_set_items() == 0
    await watch(cast.id("王立强"), course.lessons[0])
    await watch(cast.id("王立强"), course.lessons[1])
    for _ in range(6):
        await a_week_passes()
        await jobs.send_set_items()
        await jobs.send_set_items()
    got = await fetch(
        "SELECT p.name, l.subject_id FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id JOIN persons p ON p.id = i.person_id "
        "WHERE l.occasion = 'courses.set_item' "
        "ORDER BY l.id"
    )
    of = {name: [row["subject_id"] for row in got if row["name"] == name]
          for name in ("王立强", "刘敏")}  # fmt: skip
    items = [lesson.id for lesson in course.lessons]
    assert of["刘敏"] == items
    # What he read meanwhile is passed over.
    assert of["王立强"] == [items[0], items[2], items[3]]


async def test_a_set_is_sent_to_nobody_who_left_or_may_not_take_it(as_: SignIn, cast: Cast) -> None:
    course = await a_set(cast)
    for name in ("王立强", "刘敏", "李建国"):
        await (await as_(name)).put(f"/me/courses/{course.id}")
    await (await as_("王立强")).delete(f"/me/courses/{course.id}")
    await execute("UPDATE guardianships SET restricted = true WHERE person_id = $1",
                  cast.id("李建国"))  # fmt: skip
    assert await jobs.send_set_items() == 1
    assert await letters("courses.set_item") == {"刘敏": 1}
    await a_week_passes()
    await execute("UPDATE courses SET state = 'retired', retired_reason = '过时'")
    assert await jobs.send_set_items() == 0


def test_reminders_go_out_by_day(settings: Settings) -> None:
    jobs_of = {job.name: job for job in timetable(open_files(settings), settings)}
    for name in ("courses.nudge", "courses.due", "courses.set_items"):
        cron = jobs_of[name].cron
        assert cron is not None
        hours = str(cron["hour"]).split("-")
        assert all(8 <= int(hour) <= 20 for hour in hours), name
        assert jobs_of[name].timezone == "Asia/Shanghai"
    assert jobs_of["courses.set_items"].cron["day_of_week"] == "wed"  # type: ignore[index]
