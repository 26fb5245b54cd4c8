"""Quizzes at the door: what is asked, what was answered, and what many answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.courses.models import QuizQuestionKind
from backend.courses.operations.quizzes import Graded, options_of
from backend.courses.rules import quizzes as rules
from backend.courses.rules.quizzes import Lacking, Standing
from backend.web.structs import In, Out

OptionKey = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9_\-]+$")]
Chosen = Annotated[list[OptionKey], Meta(min_length=1, max_length=20)]


class QuizOptionOut(Out):
    """``key`` is the caller's own name for the option, and means nothing to others."""

    key: str
    text: str


class QuizQuestionOut(Out):
    """For ``order`` all keys are handed in, in the right order.

    ``answer`` and ``explanation`` are ``null`` until the quiz is passed or no attempts are
    left.
    """

    id: UUID
    kind: QuizQuestionKind
    text: str
    options: list[QuizOptionOut]
    answer: list[str] | None
    explanation: str | None


class QuizOut(Out):
    """The questions of the lesson as published. The order of options changes with each
    attempt. ``openFrom`` is when the next attempt is taken, ``null`` for at once or never.
    """

    lesson_id: UUID
    questions: list[QuizQuestionOut]
    pass_percent: int
    attempts_made: int
    attempts_left: int | None
    open_from: datetime | None
    best_percent: int | None
    passed: bool

    @classmethod
    def of(
        cls,
        lesson_id: UUID,
        person_id: UUID,
        questions: list[dict[str, Any]],
        standing: Standing,
        *,
        secret: str,
    ) -> "QuizOut":
        """Show the quiz to one learner; ``secret`` veils which option is which."""
        return cls(
            lesson_id=lesson_id,
            questions=[
                _question(question, str(person_id), standing, secret) for question in questions
            ],
            pass_percent=questions[0]["pass_percent"],
            attempts_made=standing.made,
            attempts_left=standing.left,
            open_from=standing.open_from,
            best_percent=standing.best,
            passed=standing.passed,
        )


class QuizAnswersIn(In):
    """``answers`` maps each question's id to the keys chosen."""

    answers: Annotated[dict[UUID, Chosen], Meta(min_length=1, max_length=100)]


class QuestionResultOut(Out):
    """``answer`` and ``explanation`` as in the quiz itself."""

    question_id: UUID
    is_right: bool
    answer: list[str] | None
    explanation: str | None


class QuizResultOut(Out):
    """One attempt. ``completed`` says the lesson is; otherwise ``missing`` says what it lacks."""

    number: int
    percent: int
    passed: bool
    attempts_left: int | None
    open_from: datetime | None
    questions: list[QuestionResultOut]
    completed: bool
    missing: list[Lacking]

    @classmethod
    def of(cls, graded: Graded, person_id: UUID, *, secret: str) -> "QuizResultOut":
        """Show an attempt to its learner."""
        over = graded.standing.is_over
        return cls(
            number=graded.number,
            percent=graded.percent,
            passed=graded.passed,
            attempts_left=graded.standing.left,
            open_from=graded.standing.open_from,
            questions=[
                QuestionResultOut(
                    question_id=q["id"],
                    is_right=q["id"] in graded.right,
                    answer=_answer(q, str(person_id), secret) if over else None,
                    explanation=q["explanation"] if over else None,
                )
                for q in graded.questions
            ],
            completed=graded.completed,
            missing=graded.missing,
        )


class OptionStatisticsOut(Out):
    """How often an option was ``chosen``; of what was to be ordered, put in its place."""

    key: str
    text: str
    is_answer: bool
    chosen: int | None


class QuestionStatisticsOut(Out):
    """``rightPercent`` of ``tries``, rounded down."""

    question_id: UUID
    kind: QuizQuestionKind
    text: str
    tries: int | None
    right_percent: int | None
    options: list[OptionStatisticsOut]


class AttemptsOut(Out):
    """So many ``learners`` made so many ``attempts``."""

    attempts: int
    learners: int


class QuizStatisticsOut(Out):
    """What many answered, nobody by name; all figures are ``null`` with fewer than five
    learners (``suppressed``).
    """

    lesson_id: UUID
    revision: int
    suppressed: bool
    learners: int | None
    passed: int | None
    attempts: int | None
    questions: list[QuestionStatisticsOut]
    distribution: list[AttemptsOut]

    @classmethod
    def of(
        cls,
        lesson_id: UUID,
        questions: list[dict[str, Any]],
        totals: Mapping[str, Any] | None,
        chosen: Mapping[UUID, Mapping[str, Any]],
        spread: list[dict[str, Any]],
    ) -> "QuizStatisticsOut":
        """Show the figures; without ``totals`` they are too few."""
        found = totals or {}
        return cls(
            lesson_id=lesson_id,
            revision=questions[0]["number"],
            suppressed=totals is None,
            learners=found.get("learners"),
            passed=found.get("passed"),
            attempts=found.get("attempts"),
            questions=[_figures(q, chosen.get(q["id"])) for q in questions],
            distribution=[AttemptsOut(**row) for row in spread],
        )


def _question(
    question: dict[str, Any], learner: str, standing: Standing, secret: str
) -> QuizQuestionOut:
    own, attempt = str(question["id"]), standing.made + 1
    options = sorted(
        options_of(question),
        key=lambda option: rules.rank(secret, learner, own, attempt, option["key"]),
    )
    return QuizQuestionOut(
        id=question["id"],
        kind=QuizQuestionKind(question["kind"]),
        text=question["text"],
        options=[
            QuizOptionOut(
                key=rules.veiled(secret, learner, own, option["key"]), text=option["text"]
            )
            for option in options
        ],
        answer=_answer(question, learner, secret) if standing.is_over else None,
        explanation=question["explanation"] if standing.is_over else None,
    )


def _answer(question: dict[str, Any], learner: str, secret: str) -> list[str]:
    own = str(question["id"])
    found = [rules.veiled(secret, learner, own, key) for key in question["answer"]]
    return found if question["kind"] == QuizQuestionKind.ORDER else sorted(found)


def _figures(question: dict[str, Any], row: Mapping[str, Any] | None) -> QuestionStatisticsOut:
    chosen = msgspec.json.decode(row["chosen"]) if row else {}
    return QuestionStatisticsOut(
        question_id=question["id"],
        kind=QuizQuestionKind(question["kind"]),
        text=question["text"],
        tries=row["tries"] if row else None,
        right_percent=rules.percent_of(row["right"], row["tries"]) if row else None,
        options=[
            OptionStatisticsOut(
                key=option["key"],
                text=option["text"],
                is_answer=option["key"] in question["answer"],
                chosen=chosen.get(option["key"], 0) if row else None,
            )
            for option in options_of(question)
        ],
    )
