"""Lessons and their drafts: written, ordered, thrown away, retired."""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Course, Lesson, PublicationState, Revision
from backend.courses.operations.courses import (
    check_change,
    check_version,
    locked,
    locked_course,
    sign,
    touch,
)
from backend.courses.operations.revisions import (
    UNDER_WAY,
    LessonContent,
    draft_of,
    fresh,
    keep_media,
    locked_lesson,
    note,
    write,
)
from backend.courses.operations.searching import refresh_search
from backend.courses.queries import authoring as queries
from backend.courses.rules import authoring as rules
from backend.database import execute, transaction
from backend.identifiers import uuid7
from backend.media.operations import release
from backend.web.actor import Actor


async def add(actor: Actor, course_id: UUID, content: LessonContent, *, required: bool) -> Lesson:
    """Add a lesson with its first draft at the end of a draft, or of a published course, where
    it is reviewed by itself.

    Raises :class:`rules.WrongCourseState`, :class:`rules.TooManyLessons`,
    :class:`rules.SlotNotFitting`, :class:`rules.WrongMedium`,
    :class:`rules.LessonIncomplete` and ``media.rules.AttachmentMissing``.
    """
    async with transaction():
        course = await locked_course(course_id)
        rules.check_course(course, rules.CHANGEABLE)
        places = await queries.places_of(course_id)
        if len(places) >= rules.MOST_LESSONS:
            raise rules.TooManyLessons(most=rules.MOST_LESSONS)
        lesson = await Lesson.create(
            id=uuid7(),
            course_id=course_id,
            position=max(places.values(), default=0) + 1,
            required=required,
            created_at=clock.now(),
        )
        await write(actor, course, lesson, fresh(actor, lesson, 1), content)
        await note("courses.lesson_added", actor, course, lesson)
        return lesson


async def discard_draft(actor: Actor, lesson_id: UUID) -> None:
    """Throw a lesson's draft away; a lesson that was never published goes with it.

    Raises :class:`rules.WrongLessonState` while it is being reviewed.
    """
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        draft = await draft_of(lesson_id)
        if draft is None:
            return
        rules.check_lesson(draft.state, rules.DRAFT)
        await draft.delete()
        if lesson.revision == 0:
            await release(lesson.id)
            await lesson.delete()
            # Leaving something out is writing, too.
            sign(actor, course)
            await course.save(update_fields=["writer_ids"])
            await _set_order(course.id, list(await queries.places_of(course.id)))
        else:
            await keep_media(lesson.id)
        await note("courses.lesson_discarded", actor, course, lesson, revision=draft.number)


async def order(
    actor: Actor, course_id: UUID, lesson_ids: Sequence[UUID], version: int, *, runs: bool
) -> Course:
    """Put all lessons in this order at once.

    Raises :class:`rules.OrderIncomplete`, :class:`rules.CourseChanged`,
    :class:`rules.WrongCourseState` and ``NotAllowed``.
    """
    async with transaction():
        course = await locked(course_id, runs=runs)
        places = await queries.places_of(course_id)
        if list(places) == list(lesson_ids):
            return course
        check_version(course, version)
        rules.check_order(lesson_ids, places)
        await _set_order(course_id, lesson_ids)
        await touch(actor, course)
        await record(
            "courses.lessons_ordered", "course", course.id,
            by=actor.person_id, school_id=course.school_id, lessons=len(places),
        )  # fmt: skip
        return course


async def require(actor: Actor, lesson_id: UUID, required: bool, *, runs: bool) -> Lesson:
    """Say whether the course is finished without this lesson. Raises what :func:`order` does."""
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        check_change(course, runs=runs)
        if lesson.required != required:
            lesson.required = required
            await lesson.save(update_fields=["required"])
            await touch(actor, course)
            await note("courses.lesson_required", actor, course, lesson, required=required)
        return lesson


async def retire(actor: Actor, lesson_id: UUID, reason: str) -> Lesson:
    """Take a published lesson out of its course; nobody needs it any more to finish.

    A draft under way goes with it. Raises :class:`rules.WrongLessonState`,
    :class:`rules.WrongCourseState` and :class:`rules.LastLesson`. Repeating it is harmless.
    """
    async with transaction():
        course, lesson = await locked_lesson(lesson_id)
        if lesson.state == PublicationState.RETIRED:
            return lesson
        rules.check_course(course, {PublicationState.PUBLISHED})
        rules.check_lesson(lesson.state, {PublicationState.PUBLISHED})
        others = Lesson.filter(course_id=course.id, state=PublicationState.PUBLISHED)
        if not await others.exclude(id=lesson_id).exists():
            raise rules.LastLesson
        await Revision.filter(lesson_id=lesson_id, state__in=UNDER_WAY).delete()
        await Revision.filter(lesson_id=lesson_id, state=PublicationState.PUBLISHED).update(
            state=PublicationState.RETIRED
        )
        lesson.state = PublicationState.RETIRED
        lesson.retired_at, lesson.retired_reason = clock.now(), reason
        await lesson.save()
        await keep_media(lesson.id)
        await refresh_search(course.id)
        await note("courses.lesson_retired", actor, course, lesson, reason=reason)
        return lesson


async def _set_order(course_id: UUID, lesson_ids: Sequence[UUID]) -> None:
    # Out of each other's way first: two lessons never share a place, not even for a moment.
    await execute(
        "UPDATE lessons SET position = position + 100000 WHERE course_id = $1 "
        "AND state <> 'retired'",
        course_id,
    )
    await execute(
        "UPDATE lessons l SET position = o.place FROM "
        "unnest($2::uuid[]) WITH ORDINALITY o (id, place) "
        "WHERE l.id = o.id AND l.course_id = $1",
        course_id,
        list(lesson_ids),
    )
