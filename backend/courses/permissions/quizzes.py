"""Who is asked the questions of a lesson, and who may see what many answered."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import Lesson, PublicationState
from backend.courses.permissions.sight import LessonSight, lesson_in_sight
from backend.courses.queries import quizzes
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor


class Quiz(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson's questions, for one learner in their round."""

    lesson: Any
    questions: list[dict[str, Any]]
    round: int


async def quiz_to_take(actor: NamedDependency[Actor], lesson_id: FromPath[UUID]) -> Quiz:
    """The quiz of a published lesson, for whoever may learn with it.

    Raises :class:`NotFound`, also for a lesson without questions.
    """
    sight = await lesson_in_sight(actor, lesson_id)
    if not sight.course.takes or sight.lesson.state != PublicationState.PUBLISHED:
        raise NotFound
    questions = await quizzes.asked(lesson_id)
    if not questions:
        raise NotFound
    return Quiz(
        lesson=sight.lesson,
        questions=questions,
        round=await quizzes.round_of(sight.lesson.course_id, actor.person_id),
    )


async def quiz_to_study(actor: NamedDependency[Actor], lesson_id: FromPath[UUID]) -> Lesson:
    """The lesson, for its course's author and whoever runs the host.

    Raises :class:`NotFound`, and :class:`NotAllowed` for those who only see it.
    """
    sight: LessonSight = await lesson_in_sight(actor, lesson_id)
    if not sight.course.edits:
        raise NotAllowed
    lesson: Lesson = sight.lesson
    return lesson
