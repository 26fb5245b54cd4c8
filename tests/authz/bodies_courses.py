"""What the operations on courses are sent, and which rows their paths name."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from backend.courses.rules.quizzes import veiled
from tests.authz.rows_courses import PLAY
from tests.authz.rows_duties import today
from tests.authz.world import World

FIXED = {"play_id": PLAY}
"""Parameters that name no row: a play is what its own phone calls so."""
ROWS = {
    "course_id": {
        "draft", "waiting", "retired", "shared", "done", "outside", "district",
        "district_draft", "left",
    },
    "lesson_id": {
        "draft", "waiting", "retired", "shared", "district", "district_draft", "left", "asks",
        "revised", "changed",
    },
    "parent_school_id": {"school", "district"},
}  # fmt: skip
"""Variants that name a row: ``draft`` of ``course_id`` is the place's ``draft_course_id``."""
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return what a path parameter of courses is filled with; others are ``None``."""
    if parameter == "person_id" and variant in ("neighbour", "stranger"):
        return str(getattr(place, f"{variant}_id"))
    if variant in ROWS.get(parameter, ()):
        return str(getattr(place, f"{variant}_{parameter}"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _course(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    cover = {"coverId": str(place.cover_id)} if variant == "cover" else {}
    return _json(title="会倾听的父母", topic="parenting", **cover)


def _rewrite(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    plain = _course(world, place, variant)["json"]
    return _json(delivery="both", version=1, **plain)


def _lesson(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a lesson; the variant says which part of it is of the place."""
    if variant == "medium":
        return _json(kind="video", title="第一课", attachmentId=str(place.video_id))
    if variant == "session":
        return _json(kind="live", title="专题讲座", slotId=str(place.taken_session))
    return _json(kind="article", title="每天十分钟", paragraphs=["每天说十分钟话。"])


def _draft(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return _json(version=0, **_lesson(world, place, variant)["json"])


def _order(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return the lessons of the place's course, the last first."""
    lessons = place.lesson_ids if isinstance(place.lesson_ids, list) else [str(place.lesson_ids)]
    if variant == "draft":
        lessons = [str(place.draft_lesson_id)]
    return _json(lessonIds=lessons[::-1], version=1)


def _answers(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return the right answer, as the place's parent knows it by."""
    question, learner = str(place.question_id), str(world.people.get(str(place.parent)))
    key = veiled(world.settings.secret_key, learner, question, "right")
    return _json(answers={question: [key]})


def _host(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return {"name": "新村家长学校", "openedOn": today().isoformat()}


def _opening(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    town = {"townId": str(place.town_id)} if variant == "town" else {}
    return _json(kind="community", **town, **_host(world, place, variant))


def _closing(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return _json(closedOn=(today() + timedelta(days=3)).isoformat())


BODIES: dict[str, Body] = {
    "setParentSchool": lambda w, p, v: {"json": _host(w, p, v)},
    "openParentSchool": _opening,
    "changeParentSchool": lambda w, p, v: {"json": _host(w, p, v)},
    "closeParentSchool": _closing,
    "writeSchoolCourse": _course,
    "writeHostCourse": _course,
    "rewriteCourse": _rewrite,
    "setCourseRule": lambda w, p, v: _json(threshold=80, version=1),
    "retireCourse": lambda w, p, v: _json(reason="内容已过时"),
    "reviewCourse": lambda w, p, v: _json(approved=True),
    "addLesson": _lesson,
    "orderLessons": _order,
    "writeLessonDraft": _draft,
    "setLessonRequirement": lambda w, p, v: _json(required=False),
    "retireLesson": lambda w, p, v: _json(reason="内容已过时"),
    "reviewLesson": lambda w, p, v: _json(approved=True),
    "handInQuiz": _answers,
    "reportBeats": lambda w, p, v: _json(beats=[{"seq": 1, "from": 0, "to": 5}], position=5),
    "creditLesson": lambda w, p, v: _json(reason="参加了线下讲座"),
    "creditCourse": lambda w, p, v: _json(reason="参加了线下讲座"),
    "listCourses": lambda w, p, v: {"params": {"q": "CANARY"} if v == "search" else {}},
}
