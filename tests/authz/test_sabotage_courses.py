"""Negative controls of the parent school: with a defence broken on purpose, the matrix says so."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.courses.controllers import written
from backend.courses.permissions import authoring, learning, library, mine, quizzes, sight
from backend.courses.queries import assigning, catalogue
from backend.courses.queries import library as shelves
from backend.courses.queries.sight import TAKEN, Reach, reach_of
from backend.courses.rules import assigning as asking
from backend.courses.rules import authoring as writing
from backend.courses.rules import quizzes as grading
from backend.schools import features
from backend.web.actor import Actor
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _sees(part: str, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a sabotage that lets one column of what is known of a course be true."""

    def break_it(monkeypatch: pytest.MonkeyPatch) -> None:
        broken = sight._SIGHT.replace(part, f"{part} OR true")
        assert broken != sight._SIGHT, name
        monkeypatch.setattr(sight, "_SIGHT", broken)

    return break_it


async def _broken(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, broken: tuple[Any, str, Any]
) -> list[str]:
    """Return what the matrix says of an entry once something is replaced."""
    assert await matrix.complaints(key) == []
    monkeypatch.setattr(*broken)
    return await matrix.complaints(key)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("getCourse", "getCourse other_school parent: shows foreign canaries ['CA2X']"),
        ("getLesson", "getLesson other_district class_teacher: shows foreign canaries ['CB1X']"),
        ("openPlay", "openPlay other_school parent: shows foreign canaries ['CA2X']"),
        ("takeUpCourse", "takeUpCourse own coordinator: answered 200, expected 404"),
        ("getQuiz/asks", "getQuiz/asks own parent_restricted: shows foreign canaries ['CA1X']"),
        ("creditLesson", "creditLesson other_school admin: answered"),
    ],
)
async def test_a_course_offered_to_everybody_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    assert await matrix.complaints(key) == []
    broken = sight._SIGHT.replace(f"SELECT {TAKEN} AS taken", f"SELECT ({TAKEN} OR true) AS taken")
    assert broken != sight._SIGHT
    monkeypatch.setattr(sight, "_SIGHT", broken)
    if key == "creditLesson":
        # Whose word counts is asked once more.
        monkeypatch.setattr(learning, "_MINE", f"SELECT true AS mine WHERE {_ALL_GIVEN}")
    assert any(one.startswith(said) for one in await matrix.complaints(key))


_ALL_GIVEN = (
    "$1::uuid IS NOT NULL AND $2::uuid[] IS NOT NULL AND $3::uuid[] IS NOT NULL "
    "AND $4::uuid[] IS NOT NULL"
)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("getCourse/draft", "getCourse/draft own subject_teacher: shows foreign canaries"),
        ("getLesson/asks", "getLesson/asks own parent: shows foreign canaries ['KA1X']"),
        ("getLesson/revised", "getLesson/revised own parent: shows foreign canaries"),
        ("rewriteCourse/draft", "rewriteCourse/draft own subject_teacher: answered 200"),
        ("listCourseReviews", "listCourseReviews own subject_teacher: shows foreign"),
        ("getQuizStatistics/asks", "getQuizStatistics/asks own grade_lead: answered 200"),
        ("submitCourse/draft", "submitCourse/draft own class_teacher_next: answered 200"),
        ("discardLessonDraft/revised", "discardLessonDraft/revised own grade_lead: answered 204"),
    ],
)
async def test_an_editor_who_is_none_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    assert await matrix.complaints(key) == []
    _sees("c.author_id = $5", "wrote")(monkeypatch)
    assert any(one.startswith(said) for one in await matrix.complaints(key))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("reviewCourse/waiting", "reviewCourse/waiting own grade_lead: answered 200"),
        ("reviewLesson/changed", "reviewLesson/changed own subject_teacher: answered 200"),
        ("retireCourse", "retireCourse own class_teacher: answered 200"),
        ("shareCourse", "shareCourse own class_teacher: answered 200"),
        ("retireLesson", "retireLesson own subject_teacher: answered 200"),
    ],
)
async def test_a_reviewer_who_runs_nothing_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    assert await matrix.complaints(key) == []
    _sees("c.school_id = ANY($3::uuid[])", "runs")(monkeypatch)
    assert any(one.startswith(said) for one in await matrix.complaints(key))


