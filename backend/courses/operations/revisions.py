"""The content of lessons: drafts written and measured, beside what is published."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.courses.models import (
    Course,
    Lesson,
    LessonKind,
    PublicationState,
    Question,
    Revision,
)
from backend.courses.operations.courses import check_belongs, locked_course
from backend.courses.queries import authoring as queries
from backend.courses.rules import authoring as rules
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.models import Attachment, Readiness
from backend.media.operations import attach, release
from backend.web.actor import Actor

UNDER_WAY = (PublicationState.DRAFT, PublicationState.IN_REVIEW)


class LessonContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an author decides about a lesson; ``questions`` are plain and checked:
    ``{kind, text, options, answer, explanation}``.
    """

    kind: LessonKind
    title: str
    paragraphs: list[str]
    attachment_id: UUID | None
    slot_id: UUID | None
    external_url: str
    pass_percent: int
    most_attempts: int | None
    watch_again: bool
    note: str
    questions: list[dict[str, Any]]


async def write_draft(
    actor: Actor, lesson_id: UUID, content: LessonContent, version: int
) -> Revision:
    """Replace a lesson's draft, or begin one beside what is published.

    ``version`` is that of the draft the author changed, 0 where there was none; the same
    change sent twice is one. Raises what :func:`add` does, :class:`rules.WrongLessonState`
    and :class:`rules.LessonChanged`.
    """
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        rules.check_course(course, rules.CHANGEABLE)
        rules.check_lesson(lesson.state, set(PublicationState) - {PublicationState.RETIRED})
        draft = await draft_of(lesson_id)
        if draft is not None:
            rules.check_lesson(draft.state, rules.DRAFT)
        now_at = draft.version if draft else 0
        if draft and now_at == version + 1 and await content_of(draft) == content:
            return draft
        if now_at != version:
            raise rules.LessonChanged(version=now_at)
        if draft is None:
            draft = fresh(actor, lesson, await queries.next_number(lesson_id))
        await write(actor, course, lesson, draft, content)
        await note("courses.lesson_written", actor, course, lesson, revision=draft.number)
        return draft


async def draft_of(lesson_id: UUID) -> Revision | None:
    """Return the revision under way, a draft or one being reviewed, locked."""
    return await (
        Revision.filter(lesson_id=lesson_id, state__in=UNDER_WAY).select_for_update().first()
    )


async def keep_media(lesson_id: UUID) -> None:
    """Let go of the files no recent revision shows; whoever is watching keeps theirs."""
    newest = await Revision.filter(lesson_id=lesson_id).order_by("-number").limit(3)
    await release(lesson_id, keep=[one.attachment_id for one in newest if one.attachment_id])


def measure(revision: Revision, medium: Attachment | None) -> None:
    """Set how long the revision is: its medium's length, never what a client says, or the
    least time in which its text can be read.
    """
    if revision.kind == LessonKind.ARTICLE:
        revision.duration_ms = rules.reading_ms(revision.paragraphs)
    elif medium is not None and medium.state == Readiness.READY:
        revision.duration_ms = medium.duration_ms
    else:
        revision.duration_ms = None
    rules.check_length(revision)


async def content_of(revision: Revision) -> LessonContent:
    """Return what the author last decided about a revision."""
    questions = await Question.filter(revision_id=revision.id).order_by("position")
    return LessonContent(
        kind=LessonKind(revision.kind),
        title=revision.title,
        paragraphs=revision.paragraphs,
        attachment_id=revision.attachment_id,
        slot_id=revision.slot_id,
        external_url=revision.external_url,
        pass_percent=revision.pass_percent,
        most_attempts=revision.most_attempts,
        watch_again=revision.watch_again,
        note=revision.note,
        questions=[
            {
                "kind": one.kind,
                "text": one.text,
                "options": one.options,
                "answer": list(one.answer),
                "explanation": one.explanation,
            }
            for one in questions
        ],
    )


async def locked_lesson(lesson_id: UUID) -> tuple[Course, Lesson]:
    """The course first, always: whoever works on one waits for whoever works on another.

    Raises ``NotFound`` for what somebody has discarded meanwhile.
    """
    lesson = await Lesson.get_or_none(id=lesson_id)
    if lesson is None:
        raise NotFound
    course = await locked_course(lesson.course_id)
    lesson = await Lesson.select_for_update().get_or_none(id=lesson_id)
    if lesson is None:
        raise NotFound
    return course, lesson


def fresh(actor: Actor, lesson: Lesson, number: int) -> Revision:
    return Revision(
        id=uuid7(),
        lesson_id=lesson.id,
        number=number,
        author_id=actor.person_id,
        writer_ids=[],
        created_at=clock.now(),
    )


async def write(
    actor: Actor, course: Course, lesson: Lesson, draft: Revision, content: LessonContent
) -> None:
    """Fill a draft and save it with its questions and its medium."""
    for name in content.__struct_fields__:
        if name != "questions":
            setattr(draft, name, getattr(content, name))
    await check_slots(course, [draft])
    medium = None
    if content.attachment_id is not None:
        [medium] = await attach([content.attachment_id], lesson.id, actor.person_id)
        check_belongs(course, medium)
        rules.check_medium(draft, medium.kind)
    measure(draft, medium)
    draft.writer_ids = sorted({*draft.writer_ids, actor.person_id})
    draft.return_reason = ""
    draft.version += 1
    await draft.save()
    await Question.filter(revision_id=draft.id).delete()
    await Question.bulk_create(
        Question(id=uuid7(), revision_id=draft.id, position=place, **question)
        for place, question in enumerate(content.questions, 1)
    )
    await keep_media(lesson.id)


async def check_slots(course: Course, drafts: Sequence[Revision]) -> None:
    """Raises :class:`rules.SlotNotFitting` for a session that is not there for the course."""
    asked = {draft.slot_id for draft in drafts if draft.slot_id is not None}
    if await queries.fitting_slots(asked, course.school_id, course.district_id) != asked:
        raise rules.SlotNotFitting


async def note(action: str, actor: Actor, course: Course, lesson: Lesson, **facts: object) -> None:
    await record(
        action, "lesson", lesson.id, by=actor.person_id, school_id=course.school_id,
        course=str(course.id), **facts,
    )  # fmt: skip
