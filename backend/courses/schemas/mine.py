"""My courses at the door."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.courses.models import CourseKind, LessonKind, Topic
from backend.courses.rules.mine import MyStanding, percent_of, runs_out
from backend.web.structs import Out


class NextLessonOut(Out):
    """The first lesson not completed; times in milliseconds."""

    lesson_id: UUID
    position: int
    title: str
    kind: LessonKind
    duration_ms: int | None


class ResumeOut(Out):
    """Where the learner left off last, on whichever phone; times in milliseconds."""

    lesson_id: UUID
    title: str
    position_ms: int
    duration_ms: int


class MyCourseOut(Out):
    """A course somebody has taken up. ``done`` of ``total`` required lessons, or items of a
    content set. ``available`` says that it is still offered to the caller; otherwise there
    is no ``nextLesson`` and nothing to ``resume``.

    ``percent`` and ``standing`` speak of this time; who renews a course keeps what the last
    time earned (``completedAt``, ``validUntil``) until it runs out. ``familyCompleted``: the
    child's guardians have finished it for the family, where the course says that this counts.
    """

    course_id: UUID
    title: str
    kind: CourseKind
    topic: Topic
    brand: str
    host: str
    cover_url: str
    external_url: str | None
    available: bool
    standing: MyStanding
    done: int
    total: int
    percent: int
    next_lesson: NextLessonOut | None
    resume: ResumeOut | None
    enrolled_at: datetime
    completed_at: datetime | None
    certificate_id: UUID | None
    valid_until: datetime | None
    expires_soon: bool
    family_completed: bool
    due_on: date | None

    @classmethod
    def of(cls, row: dict[str, Any], *, cover_url: str, now: datetime) -> "MyCourseOut":
        """Show one row of :func:`backend.courses.queries.mine.mine`."""
        standing = MyStanding(row["standing"])
        return cls(
            course_id=row["course_id"],
            title=row["title"],
            kind=CourseKind(row["kind"]),
            topic=Topic(row["topic"]),
            brand=row["brand"],
            host=row["host"],
            cover_url=cover_url,
            external_url=row["external_url"] or None,
            available=row["available"],
            standing=standing,
            done=row["done"],
            total=row["total"],
            percent=percent_of(row["done"], row["total"], standing),
            next_lesson=_next(row) if row["available"] else None,
            resume=_resume(row) if row["available"] else None,
            enrolled_at=row["enrolled_at"],
            completed_at=row["completed_at"],
            certificate_id=row["certificate_id"],
            valid_until=row["valid_until"],
            expires_soon=not row["renewing"] and runs_out(row["valid_until"], now),
            family_completed=row["family_completed"],
            due_on=row["due_on"],
        )


class MyCoursePage(Out):
    items: list[MyCourseOut]
    next_cursor: str | None


def _next(row: dict[str, Any]) -> NextLessonOut | None:
    if row["next_id"] is None:
        return None
    return NextLessonOut(
        lesson_id=row["next_id"],
        position=row["next_position"],
        title=row["next_title"],
        kind=LessonKind(row["next_kind"]),
        duration_ms=row["next_duration_ms"],
    )


def _resume(row: dict[str, Any]) -> ResumeOut | None:
    if row["resume_id"] is None:
        return None
    return ResumeOut(
        lesson_id=row["resume_id"],
        title=row["resume_title"],
        position_ms=row["resume_ms"],
        duration_ms=row["resume_duration_ms"],
    )
