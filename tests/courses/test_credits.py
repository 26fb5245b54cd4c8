"""Credits: the school's word for what no phone can measure, and for nothing else."""

import pytest

from backend.courses.models import CourseKind
from backend.database import fetch
from seed.cast import Cast
from tests.courses.shelf import on_the_shelf
from tests.courses.viewing import Hand, seen
from tests.house import SignIn

REASON = {"reason": "参加了线下讲座"}
WHY = REASON["reason"]


async def test_a_class_teacher_credits_the_families_of_the_own_class(
    as_: SignIn, cast: Cast
) -> None:
    course = await on_the_shelf(cast, delivery="offline")
    teacher, father = await as_("林晓岚"), cast.id("王立强")
    for lesson in course.lessons:
        for _ in range(2):
            answer = await teacher.put(f"/lessons/{lesson.id}/credits/{father}", json=REASON)
            assert (answer.status_code, answer.content) == (204, b"")
    done = await fetch(
        "SELECT DISTINCT means, credited_by, reason, covered_ms, duration_ms "
        "FROM lesson_completions WHERE person_id = $1",
        father,
    )
    assert done == [
        {
            "means": "credit", "credited_by": cast.id("林晓岚"), "reason": WHY,
            "covered_ms": 0, "duration_ms": 0,
        }
    ]  # fmt: skip
    (mine,) = (await (await as_("王立强")).get("/me/certificates")).json()["items"]
    assert [figure["label"] for figure in mine["figures"]] == ["完成课时"]
    trail = await fetch("SELECT facts FROM audit_entries WHERE action = 'courses.lesson_credited'")
    assert len(trail) == 2


@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("林晓岚", "王立强", 204),
        ("林晓岚", "赵德胜", 404),
        ("陈启明", "赵德胜", 204),
        ("陈启明", "王立强", 404),
        ("许建安", "赵德胜", 204),
        ("周慕云", "王立强", 204),
        ("许建安", "林晓岚", 204),
        ("许建安", "许建安", 403),
        ("许建安", "孙海燕", 404),
        ("吴思远", "王立强", 403),
        ("郑佩文", "王立强", 403),
        ("王立强", "王立强", 404),
        ("周婷", "王立强", 404),
        ("何清越", "王立强", 404),
        ("罗以南", "孙海燕", 404),
        ("唐一苇", "王立强", 404),
        ("沈知微", "王立强", 404),
    ],
)
async def test_whose_word_counts_for_whom(
    as_: SignIn, cast: Cast, who: str, whom: str, status: int
) -> None:
    course = await on_the_shelf(cast, delivery="both", lessons=1)
    url = f"/lessons/{course.lessons[0].id}/credits/{cast.id(whom)}"
    answer = await (await as_(who)).put(url, json=REASON)
    assert answer.status_code == status, answer.text
    assert len(await fetch("SELECT 1 FROM lesson_completions")) == (status == 204)


async def test_what_is_watched_here_is_credited_by_nobody(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=1)
    admin, father = await as_("许建安"), cast.id("王立强")
    answer = await admin.put(f"/lessons/{course.lessons[0].id}/credits/{father}", json=REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_creditable")
    answer = await admin.put(f"/courses/{course.id}/credits/{father}", json=REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_creditable")
    assert await fetch("SELECT 1 FROM course_completions") == []


async def test_a_course_of_an_outside_platform_is_credited_whole(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(
        cast, "爱宝行：亲子沟通", kind="video", lessons=0, external_url="https://example.cn/1"
    )
    course.course.kind = CourseKind.EXTERNAL
    await course.course.save()
    url = f"/courses/{course.id}/credits/{cast.id('王立强')}"
    for _ in range(2):
        assert (await (await as_("林晓岚")).put(url, json=REASON)).status_code == 204
    assert len(await fetch("SELECT 1 FROM course_completions")) == 1
    (mine,) = (await (await as_("王立强")).get("/me/certificates")).json()["items"]
    assert [figure["label"] for figure in mine["figures"]] == ["完成课程"]
    assert (await (await as_("陈启明")).put(url, json=REASON)).status_code == 404
    assert (await (await as_("何清越")).put(url, json=REASON)).status_code == 404
    for body in ({}, {"reason": "x"}, {"reason": "好" * 201}):
        assert (await (await as_("林晓岚")).put(url, json=body)).status_code == 400


async def test_whoever_watched_it_keeps_that_and_nobody_hears_of_it(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await on_the_shelf(cast, delivery="both", lessons=1)
    await seen(await as_("王立强"), Hand(monkeypatch), course.lessons[0])
    url = f"/lessons/{course.lessons[0].id}/credits/{cast.id('王立强')}"
    answer = await (await as_("林晓岚")).put(url, json=REASON)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await fetch("SELECT means FROM lesson_completions") == [{"means": "watched"}]
