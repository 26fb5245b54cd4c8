"""When a course may be written, handed in, published and retired, and what a lesson must have.

Nothing here reads the database or the clock: callers bring the facts.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.models import Course, CourseKind, Lesson, LessonKind, Revision
from backend.courses.models import PublicationState as State
from backend.courses.rules.watching import LONGEST_MS
from backend.errors import Refusal

MOST_LESSONS = 500
READ_A_MINUTE = 400
"""Chinese characters somebody reads in a minute; a Latin word or number counts for two."""
LEAST_READING_MS = 20_000
DRAFT = frozenset({State.DRAFT})
CHANGEABLE = frozenset({State.DRAFT, State.PUBLISHED})
"""What is being reviewed stays as the reviewer reads it."""
MEDIA = {LessonKind.VIDEO: ("video",), LessonKind.AUDIO: ("audio",)}
RECORDING = ("video", "audio")
LABELS = {
    State.DRAFT: ("草稿", "a draft"),
    State.IN_REVIEW: ("待审核", "being reviewed"),
    State.PUBLISHED: ("已发布", "published"),
    State.RETIRED: ("已下架", "retired"),
}


class WrongCourseState(Refusal):
    code = "wrong_course_state"
    zh = "课程当前状态为“{label}”，不能进行此操作。"
    en = "The course is {state}; that cannot be done now."


class WrongLessonState(Refusal):
    code = "wrong_lesson_state"
    zh = "课时当前状态为“{label}”，不能进行此操作。"
    en = "The lesson is {state}; that cannot be done now."


class CourseChanged(Refusal):
    """Somebody else changed it meanwhile; ``version`` is the newest."""

    code = "course_changed"
    zh = "课程已被他人修改，请刷新后再试。"
    en = "Somebody else has changed the course; please load it again."


class LessonChanged(Refusal):
    """Somebody else changed the lesson's draft meanwhile; ``version`` is the newest."""

    code = "lesson_changed"
    zh = "课时已被他人修改，请刷新后再试。"
    en = "Somebody else has changed the lesson; please load it again."


class FixedOncePublished(Refusal):
    """How a published course is completed has an address of its own; what it is stays."""

    code = "fixed_once_published"
    zh = "课程已发布，“{field}”不能在这里修改。"
    en = "The course is published; {field} cannot be changed here."


class ExternalIsImported(Refusal):
    code = "external_is_imported"
    zh = "外部平台课程由目录导入，不能手工创建或改为此类型。"
    en = "Courses of outside platforms come from an import, not by hand."


class TooManyLessons(Refusal):
    code = "too_many_lessons"
    zh = "一门课程最多{most}个课时。"
    en = "A course has at most {most} lessons."


class OrderIncomplete(Refusal):
    """The order must name each lesson that is not retired exactly once."""

    code = "order_incomplete"
    zh = "请把全部课时都排入顺序，不多不少。"
    en = "The order must name every lesson of the course exactly once."


class NoLessons(Refusal):
    code = "no_lessons"
    zh = "请先添加至少一个课时。"
    en = "Add at least one lesson first."


class SetIncomplete(Refusal):
    code = "set_incomplete"
    zh = "本内容集应有{size}条，现有{lessons}条。"
    en = "This set must have {size} items; it has {lessons}."


class NothingToReview(Refusal):
    code = "nothing_to_review"
    zh = "没有可提交审核的内容。"
    en = "There is nothing to hand in for review."


class LessonIncomplete(Refusal):
    """``what`` is ``medium``, ``text``, ``questions``, ``slot`` or ``link``."""

    code = "lesson_incomplete"
    zh = "课时“{lesson}”还缺少{missing}。"
    en = "The lesson {lesson} lacks its {what}."


class MediumNotReady(Refusal):
    """It is still being prepared, or preparing it failed (``readiness``)."""

    code = "medium_not_ready"
    zh = "课时“{lesson}”的音视频尚未准备好，请等待处理完成；处理失败的请重新上传。"
    en = "The recording of {lesson} is not ready; wait for it, or upload it again if that failed."


class WrongMedium(Refusal):
    code = "wrong_medium"
    zh = "附件的类型与课时“{lesson}”不符。"
    en = "That file is not of the kind the lesson {lesson} needs."


class MediumTooLong(Refusal):
    code = "medium_too_long"
    zh = "课时“{lesson}”超过4小时，请分成几个课时。"
    en = "The lesson {lesson} is longer than four hours; please split it."


class SlotNotFitting(Refusal):
    """Absent, no session, called off, or of a school that is not the course's."""

    code = "slot_not_fitting"
    zh = "所选场次不存在、已取消，或不属于本校（本区）。"
    en = "That session does not exist here, or was called off."


class NotACover(Refusal):
    code = "not_a_cover"
    zh = "封面须是图片。"
    en = "A cover must be an image."


class OwnReview(Refusal):
    """Four eyes: whoever had a hand in it does not review it."""

    code = "own_review"
    zh = "不能审核自己编写或修改过的内容。"
    en = "Nobody reviews what they wrote or changed themselves."


