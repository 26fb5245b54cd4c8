"""Feedback and exports."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.activities.models import ActivityExport, ExportState
from backend.web.structs import Count, In, Out

Rating = Annotated[int, Meta(ge=1, le=5)]


class FeedbackIn(In):
    """What somebody who came thought: 5 is best. The school never learns whose it is."""

    rating: Rating
    text: Annotated[str, Meta(max_length=1000)] = ""


class MyFeedbackOut(Out):
    """The caller's own feedback."""

    rating: Rating
    text: str


class FeedbackSummaryOut(Out):
    """Everybody's feedback without names, times or order.

    Above class level nothing is told of fewer than five answers (``answers`` is ``null``),
    and ``ratings`` (how often 1 to 5 was given) not while a rating has one to four.
    """

    answers: Count | None
    average: float | None
    ratings: list[Count] | None
    texts: list[str]


class ActivityExportOut(Out):
    """A list in the making. ``link`` works for the caller, in this session, until
    ``linkExpiresAt``; ask again for a fresh one. The file is kept for a day.

    ``truncated``: there were more than 5,000 registrations, and the rest is not in it.
    """

    id: UUID
    activity_id: UUID
    state: ExportState
    percent: Annotated[int, Meta(ge=0, le=100)]
    rows: Count
    truncated: bool
    byte_size: Count
    created_at: datetime
    link: str | None
    link_expires_at: datetime | None

    @classmethod
    def of(
        cls, row: ActivityExport, link: str | None, expires_at: datetime | None
    ) -> "ActivityExportOut":
        """Show an export to whoever asked for it."""
        return cls(
            id=row.id,
            activity_id=row.activity_id,
            state=ExportState(row.state),
            percent=row.percent,
            rows=row.row_count,
            truncated=row.truncated,
            byte_size=row.byte_size,
            created_at=row.created_at,
            link=link,
            link_expires_at=expires_at,
        )
