"""Who asks families to take a course, and who sees how many have."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.courses.models import Assignment, Course
from backend.courses.permissions.sight import CourseSight
from backend.courses.queries import assigning as queries
from backend.courses.queries.library import offered_at
from backend.courses.queries.sight import reach_of
from backend.courses.rules.assigning import Place, check_place
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor, Role

NodeId = Annotated[UUID | None, QueryParameter(name="nodeId")]


class CourseAtWork(msgspec.Struct, frozen=True, kw_only=True):
    """A course, and the schools the caller works at where it is offered."""

    course: Any
    schools: list[UUID]


class AssignmentSight(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment and the place it asks."""

    assignment: Any
    place: Place


class CompletionSight(msgspec.Struct, frozen=True, kw_only=True):
    """Whose figures of a course the caller sees: class by class those of ``nodes``, or school
    by school those of ``districts``. ``place`` is the one that was asked for.
    """

    course: Any
    nodes: list[UUID]
    districts: list[UUID]
    place: Place | None


async def course_offered_at_work(
    actor: NamedDependency[Actor], sight: NamedDependency[CourseSight]
) -> CourseAtWork:
    """The course, for the staff of schools that offer it. Raises :class:`NotAllowed`."""
    course: Course = sight.course
    schools = await offered_at(course.id, reach_of(actor).at_work)
    if not schools:
        raise NotAllowed
    return CourseAtWork(course=course, schools=sorted(schools))


async def place_at_work(at_work: CourseAtWork, node_id: UUID) -> Place:
    """A class, grade or school where the course is offered. Raises :class:`NotFound`."""
    place = (await queries.places([node_id])).get(node_id)
    if place is None or place.school_id not in at_work.schools:
        raise NotFound
    return place


async def assignment_in_sight(
    at_work: NamedDependency[CourseAtWork], assignment_id: FromPath[UUID]
) -> AssignmentSight:
    """An assignment of the course at a school the caller works at. Raises :class:`NotFound`."""
    found = await Assignment.get_or_none(id=assignment_id, course_id=at_work.course.id)
    if found is None:
        raise NotFound
    return AssignmentSight(assignment=found, place=await place_at_work(at_work, found.node_id))


async def completion_in_sight(
    actor: NamedDependency[Actor], sight: NamedDependency[CourseSight], node_id: NodeId = None
) -> CompletionSight:
    """What the caller sees of who takes a course: teachers their own classes, leads their
    grades, whoever runs a school all of it; officers of the district school by school.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    reach = reach_of(actor)
    course: Course = sight.course
    schools = await offered_at(course.id, reach.at_work)
    above = [district for district in reach.districts if district == course.district_id]
    if node_id is None:
        nodes = [node for node in _nodes_of(actor) if node[0] in schools]
        if not nodes and not above:
            raise NotAllowed
        return CompletionSight(
            course=course,
            nodes=[node for _, node in nodes],
            districts=[] if nodes else above,
            place=None,
        )
    place = (await queries.places([node_id])).get(node_id)
    if place is None:
        raise NotFound
    if place.school_id in schools:
        check_place(actor, place)
        return CompletionSight(course=course, nodes=[place.id], districts=[], place=place)
    # Above the schools nobody looks into classes.
    if not above or place.id != place.school_id:
        raise NotFound
    if not await offered_at(course.id, [place.id]):
        raise NotFound
    return CompletionSight(course=course, nodes=[], districts=above, place=place)


def _nodes_of(actor: Actor) -> list[tuple[UUID, UUID]]:
    """Return the places the caller answers for, each with its school."""
    found: set[tuple[UUID, UUID]] = set()
    for seat in actor.seats:
        school = seat.school_id
        if school is None:
            continue
        if seat.role in (Role.SCHOOL_ADMIN, Role.PRINCIPAL):
            found.add((school, school))
        elif seat.role is Role.GRADE_LEAD and seat.grade_id:
            found.add((school, seat.grade_id))
        elif seat.role is Role.CLASS_TEACHER and seat.class_id:
            found.add((school, seat.class_id))
    return sorted(found)
