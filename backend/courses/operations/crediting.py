"""Learning that no phone can measure: the word of the school, and taking a course anew."""

from datetime import datetime
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.courses.models import Course, CourseCompletion, CourseEnrolment, Lesson, Revision
from backend.courses.notify import learning as notify
from backend.courses.operations.completing import Credit, finish, settle_lesson
from backend.courses.operations.enrolling import enrol
from backend.courses.queries import learning as queries
from backend.courses.rules import learning as rules
from backend.database import transaction


async def credit_lesson(lesson: Lesson, person_id: UUID, reason: str, *, by: UUID) -> None:
    """Take a lesson for completed on somebody's word; what is completed already stays so.

    Raises :class:`rules.NotCreditable`.
    """
    async with transaction():
        course = await Course.get(id=lesson.course_id)
        revision = await Revision.get(lesson_id=lesson.id, number=lesson.revision)
        if not rules.is_creditable(course, revision.kind):
            raise rules.NotCreditable
        round_ = await enrol(person_id, course.id, clock.now())
        if await queries.is_completed(person_id, lesson.id, round_):
            return
        await settle_lesson(person_id, lesson.id, credit=Credit(by=by, reason=reason))
        await record(
            "courses.lesson_credited", "lesson", lesson.id, by=by, school_id=course.school_id,
            person_id=str(person_id), reason=reason,
        )  # fmt: skip


async def credit_course(course: Course, person_id: UUID, reason: str, *, by: UUID) -> None:
    """Take a course that has no lessons here for completed: one of an outside platform.

    Raises :class:`rules.NotCreditable` for a course whose lessons are credited one by one.
    """
    async with transaction():
        has_lessons = await Lesson.filter(course_id=course.id, state="published").exists()
        if has_lessons or not rules.is_creditable(course, None):
            raise rules.NotCreditable
        round_ = await enrol(person_id, course.id, clock.now())
        nothing = await queries.left(person_id, course.id, round_)
        if await finish(person_id, course, round_, nothing | {"rule_version": course.rule_version}):
            await record(
                "courses.course_credited", "course", course.id, by=by,
                school_id=course.school_id, person_id=str(person_id), reason=reason,
            )  # fmt: skip


async def renew(person_id: UUID, course: Course) -> tuple[int, datetime | None]:
    """Begin a course anew, in the last month of its validity or later.

    Returns the round, and until when what was completed before still counts (``None`` for no
    longer). Asked twice is asked once. Raises
    :class:`rules.NothingToRenew` and :class:`rules.TooEarlyToRenew`.
    """
    now = clock.now()
    async with transaction():
        held = await CourseEnrolment.select_for_update(no_key=True).get_or_none(
            course_id=course.id, person_id=person_id
        )
        latest = (
            await CourseCompletion.filter(course_id=course.id, person_id=person_id)
            .order_by("-round")
            .first()
        )
        if held is None or latest is None:
            raise rules.NothingToRenew
        until = latest.valid_until
        still = until if until is not None and until > now else None
        if held.round > latest.round:
            return held.round, still
        rules.check_renewal(until, now)
        held.round, held.left_at, held.last_seen_at = latest.round + 1, None, now
        await held.save(update_fields=["round", "left_at", "last_seen_at"])
        await record(
            "courses.renewed", "course", course.id, by=person_id, school_id=course.school_id,
            round=held.round,
        )  # fmt: skip
        return held.round, still


async def warn_running_out(completion_id: UUID) -> bool:
    """Tell the holder of a completion, once, that it is about to lapse."""
    async with transaction():
        completion = await CourseCompletion.select_for_update(no_key=True).get(id=completion_id)
        if completion.warned_at is not None:
            return False
        await notify.running_out(await Course.get(id=completion.course_id), completion)
        completion.warned_at = clock.now()
        await completion.save(update_fields=["warned_at"])
        return True
