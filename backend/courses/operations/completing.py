"""Completing a lesson, and with its last lesson the course.

Everything about one learner and one course waits for the row of their enrolment, so that
whatever reports at once that something is done, it is completed once.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings.operations import qualifications
from backend.certificates import operations as certificates
from backend.certificates.models import CertificateKind
from backend.courses.models import (
    Course,
    CourseCompletion,
    CourseEnrolment,
    Means,
    ParentSchool,
    PublicationState,
)
from backend.courses.notify import learning as notify
from backend.courses.operations.diplomas import issuer_of, words_of
from backend.courses.operations.enrolling import enrol
from backend.courses.queries import learning as queries
from backend.courses.rules import learning as rules
from backend.database import execute, fetch_one, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.schools.models import School

_COMPLETE = """
INSERT INTO lesson_completions (id, lesson_id, person_id, round, revision, rule_version, means,
    covered_ms, duration_ms, offline_ms, quiz_percent, credited_by, reason, completed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (lesson_id, person_id, round, revision) DO NOTHING
"""
_FINISH = """
INSERT INTO course_completions (id, course_id, person_id, round, rule_version, lessons,
    covered_ms, duration_ms, offline_ms, completed_at, valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (course_id, person_id, round) DO NOTHING RETURNING id
"""
_SETTLED = """
UPDATE watches SET settled_at = $3
WHERE person_id = $1 AND lesson_id = $2 AND reached_at IS NOT NULL AND settled_at IS NULL
"""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has completed by now; ``certificate_id`` is of the course's completion."""

    lesson: bool
    course: bool = False
    certificate_id: UUID | None = None


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Whose word a lesson is completed by, and why."""

    by: UUID
    reason: str


async def settle_lesson(
    person_id: UUID, lesson_id: UUID, *, credit: Credit | None = None
) -> Settled:
    """Complete a lesson if nothing of it is missing, and its course if nothing of that is.

    Bears repeating: what is completed stays as it is. Late reports still complete what was
    begun in a course that was retired meanwhile. Raises :class:`NotFound`.
    """
    async with transaction():
        course = await Course.get_or_none(lessons__id=lesson_id)
        if course is None:
            raise NotFound
        round_ = await _locked_round(person_id, course.id, anew=credit is not None)
        facts = await queries.facts(person_id, lesson_id, round_)
        assert facts is not None
        done = bool(facts["completed"])
        if not done and facts["state"] == PublicationState.PUBLISHED:
            means = Means.CREDIT if credit else rules.means_of(_facts(facts))
            if means is not None:
                await _complete(person_id, lesson_id, round_, facts, means, course, credit)
                done = True
        settled = Settled(lesson=done)
        if done:
            settled = await _settle_course(person_id, course, round_)
        # Last of all: whoever counts beats waits for this row.
        await execute(_SETTLED, person_id, lesson_id, clock.now())
        return settled


async def settle_course(person_id: UUID, course_id: UUID) -> Settled:
    """Complete a course if no lesson is missing, as when the last one missing was retired."""
    async with transaction():
        course = await Course.get(id=course_id)
        round_ = await _locked_round(person_id, course_id)
        return await _settle_course(person_id, course, round_)


async def settle_attended(person_id: UUID, course_id: UUID) -> None:
    """Complete the live lessons of a course that somebody has attended by now."""
    for lessons in (await queries.present(person_id, course_id)).values():
        for lesson_id in lessons:
            await settle_lesson(person_id, lesson_id)


async def finish(person_id: UUID, course: Course, round_: int, sums: dict[str, Any]) -> bool:
    """Write a course's completion, and what it brings; returns whether it was news.

    In the caller's transaction, which holds the enrolment.
    """
    now = clock.now()
    until = rules.valid_until(course, now)
    row = await fetch_one(
        _FINISH, uuid7(), course.id, person_id, round_, sums["rule_version"], sums["lessons"],
        sums["covered_ms"], sums["duration_ms"], sums["offline_ms"], now, until,
    )  # fmt: skip
    if row is None:
        return False
    completion = await CourseCompletion.get(id=row["id"])
    if course.certifies:
        await _certify(course, completion, sums["first_at"] or now)
    await record(
        "courses.completed", "course", course.id, by=person_id, school_id=course.school_id,
        round=round_, rule_version=completion.rule_version, lessons=completion.lessons,
    )  # fmt: skip
    await _unlock(person_id, course.id)
    await notify.completed(course, completion)
    return True


async def unlock(person_id: UUID, course_id: UUID) -> int:
    """Let a finished course count at every school of the learner's that offers it, as long as
    it is valid; returns at how many.
    """
    async with transaction():
        await _locked_round(person_id, course_id)
        return await _unlock(person_id, course_id)


async def _unlock(person_id: UUID, course_id: UUID) -> int:
    row = await fetch_one(
        "SELECT bool_or(valid_until IS NULL) AS always, max(valid_until) AS until "
        "FROM course_completions WHERE course_id = $1 AND person_id = $2",
        course_id,
        person_id,
    )
    assert row is not None
    until: datetime | None = None if row["always"] else row["until"]
    schools = await queries.schools_of(person_id, course_id)
    for school_id in schools:
        await qualifications.grant(
            person_id, school_id, key_of(course_id), by=None, valid_until=until
        )
    return len(schools)


def key_of(course_id: UUID) -> str:
    """Return the qualification that a finished course is."""
    return f"course:{course_id}"


async def _locked_round(person_id: UUID, course_id: UUID, *, anew: bool = False) -> int:
    held = await CourseEnrolment.select_for_update(no_key=True).get_or_none(
        course_id=course_id, person_id=person_id
    )
    if held is None or anew:
        return await enrol(person_id, course_id, clock.now())
    return held.round


async def _settle_course(person_id: UUID, course: Course, round_: int) -> Settled:
    sums = await queries.left(person_id, course.id, round_)
    if sums["lessons"] > 0 and sums["missing"] == 0:
        await finish(person_id, course, round_, sums)
    known = await CourseCompletion.get_or_none(
        course_id=course.id, person_id=person_id, round=round_
    )
    if known is None:
        return Settled(lesson=True)
    return Settled(lesson=True, course=True, certificate_id=known.certificate_id)


async def _complete(
    person_id: UUID,
    lesson_id: UUID,
    round_: int,
    facts: dict[str, Any],
    means: Means,
    course: Course,
    credit: Credit | None,
) -> None:
    # Somebody's word is not watching: no figures stand behind it.
    watched = means in (Means.WATCHED, Means.READ)
    await execute(
        _COMPLETE, uuid7(), lesson_id, person_id, round_, facts["revision"],
        facts["rule_version"] or course.rule_version, means,
        facts["covered_ms"] if watched else 0, facts["duration_ms"] if watched else 0,
        facts["offline_ms"] if watched else 0, facts["quiz_percent"],
        credit.by if credit else None, credit.reason if credit else "", clock.now(),
    )  # fmt: skip


async def _certify(course: Course, completion: CourseCompletion, first_at: datetime) -> None:
    host = await ParentSchool.get(id=course.host_id)
    school = await School.get_or_none(id=host.school_id) if host.school_id else None
    if completion.round == 1:
        enrolment = await CourseEnrolment.get(course_id=course.id, person_id=completion.person_id)
        first_at = enrolment.enrolled_at
    made = await certificates.issue(
        CertificateKind.COURSE,
        completion.person_id,
        issuer_of(host, school.name if school else None),
        words_of(course, completion),
        first=clock.local(first_at).date(),
        last=clock.local(completion.completed_at).date(),
        # Of each round there is a certificate of its own.
        subject_id=completion.id,
    )
    completion.certificate_id = made.id
    await completion.save(update_fields=["certificate_id"])


def _facts(row: dict[str, Any]) -> rules.Facts:
    return rules.Facts(
        kind=row["kind"],
        reached=row["reached"],
        asks=row["asks"],
        passed=row["quiz_percent"] is not None,
        attended=row["attended"],
    )
