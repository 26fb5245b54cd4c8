"""The shared library: courses offered to other hosts, and what schools take over from it."""

from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Adoption, Assignment, Course
from backend.courses.notify import assigning as notify
from backend.courses.rules import sharing as rules
from backend.database import transaction
from backend.errors import NotFound
from backend.schools.models import School
from backend.web.actor import Actor


async def share(actor: Actor, course_id: UUID, licence: str) -> Course:
    """Put a published course into the district's library under a licence; saying it again
    changes the licence. Raises ``WrongCourseState``.
    """
    async with transaction():
        course = await Course.select_for_update(no_key=True).get_or_none(id=course_id)
        if course is None:
            raise NotFound
        rules.check_shareable(course)
        if course.shared_at is not None and course.licence == licence:
            return course
        course.shared_at = course.shared_at or clock.now()
        course.licence = licence
        await course.save(update_fields=["shared_at", "licence"])
        await _record("courses.shared", actor, course, course.school_id, licence=licence)
        return course


async def withdraw(actor: Actor, course_id: UUID) -> None:
    """Take a course out of the library: nobody new adopts it. Whoever has adopted it keeps it,
    under the licence it was shared by, until its host retires it. Repeating it is harmless.
    """
    async with transaction():
        course = await Course.select_for_update(no_key=True).get_or_none(id=course_id)
        if course is None or course.shared_at is None:
            return
        course.shared_at = None
        await course.save(update_fields=["shared_at"])
        adopted = await Adoption.filter(course_id=course_id).count()
        await _record(
            "courses.sharing_withdrawn", actor, course, course.school_id, adoptions=adopted
        )


async def adopt(actor: Actor, school: School, course_id: UUID) -> Adoption:
    """Offer a shared course to the school's families. Adopted once it stays so, and asking
    again changes nothing. Raises ``NotFound`` for what is not shared in the district, and
    :class:`rules.OwnCourse`.
    """
    async with transaction():
        course = await Course.select_for_update(no_key=True).get(id=course_id)
        held = await Adoption.get_or_none(course_id=course_id, school_id=school.id)
        if held is not None:
            return held
        rules.check_adoptable(course, school.id, school.district_id)
        made = await Adoption.create(
            course_id=course_id,
            school_id=school.id,
            adopted_by=actor.person_id,
            adopted_at=clock.now(),
        )
        await _record("courses.adopted", actor, course, school.id)
        return made


async def give_up(actor: Actor, school: School, course_id: UUID) -> None:
    """End an adoption. Families see the course no more, and nobody is asked to take it any
    longer; what they completed, and their certificates, stay theirs. Repeating it is harmless.
    """
    async with transaction():
        course = await Course.select_for_update(no_key=True).get_or_none(id=course_id)
        if course is None:
            return
        gone = await Adoption.filter(course_id=course_id, school_id=school.id).delete()
        if not gone:
            return
        ended = 0
        # A course of the district's own hosts is offered to every school all the same.
        if course.school_id is not None:
            ended = await _end_assignments(course_id, school.id)
        await _record("courses.given_up", actor, course, school.id, assignments_ended=ended)


async def _end_assignments(course_id: UUID, school_id: UUID) -> int:
    asked = await Assignment.filter(
        course_id=course_id, school_id=school_id, ended_at=None
    ).select_for_update()
    for one in asked:
        one.ended_at = clock.now()
        await one.save(update_fields=["ended_at"])
        await notify.ended(one.id)
    return len(asked)


async def _record(
    action: str, actor: Actor, course: Course, school_id: UUID | None, **facts: object
) -> None:
    await record(action, "course", course.id, by=actor.person_id, school_id=school_id, **facts)
