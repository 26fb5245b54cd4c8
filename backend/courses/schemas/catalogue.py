"""The catalogue at the door."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.courses.models import CourseKind, Topic
from backend.courses.rules.recommending import Reason
from backend.schools.models import Stage
from backend.web.structs import Out

Brand = Annotated[str, Meta(min_length=1, max_length=30)]


class CourseCard(Out):
    """A course as the catalogue shows it. ``lessons`` counts lessons, or the items of a content
    set; ``durationMs`` is all of them together. ``grades`` are numbered within the school.
    """

    course_id: UUID
    title: str
    summary: str
    kind: CourseKind
    topic: Topic
    brand: str
    host: str
    stages: list[Stage]
    grades: list[int]
    cover_url: str
    external_url: str | None
    lessons: int
    duration_ms: int
    published_at: datetime
    enrolled: bool
    completed: bool

    @classmethod
    def of(cls, row: dict[str, Any], *, cover_url: str) -> "CourseCard":
        """Show one row of :mod:`backend.courses.queries.catalogue`."""
        return cls(
            course_id=row["id"],
            title=row["title"],
            summary=row["summary"],
            kind=CourseKind(row["kind"]),
            topic=Topic(row["topic"]),
            brand=row["brand"],
            host=row["host"],
            stages=[Stage(stage) for stage in row["stages"]],
            grades=row["grades"],
            cover_url=cover_url,
            external_url=row["external_url"] or None,
            lessons=row["lessons"],
            duration_ms=row["duration_ms"],
            published_at=row["published_at"],
            enrolled=row["enrolled"],
            completed=row["completed"],
        )


class CataloguePage(Out):
    items: list[CourseCard]
    next_cursor: str | None


class RecommendationOut(Out):
    """``reason`` says why, in the caller's language, naming grades or stages but no child."""

    course: CourseCard
    reason: str
    assigned: bool
    due_on: date | None

    @classmethod
    def of(cls, row: dict[str, Any], *, cover_url: str, language: str) -> "RecommendationOut":
        """Show one row of :func:`backend.courses.queries.catalogue.recommended`."""
        why = Reason(
            grades=row["names"] if row["grades"] else (),
            stages=row["fit_stages"] if row["stages"] else (),
            assigned=row["assigned"],
            due_on=row["due_on"],
            required=row["required"],
        )
        return cls(
            course=CourseCard.of(row, cover_url=cover_url),
            reason=why.sentence(language),
            assigned=row["assigned"],
            due_on=row["due_on"],
        )


class RecommendationsOut(Out):
    items: list[RecommendationOut]
