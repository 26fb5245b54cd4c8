"""Asking the families of a class, a grade or a school to take a course."""

from datetime import date
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Assignment, Course, PublicationState
from backend.courses.notify import assigning as notify
from backend.courses.queries import assigning as queries
from backend.courses.queries.library import offered_at
from backend.courses.rules import assigning as rules
from backend.courses.rules.assigning import Place
from backend.courses.rules.authoring import check_course
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.schools.models import District
from backend.web.actor import Actor
from backend.web.limits import Limit, spend

ASSIGNING = Limit(name="course_assignments", most=60, seconds=3600)
"""So many letters to families somebody causes in an hour by assigning courses."""


async def assign(actor: Actor, course_id: UUID, place: Place, due_on: date | None) -> Assignment:
    """Ask the families of a place to take a course, and tell those it is news to, once.

    Raises :class:`rules.NotYourPlace`, :class:`rules.BadDueDate`,
    :class:`rules.AlreadyAssigned`, ``WrongCourseState``, ``TooMany``, and ``NotFound`` for a
    course that is not offered there.
    """
    rules.check_place(actor, place)
    now = clock.now()
    rules.check_due(due_on, await _today(place.school_id))
    async with transaction():
        course = await Course.select_for_update(no_key=True).get_or_none(id=course_id)
        # It may have been given up since the caller saw it.
        if course is None or not await offered_at(course_id, [place.school_id]):
            raise NotFound
        check_course(course, {PublicationState.PUBLISHED})
        held = await Assignment.get_or_none(course_id=course_id, node_id=place.id, ended_at=None)
        if held is not None:
            raise rules.AlreadyAssigned(place=place.label, assignmentId=str(held.id))
        await spend(ASSIGNING, str(actor.person_id), now)
        made = await Assignment.create(
            id=uuid7(),
            course_id=course_id,
            school_id=place.school_id,
            node_id=place.id,
            due_on=due_on,
            assigned_by=actor.person_id,
            assigned_at=now,
        )
        people = await queries.concerned(made.id, now)
        await notify.assigned(made, people, course, due_on)
        await _record("courses.assigned", actor, made, told=len(people))
        return made


async def move(actor: Actor, assignment_id: UUID, place: Place, due_on: date | None) -> Assignment:
    """Give an assignment another date; nobody is told a second time.

    Raises :class:`rules.NotYourPlace`, :class:`rules.BadDueDate` and
    :class:`rules.AssignmentEnded`.
    """
    rules.check_place(actor, place)
    async with transaction():
        held = await Assignment.select_for_update().get(id=assignment_id)
        if held.ended_at is not None:
            raise rules.AssignmentEnded
        if held.due_on != due_on:
            rules.check_due(due_on, await _today(place.school_id))
            held.due_on = due_on
            await held.save(update_fields=["due_on"])
            await _record("courses.assignment_moved", actor, held)
        return held


async def end(actor: Actor, assignment_id: UUID, place: Place) -> None:
    """Ask no longer; what has not been sent of its letters is not sent. Repeating it is
    harmless. Raises :class:`rules.NotYourPlace`.
    """
    rules.check_place(actor, place)
    async with transaction():
        held = await Assignment.select_for_update().get(id=assignment_id)
        if held.ended_at is not None:
            return
        held.ended_at = clock.now()
        await held.save(update_fields=["ended_at"])
        await notify.ended(held.id)
        await _record("courses.assignment_ended", actor, held)


async def _today(school_id: UUID) -> date:
    """Return the day by the wall clock of the school's district."""
    district = await District.get(schools__id=school_id)
    return clock.local(clock.now(), district.timezone).date()


async def _record(action: str, actor: Actor, held: Assignment, **facts: object) -> None:
    await record(
        action, "course", held.course_id, by=actor.person_id, school_id=held.school_id,
        assignment_id=str(held.id), node_id=str(held.node_id), **facts,
    )  # fmt: skip
