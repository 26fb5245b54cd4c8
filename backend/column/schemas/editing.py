"""What editors and writers send and see."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.column.models import (
    ColumnItemState,
    ColumnKind,
    SeriesKind,
    SeriesState,
    TipTopic,
)
from backend.column.operations.items import ItemContent
from backend.column.operations.series import SeriesPlan
from backend.column.schemas.reading import Attachments, Paragraphs, Stages
from backend.web.structs import In, Out, Reason, Title

Credit = Annotated[str, Meta(max_length=80)]


class ColumnSeriesIn(In):
    """A series: every ``cadenceDays`` at ``minute`` after local midnight (8:00 to 18:00).

    ``weekday`` (1 is Monday) fixes the day of a cadence of whole weeks. ``topics`` belong to
    tips only; ``departmentId`` is the department in whose name they appear.
    """

    title: Title
    minute: Annotated[int, Meta(ge=480, le=1080)]
    cadence_days: Annotated[int, Meta(ge=1, le=60)] = 7
    weekday: Annotated[int, Meta(ge=1, le=7)] | None = None
    per_release: Annotated[int, Meta(ge=1, le=3)] = 1
    topics: Annotated[list[TipTopic], Meta(max_length=5)] = []
    department_id: UUID | None = None

    def plan(self) -> SeriesPlan:
        return SeriesPlan(
            title=self.title,
            minute=self.minute,
            cadence_days=self.cadence_days,
            weekday=self.weekday,
            per_release=self.per_release,
            topics=[str(topic) for topic in self.topics],
            department_id=self.department_id,
        )


class SeriesStateIn(In):
    """``active``, ``paused`` or, for good, ``ended``."""

    state: SeriesState


class ColumnItemIn(In):
    """An item: in the column one of its three ``kind``\\ s, in tips one of its ``topic``\\ s.

    A lecture needs a video among its attachments, or ``lessonId`` or ``courseId``. Without
    ``stages`` it is for all.
    """

    title: Title
    paragraphs: Paragraphs
    kind: ColumnKind | None = None
    topic: TipTopic | None = None
    attachment_ids: Attachments = []
    lesson_id: UUID | None = None
    course_id: UUID | None = None
    source: Credit = ""
    stages: Stages = []

    def content(self) -> ItemContent:
        """Return what the writer decided, in the verbs' own terms."""
        return ItemContent(
            title=self.title,
            paragraphs=self.paragraphs,
            kind=self.kind,
            topic=self.topic,
            attachment_ids=self.attachment_ids,
            lesson_id=self.lesson_id,
            course_id=self.course_id,
            source=self.source,
            stages=[str(stage) for stage in self.stages],
        )


class ColumnReviewIn(In):
    """A decision about the version ``revision``; returning it needs a reason."""

    approved: bool
    revision: Annotated[int, Meta(ge=1, le=10_000)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class QueuePlaceIn(In):
    """Place 1 is next; with ``releaseOn`` it waits for that day and then goes first."""

    position: Annotated[int, Meta(ge=1, le=1000)]
    release_on: date | None = None


class ColumnWithdrawalIn(In):
    """Why; the writer will read it."""

    reason: Reason


class ColumnSeriesOut(Out):
    """A series as its editors see it."""

    id: UUID
    district_id: UUID
    school_id: UUID | None
    kind: SeriesKind
    title: str
    department_id: UUID | None
    department: str | None
    topics: list[TipTopic]
    cadence_days: int
    weekday: int | None
    minute: int
    per_release: int
    next_release_at: datetime
    state: SeriesState
    queued: int
    in_review: int


class ColumnSeriesPage(Out):
    """The column first."""

    items: list[ColumnSeriesOut]


class DeskItem(Out):
    """A line of the editors' desk."""

    id: UUID
    series_id: UUID
    series: str
    kind: ColumnKind | None
    topic: TipTopic | None
    title: str
    byline: str
    state: ColumnItemState
    revision: int
    reason: str
    contributed: bool
    created_at: datetime
    released_at: datetime | None


class DeskPage(Out):
    """Newest first."""

    items: list[DeskItem]
    next_cursor: str | None


class QueueItem(Out):
    """An item that waits; ``adopted`` from the district. An ``unready`` one has a video that
    cannot be played yet, and lets others pass."""

    item_id: UUID
    title: str
    kind: ColumnKind | None
    topic: TipTopic | None
    byline: str
    place: int
    release_on: date | None
    adopted: bool
    unready: bool


class QueueOut(Out):
    """What waits in a series, in its order, and when the next occasion is."""

    next_release_at: datetime
    per_release: int
    items: list[QueueItem]


class ColumnItemCounts(Out):
    """How an item fared, as counts: in how many series it was released, how many people
    were told, how many have read it."""

    series: int
    told: int
    readers: int


class ColumnSeriesCounts(Out):
    """How a series fares, as counts; ``empty`` occasions had nothing to release."""

    occasions: int
    empty: int
    released: int
    told: int
    readers: int
    unsubscribed: int
