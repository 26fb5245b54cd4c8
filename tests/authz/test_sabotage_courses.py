"""Negative controls of the parent school: with a defence broken on purpose, the matrix says so."""

from typing import Any

import pytest

from backend.courses.controllers import written
from backend.courses.permissions import authoring, learning, library, sight
from backend.courses.queries import assigning, catalogue
from backend.courses.queries import library as shelves
from backend.courses.queries.sight import TAKEN
from backend.courses.rules import assigning as asking
from backend.courses.rules import authoring as writing
from backend.courses.rules import quizzes as grading
from backend.database import fetch_one
from backend.schools.models import FeatureSwitch, Function
from backend.web.actor import Actor
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone

ANYBODY = (
    "SELECT $1::uuid IS NOT NULL AND $2::uuid[] IS NOT NULL AND $3::uuid[] IS NOT NULL "
    "AND $4::uuid[] IS NOT NULL AS mine"
)
"""In the place of the statement that says whose learning somebody may credit."""
Sabotage = tuple[Any, str, Any]


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _lax(module: Any, name: str, part: str) -> Sabotage:
    """Return a statement that no longer looks at one part of its condition."""
    statement = getattr(module, name)
    assert part in statement
    return module, name, statement.replace(part, f"({part} OR true)")


async def _complaints(matrix: Matrix, key: str) -> list[str]:
    """Ask all cells of an entry; what a broken defence lets happen is undone."""
    try:
        async with undone():
            return await matrix.complaints(key)
    finally:
        matrix.base = ""
    raise AssertionError


TAKES = _lax(sight, "_SIGHT", TAKEN)
WROTE = _lax(sight, "_SIGHT", "c.author_id = $5")
RUNS = _lax(sight, "_SIGHT", "c.school_id = ANY($3::uuid[])")
NAMED = _lax(assigning, "_ASSIGNED", "a.school_id = ANY($2::uuid[])")
CASES: list[tuple[str, Sabotage, str]] = [
    # A course offered to everybody.
    ("getCourse", TAKES, "other_school parent: shows foreign canaries ['CA2X']"),
    ("getLesson", TAKES, "other_district class_teacher: shows foreign canaries ['CB1X']"),
    ("openPlay", TAKES, "other_school parent: shows foreign canaries ['CA2X']"),
    ("takeUpCourse", TAKES, "own coordinator: answered 200, expected 404"),
    ("getQuiz/asks", TAKES, "own parent_restricted: shows foreign canaries ['CA1X']"),
    ("creditLesson", TAKES, "own coordinator: answered 403, expected 404"),
    ("listCourses", _lax(catalogue, "_ALL", TAKEN), "here coordinator: shows foreign canaries"),
    ("listCourses/search", _lax(catalogue, "_FOUND", TAKEN), "here parent: shows foreign"),
    # An editor who is none.
    ("getCourse/draft", WROTE, "own grade_lead: shows foreign canaries ['A1X', 'DA1X', 'NA1X']"),
    ("getLesson/asks", WROTE, "own subject_teacher: shows foreign canaries ['KA1X']"),
    ("getLesson/revised", WROTE, "own subject_teacher: shows foreign canaries ['DA1X', 'NA1X']"),
    ("listLessons", WROTE, "own subject_teacher: shows foreign canaries ['DA1X']"),
    ("rewriteCourse/draft", WROTE, "own subject_teacher: answered 200, expected 404"),
    ("listCourseReviews", WROTE, "own subject_teacher: shows foreign canaries"),
    ("getQuizStatistics/asks", WROTE, "own grade_lead: answered 200, expected 403"),
    ("submitCourse/draft", WROTE, "own class_teacher_next: answered 200, expected 404"),
    ("discardLessonDraft/revised", WROTE, "own subject_teacher: answered 204, expected 403"),
    ("listSchoolCourses", (written, "runs_host", _yes), "own subject_teacher: shows foreign"),
    # Somebody who runs nothing.
    ("reviewCourse/waiting", RUNS, "own subject_teacher: answered 200, expected 403"),
    ("reviewLesson/changed", RUNS, "own subject_teacher: answered 200, expected 403"),
    ("retireCourse", RUNS, "own class_teacher: answered 200, expected 403"),
    ("retireLesson", RUNS, "own subject_teacher: answered 200, expected 403"),
    ("shareCourse", RUNS, "own class_teacher: answered 200, expected 403"),
    ("importCatalogue/school", (library, "runs_host", _yes), "own grade_lead: answered 200"),
    ("arrangeTrack", (library, "runs_host", _yes), "own subject_teacher: answered 200"),
    ("getTrack", (library, "runs_host", _yes), "other_school parent: shows foreign canaries"),
    ("listHostCourses", (authoring, "_works_in", _yes), "other_district officer: answered 403"),
    ("listLibrary", _lax(shelves, "_ALL", "c.shared_at IS NOT NULL"), "here admin: shows foreign"),
    # Somebody's word, wish and view.
    ("creditLesson/neighbour", (learning, "_MINE", ANYBODY), "own class_teacher: answered 204"),
    ("assignCourse/district", (asking, "answers_for", _yes), "own subject_teacher: answered 201"),
    ("endAssignment", (asking, "answers_for", _yes), "own class_teacher_next: answered 204"),
    (
        "getCourseCompletion/class:own", (asking, "answers_for", _yes),
        "own class_teacher_next: answered 200, expected 403",
    ),
    (
        "getCourseCompletion/class:own", (asking, "shows_names", _yes),
        "own grade_lead: shows foreign canaries ['A1XF",
    ),
    ("listAssignments/shared", NAMED, "own class_teacher: shows foreign canaries ['A2', 'A2X']"),
    (
        "getQuiz/asks", (grading.Standing, "is_over", property(_yes)),
        "own parent: shows foreign canaries ['KA1X']",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "broken", "said"), CASES, ids=[f"{key}-{broken[1]}" for key, broken, _ in CASES]
)
async def test_a_guard_that_is_gone_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, broken: Sabotage, said: str
) -> None:
    assert await _complaints(matrix, key) == []
    monkeypatch.setattr(*broken)
    complaints = await _complaints(matrix, key)
    assert any(one.startswith(f"{key} {said}") for one in complaints), complaints[:6]


async def test_ones_own_work_is_passed_by_nobody_even_if_the_rule_is_forgotten(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, cell = matrix.world.places["own"], Cell("class_teacher", "own", frozenset({200}))
    # A teacher who comes to run the school: what they wrote stays what they wrote.
    monkeypatch.setattr(*RUNS)

    async def review() -> int:
        async with undone():
            return (
                await matrix.send(matrix.operations["reviewCourse"], "waiting", cell)
            ).status_code
        raise AssertionError

    assert await review() == 409
    monkeypatch.setattr(writing, "check_reviewer", lambda *_: None)
    # Behind the rule stands a wall of the database.
    assert await review() >= 400
    row = await fetch_one("SELECT state FROM courses WHERE id = $1", own.waiting_course_id)
    assert row == {"state": "in_review"}


async def test_a_switch_that_nobody_asks_is_noticed(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of ``test_where_the_school_wants_no_courses_there_are_none``."""
    own, cell = matrix.world.places["own"], Cell("parent", "own", frozenset({404}))
    operation = matrix.operations["getCourse"]
    async with undone():
        await FeatureSwitch.create(school_id=own.school_id, function=Function.COURSES, is_on=False)
        assert (await matrix.send(operation, "", cell)).status_code == 404
        monkeypatch.setattr(Actor, "closed", lambda *_: [])
        assert (await matrix.send(operation, "", cell)).status_code == 200
