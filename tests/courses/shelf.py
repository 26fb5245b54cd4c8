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
    Revision,
)
from backend.courses.operations.beats import open_play
from backend.courses.operations.completing import settle_lesson
from backend.courses.operations.searching import refresh_search
from backend.database import execute, transaction
from seed.cast import Cast

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
