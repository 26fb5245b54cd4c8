"""Turning courses and lessons into what the caller sees of them."""

from typing import Any
from uuid import UUID

from backend import clock
from backend.courses.controllers.covers import cover_url
from backend.courses.models import (
    Course,
    CourseDelivery,
    CourseKind,
    HostKind,
    Lesson,
    LessonKind,
    ParentSchool,
    PublicationState,
    Question,
    Revision,
    Topic,
)
from backend.courses.permissions.authoring import runs_host
from backend.courses.permissions.sight import CourseSight, LessonSight, lesson_in_sight, sight_of
from backend.courses.queries import authoring as queries
from backend.courses.schemas.courses import (
    CourseOut,
    CourseRuleOut,
    CourseWorkOut,
    WrittenCourseOut,
    WrittenCoursePage,
)
from backend.courses.schemas.lessons import (
    LessonContentOut,
    LessonDraftLineOut,
    LessonDraftOut,
    LessonLineOut,
    LessonOut,
    LessonQuestionOut,
    LessonsOut,
)
from backend.media.models import Attachment, Variant
from backend.media.schemas import AttachmentOut
from backend.schools.models import Stage
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import Cursors, Position


async def course_changed(actor: Actor, course_id: UUID, settings: Settings) -> CourseOut:
    """Return a course as the caller sees it after their act."""
    return await course_out(await sight_of(actor, course_id), actor, settings)


async def course_out(sight: CourseSight, actor: Actor, settings: Settings) -> CourseOut:
    """Return a course; how it is being written only to those who write it."""
    course: Course = sight.course
    facts = await queries.course_facts(course.id)
    return CourseOut(
        id=course.id,
        host_id=course.host_id,
        host=facts["host"],
        host_kind=HostKind(facts["host_kind"]),
        district_id=course.district_id,
        school_id=course.school_id,
        kind=CourseKind(course.kind),
        state=PublicationState(course.state),
        title=course.title,
        summary=course.summary,
        brand=course.brand,
        delivery=CourseDelivery(course.delivery),
        topic=Topic(course.topic),
        stages=[Stage(stage) for stage in course.stages],
        grades=list(course.grades),
        set_size=course.set_size,
        external_platform=course.external_platform,
        external_url=course.external_url,
        cover_url=cover_url(course.id, course.cover_id, actor, settings, Variant.ORIGINAL),
        rule=CourseRuleOut(
            version=course.rule_version,
            threshold=course.threshold,
            offline_seconds=course.offline_seconds,
            family_counts=course.family_counts,
            certifies=course.certifies,
            valid_days=course.valid_days,
        ),
        lessons=facts["lessons"],
        required_lessons=facts["required"],
        duration_ms=facts["duration_ms"],
        shared=course.shared_at is not None,
        licence=course.licence,
        published_at=course.published_at,
        retired_at=course.retired_at,
        retired_reason=course.retired_reason,
        version=course.version,
        work=_work(sight, facts) if sight.edits else None,
    )


