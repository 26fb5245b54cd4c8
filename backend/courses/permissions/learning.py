"""Who may play a lesson, and whose learning may be credited by whom."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import Course, Revision
from backend.courses.permissions.sight import (
    CourseSight,
    LessonSight,
    course_to_take,
    lesson_to_take,
)
from backend.courses.queries.sight import reach_of
from backend.database import fetch_one
from backend.errors import NotAllowed, NotFound
from backend.media.models import Attachment
from backend.web.actor import Actor, Role

# A teacher vouches for the families of their own class, the school's office for everybody.
_MINE = """
SELECT EXISTS (SELECT 1 FROM family_ties f WHERE f.person_id = $1
               AND (f.class_id = ANY($2::uuid[]) OR f.school_id = ANY($3::uuid[]))
               AND f.school_id = ANY($4::uuid[]))
    OR EXISTS (SELECT 1 FROM standings_in_force s WHERE s.person_id = $1 AND s.is_staff
               AND s.school_id = ANY($3::uuid[]) AND s.school_id = ANY($4::uuid[])) AS mine
"""
_OFFERED = """
SELECT coalesce(array_agg(s.id), '{}') AS schools FROM schools s JOIN courses c ON c.id = $1
WHERE s.id = ANY($2::uuid[])
  AND (c.school_id = s.id
       OR EXISTS (SELECT 1 FROM course_adoptions a WHERE a.course_id = c.id AND a.school_id = s.id)
       OR (c.school_id IS NULL AND c.district_id = s.district_id))
"""


class LessonToPlay(msgspec.Struct, frozen=True, kw_only=True):
    """A published lesson the caller may learn with, its course, and its film or recording."""

    lesson: Any
    course: Any
    medium: Any


class LessonCredit(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson, and a learner whose word for it the caller may be."""

    lesson: Any
    person_id: UUID


class CourseCredit(msgspec.Struct, frozen=True, kw_only=True):
    """A course, and a learner whose word for it the caller may be."""

    course: Any
    person_id: UUID


async def lesson_to_play(sight: NamedDependency[LessonSight]) -> LessonToPlay:
    """The lesson, for whoever may learn with it. Raises :class:`NotFound`."""
    lesson = await lesson_to_take(sight)
    revision = await Revision.get(lesson_id=lesson.id, number=lesson.revision)
    medium = await Attachment.objects.all().stored().get_or_none(id=revision.attachment_id)
    return LessonToPlay(lesson=lesson, course=sight.course.course, medium=medium)


async def lesson_to_credit(
    actor: NamedDependency[Actor], sight: NamedDependency[LessonSight], person_id: FromPath[UUID]
) -> LessonCredit:
    """A lesson offered at the caller's school, for a guardian of the caller's own class, or
    anybody of a school the caller runs. Raises :class:`NotFound`, :class:`NotAllowed`.
    """
    lesson = await lesson_to_take(sight)
    await _check(actor, sight.course.course, person_id)
    return LessonCredit(lesson=lesson, person_id=person_id)


async def course_to_credit(
    actor: NamedDependency[Actor], sight: NamedDependency[CourseSight], person_id: FromPath[UUID]
) -> CourseCredit:
    """As :func:`lesson_to_credit`, for a course as a whole."""
    course = await course_to_take(sight)
    await _check(actor, course, person_id)
    return CourseCredit(course=course, person_id=person_id)


async def _check(actor: Actor, course: Course, person_id: UUID) -> None:
    reach = reach_of(actor)
    classes = [
        seat.class_id
        for seat in actor.seats
        if seat.role == Role.CLASS_TEACHER and seat.class_id is not None
    ]
    if not classes and not reach.runs:
        raise NotAllowed
    offered = await fetch_one(_OFFERED, course.id, reach.at_work)
    assert offered is not None
    found = await fetch_one(_MINE, person_id, classes, reach.runs, offered["schools"])
    if found is None or not found["mine"]:
        raise NotFound
    if person_id == actor.person_id:
        raise NotAllowed
