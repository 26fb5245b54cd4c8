"""Four eyes: handing in, and what a second person answers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Course, CourseReview, Lesson, PublicationState, Revision
from backend.courses.notify import authoring as notify
from backend.courses.operations.courses import check_version, locked_course
from backend.courses.operations.revisions import (
    check_slots,
    draft_of,
    keep_media,
    locked_lesson,
    measure,
    note,
)
from backend.courses.operations.searching import refresh_search
from backend.courses.queries import authoring as queries
from backend.courses.rules import authoring as rules
from backend.database import fetch, transaction
from backend.identifiers import uuid7
from backend.media.models import Attachment, Readiness
from backend.web.actor import Actor

DRAFT, IN_REVIEW = PublicationState.DRAFT, PublicationState.IN_REVIEW
PUBLISHED = PublicationState.PUBLISHED


async def submit_course(actor: Actor, course_id: UUID) -> Course:
    """Hand a draft in with all its lessons; handing it in twice is handing it in once.

    Raises :class:`rules.WrongCourseState`, :class:`rules.NoLessons`,
    :class:`rules.SetIncomplete`, :class:`rules.LessonIncomplete`,
    :class:`rules.MediumNotReady`, :class:`rules.MediumTooLong`,
    :class:`rules.SlotNotFitting` and :class:`rules.NobodyToReview`.
    """
    async with transaction():
        course = await locked_course(course_id)
        if course.state == IN_REVIEW:
            return course
        rules.check_course(course, rules.DRAFT)
        lessons, drafts = await _whole(course_id, DRAFT)
        rules.check_size(course, len(lessons))
        await _complete(course, drafts)
        reviewers = await _reviewers(course, _writers(drafts, course))
        now = clock.now()
        course.state, course.submitted_at, course.return_reason = IN_REVIEW, now, ""
        course.version += 1
        await course.save()
        await _hand_in(lessons, drafts, now)
        await notify.review_asked(course, reviewers, now)
        await _record("courses.submitted", actor, course, lessons=len(lessons))
        return course


async def review_course(
    actor: Actor, course_id: UUID, *, approved: bool, reason: str, version: int | None = None
) -> Course:
    """Publish what was handed in, or return it with a reason; never one's own.

    ``version`` is the one the reviewer read. Raises :class:`rules.WrongCourseState`,
    :class:`rules.CourseChanged` and :class:`rules.OwnReview`.
    """
    async with transaction():
        course = await locked_course(course_id)
        if approved and course.state == PUBLISHED and course.reviewer_id == actor.person_id:
            return course
        rules.check_course(course, {IN_REVIEW})
        if version is not None:
            check_version(course, version)
        lessons, drafts = await _whole(course_id, IN_REVIEW)
        writers = _writers(drafts, course)
        rules.check_reviewer(actor.person_id, writers)
        now = clock.now()
        if approved:
            course.state, course.reviewer_id, course.published_at = PUBLISHED, actor.person_id, now
            await _publish(actor, lessons, drafts, now)
        else:
            course.state, course.return_reason = DRAFT, reason
            await _give_back(lessons, drafts, reason, now)
        course.reviewed_at = now
        course.version += 1
        await course.save()
        await refresh_search(course_id)
        await _keep(actor, course, None, writers, course.submitted_at, approved, reason, now)
        there = await queries.still_there(writers, course.school_id, course.district_id)
        await notify.review_answered(course, there, now, approved=approved, reason=reason)
        action = "courses.published" if approved else "courses.returned"
        await _record(action, actor, course, reason=reason)
        return course


async def submit_lesson(actor: Actor, lesson_id: UUID) -> Revision:
    """Hand in the draft of one lesson of a published course; doing it twice is doing it once.

    Raises what :func:`submit_course` does, and :class:`rules.NothingToReview`.
    """
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        rules.check_course(course, {PUBLISHED})
        draft = await draft_of(lesson_id)
        if draft is None:
            raise rules.NothingToReview
        if draft.state == IN_REVIEW:
            return draft
        await _complete(course, [draft])
        reviewers = await _reviewers(course, _writers([draft]))
        now = clock.now()
        await _hand_in([lesson], [draft], now)
        await notify.review_asked(course, reviewers, now, lesson=draft.title)
        await note("courses.lesson_submitted", actor, course, lesson, revision=draft.number)
        return draft


async def review_lesson(
    actor: Actor, lesson_id: UUID, *, approved: bool, reason: str, version: int | None = None
) -> Lesson:
    """Publish a lesson's revision, or return it with a reason; never one's own.

    ``version`` is the draft's as the reviewer read it. Raises
    :class:`rules.WrongCourseState`, :class:`rules.NothingToReview`,
    :class:`rules.WrongLessonState`, :class:`rules.LessonChanged` and
    :class:`rules.OwnReview`.
    """
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        rules.check_course(course, {PUBLISHED})
        draft = await draft_of(lesson_id)
        if draft is None:
            shown = await Revision.get_or_none(lesson_id=lesson_id, number=lesson.revision)
            if approved and shown is not None and shown.reviewer_id == actor.person_id:
                return lesson
            raise rules.NothingToReview
        rules.check_lesson(draft.state, {IN_REVIEW})
        if version is not None and draft.version != version:
            raise rules.LessonChanged(version=draft.version)
        writers = _writers([draft])
        rules.check_reviewer(actor.person_id, writers)
        now, submitted_at = clock.now(), draft.submitted_at
        if approved:
            await _publish(actor, [lesson], [draft], now)
            await refresh_search(course.id)
        else:
            await _give_back([lesson], [draft], reason, now)
        await _keep(actor, course, draft, writers, submitted_at, approved, reason, now)
        there = await queries.still_there(writers, course.school_id, course.district_id)
        await notify.review_answered(
            course, there, now, approved=approved, reason=reason, lesson=draft.title
        )
        action = "courses.lesson_published" if approved else "courses.lesson_returned"
        await note(action, actor, course, lesson, revision=draft.number, reason=reason)
        return lesson


async def _whole(course_id: UUID, state: PublicationState) -> tuple[list[Lesson], list[Revision]]:
    """Return a course's lessons in order and their drafts, both locked."""
    found = Lesson.filter(course_id=course_id).exclude(state=PublicationState.RETIRED)
    lessons = await found.order_by("position").select_for_update()
    revisions = await Revision.filter(
        lesson_id__in=[lesson.id for lesson in lessons], state=state
    ).select_for_update()
    of = {revision.lesson_id: revision for revision in revisions}
    return lessons, [of[lesson.id] for lesson in lessons]