async def test_ones_own_work_passed_by_oneself_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher who runs the school besides: only the rule of four eyes is in their way."""
    monkeypatch.setattr(Reach, "runs", property(lambda self: self.at_work), raising=False)
    operation = matrix.operations["reviewCourse"]
    cell = Cell("class_teacher", "own", frozenset({200}))

    async def tried() -> int:
        async with undone():
            return (await matrix.send(operation, "waiting", cell)).status_code

    _sees("c.school_id = ANY($3::uuid[])", "runs")(monkeypatch)
    assert await tried() == 409
    monkeypatch.setattr(writing, "check_reviewer", lambda *_: None)
    # Behind the rule stands a wall of the database.
    assert await tried() == 500


CASES: list[tuple[str, tuple[Any, str, Any], str]] = [
    (
        "listCourses/search",
        (catalogue, "_FOUND", catalogue._FOUND.replace(TAKEN, f"({TAKEN} OR true)")),
        "listCourses/search here parent: shows foreign canaries ['CA2X', 'CB',",
    ),
    (
        "listCourses",
        (catalogue, "_ALL", catalogue._ALL.replace(TAKEN, f"({TAKEN} OR true)")),
        "listCourses here coordinator: shows foreign canaries",
    ),
    (
        "listSchoolCourses",
        (written, "runs_host", _yes),
        "listSchoolCourses own subject_teacher: shows foreign canaries ['DA1X', 'DA1Y'",
    ),
    (
        "listHostCourses",
        (authoring, "_works_in", _yes),
        "listHostCourses other_district officer: answered 403, expected 404",
    ),
    (
        "importCatalogue/school",
        (library, "runs_host", _yes),
        "importCatalogue/school own class_teacher: answered 200",
    ),
    (
        "arrangeTrack",
        (library, "runs_host", _yes),
        "arrangeTrack own grade_lead: answered 200, expected 403",
    ),
    (
        "getTrack",
        (library, "runs_host", _yes),
        "getTrack other_school parent: shows foreign canaries ['CA2X']",
    ),
    (
        "listLibrary",
        (shelves, "_ALL", shelves._ALL.replace("c.shared_at IS NOT NULL OR", "true OR")),
        "listLibrary here class_teacher: shows foreign canaries ['CA2X'",
    ),
    (
        "creditLesson/neighbour",
        (learning, "_MINE", f"SELECT true AS mine WHERE {_ALL_GIVEN}"),
        "creditLesson/neighbour own class_teacher: answered 204, expected 404",
    ),
    (
        "assignCourse/district",
        (asking, "answers_for", _yes),
        "assignCourse/district own subject_teacher: answered 201, expected 403",
    ),
    (
        "getCourseCompletion/class:own",
        (asking, "answers_for", _yes),
        "getCourseCompletion/class:own own class_teacher_next: answered 200, expected 403",
    ),
    (
        "getCourseCompletion/class:own",
        (asking, "shows_names", _yes),
        "getCourseCompletion/class:own own grade_lead: shows foreign canaries ['A1XF'",
    ),
    (
        "listAssignments/shared",
        (
            assigning, "_ASSIGNED",
            assigning._ASSIGNED.replace("a.school_id = ANY($2::uuid[])", "$2::uuid[] IS NOT NULL"),
        ),
        "listAssignments/shared own class_teacher: shows foreign canaries ['A2X']",
    ),
    (
        "getQuiz/asks",
        (grading.Standing, "is_over", property(_yes)),
        "getQuiz/asks own parent: shows foreign canaries ['KA1X']",
    ),
    (
        "handInQuiz/asks",
        (quizzes.Quiz, "round", 1),
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "broken", "said"), [case for case in CASES if case[2]], ids=lambda one: str(one)[:40]
)
async def test_a_guard_that_is_gone_is_reported(
    matrix: Matrix,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    broken: tuple[Any, str, Any],
    said: str,
) -> None:
    complaints = await _broken(matrix, monkeypatch, key, broken)
    assert any(one.startswith(said) for one in complaints), complaints[:5]


async def test_a_switch_that_nobody_asks_is_noticed(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of ``test_where_the_school_wants_no_courses_there_are_none``."""
    own = matrix.world.places["own"]
    cell = Cell("parent", "own", frozenset({404}))
    operation = matrix.operations["getCourse"]
    async with undone():
        await features.FeatureSwitch.create(
            school_id=own.school_id, function=features.Function.COURSES, is_on=False
        )
        assert (await matrix.send(operation, "", cell)).status_code == 404
        monkeypatch.setattr(Actor, "closed", lambda *_: [])
        assert (await matrix.send(operation, "", cell)).status_code == 200


assert mine and reach_of
