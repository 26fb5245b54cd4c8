"""Who may write courses, for which host, and who runs it."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import Course, Lesson, ParentSchool
from backend.courses.permissions.sight import CourseSight, LessonSight
from backend.courses.queries.sight import reach_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import District, School
from backend.schools.permissions import district_in_sight, school_in_sight
from backend.web.actor import STAFF, Actor


async def school_to_write_at(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """The school, for everybody who works there. Raises :class:`NotAllowed`."""
    school = await school_in_sight(actor, school_id)
    if school.id not in reach_of(actor).at_work:
        raise NotAllowed
    return school


async def host_in_sight(
    actor: NamedDependency[Actor], parent_school_id: FromPath[UUID]
) -> ParentSchool:
    """A parent school, for the staff of its district. Raises :class:`NotFound`."""
    host = await ParentSchool.get_or_none(id=parent_school_id)
    if host is None or not _works_in(actor, host.district_id):
        raise NotFound
    return host


async def host_to_write_for(
    actor: NamedDependency[Actor], host: NamedDependency[ParentSchool]
) -> ParentSchool:
    """The host, for the staff of its school; a community's and the district's, for officers."""
    reach = reach_of(actor)
    if host.school_id is None and host.district_id not in reach.districts:
        raise NotAllowed
    if host.school_id is not None and host.school_id not in reach.at_work:
        raise NotAllowed
    return host


async def host_to_run(
    actor: NamedDependency[Actor], host: NamedDependency[ParentSchool]
) -> ParentSchool:
    """A community's or the district's parent school, for the district's officers; a school
    says at its own address what its parent school is. Raises :class:`NotAllowed`.
    """
    if host.school_id is not None or host.district_id not in reach_of(actor).districts:
        raise NotAllowed
    return host


async def district_of_staff(actor: NamedDependency[Actor], district_id: FromPath[UUID]) -> District:
    """The district, for those who work in it. Raises :class:`NotFound`."""
    district = await district_in_sight(actor, district_id)
    if not _works_in(actor, district_id):
        raise NotFound
    return district


async def course_at_work(sight: NamedDependency[CourseSight]) -> Course:
    """The course, for its author and those who run its host: they read what reviewers said."""
    if not sight.edits:
        raise NotAllowed
    course: Course = sight.course
    return course


async def lesson_to_run(sight: NamedDependency[LessonSight]) -> Lesson:
    """The lesson, for whoever runs the host of its course. Raises :class:`NotAllowed`."""
    if not sight.course.runs:
        raise NotAllowed
    lesson: Lesson = sight.lesson
    return lesson


def runs_host(actor: Actor, host: ParentSchool) -> bool:
    """Say whether the caller administers the host."""
    reach = reach_of(actor)
    if host.school_id is None:
        return host.district_id in reach.districts
    return host.school_id in reach.runs


def _works_in(actor: Actor, district_id: UUID) -> bool:
    return any(seat.district_id == district_id and seat.role in STAFF for seat in actor.seats)