async def _complete(course: Course, drafts: Sequence[Revision]) -> None:
    """Refuse a draft that lacks something, and measure how long each is."""
    rows = await Attachment.filter(
        id__in=[draft.attachment_id for draft in drafts if draft.attachment_id]
    )
    media = {row.id: row for row in rows}
    counted = await fetch(
        "SELECT revision_id, count(*)::int AS n FROM lesson_questions "
        "WHERE revision_id = ANY($1::uuid[]) GROUP BY revision_id",
        [draft.id for draft in drafts],
    )
    questions = {row["revision_id"]: row["n"] for row in counted}
    for draft in drafts:
        missing = rules.missing_of(draft, questions.get(draft.id, 0))
        if missing is not None:
            raise rules.LessonIncomplete(lesson=draft.title, what=missing.what, missing=missing.zh)
        medium = media.get(draft.attachment_id) if draft.attachment_id else None
        if draft.attachment_id and (medium is None or medium.state != Readiness.READY):
            readiness = medium.state if medium else Readiness.FAILED
            raise rules.MediumNotReady(lesson=draft.title, readiness=str(readiness))
        measure(draft, medium)
        if draft.attachment_id and draft.duration_ms is None:
            raise rules.MediumNotReady(lesson=draft.title, readiness=str(Readiness.FAILED))
    await check_slots(course, drafts)


