"""Quizzes: the questions, handing in, and what many answered."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.courses.models import Lesson
from backend.courses.operations import quizzes
from backend.courses.permissions.quizzes import Quiz, quiz_to_study, quiz_to_take
from backend.courses.queries import quizzes as queries
from backend.courses.rules import quizzes as rules
from backend.courses.schemas.quizzes import (
    QuizAnswersIn,
    QuizOut,
    QuizResultOut,
    QuizStatisticsOut,
)
from backend.errors import BadInput, NotFound
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Count


class Quizzes(Controller):
    """The quiz of a lesson, before those who learn."""

    path = "/lessons/{lesson_id:uuid}/quiz"
    dependencies = {"quiz": Provide(quiz_to_take)}
    opt = {"policy": Policy.SIGNED_IN}

    @get(operation_id="getQuiz", summary="课后测验 The questions of a lesson")
    async def get_quiz(
        self,
        actor: NamedDependency[Actor],
        quiz: NamedDependency[Quiz],
        settings: NamedDependency[Settings],
    ) -> QuizOut:
        """A lesson without questions is 404. Answers come with the last attempt's grade."""
        standing = await queries.standing(
            quiz.lesson.id, actor.person_id, quiz.round, quiz.questions[0]
        )
        return QuizOut.of(
            quiz.lesson.id, actor.person_id, quiz.questions, standing, secret=settings.secret_key
        )

    @post(
        "/attempts",
        operation_id="handInQuiz",
        summary="提交测验 Hand in, and get the grade",
        responses=refusals(
            BadInput,
            KeyNeeded,
            KeyReused,
            rules.AlreadyPassed,
            rules.NoAttemptsLeft,
            rules.NotAnswered,
            rules.QuestionsChanged,
            rules.TooSoon,
        ),
    )
    async def hand_in(
        self,
        data: JSONBody[QuizAnswersIn],
        actor: NamedDependency[Actor],
        quiz: NamedDependency[Quiz],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> QuizResultOut:
        """Every question needs an answer. A refused hand-in does not count as an attempt."""
        lesson: Lesson = quiz.lesson
        asked = (
            lesson.id,
            sorted((str(question), keys) for question, keys in data.answers.items()),
        )

        async def act() -> QuizResultOut:
            graded = await quizzes.hand_in(
                actor.person_id,
                lesson.id,
                lesson.course_id,
                data.answers,
                now=clock.now(),
                secret=settings.secret_key,
            )
            return QuizResultOut.of(graded, actor.person_id, secret=settings.secret_key)

        return await once(
            actor.person_id, "handInQuiz", idempotency_key, asked, QuizResultOut, act,
            secret=settings.secret_key,
        )  # fmt: skip


class QuizStatistics(Controller):
    """What many answered, before those who wrote the questions."""

    path = "/lessons/{lesson_id:uuid}/quiz/statistics"
    dependencies = {"studied": Provide(quiz_to_study)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getQuizStatistics",
        summary="测验统计 How the questions were answered",
    )
    async def get_quiz_statistics(
        self,
        studied: NamedDependency[Lesson],
        revision: FromQuery[Count | None] = None,
    ) -> QuizStatisticsOut:
        """Of the published revision unless another is named; nobody is named."""
        return await _statistics(studied.id, revision)


async def _statistics(lesson_id: UUID, revision: int | None) -> QuizStatisticsOut:
    questions = await queries.asked(lesson_id, revision)
    if not questions:
        raise NotFound
    number = questions[0]["number"]
    totals = await queries.totals(lesson_id, number)
    return QuizStatisticsOut.of(
        lesson_id,
        questions,
        totals,
        await queries.chosen(lesson_id, number) if totals else {},
        await queries.spread(lesson_id, number) if totals else [],
    )


DUTY = (Quizzes, QuizStatistics)
