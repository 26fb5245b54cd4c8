"""The only ways a handler gets a course or a lesson."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import Course, Lesson, PublicationState
from backend.courses.queries.sight import TAKEN, Reach, reach_of
from backend.database import fetch_one
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor

_SIGHT = f"""
SELECT {TAKEN} AS taken,
       c.school_id = ANY($2::uuid[]) AS at_work,
       c.school_id = ANY($3::uuid[])
           OR (c.school_id IS NULL AND c.district_id = ANY($4::uuid[])) AS runs,
       c.author_id = $5 AND (c.school_id = ANY($2::uuid[])
           OR (c.school_id IS NULL AND c.district_id = ANY($4::uuid[]))) AS wrote,
       c.shared_at IS NOT NULL AND (c.district_id = ANY($4::uuid[]) OR EXISTS (
           SELECT 1 FROM schools x
           WHERE x.id = ANY($2::uuid[]) AND x.district_id = c.district_id)) AS in_library,
       EXISTS (SELECT 1 FROM course_enrolments e WHERE e.course_id = c.id AND e.person_id = $5)
           AS enrolled
FROM courses c WHERE c.id = $6
"""


class CourseSight(msgspec.Struct, frozen=True, kw_only=True):
    """A course as the caller may see it.

    ``takes``: it is published and offered to them. ``edits``: they wrote it or run its host.
    ``runs``: they administer its host. ``at_work``: they are colleagues there.
    ``in_library``: it is shared with a school they work at.
    """

    course: Any
    takes: bool
    edits: bool
    runs: bool
    at_work: bool
    in_library: bool


async def course_in_sight(actor: NamedDependency[Actor], course_id: FromPath[UUID]) -> CourseSight:
    """A course offered to the caller, one they took before it was retired, a colleague's, or
    one of the shared library. Raises :class:`NotFound`.
    """
    return await sight_of(actor, course_id)


async def course_to_take(sight: NamedDependency[CourseSight]) -> Course:
    """The course, for whoever may learn with it. Raises :class:`NotFound`."""
    if not sight.takes:
        raise NotFound
    course: Course = sight.course
    return course


async def course_to_edit(sight: NamedDependency[CourseSight]) -> Course:
    """The course, for its author and whoever runs its host. Raises :class:`NotAllowed`."""
    if not sight.edits:
        raise NotAllowed
    course: Course = sight.course
    return course


async def course_to_run(sight: NamedDependency[CourseSight]) -> Course:
    """The course, for whoever administers its host. Raises :class:`NotAllowed`."""
    if not sight.runs:
        raise NotAllowed
    course: Course = sight.course
    return course


class LessonSight(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson and what the caller may do with its course."""

    lesson: Any
    course: CourseSight


async def lesson_in_sight(actor: NamedDependency[Actor], lesson_id: FromPath[UUID]) -> LessonSight:
    """A published lesson of a course in sight; editors also see what is not out yet."""
    lesson = await Lesson.get_or_none(id=lesson_id)
    if lesson is None:
        raise NotFound
    sight = await sight_of(actor, lesson.course_id)
    if lesson.state != PublicationState.PUBLISHED and not sight.edits:
        raise NotFound
    return LessonSight(lesson=lesson, course=sight)


async def lesson_to_take(sight: NamedDependency[LessonSight]) -> Lesson:
    """The published lesson, for whoever may learn with it. Raises :class:`NotFound`."""
    if not sight.course.takes or sight.lesson.state != PublicationState.PUBLISHED:
        raise NotFound
    lesson: Lesson = sight.lesson
    return lesson


async def lesson_to_edit(sight: NamedDependency[LessonSight]) -> Lesson:
    """The lesson, for those who edit its course. Raises :class:`NotAllowed`."""
    if not sight.course.edits:
        raise NotAllowed
    lesson: Lesson = sight.lesson
    return lesson


async def sight_of(actor: Actor, course_id: UUID) -> CourseSight:
    """Return what the caller may see of a course. Raises :class:`NotFound`."""
    course = await Course.get_or_none(id=course_id)
    if course is None:
        raise NotFound
    reach: Reach = reach_of(actor)
    row = await fetch_one(
        _SIGHT, reach.schools, reach.at_work, reach.runs, reach.districts, actor.person_id,
        course_id,
    )  # fmt: skip
    if row is None:
        raise NotFound
    is_out = course.state == PublicationState.PUBLISHED
    edits = bool(row["runs"] or row["wrote"])
    sight = CourseSight(
        course=course,
        takes=is_out and bool(row["taken"]),
        edits=edits,
        runs=bool(row["runs"]),
        at_work=bool(row["at_work"] or edits),
        in_library=is_out and bool(row["in_library"]),
    )
    kept = course.state == PublicationState.RETIRED and row["enrolled"] and row["taken"]
    if not (sight.takes or sight.edits or sight.in_library or kept) and not (
        sight.at_work and course.state != PublicationState.DRAFT
    ):
        raise NotFound
    return sight