def _writers(drafts: Sequence[Revision], course: Course | None = None) -> list[UUID]:
    """Return everybody whose work is before the reviewer."""
    writers = {writer for draft in drafts for writer in (draft.author_id, *draft.writer_ids)}
    if course is not None:
        writers |= {course.author_id, *course.writer_ids}
    return sorted(writers)


async def _reviewers(course: Course, writers: Collection[UUID]) -> list[UUID]:
    """Return who is asked. Raises :class:`rules.NobodyToReview`."""
    found = await queries.who_reviews(course.school_id, course.district_id)
    able = {person: daily for person, daily in found.items() if person not in writers}
    if not able:
        raise rules.NobodyToReview
    return sorted([person for person, daily in able.items() if daily] or able)


async def _hand_in(lessons: Sequence[Lesson], drafts: Sequence[Revision], now: datetime) -> None:
    for draft in drafts:
        draft.state, draft.submitted_at, draft.return_reason = IN_REVIEW, now, ""
    await _save(
        lessons, drafts, IN_REVIEW, ["state", "submitted_at", "return_reason", "duration_ms"]
    )


async def _give_back(
    lessons: Sequence[Lesson], drafts: Sequence[Revision], reason: str, now: datetime
) -> None:
    for draft in drafts:
        draft.state, draft.return_reason, draft.reviewed_at = DRAFT, reason, now
    await _save(lessons, drafts, DRAFT, ["state", "return_reason", "reviewed_at"])


async def _save(
    lessons: Sequence[Lesson],
    drafts: Sequence[Revision],
    state: PublicationState,
    fields: Sequence[str],
) -> None:
    if drafts:
        await Revision.bulk_update(drafts, fields=fields)
    # What families already see stays published beside its draft.
    unseen = [lesson for lesson in lessons if lesson.revision == 0]
    for lesson in unseen:
        lesson.state = state
    if unseen:
        await Lesson.bulk_update(unseen, fields=["state"])


async def _publish(
    actor: Actor, lessons: Sequence[Lesson], drafts: Sequence[Revision], now: datetime
) -> None:
    shown = await Revision.filter(
        lesson_id__in=[lesson.id for lesson in lessons], state=PUBLISHED
    ).select_for_update()
    former = {revision.lesson_id: revision for revision in shown}
    if shown:
        await Revision.filter(id__in=[revision.id for revision in shown]).update(
            state=PublicationState.RETIRED
        )
    for lesson, draft in zip(lessons, drafts, strict=True):
        rules.publish(lesson, draft, former.get(lesson.id))
        draft.state, draft.published_at = PUBLISHED, now
        draft.reviewer_id, draft.reviewed_at = actor.person_id, now
    if drafts:
        await Revision.bulk_update(
            drafts, fields=["state", "published_at", "reviewer_id", "reviewed_at"]
        )
        await Lesson.bulk_update(lessons, fields=["state", "revision", "basis", "counts_from"])
    for revision in shown:
        await keep_media(revision.lesson_id)


async def _keep(
    actor: Actor,
    course: Course,
    draft: Revision | None,
    writers: Collection[UUID],
    submitted_at: datetime | None,
    approved: bool,
    reason: str,
    now: datetime,
) -> None:
    """Write down who answered what, and when."""
    await CourseReview.create(
        id=uuid7(),
        course_id=course.id,
        lesson_id=draft.lesson_id if draft else None,
        revision=draft.number if draft else None,
        writer_ids=list(writers),
        submitted_at=submitted_at or now,
        reviewer_id=actor.person_id,
        approved=approved,
        reason=reason,
        reviewed_at=now,
    )


async def _record(action: str, actor: Actor, course: Course, **facts: object) -> None:
    await record(
        action, "course", course.id, by=actor.person_id, school_id=course.school_id, **facts
    )
