"""Courses on the shelf: published at once, without the way through drafts and reviews."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend import clock
from backend.courses.models import (
    Assignment,
    Course,
    HostKind,
    Lesson,
    ParentSchool,
    Question,
    Revision,
)
from backend.courses.operations.beats import open_play
from backend.courses.operations.completing import settle_lesson
from backend.courses.operations.searching import refresh_search
from backend.database import execute, transaction
from seed.cast import Cast
from tests.house import Visitor

MINUTE = 60_000


class Shelved(msgspec.Struct, kw_only=True):
    """A course and its lessons, in order."""

    course: Course
    lessons: list[Lesson]

    @property
    def id(self) -> UUID:
        return self.course.id


async def host_of(cast: Cast, school: str | None = "海湾") -> ParentSchool:
    """Return the parent school of a school, or of the district."""
    place: dict[str, Any] = (
        {"school_id": cast.schools[school].id, "kind": HostKind.SCHOOL}
        if school
        else {"school_id": None, "kind": HostKind.DISTRICT}
    )
    found, _ = await ParentSchool.get_or_create(
        district_id=cast.schools[school].district_id if school else cast.district.id,
        **place,
        defaults={
            "name": f"{school or '翔安区'}家长学校",
            "opened_on": clock.now().date(),
        },
    )
    return found


async def on_the_shelf(
    cast: Cast,
    title: str = "陪孩子用好网络",
    *,
    school: str | None = "海湾",
    lessons: int = 2,
    kind: str = "video",
    lesson_titles: list[str] | None = None,
    required: bool = True,
    **more: Any,
) -> Shelved:
    """Publish a course of so many lessons of ``kind``, each five minutes long."""
    host = await host_of(cast, school)
    now = clock.now()
    course = await Course.create(
        host_id=host.id,
        district_id=host.district_id,
        school_id=host.school_id,
        state="published",
        title=title,
        author_id=cast.id("许建安"),
        reviewer_id=cast.id("周慕云"),
        reviewed_at=now,
        published_at=more.pop("published_at", now),
        created_at=now,
        **{"topic": "online_life", **more},
    )
    shelved = Shelved(course=course, lessons=[])
    for number in range(lessons):
        named = lesson_titles[number] if lesson_titles else f"第{number + 1}课"
        await a_lesson(shelved, named, kind=kind, required=required)
    async with transaction():
        await refresh_search(course.id)
    return shelved


async def a_lesson(
    shelved: Shelved, title: str, *, kind: str = "video", required: bool = True
) -> Lesson:
    """Put a published lesson at the end of the course."""
    now = clock.now()
    lesson = await Lesson.create(
        course_id=shelved.id,
        position=len(shelved.lessons) + 1,
        required=required,
        state="published",
        revision=1,
        created_at=now,
    )
    await _revision(shelved.course, lesson, 1, title=title, kind=kind)
    shelved.lessons.append(lesson)
    return lesson


async def ask(
    lesson: Lesson, *questions: dict[str, Any], revision: int | None = None, **quiz: Any
) -> None:
    """Give a lesson questions; ``quiz`` may set ``pass_percent`` and ``most_attempts``."""
    found = await Revision.get(lesson_id=lesson.id, number=revision or lesson.revision)
    for number, question in enumerate(questions, 1):
        await Question.create(revision_id=found.id, position=number, **question)
    if quiz:
        await Revision.filter(id=found.id).update(**quiz)


async def revise(shelved: Shelved, lesson: Lesson, *, again: bool = False) -> None:
    """Publish a new revision of a lesson, which has to be done again if ``again``."""
    await Revision.filter(lesson_id=lesson.id, number=lesson.revision).update(state="retired")
    lesson.revision += 1
    if again:
        lesson.basis = lesson.counts_from = lesson.revision
    await lesson.save()
    await _revision(shelved.course, lesson, lesson.revision, title="新版", kind="video")


async def watch(
    person_id: UUID, lesson: Lesson, *, to: int = 5 * MINUTE, settle: bool = True
) -> None:
    """Let somebody have watched a lesson up to ``to``, and complete it where that is enough."""
    course = await Course.get(id=lesson.course_id)
    await open_play(person_id, lesson, course, uuid4())
    await execute(
        """
        UPDATE watches SET watched = watched + int4multirange(int4range(0, $3::int)),
            covered_ms = $3, position_ms = $3, metered_at = $4::timestamptz,
            reached_at = CASE WHEN $3 * 100 >= duration_ms * threshold THEN $4::timestamptz END
        WHERE person_id = $1 AND lesson_id = $2
        """,
        person_id,
        lesson.id,
        to,
        clock.now(),
    )
    if settle:
        await settle_lesson(person_id, lesson.id)


async def assign(shelved: Shelved, cast: Cast, node: UUID, *, due_in: int | None = 3) -> Assignment:
    """Let a class, grade or school have to take a course, since a week."""
    today = clock.local(clock.now()).date()
    return await Assignment.create(
        course_id=shelved.id,
        school_id=cast.schools["海湾"].id,
        node_id=node,
        due_on=today + timedelta(days=due_in) if due_in is not None else None,
        assigned_by=cast.id("许建安"),
        assigned_at=clock.now() - timedelta(days=7),
    )


def single(text: str = "孩子上网太久怎么办？") -> dict[str, Any]:
    """Return a question whose right answer is 一起商量."""
    return {
        "kind": "single",
        "text": text,
        "options": [
            {"key": "a", "text": "一起商量"},
            {"key": "b", "text": "一律没收"},
            {"key": "c", "text": "完全不管"},
        ],
        "answer": ["a"],
        "explanation": "共同商定的规则更容易遵守。",
    }


def multiple() -> dict[str, Any]:
    """Return a question whose right answers are 早睡 and 多运动."""
    return {
        "kind": "multiple",
        "text": "哪些是好习惯？",
        "options": [
            {"key": "a", "text": "早睡"},
            {"key": "b", "text": "多运动"},
            {"key": "c", "text": "熬夜"},
        ],
        "answer": ["a", "b"],
        "explanation": "早睡和运动都有益健康。",
    }


def order() -> dict[str, Any]:
    """Return a question whose right order is 停下, 倾听, 商量."""
    return {
        "kind": "order",
        "text": "冲突时先做什么？",
        "options": [
            {"key": "a", "text": "停下"},
            {"key": "b", "text": "倾听"},
            {"key": "c", "text": "商量"},
        ],
        "answer": ["a", "b", "c"],
        "explanation": "先停下来，再倾听，最后商量。",
    }


RIGHT = {
    "single": ["一起商量"],
    "multiple": ["早睡", "多运动"],
    "order": ["停下", "倾听", "商量"],
}
WRONG = {"single": ["一律没收"], "multiple": ["早睡"], "order": ["商量", "倾听", "停下"]}


async def answers(
    visitor: Visitor, lesson: Lesson, choice: dict[str, list[str]]
) -> dict[str, list[str]]:
    """Return what the learner hands in to choose the options with these texts."""
    quiz = (await visitor.get(f"/lessons/{lesson.id}/quiz")).json()
    return {
        question["id"]: [
            next(o["key"] for o in question["options"] if o["text"] == text)
            for text in choice[question["kind"]]
        ]
        for question in quiz["questions"]
    }


async def a_minute_later(lesson: Lesson) -> None:
    """Put every attempt so far a minute further back."""
    await execute(
        "UPDATE quiz_attempts SET handed_in_at = handed_in_at - interval '61 seconds' "
        "WHERE lesson_id = $1",
        lesson.id,
    )


async def _revision(course: Course, lesson: Lesson, number: int, *, title: str, kind: str) -> None:
    now = clock.now()
    await Revision.create(
        lesson_id=lesson.id,
        number=number,
        state="published",
        kind=kind,
        title=title,
        duration_ms=5 * MINUTE if kind in ("video", "audio", "article") else None,
        author_id=course.author_id,
        reviewer_id=course.reviewer_id,
        reviewed_at=now,
        published_at=now,
        created_at=now,
    )
