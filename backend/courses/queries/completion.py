"""How many families of which class, or school, have begun and finished a course.

A guardian who is kept apart from a child has no tie: they count nowhere. Lists are in the
order of grades and names, never of figures.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.models import Course
from backend.courses.queries.learning import family_completions
from backend.courses.queries.library import OFFERED_AT
from backend.courses.rules.assigning import Place, PlaceKind
from backend.database import fetch
from backend.replicas import from_replica

_CLASSES = """
SELECT c.id, c.school_id, c.grade_id, g.name || c.name AS label, n.families, n.guardians
FROM classes c JOIN grades g ON g.id = c.grade_id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT f.student_id)::int AS families,
           count(DISTINCT f.person_id)::int AS guardians
    FROM family_ties f WHERE f.class_id = c.id) n
WHERE c.school_id = ANY($1::uuid[]) OR c.grade_id = ANY($1::uuid[]) OR c.id = ANY($1::uuid[])
ORDER BY c.school_id, g.position, g.name, length(c.name), c.name, c.id
LIMIT 1000
"""
_SCHOOLS = f"""
SELECT s.id, s.id AS school_id, NULL AS grade_id, s.name AS label,
       coalesce(n.families, 0)::int AS families, coalesce(n.guardians, 0)::int AS guardians
FROM schools s JOIN courses c ON c.id = $1
LEFT JOIN (SELECT f.school_id, count(DISTINCT f.student_id) AS families,
                  count(DISTINCT f.person_id) AS guardians
           FROM family_ties f JOIN schools x ON x.id = f.school_id
           WHERE x.district_id = ANY($2::uuid[]) GROUP BY f.school_id) n ON n.school_id = s.id
WHERE s.district_id = ANY($2::uuid[]) AND ($3::uuid IS NULL OR s.id = $3)
  AND {OFFERED_AT.format(school="s.id")}
  AND NOT EXISTS (SELECT 1 FROM feature_switches w
                  WHERE w.school_id = s.id AND w.function = 'courses' AND NOT w.is_on)
ORDER BY s.name, s.id LIMIT 1000
"""
_LEARNERS = """
SELECT f.{unit} AS unit_id, f.student_id, f.person_id,
       k.id IS NOT NULL OR EXISTS (
           SELECT 1 FROM lessons l WHERE l.course_id = e.course_id AND (
               EXISTS (SELECT 1 FROM watches w WHERE w.lesson_id = l.id
                       AND w.person_id = e.person_id AND w.round = e.round)
               OR EXISTS (SELECT 1 FROM lesson_completions d WHERE d.lesson_id = l.id
                          AND d.person_id = e.person_id AND d.round = e.round)
               OR EXISTS (SELECT 1 FROM quiz_attempts q WHERE q.lesson_id = l.id
                          AND q.person_id = e.person_id AND q.round = e.round))) AS started,
       k.id IS NOT NULL AND (k.valid_until IS NULL OR k.valid_until > $3) AS completed
FROM course_enrolments e JOIN family_ties f ON f.person_id = e.person_id
LEFT JOIN LATERAL (
    SELECT x.id, x.valid_until FROM course_completions x
    WHERE x.course_id = e.course_id AND x.person_id = e.person_id
    ORDER BY x.valid_until DESC NULLS FIRST LIMIT 1) k ON true
WHERE e.course_id = $1 AND f.{unit} = ANY($2::uuid[])
"""
_ASKED = """
SELECT node_id, due_on FROM course_assignments
WHERE course_id = $1 AND node_id = ANY($2::uuid[]) AND ended_at IS NULL
"""
_FAMILIES = """
SELECT s.id AS student_id, s.name AS student, p.id AS person_id, p.name AS guardian
FROM family_ties f JOIN students s ON s.id = f.student_id JOIN persons p ON p.id = f.person_id
WHERE f.class_id = $1 ORDER BY s.name, s.id, p.name, p.id
"""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One class or school. ``total``, ``started`` and ``completed`` count families, or
    guardians where each counts alone. ``begun`` and ``done`` are ids of guardians;
    ``families_done`` and ``families_begun`` of children.
    """

    place: Place
    total: int
    started: int
    completed: int
    assigned: bool
    due_on: date | None
    begun: frozenset[UUID]
    done: frozenset[UUID]
    families_begun: frozenset[UUID]
    families_done: frozenset[UUID]


@from_replica
async def by_class(course: Course, node_ids: Sequence[UUID], now: datetime) -> list[Tally]:
    """Return the figures of each class of some schools, grades and classes; four statements."""
    rows = await fetch(_CLASSES, list(node_ids))
    return await _tallies(course, rows, PlaceKind.CLASS, now)


@from_replica
async def by_school(
    course: Course, district_ids: Sequence[UUID], school_id: UUID | None, now: datetime
) -> list[Tally]:
    """Return the figures of each school of some districts, or of one, where it is offered."""
    rows = await fetch(_SCHOOLS, course.id, list(district_ids), school_id)
    return await _tallies(course, rows, PlaceKind.SCHOOL, now)


async def families_of(class_id: UUID) -> list[dict[str, Any]]:
    """Return the children of a class with each of their guardians, by name."""
    return await fetch(_FAMILIES, class_id)


async def _tallies(
    course: Course, rows: list[dict[str, Any]], kind: PlaceKind, now: datetime
) -> list[Tally]:
    ids = [row["id"] for row in rows]
    unit = "class_id" if kind is PlaceKind.CLASS else "school_id"
    learners = await fetch(_LEARNERS.format(unit=unit), course.id, ids, now)
    # Only a family in which somebody took the course up can have finished it.
    children = {row["student_id"] for row in learners}
    finished = await family_completions(
        course.id, sorted(children), now, together=course.family_counts
    )
    above = {node for row in rows for node in (row["id"], row["grade_id"], row["school_id"])}
    asked = await fetch(_ASKED, course.id, sorted(node for node in above if node))
    due = {row["node_id"]: row["due_on"] for row in asked}
    of: dict[UUID, list[dict[str, Any]]] = {one: [] for one in ids}
    for learner in learners:
        of[learner["unit_id"]].append(learner)
    return [_tally(course, row, kind, of[row["id"]], finished, due) for row in rows]


def _tally(
    course: Course,
    row: dict[str, Any],
    kind: PlaceKind,
    learners: list[dict[str, Any]],
    finished: set[UUID],
    due: dict[UUID, date | None],
) -> Tally:
    begun = frozenset(one["person_id"] for one in learners if one["started"])
    done = frozenset(one["person_id"] for one in learners if one["completed"])
    families_done = frozenset(one["student_id"] for one in learners) & finished
    families_begun = (
        frozenset(one["student_id"] for one in learners if one["started"]) | families_done
    )
    covering = [node for node in (row["id"], row["grade_id"], row["school_id"]) if node in due]
    days = [day for node in covering if (day := due[node]) is not None]
    together = course.family_counts
    return Tally(
        place=Place(
            kind=kind,
            id=row["id"],
            label=row["label"],
            school_id=row["school_id"],
            grade_id=row["grade_id"],
            class_id=row["id"] if kind is PlaceKind.CLASS else None,
        ),
        total=row["families"] if together else row["guardians"],
        started=len(families_begun if together else begun),
        completed=len(families_done if together else done),
        assigned=bool(covering),
        due_on=min(days, default=None),
        begun=begun,
        done=done,
        families_begun=families_begun,
        families_done=families_done,
    )
