"""Assignments over HTTP, and how many families have taken a course."""

from typing import Any
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.courses.operations import assigning
from backend.courses.permissions.assigning import (
    AssignmentSight,
    CompletionSight,
    CourseAtWork,
    assignment_in_sight,
    completion_in_sight,
    course_offered_at_work,
    place_at_work,
)
from backend.courses.permissions.sight import course_in_sight
from backend.courses.queries import assigning as queries
from backend.courses.queries import completion
from backend.courses.rules import assigning as rules
from backend.courses.rules.authoring import WrongCourseState
from backend.courses.schemas.assignments import (
    CompletionRowOut,
    CountedUnit,
    CourseAssignmentChangeIn,
    CourseAssignmentIn,
    CourseAssignmentOut,
    CourseAssignmentsOut,
    CourseCompletionOut,
)
from backend.errors import NotAllowed, TooMany
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class CourseAssignments(Controller):
    """Whose families are asked to take a course."""

    path = "/courses/{course_id:uuid}/assignments"
    dependencies = {
        "sight": Provide(course_in_sight),
        "at_work": Provide(course_offered_at_work),
    }

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listAssignments",
        summary="布置情况 Whose families are asked to take a course",
        responses=refusals(NotAllowed),
    )
    async def list_assignments(
        self, at_work: NamedDependency[CourseAtWork]
    ) -> CourseAssignmentsOut:
        """At the schools the caller works at, what is asked now."""
        rows = await queries.assignments_at(at_work.course.id, at_work.schools)
        return CourseAssignmentsOut(items=[CourseAssignmentOut.of(row) for row in rows])

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="assignCourse",
        summary="布置课程 Ask a class, a grade or a school to take a course",
        responses=refusals(
            rules.NotYourPlace, rules.AlreadyAssigned, rules.BadDueDate, WrongCourseState,
            NotAllowed, TooMany, KeyNeeded, KeyReused,
        ),
    )  # fmt: skip
    async def assign_course(
        self,
        data: JSONBody[CourseAssignmentIn],
        actor: NamedDependency[Actor],
        at_work: NamedDependency[CourseAtWork],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> CourseAssignmentOut:
        """A class by its own teacher, a grade and its classes by its lead, anything by those
        who run the school. The guardians get one letter, unless they have finished it or were
        asked before.
        """
        place = await place_at_work(at_work, data.node_id)

        async def act() -> CourseAssignmentOut:
            made = await assigning.assign(actor, at_work.course.id, place, data.due_on)
            return await _shown(at_work, made.id)

        return await once(
            actor.person_id, "assignCourse", idempotency_key, (at_work.course.id, data),
            CourseAssignmentOut, act, secret=settings.secret_key,
        )  # fmt: skip


class OneAssignment(Controller):
    """An assignment in the hands of those who answer for its place."""

    path = "/courses/{course_id:uuid}/assignments/{assignment_id:uuid}"
    dependencies = {
        "sight": Provide(course_in_sight),
        "at_work": Provide(course_offered_at_work),
        "held": Provide(assignment_in_sight),
    }

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="moveAssignment",
        summary="修改完成期限 Give an assignment another day",
        responses=refusals(rules.NotYourPlace, rules.AssignmentEnded, rules.BadDueDate, NotAllowed),
    )
    async def move_assignment(
        self,
        data: JSONBody[CourseAssignmentChangeIn],
        actor: NamedDependency[Actor],
        at_work: NamedDependency[CourseAtWork],
        held: NamedDependency[AssignmentSight],
    ) -> CourseAssignmentOut:
        """Nobody is told a second time; the reminder before the day follows the new one."""
        await assigning.move(actor, held.assignment.id, held.place, data.due_on)
        return await _shown(at_work, held.assignment.id)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="endAssignment",
        summary="结束布置 Ask no longer",
        responses=refusals(rules.NotYourPlace, NotAllowed),
    )
    async def end_assignment(
        self, actor: NamedDependency[Actor], held: NamedDependency[AssignmentSight]
    ) -> None:
        """Nobody is reminded any more; who has taken the course keeps that."""
        await assigning.end(actor, held.assignment.id, held.place)


class Completion(Controller):
    """How many have begun and finished a course."""

    path = "/courses/{course_id:uuid}/completion"
    dependencies = {
        "sight": Provide(course_in_sight),
        "counted": Provide(completion_in_sight),
    }

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getCourseCompletion",
        summary="完成情况 How many families have taken a course",
        responses=refusals(rules.NotYourPlace, NotAllowed),
    )
    async def get_completion(
        self, actor: NamedDependency[Actor], counted: NamedDependency[CompletionSight]
    ) -> CourseCompletionOut:
        """Without `nodeId` all that is the caller's: teachers their own classes, leads their
        grades, whoever runs a school its classes, officers of the district its schools.
        """
        now = clock.now()
        if counted.districts:
            school = counted.place.school_id if counted.place else None
            tallies = await completion.by_school(counted.course, counted.districts, school, now)
        else:
            tallies = await completion.by_class(counted.course, counted.nodes, now)
        alone = counted.place is not None and counted.place.kind is rules.PlaceKind.CLASS
        family = counted.course.family_counts
        return CourseCompletionOut(
            course_id=counted.course.id,
            unit=CountedUnit.FAMILY if family else CountedUnit.GUARDIAN,
            rows=[await _row(actor, tally, named=alone) for tally in tallies],
        )


async def _row(actor: Actor, tally: completion.Tally, *, named: bool) -> CompletionRowOut:
    families: list[dict[str, Any]] | None = None
    if named and rules.shows_names(actor, tally.place, assigned=tally.assigned):
        families = await completion.families_of(tally.place.id)
    exact = rules.shows_exactly(actor, tally.place, assigned=tally.assigned)
    return CompletionRowOut.of(tally, exact=exact, families=families)


async def _shown(at_work: CourseAtWork, assignment_id: UUID) -> CourseAssignmentOut:
    [row] = await queries.assignments_at(at_work.course.id, at_work.schools, assignment_id)
    return CourseAssignmentOut.of(row)


DUTY = (CourseAssignments, OneAssignment, Completion)