class NobodyToReview(Refusal):
    code = "nobody_to_review"
    zh = "没有其他人可以审核：需要一位未参与编写的管理人员。"
    en = "Nobody else may review this: somebody who runs it and did not write it is needed."


class LastLesson(Refusal):
    code = "last_lesson"
    zh = "这是课程的最后一个课时，请改为下架整门课程。"
    en = "This is the course's last lesson; retire the course instead."


class Missing(msgspec.Struct, frozen=True):
    """What a lesson lacks, in both languages."""

    what: str
    zh: str


def check_course(course: Course, allowed: Collection[str]) -> None:
    """Raises :class:`WrongCourseState`."""
    if course.state not in allowed:
        raise WrongCourseState(state=course.state, label=LABELS[State(course.state)][0])


def check_lesson(state: str, allowed: Collection[str]) -> None:
    """Raises :class:`WrongLessonState`."""
    if state not in allowed:
        raise WrongLessonState(state=state, label=LABELS[State(state)][0])


def check_kind(kind: CourseKind, was: str | None) -> None:
    """Raises :class:`ExternalIsImported`: nobody makes an external course by hand."""
    if (kind is CourseKind.EXTERNAL) != (was == CourseKind.EXTERNAL):
        raise ExternalIsImported


def check_order(ordered: Sequence[UUID], lessons: Collection[UUID]) -> None:
    """Raises :class:`OrderIncomplete`."""
    if len(ordered) != len(lessons) or set(ordered) != set(lessons):
        raise OrderIncomplete


def check_size(course: Course, lessons: int) -> None:
    """Raises :class:`NoLessons` and :class:`SetIncomplete`."""
    if course.kind == CourseKind.CONTENT_SET and lessons != course.set_size:
        raise SetIncomplete(size=course.set_size, lessons=lessons)
    if course.kind != CourseKind.EXTERNAL and not lessons:
        raise NoLessons


def check_reviewer(reviewer: UUID, writers: Collection[UUID]) -> None:
    """Raises :class:`OwnReview`."""
    if reviewer in writers:
        raise OwnReview


def missing_of(revision: Revision, questions: int) -> Missing | None:
    """Return what a revision lacks before it can be handed in; its medium apart."""
    if revision.kind == LessonKind.ARTICLE and not reading_units(revision.paragraphs):
        return Missing("text", "正文")
    if revision.kind == LessonKind.QUIZ and not questions:
        return Missing("questions", "题目")
    if revision.kind in MEDIA and revision.attachment_id is None:
        return Missing("medium", "音频或视频")
    if revision.kind == LessonKind.LIVE and revision.slot_id is None:
        return Missing("slot", "场次")
    if revision.kind == LessonKind.EXTERNAL and not revision.external_url:
        return Missing("link", "链接")
    return None


def check_medium(revision: Revision, kind: str) -> None:
    """Raises :class:`WrongMedium` when a file of this kind cannot carry the lesson."""
    fits = RECORDING if revision.kind == LessonKind.LIVE else MEDIA.get(LessonKind(revision.kind))
    if fits is None or kind not in fits:
        raise WrongMedium(lesson=revision.title)


def check_length(revision: Revision) -> None:
    """Raises :class:`MediumTooLong`."""
    if revision.duration_ms is not None and revision.duration_ms > LONGEST_MS:
        raise MediumTooLong(lesson=revision.title)


_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_WORD = re.compile(r"[^\W_\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")


def reading_units(paragraphs: Sequence[str]) -> int:
    """Return how much there is to read, in Chinese characters."""
    text = "\n".join(paragraphs)
    return len(_CJK.findall(text)) + 2 * len(_WORD.findall(text))


def reading_ms(paragraphs: Sequence[str]) -> int:
    """Return the least time in which an article can have been read, in milliseconds."""
    return max(LEAST_READING_MS, -(-reading_units(paragraphs) * 60_000 // READ_A_MINUTE))


def publish(lesson: Lesson, revision: Revision, former: Revision | None) -> None:
    """Make ``revision`` the lesson's content.

    What was watched of the former one goes on counting unless the medium is another;
    completions go on counting unless the lesson must be watched again.
    """
    again = former is not None and revision.watch_again
    medium = (revision.attachment_id, revision.duration_ms)
    if former is None or again or medium != (former.attachment_id, former.duration_ms):
        lesson.basis = revision.number
    if former is None or again:
        lesson.counts_from = revision.number
    lesson.revision = revision.number
    lesson.state = State.PUBLISHED


def question_misfit(kind: str, options: Sequence[dict[str, Any]], answer: Sequence[str]) -> str:
    """Return what is wrong with a question, in English for its author's phone; or nothing."""
    keys = [option["key"] for option in options]
    if len(set(keys)) != len(keys):
        return "the keys of options differ from each other"
    if len(set(answer)) != len(answer) or not set(answer) <= set(keys):
        return "the answer names options, each once"
    if kind == "single" and len(answer) != 1:
        return "a single choice has exactly one right option"
    if kind == "order" and len(answer) != len(keys):
        return "an order names every option"
    return ""
