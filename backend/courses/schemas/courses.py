"""Courses on the wire, as they are written and as they are read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.courses.models import (
    CourseDelivery,
    CourseKind,
    HostKind,
    PublicationState,
    Topic,
)
from backend.courses.operations.courses import CourseContent, CourseRule
from backend.schools.models import Stage
from backend.web.structs import Count, In, Out, Reason, Title

Summary = Annotated[str, Meta(max_length=500)]
Brand = Annotated[str, Meta(max_length=30)]
GradePosition = Annotated[int, Meta(ge=1, le=9)]
Threshold = Annotated[int, Meta(ge=50, le=100)]
OfflineSeconds = Annotated[int, Meta(ge=0, le=7200)]
ValidDays = Annotated[int, Meta(ge=1, le=3660)]
SetSize = Annotated[int, Meta(ge=1, le=500)]


class CourseRuleIn(In):
    """How the course is completed.

    ``threshold``: the share of each lesson that must be watched, in percent.
    ``offlineSeconds``: how much of a lesson may have been watched without a network.
    ``familyCounts``: what one guardian watched counts for the other. ``validDays``: how long
    a completion holds, ``null`` for ever. ``certifies``: it earns a certificate.
    """

    threshold: Threshold = 90
    offline_seconds: OfflineSeconds = 1200
    family_counts: bool = False
    certifies: bool = True
    valid_days: ValidDays | None = None

    def rule(self) -> CourseRule:
        return CourseRule(
            threshold=self.threshold,
            offline_seconds=self.offline_seconds,
            family_counts=self.family_counts,
            certifies=self.certifies,
            valid_days=self.valid_days,
        )


class CourseRuleChangeIn(CourseRuleIn, kw_only=True):
    """A new rule; ``version`` is the course's, as the caller read it."""

    version: Count


class CourseIn(In):
    """A course as its author thinks of it; lessons are added one by one.

    ``stages`` and ``grades`` (positions of grades within a school) say for whose parents it
    is; empty is all. ``setSize`` belongs to ``content_set``. ``coverId`` is an uploaded image.
    """

    title: Title
    topic: Topic
    kind: CourseKind = CourseKind.COURSE
    summary: Summary = ""
    brand: Brand = ""
    delivery: CourseDelivery = CourseDelivery.ONLINE
    stages: Annotated[list[Stage], Meta(max_length=4)] = msgspec.field(default_factory=list)
    grades: Annotated[list[GradePosition], Meta(max_length=9)] = msgspec.field(default_factory=list)
    set_size: SetSize | None = None
    cover_id: UUID | None = None
    rule: CourseRuleIn = msgspec.field(default_factory=CourseRuleIn)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.kind is CourseKind.CONTENT_SET) != (self.set_size is not None):
            raise ValueError("setSize belongs to a content_set, which has one")

    def content(self) -> CourseContent:
        return CourseContent(
            kind=self.kind,
            title=self.title,
            summary=self.summary,
            brand=self.brand,
            delivery=self.delivery,
            topic=self.topic,
            stages=[str(stage) for stage in dict.fromkeys(self.stages)],
            grades=sorted(set(self.grades)),
            set_size=self.set_size,
            cover_id=self.cover_id,
            rule=self.rule.rule(),
        )


class CourseChangeIn(CourseIn, kw_only=True):
    """The whole course anew; ``version`` is the one the caller read."""

    version: Count


class LessonOrderIn(In):
    """Every lesson that is not retired, in the order wanted; ``version`` is the course's."""

    lesson_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    version: Count


class CourseRetirementIn(In):
    """Why a course, or a lesson, ends."""

    reason: Reason


class LessonReviewIn(In):
    """What the reviewer answers; returning it needs a reason. ``version`` is that of the draft
    as the reviewer read it; without one it is not compared.
    """

    approved: bool
    reason: Reason | None = None
    version: Count | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.approved and self.reason is None:
            raise ValueError("returning it needs a reason")


class CourseReviewIn(LessonReviewIn):
    """As for a lesson; ``version`` is the course's."""


class CourseRuleOut(Out):
    """How the course is completed; ``version`` counts the changes since it was published."""

    version: int
    threshold: int
    offline_seconds: int
    family_counts: bool
    certifies: bool
    valid_days: int | None


class CourseWorkOut(Out):
    """What only those see who write the course or run its host.

    ``returnReason`` is what the last reviewer asked for, empty once it was handed in again.
    ``runs`` says that the caller runs the host: they review, publish and retire.
    """

    author_id: UUID
    author: str | None
    submitted_at: datetime | None
    reviewer: str | None
    reviewed_at: datetime | None
    return_reason: str
    cover_id: UUID | None
    runs: bool


class CourseOut(Out):
    """A course. ``lessons``, ``requiredLessons`` and ``durationMs`` are of what is published.

    ``coverUrl`` is a picture: the one somebody chose, or one drawn from the title.
    ``work`` is ``null`` for learners.
    """

    id: UUID
    host_id: UUID
    host: str
    host_kind: HostKind
    district_id: UUID
    school_id: UUID | None
    kind: CourseKind
    state: PublicationState
    title: str
    summary: str
    brand: str
    delivery: CourseDelivery
    topic: Topic
    stages: list[Stage]
    grades: list[int]
    set_size: int | None
    external_platform: str
    external_url: str
    cover_url: str
    rule: CourseRuleOut
    lessons: int
    required_lessons: int
    duration_ms: int
    shared: bool
    licence: str
    published_at: datetime | None
    retired_at: datetime | None
    retired_reason: str
    version: int
    work: CourseWorkOut | None


class WrittenCourseOut(Out):
    """One line of a host's work. ``revisions`` are lessons with a change under review."""

    id: UUID
    kind: CourseKind
    state: PublicationState
    title: str
    topic: Topic
    stages: list[Stage]
    grades: list[int]
    brand: str
    delivery: CourseDelivery
    author_id: UUID
    author: str | None
    lessons: int
    revisions: int
    shared: bool
    return_reason: str
    created_at: datetime
    submitted_at: datetime | None
    published_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "WrittenCourseOut":
        """Show one row of ``queries.authoring.courses_of``."""
        return cls(
            **{
                **row,
                "kind": CourseKind(row["kind"]),
                "state": PublicationState(row["state"]),
                "topic": Topic(row["topic"]),
                "delivery": CourseDelivery(row["delivery"]),
                "stages": [Stage(stage) for stage in row["stages"]],
            }
        )


class WrittenCoursePage(Out):
    """Newest first."""

    items: list[WrittenCourseOut]
    next_cursor: str | None


class CourseReviewOut(Out):
    """One answer of a reviewer; without ``lessonId`` it was about the whole course."""

    id: UUID
    lesson_id: UUID | None
    lesson: str | None
    revision: int | None
    approved: bool
    reason: str
    reviewer_id: UUID
    reviewer: str
    submitted_at: datetime
    reviewed_at: datetime


class CourseReviewsOut(Out):
    """Newest first, the last two hundred."""

    items: list[CourseReviewOut]