async def page_of(
    actor: Actor,
    host: ParentSchool,
    cursors: Cursors,
    work: PublicationState | None,
    cursor: str | None,
    limit: int,
) -> WrittenCoursePage:
    """Return a page of a host's courses at one stage of the work."""
    purpose = f"written:{host.id}:{work}"
    rows = await queries.courses_of(
        [host.id],
        work=work,
        drafts_of=None if runs_host(actor, host) else actor.person_id,
        after=cursors.open(purpose, cursor, Position) if cursor else None,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return WrittenCoursePage(
        items=[WrittenCourseOut.of(row) for row in rows[:limit]],
        next_cursor=cursors.seal(purpose, Position(last["created_at"], last["id"]))
        if last
        else None,
    )


async def lessons_out(sight: CourseSight) -> LessonsOut:
    """Return a course's lessons: to learners what is published, to editors everything."""
    rows = await queries.lessons_of(sight.course.id)
    return LessonsOut(
        items=[
            _line(row, edits=sight.edits)
            for row in rows
            if sight.edits or row["state"] == PublicationState.PUBLISHED
        ]
    )


async def lesson_changed(actor: Actor, lesson_id: UUID, settings: Settings) -> LessonOut:
    """Return a lesson as the caller sees it after their act."""
    return await lesson_out(await lesson_in_sight(actor, lesson_id), actor, settings)


async def lesson_out(sight: LessonSight, actor: Actor, settings: Settings) -> LessonOut:
    """Return a lesson; its draft and its answers only to those who write it."""
    lesson: Lesson = sight.lesson
    edits = sight.course.edits
    found = await queries.contents_of(lesson, with_draft=edits)
    shown, draft, questions = found.shown, found.draft, found.questions
    media = _media(found.media, actor, settings)
    return LessonOut(
        id=lesson.id,
        course_id=lesson.course_id,
        position=lesson.position,
        required=lesson.required,
        state=PublicationState(lesson.state),
        retired_reason=lesson.retired_reason,
        content=_content(shown, media, questions) if shown else None,
        answers=_answers(shown, questions) if edits and shown else None,
        draft=_draft(draft, media, questions) if edits and draft else None,
    )


def _work(sight: CourseSight, facts: dict[str, Any]) -> CourseWorkOut:
    course: Course = sight.course
    return CourseWorkOut(
        author_id=course.author_id,
        author=facts["author"],
        submitted_at=course.submitted_at,
        reviewer=facts["reviewer"],
        reviewed_at=course.reviewed_at,
        return_reason=course.return_reason,
        cover_id=course.cover_id,
        runs=sight.runs,
    )


def _line(row: dict[str, Any], *, edits: bool) -> LessonLineOut:
    draft = None
    if edits and row["draft_state"] is not None:
        draft = LessonDraftLineOut(
            state=PublicationState(row["draft_state"]),
            version=row["draft_version"],
            kind=LessonKind(row["draft_kind"]),
            title=row["draft_title"],
            duration_ms=row["draft_duration_ms"],
        )
    return LessonLineOut(
        id=row["id"],
        position=row["position"],
        required=row["required"],
        state=PublicationState(row["state"]),
        kind=LessonKind(row["kind"] or row["draft_kind"]),
        title=row["title"] or row["draft_title"],
        duration_ms=row["duration_ms"],
        slot_id=row["slot_id"],
        questions=row["questions"],
        published_at=row["published_at"],
        draft=draft,
    )


def _media(rows: list[Attachment], actor: Actor, settings: Settings) -> dict[UUID, AttachmentOut]:
    now = clock.now()
    return {
        row.id: AttachmentOut.of(
            row, person_id=actor.person_id, session_id=actor.session_id,
            key=settings.secret_key, now=now,
        )
        for row in rows
    }  # fmt: skip


def _content(
    shown: Revision, media: dict[UUID, AttachmentOut], questions: list[Question]
) -> LessonContentOut:
    assert shown.published_at is not None
    return LessonContentOut(
        revision=shown.number,
        kind=LessonKind(shown.kind),
        title=shown.title,
        paragraphs=shown.paragraphs,
        medium=media.get(shown.attachment_id) if shown.attachment_id else None,
        slot_id=shown.slot_id,
        external_url=shown.external_url or None,
        duration_ms=shown.duration_ms,
        questions=sum(one.revision_id == shown.id for one in questions),
        pass_percent=shown.pass_percent,
        most_attempts=shown.most_attempts,
        note=shown.note,
        published_at=shown.published_at,
    )


def _draft(
    draft: Revision, media: dict[UUID, AttachmentOut], questions: list[Question]
) -> LessonDraftOut:
    return LessonDraftOut(
        revision=draft.number,
        state=PublicationState(draft.state),
        version=draft.version,
        kind=LessonKind(draft.kind),
        title=draft.title,
        paragraphs=draft.paragraphs,
        medium=media.get(draft.attachment_id) if draft.attachment_id else None,
        slot_id=draft.slot_id,
        external_url=draft.external_url or None,
        duration_ms=draft.duration_ms,
        pass_percent=draft.pass_percent,
        most_attempts=draft.most_attempts,
        watch_again=draft.watch_again,
        note=draft.note,
        author_id=draft.author_id,
        submitted_at=draft.submitted_at,
        return_reason=draft.return_reason,
        questions=_answers(draft, questions),
    )


def _answers(revision: Revision, questions: list[Question]) -> list[LessonQuestionOut]:
    return [LessonQuestionOut.of(one) for one in questions if one.revision_id == revision.id]
