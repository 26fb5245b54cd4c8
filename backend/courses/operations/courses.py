"""Courses: written, changed, thrown away, retired. Reviewing is in ``reviews``."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.courses.models import (
    Course,
    CourseDelivery,
    CourseKind,
    Lesson,
    ParentSchool,
    PublicationState,
    Topic,
)
from backend.courses.operations.hosts import check_open
from backend.courses.operations.searching import refresh_search
from backend.courses.rules import authoring as rules
from backend.database import transaction
from backend.errors import NotAllowed, NotFound
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind
from backend.media.operations import attach, release
from backend.media.rules import AttachmentMissing
from backend.web.actor import Actor


class CourseRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a course is completed: ``threshold`` in percent, the offline allowance in seconds."""

    threshold: int
    offline_seconds: int
    family_counts: bool
    certifies: bool
    valid_days: int | None


class CourseContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an author decides about a course beside its lessons."""

    kind: CourseKind
    title: str
    summary: str
    brand: str
    delivery: CourseDelivery
    topic: Topic
    stages: list[str]
    grades: list[int]
    set_size: int | None
    cover_id: UUID | None
    rule: CourseRule


async def write(actor: Actor, host: ParentSchool, content: CourseContent) -> Course:
    """Keep a new draft of ``host``.

    Raises ``HostClosed``, :class:`rules.ExternalIsImported`,
    ``media.rules.AttachmentMissing`` and :class:`rules.NotACover`.
    """
    check_open(host)
    rules.check_kind(content.kind, None)
    async with transaction():
        course = Course(
            id=uuid7(),
            host_id=host.id,
            district_id=host.district_id,
            school_id=host.school_id,
            author_id=actor.person_id,
            writer_ids=[actor.person_id],
            created_at=clock.now(),
            version=1,
        )
        _fill(course, content)
        await _cover(actor, course, content.cover_id)
        await course.save()
        await refresh_search(course.id)
        await _record("courses.written", actor, course)
        return course


async def rewrite(
    actor: Actor, course_id: UUID, content: CourseContent, version: int, *, runs: bool
) -> Course:
    """Replace what is said about a draft; of a published course, its title, summary, cover
    and whom it is for, by those who run its host.

    ``version`` is the one the author changed; the same change sent twice is one. Raises
    what :func:`write` does, ``NotAllowed``, :class:`rules.WrongCourseState`,
    :class:`rules.CourseChanged` and :class:`rules.FixedOncePublished`.
    """
    async with transaction():
        course = await locked(course_id, runs=runs)
        rules.check_kind(content.kind, course.kind)
        was = content_of(course)
        if course.version == version + 1 and was == content:
            return course
        check_version(course, version)
        is_draft = course.state == PublicationState.DRAFT
        if not is_draft:
            for field in ("kind", "set_size", "delivery", "rule"):
                if getattr(was, field) != getattr(content, field):
                    raise rules.FixedOncePublished(field=field)
        _fill(course, content)
        await _cover(actor, course, content.cover_id)
        await touch(actor, course)
        await refresh_search(course.id)
        changed = [name for name in was.__struct_fields__ if _differ(was, content, name)]
        await _record("courses.rewritten", actor, course, fields=changed)
        return course


async def set_rule(
    actor: Actor, course_id: UUID, rule: CourseRule, version: int, *, runs: bool
) -> Course:
    """Change how a course is completed; once it is published that is a new rule version.

    Completions keep the version they were earned under. Raises what :func:`rewrite` does.
    """
    async with transaction():
        course = await locked(course_id, runs=runs)
        was = content_of(course).rule
        if was == rule:
            return course
        check_version(course, version)
        _set_rule(course, rule)
        counted = ("threshold", "offline_seconds", "family_counts", "valid_days")
        is_out = course.state == PublicationState.PUBLISHED
        if is_out and any(getattr(was, name) != getattr(rule, name) for name in counted):
            course.rule_version += 1
        await touch(actor, course)
        await _record("courses.rule_set", actor, course, rule_version=course.rule_version)
        return course


async def discard(actor: Actor, course_id: UUID) -> None:
    """Throw a draft away with its lessons; doing it twice is doing it once."""
    async with transaction():
        course = await Course.select_for_update().get_or_none(id=course_id)
        if course is None:
            return
        rules.check_course(course, rules.DRAFT)
        for lesson in await Lesson.filter(course_id=course_id).only("id"):
            await release(lesson.id)
        await release(course.id)
        await _record("courses.discarded", actor, course)
        await course.delete()


async def retire(actor: Actor, course_id: UUID, reason: str) -> Course:
    """End a published course: nobody new takes it. Repeating it is harmless.

    Raises :class:`rules.WrongCourseState`.
    """
    async with transaction():
        course = await locked_course(course_id)
        if course.state == PublicationState.RETIRED:
            return course
        rules.check_course(course, {PublicationState.PUBLISHED})
        course.state = PublicationState.RETIRED
        course.retired_at, course.retired_reason = clock.now(), reason
        course.version += 1
        await course.save()
        await _record("courses.retired", actor, course, reason=reason)
        return course


async def locked(course_id: UUID, *, runs: bool) -> Course:
    """Return a course to change, locked. Raises what :func:`locked_course` and
    :func:`check_change` do.
    """
    course = await locked_course(course_id)
    check_change(course, runs=runs)
    return course


async def locked_course(course_id: UUID) -> Course:
    """Return the course, locked. Raises ``NotFound`` if somebody has discarded it meanwhile."""
    course = await Course.select_for_update().get_or_none(id=course_id)
    if course is None:
        raise NotFound
    return course


def check_change(course: Course, *, runs: bool) -> None:
    """A draft may be changed, and by those who run its host what is published. Raises
    :class:`rules.WrongCourseState` and ``NotAllowed``.
    """
    rules.check_course(course, rules.CHANGEABLE)
    if course.state != PublicationState.DRAFT and not runs:
        raise NotAllowed


def check_version(course: Course, version: int) -> None:
    """Raises :class:`rules.CourseChanged` unless ``version`` is the newest."""
    if course.version != version:
        raise rules.CourseChanged(version=course.version)


async def touch(actor: Actor, course: Course) -> None:
    """Save a changed course; whoever changes a draft has had a hand in it."""
    sign(actor, course)
    course.version += 1
    await course.save()


def sign(actor: Actor, course: Course) -> None:
    """Write down that somebody had a hand in a draft; what is out has other reviews."""
    if course.state == PublicationState.DRAFT:
        course.writer_ids = sorted({*course.writer_ids, actor.person_id})


def content_of(course: Course) -> CourseContent:
    """Return what the author last decided about a course."""
    return CourseContent(
        kind=CourseKind(course.kind),
        title=course.title,
        summary=course.summary,
        brand=course.brand,
        delivery=CourseDelivery(course.delivery),
        topic=Topic(course.topic),
        stages=list(course.stages),
        grades=list(course.grades),
        set_size=course.set_size,
        cover_id=course.cover_id,
        rule=CourseRule(
            threshold=course.threshold,
            offline_seconds=course.offline_seconds,
            family_counts=course.family_counts,
            certifies=course.certifies,
            valid_days=course.valid_days,
        ),
    )


def check_belongs(course: Course, row: Attachment) -> None:
    """Raises ``AttachmentMissing`` for a file of another school or district."""
    if row.school_id != course.school_id or row.district_id != course.district_id:
        raise AttachmentMissing


def _fill(course: Course, content: CourseContent) -> None:
    course.kind = content.kind
    course.title = content.title
    course.summary = content.summary
    course.brand = content.brand
    course.delivery = content.delivery
    course.topic = content.topic
    course.stages = content.stages
    course.grades = content.grades
    course.set_size = content.set_size
    _set_rule(course, content.rule)


def _set_rule(course: Course, rule: CourseRule) -> None:
    course.threshold = rule.threshold
    course.offline_seconds = rule.offline_seconds
    course.family_counts = rule.family_counts
    course.certifies = rule.certifies
    course.valid_days = rule.valid_days


async def _cover(actor: Actor, course: Course, cover_id: UUID | None) -> None:
    if cover_id is not None:
        [row] = await attach([cover_id], course.id, actor.person_id)
        check_belongs(course, row)
        if row.kind != Kind.IMAGE:
            raise rules.NotACover
    await release(course.id, keep=[cover_id] if cover_id else [])
    course.cover_id = cover_id


def _differ(one: CourseContent, other: CourseContent, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


async def _record(action: str, actor: Actor, course: Course, **facts: object) -> None:
    await record(
        action, "course", course.id, by=actor.person_id, school_id=course.school_id, **facts
    )
