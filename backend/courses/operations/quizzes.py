"""Handing in a quiz: one attempt, graded here and nowhere else."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.models import QuizAttempt
from backend.courses.operations.completing import settle_lesson
from backend.courses.operations.enrolling import enrol
from backend.courses.queries import learning
from backend.courses.queries import quizzes as queries
from backend.courses.rules import quizzes as rules
from backend.courses.rules.learning import Facts
from backend.database import transaction
from backend.errors import BadInput, NotFound


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: which questions were ``right``, and how the learner stands now."""

    number: int
    percent: int
    passed: bool
    right: set[UUID]
    questions: list[dict[str, Any]]
    standing: rules.Standing
    completed: bool
    missing: list[rules.Lacking]


async def hand_in(
    person_id: UUID,
    lesson_id: UUID,
    course_id: UUID,
    given: Mapping[UUID, Sequence[str]],
    *,
    now: datetime,
    secret: str,
) -> Graded:
    """Grade one attempt and keep it; who passes has done with the quiz for good.

    ``given`` are veiled keys (:func:`backend.courses.rules.quizzes.veiled`) by question.
    Raises :class:`NotFound` for a lesson without a quiz, and whatever the rules refuse. A
    refused hand-in is no attempt.
    """
    async with transaction():
        # Two phones at once wait for each other on the enrolment.
        round_ = await enrol(person_id, course_id, now)
        questions = await queries.asked(lesson_id)
        if not questions:
            raise NotFound
        first = questions[0]
        standing = await queries.standing(lesson_id, person_id, round_, first)
        rules.check_attempt(standing, now)
        keys = _keys(person_id, questions, given, secret)
        right = {
            q["id"] for q in questions if rules.is_right(q["kind"], q["answer"], keys[q["id"]])
        }
        percent = rules.percent_of(len(right), len(questions))
        passed = rules.passes(len(right), len(questions), first["pass_percent"])
        made = await QuizAttempt.create(
            lesson_id=lesson_id,
            person_id=person_id,
            round=round_,
            revision=first["number"],
            number=standing.made + 1,
            answers={str(question): found for question, found in keys.items()},
            right=sorted(str(question) for question in right),
            percent=percent,
            passed=passed,
            handed_in_at=now,
        )
        if passed:
            await settle_lesson(person_id, lesson_id)
        known = await learning.facts(person_id, lesson_id, round_)
        assert known is not None
        return Graded(
            number=made.number,
            percent=percent,
            passed=passed,
            right=right,
            questions=questions,
            standing=await queries.standing(lesson_id, person_id, round_, first),
            completed=known["completed"],
            missing=[] if known["completed"] else rules.lacking(_facts(known)),
        )


def options_of(question: dict[str, Any]) -> list[dict[str, str]]:
    """Return a question's options, each with its ``key`` and ``text``, as the author wrote them."""
    found: list[dict[str, str]] = json.loads(question["options"])
    return found


def _facts(row: dict[str, Any]) -> Facts:
    return Facts(
        kind=row["kind"],
        reached=row["reached"],
        asks=row["asks"],
        passed=row["quiz_percent"] is not None,
        attended=row["attended"],
    )


def _keys(
    person_id: UUID,
    questions: Sequence[dict[str, Any]],
    given: Mapping[UUID, Sequence[str]],
    secret: str,
) -> dict[UUID, list[str]]:
    known = {question["id"] for question in questions}
    if not given.keys() <= known:
        raise rules.QuestionsChanged
    if missing := known - given.keys():
        raise rules.NotAnswered(field="answers", questions=len(missing))
    keys = {}
    for question in questions:
        own = {
            rules.veiled(secret, str(person_id), str(question["id"]), option["key"]): option["key"]
            for option in options_of(question)
        }
        chosen = given[question["id"]]
        if len(set(chosen)) != len(chosen) or not set(chosen) <= own.keys():
            raise BadInput(field="answers")
        keys[question["id"]] = [own[key] for key in chosen]
    return keys
