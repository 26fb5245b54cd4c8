"""What readers and contributors send and see."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.column.models import (
    ColumnItemState,
    ColumnKind,
    NamedAs,
    SeriesKind,
    SeriesState,
    TipTopic,
)
from backend.media.schemas import AttachmentOut
from backend.schools.models import Stage
from backend.web.structs import In, Out, Title

Paragraphs = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=2000)]], Meta(min_length=1, max_length=60)
]
Attachments = Annotated[list[UUID], Meta(max_length=12)]
Stages = Annotated[list[Stage], Meta(max_length=4)]


class ColumnCard(Out):
    """A released item in a list; ``opening`` are the first characters of its text."""

    id: UUID
    series_id: UUID
    series: str
    series_kind: SeriesKind
    department: str | None
    kind: ColumnKind | None
    topic: TipTopic | None
    title: str
    opening: str
    byline: str
    source: str
    attachments: int
    lesson_id: UUID | None
    course_id: UUID | None
    stages: list[Stage]
    released_at: datetime
    is_read: bool


class ColumnPage(Out):
    """Newest first; when words are searched, those that stand in a title come first."""

    items: list[ColumnCard]
    next_cursor: str | None


class ColumnWorkOut(Out):
    """An item's way to the readers, for those who work on it.

    ``place`` is its place in the queue of its own series, 1 being next.
    """

    revision: int
    reason: str
    contributed: bool
    named_as: NamedAs | None
    consent_at: datetime | None
    consent_withdrawn_at: datetime | None
    reviewed_at: datetime | None
    place: int | None
    release_on: date | None
    can_rewrite: bool
    can_submit: bool
    can_review: bool
    can_withdraw: bool


class ColumnItemOut(Out):
    """A whole item. ``work`` is there for those who wrote it or edit its series."""

    id: UUID
    series_id: UUID
    series: str
    kind: ColumnKind | None
    topic: TipTopic | None
    title: str
    paragraphs: list[str]
    attachments: list[AttachmentOut]
    lesson_id: UUID | None
    course_id: UUID | None
    source: str
    stages: list[Stage]
    byline: str
    state: ColumnItemState
    released_at: datetime | None
    is_read: bool
    work: ColumnWorkOut | None


class MySeriesOut(Out):
    """A series that reaches the caller, and whether they are told of it."""

    id: UUID
    school_id: UUID | None
    kind: SeriesKind
    title: str
    department: str | None
    topics: list[TipTopic]
    state: SeriesState
    cadence_days: int
    next_release_at: datetime
    subscribed: bool


class MySeriesPage(Out):
    """The district's series, then the school's."""

    items: list[MySeriesOut]


class DeclarationOut(Out):
    """What a parent agrees to when they contribute; send ``version`` with the text."""

    version: int
    text_zh: str
    text_en: str


class ContributionIn(In):
    """A parent's experience. All three consents are given by ticking, never by default.

    ``declaration`` is the version of the text that was read; without ``stages`` the text is
    for all.
    """

    title: Title
    paragraphs: Paragraphs
    named_as: NamedAs
    declaration: Annotated[int, Meta(ge=1, le=1000)]
    names_no_pupil: bool
    consents: bool
    attachment_ids: Attachments = []
    stages: Stages = []


class ContributionItem(Out):
    """A line of what the caller has handed in."""

    id: UUID
    series: str
    title: str
    byline: str
    state: ColumnItemState
    reason: str
    created_at: datetime
    released_at: datetime | None


class ContributionPage(Out):
    """Newest first."""

    items: list[ContributionItem]
    next_cursor: str | None
