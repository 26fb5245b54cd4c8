"""Who may ask which families to take a course, and whose figures are shown how exactly.

Nothing here reads the database or the clock: callers bring the facts.
"""

from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.courses.rules.quizzes import FEWEST
from backend.errors import BadInput, NotAllowed, Refusal
from backend.web.actor import Actor, Role

FURTHEST = timedelta(days=400)


class PlaceKind(StrEnum):
    """A place of the tree whose families take courses."""

    CLASS = "class"
    GRADE = "grade"
    SCHOOL = "school"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A class, a grade or a school, with the way up from it."""

    kind: PlaceKind
    id: UUID
    label: str
    school_id: UUID
    grade_id: UUID | None = None
    class_id: UUID | None = None


class NotYourPlace(NotAllowed):
    """A class is its class teacher's, a grade its lead's; whoever runs the school has all."""

    code = "not_your_place"
    zh = "您不负责“{place}”。"
    en = "{place} is not yours to answer for."


class AlreadyAssigned(Refusal):
    """``assignmentId`` is the assignment in force; its date can be changed."""

    code = "already_assigned"
    zh = "“{place}”已经布置了这门课程。"
    en = "{place} has been asked to take this course already."


class AssignmentEnded(Refusal):
    code = "assignment_ended"
    zh = "这次布置已经结束。"
    en = "That assignment has ended."


class BadDueDate(BadInput):
    code = "bad_due_date"
    zh = "截止日期应在今天之后、四百天之内。"
    en = "The date must be today or later, within four hundred days."


def answers_for(actor: Actor, place: Place) -> bool:
    """Say whether the place is the caller's: as its teacher, its lead, or head of it all."""
    if actor.runs_school(place.school_id):
        return True
    if place.grade_id is not None and actor.holds(Role.GRADE_LEAD, grade=place.grade_id):
        return True
    return teaches(actor, place)


def teaches(actor: Actor, place: Place) -> bool:
    """Say whether the caller is the class's own teacher."""
    return place.class_id is not None and actor.holds(Role.CLASS_TEACHER, class_=place.class_id)


def check_place(actor: Actor, place: Place) -> None:
    """Raises :class:`NotYourPlace`."""
    if not answers_for(actor, place):
        raise NotYourPlace(place=place.label)


def check_due(due_on: date | None, today: date) -> None:
    """Raises :class:`BadDueDate`."""
    if due_on is not None and not today <= due_on <= today + FURTHEST:
        raise BadDueDate(field="dueOn")


def shows_names(actor: Actor, place: Place, *, assigned: bool) -> bool:
    """Say whether the caller sees who: only of a class that must take the course, and only
    its own teacher and whoever runs the school (requirements §3.5).
    """
    if place.kind is not PlaceKind.CLASS or not assigned:
        return False
    return teaches(actor, place) or actor.runs_school(place.school_id)


def shows_exactly(actor: Actor, place: Place, *, assigned: bool) -> bool:
    """Say whether the caller sees how few: whoever sees who, and a class's own teacher."""
    return teaches(actor, place) or shows_names(actor, place, assigned=assigned)


def shown(count: int, *, exact: bool) -> int | None:
    """Return a count, ``None`` for one that would speak of too few people."""
    return count if exact or count >= FEWEST else None
