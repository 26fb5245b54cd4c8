"""Assignments and completion on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.courses.queries.completion import Tally
from backend.courses.rules.assigning import PlaceKind, shown
from backend.web.structs import In, Out


class CourseAssignmentIn(In):
    """The class, grade or school whose families are asked, and by when; ``null`` for no day."""

    node_id: UUID
    due_on: date | None = None


class CourseAssignmentChangeIn(In):
    """Another day, or none."""

    due_on: date | None


class CourseAssignmentOut(Out):
    """Whose families are asked to take a course."""

    id: UUID
    course_id: UUID
    school_id: UUID
    node_id: UUID
    kind: PlaceKind
    label: str
    due_on: date | None
    assigned_by: str
    assigned_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "CourseAssignmentOut":
        """Show one row of :func:`backend.courses.queries.assigning.assignments_at`."""
        return cls(**{**row, "kind": PlaceKind(row["kind"])})


class CourseAssignmentsOut(Out):
    """What is asked now: whole schools first, then grade by grade."""

    items: list[CourseAssignmentOut]


class CountedUnit(StrEnum):
    """What completion counts: families where one guardian's learning counts for the other."""

    FAMILY = "family"
    GUARDIAN = "guardian"


class LearnerStanding(StrEnum):
    """How far a family, or a guardian, is with a course."""

    NOT_STARTED = "not_started"
    STARTED = "started"
    COMPLETED = "completed"


class GuardianCompletionOut(Out):
    """A guardian in force of the child; whoever is kept apart from it is not among them."""

    person_id: UUID
    name: str
    standing: LearnerStanding


class FamilyCompletionOut(Out):
    """A child's family. ``standing`` is that of all its guardians together."""

    student_id: UUID
    student: str
    standing: LearnerStanding
    guardians: list[GuardianCompletionOut]


class CompletionRowOut(Out):
    """One class, or to officers one school. A count is ``null`` where it would speak of fewer
    than five. ``families`` are named only to the class's own teacher and to those who run the
    school, only where the course is ``assigned``, and only when that class is asked for.
    """

    node_id: UUID
    kind: PlaceKind
    label: str
    school_id: UUID
    assigned: bool
    due_on: date | None
    total: int | None
    started: int | None
    completed: int | None
    families: list[FamilyCompletionOut] | None

    @classmethod
    def of(
        cls, tally: Tally, *, exact: bool, families: list[dict[str, Any]] | None
    ) -> "CompletionRowOut":
        """Show one row of :mod:`backend.courses.queries.completion`."""
        return cls(
            node_id=tally.place.id,
            kind=tally.place.kind,
            label=tally.place.label,
            school_id=tally.place.school_id,
            assigned=tally.assigned,
            due_on=tally.due_on,
            total=shown(tally.total, exact=exact),
            started=shown(tally.started, exact=exact),
            completed=shown(tally.completed, exact=exact),
            families=None if families is None else _families(tally, families),
        )


class CourseCompletionOut(Out):
    """How many have begun and finished a course; ``total`` counts all who could.

    In the order of grades and names: nobody is ranked.
    """

    course_id: UUID
    unit: CountedUnit
    rows: list[CompletionRowOut]


def _families(tally: Tally, rows: list[dict[str, Any]]) -> list[FamilyCompletionOut]:
    """Return each child of a class once, with its guardians."""
    found: dict[UUID, FamilyCompletionOut] = {}
    for row in rows:
        child = row["student_id"]
        family = found.setdefault(
            child,
            FamilyCompletionOut(
                student_id=child,
                student=row["student"],
                standing=_standing(child in tally.families_begun, child in tally.families_done),
                guardians=[],
            ),
        )
        person = row["person_id"]
        family.guardians.append(
            GuardianCompletionOut(
                person_id=person,
                name=row["guardian"],
                standing=_standing(person in tally.begun, person in tally.done),
            )
        )
    return list(found.values())


def _standing(begun: bool, done: bool) -> LearnerStanding:
    if done:
        return LearnerStanding.COMPLETED
    return LearnerStanding.STARTED if begun else LearnerStanding.NOT_STARTED
