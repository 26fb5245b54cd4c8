"""The shared library, adoptions and imported catalogues on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.courses.models import CourseKind, HostKind, Topic
from backend.courses.rules.importing import Entry, ImportOutcome, Line
from backend.courses.schemas.lessons import SecureLink
from backend.schools.models import Stage
from backend.web.structs import In, Out, Title
from backend.web.structs import Line as OneLine

ExternalId = Annotated[str, Meta(min_length=1, max_length=80)]
PlatformName = Annotated[str, Meta(min_length=1, max_length=30)]
Minutes = Annotated[int, Meta(ge=1, le=6000)]
Summary = Annotated[str, Meta(max_length=500)]


class SharingIn(In):
    """Under which licence others may use the course, in words or by name."""

    licence: OneLine


class LibraryCourseOut(Out):
    """A shared course. ``adoptions`` counts schools; ``adoptedAt`` are those of the caller's.

    ``own``: it belongs to a school the caller works at. ``shared`` is ``false`` for what was
    adopted while it was, and stays usable under the same ``licence``.
    """

    course_id: UUID
    title: str
    summary: str
    kind: CourseKind
    topic: Topic
    brand: str
    host: str
    host_kind: HostKind
    school_id: UUID | None
    stages: list[Stage]
    grades: list[int]
    cover_url: str
    external_url: str | None
    lessons: int
    duration_ms: int
    licence: str
    shared: bool
    published_at: datetime
    adoptions: int
    adopted_at: list[UUID]
    own: bool

    @classmethod
    def of(cls, row: dict[str, Any], *, cover_url: str, schools: list[UUID]) -> "LibraryCourseOut":
        """Show one row of :func:`backend.courses.queries.library.shared`."""
        return cls(
            course_id=row["id"],
            title=row["title"],
            summary=row["summary"],
            kind=CourseKind(row["kind"]),
            topic=Topic(row["topic"]),
            brand=row["brand"],
            host=row["host"],
            host_kind=HostKind(row["host_kind"]),
            school_id=row["school_id"],
            stages=[Stage(stage) for stage in row["stages"]],
            grades=row["grades"],
            cover_url=cover_url,
            external_url=row["external_url"] or None,
            lessons=row["lessons"],
            duration_ms=row["duration_ms"],
            licence=row["licence"],
            shared=row["shared_at"] is not None,
            published_at=row["published_at"],
            adoptions=row["adoptions"],
            adopted_at=row["mine"],
            own=row["school_id"] in schools,
        )


class LibraryPage(Out):
    items: list[LibraryCourseOut]
    next_cursor: str | None


class AdoptionOut(Out):
    """Since when a school's families are offered the course."""

    course_id: UUID
    school_id: UUID
    adopted_at: datetime


class CatalogueEntryIn(In):
    """One course as the platform lists it. ``url`` is where families are led; it is shown and
    never fetched. ``minutes``: how long it takes, as far as the platform says.
    """

    external_id: ExternalId
    title: Title
    url: SecureLink
    topic: Topic
    summary: Summary = ""
    stages: Annotated[list[Stage], Meta(max_length=4)] = msgspec.field(default_factory=list)
    minutes: Minutes | None = None

    def entry(self, brand: str) -> Entry:
        return Entry(
            external_id=self.external_id,
            brand=brand,
            title=self.title,
            summary=self.summary,
            url=self.url,
            topic=str(self.topic),
            stages=[str(stage) for stage in dict.fromkeys(self.stages)],
            minutes=self.minutes,
        )


class CatalogueIn(In):
    """A platform's catalogue, or a part of it.

    ``name`` is how families know the platform; it stands on each course as its brand.
    ``retireMissing``: what it does not name is retired; leave it out when sending parts.
    ``dryRun``: say what would become of each course, and change nothing.
    """

    name: PlatformName
    entries: Annotated[list[CatalogueEntryIn], Meta(min_length=1, max_length=400)]
    retire_missing: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({entry.external_id for entry in self.entries}) != len(self.entries):
            raise ValueError("each externalId stands for one course")

    def content(self) -> list[Entry]:
        return [entry.entry(self.name) for entry in self.entries]


class ImportLineOut(Out):
    """What became of one course; ``courseId`` is ``null`` while it does not exist."""

    external_id: str
    title: str
    outcome: ImportOutcome
    course_id: UUID | None


class CatalogueImportOut(Out):
    """How many courses were created, changed and so on, and what became of each."""

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    withheld: int
    missing: int
    retired: int
    items: list[ImportLineOut]

    @classmethod
    def of(cls, lines: list[Line], *, dry_run: bool) -> "CatalogueImportOut":
        return cls(
            dry_run=dry_run,
            **{
                str(outcome): sum(line.outcome is outcome for line in lines)
                for outcome in ImportOutcome
            },
            items=[
                ImportLineOut(
                    external_id=line.external_id,
                    title=line.title,
                    outcome=line.outcome,
                    course_id=line.course_id,
                )
                for line in lines
            ],
        )
