"""What a phone sends and sees of a duty log."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta

from backend.media.schemas import AttachmentOut
from backend.volunteering.models import HazardState, Severity
from backend.volunteering.rules import logs as rules
from backend.web.structs import Count, In, Moment, Out

Rating = Annotated[int, Meta(ge=1, le=5)]
Place = Annotated[str, Meta(max_length=60)]
Found = Annotated[str, Meta(min_length=2, max_length=500)]
Photos = Annotated[list[UUID], Meta(max_length=6)]
ItemText = Annotated[str, Meta(min_length=1, max_length=60)]


class ChecklistIn(In):
    """A school's list for one kind of duty, in its order; empty brings the built-in one back."""

    items: Annotated[list[ItemText], Meta(max_length=40)]


class ChecklistItemOut(Out):
    """One line of a list."""

    id: UUID
    text: str


class ChecklistOut(Out):
    """The list that volunteers of this duty tick."""

    duty: str
    items: list[ChecklistItemOut]


class TickIn(In):
    """One line of the list, and when it was done."""

    item_id: UUID
    at: Moment


class FindingIn(In):
    """Something found. ``key`` is made by the phone and stays the same when the log is saved
    again; each key opens one hazard.
    """

    key: UUID
    text: Found
    severity: Severity
    place: Place = ""
    photo_ids: Photos = []


class DutyLogIn(In):
    """The whole log; ``version`` is the one on the screen, 0 for the first.

    ``rating`` (1 to 5) is for the canteen only.
    """

    version: Count
    ticks: Annotated[list[TickIn], Meta(max_length=60)] = []
    rating: Rating | None = None
    remarks: Annotated[str, Meta(max_length=2000)] = ""
    findings: Annotated[list[FindingIn], Meta(max_length=20)] = []

    def __post_init__(self) -> None:
        super().__post_init__()
        keys = {finding.key for finding in self.findings}
        if len(keys) < len(self.findings):
            raise ValueError("each finding has a key of its own")
        if len({tick.item_id for tick in self.ticks}) < len(self.ticks):
            raise ValueError("each item is ticked once")

    @property
    def said(self) -> rules.LogText:
        """Return the log as the room's rules know it."""
        return rules.LogText(
            version=self.version,
            ticks={tick.item_id: tick.at for tick in self.ticks},
            rating=self.rating,
            remarks=self.remarks,
            findings=tuple(
                rules.Finding(
                    key=finding.key,
                    text=finding.text,
                    severity=finding.severity,
                    place=finding.place,
                    photo_ids=tuple(finding.photo_ids),
                )
                for finding in self.findings
            ),
        )


class CheckOut(Out):
    """One line of the list; ``at`` is when it was ticked, if it was."""

    id: UUID
    text: str
    at: datetime | None

    @classmethod
    def of(cls, item: rules.Item) -> "CheckOut":
        return cls(id=item.id, text=item.text, at=item.at)


class FindingOut(Out):
    """Something found, and how far the school is with it."""

    key: UUID
    hazard_id: UUID
    text: str
    severity: Severity
    place: str
    state: HazardState
    photos: list[AttachmentOut]


class DutyLogOut(Out):
    """A volunteer's log. ``version`` 0: nothing written yet. ``unticked`` are the lines still
    open; ``writableUntil`` is when the log closes.
    """

    shift_id: UUID
    duty: str
    version: Count
    checks: list[CheckOut]
    unticked: list[str]
    rating: Rating | None
    remarks: str
    findings: list[FindingOut]
    updated_at: datetime | None
    writable_until: datetime


class ReviewedLogOut(Out):
    """A log as the school reads it; ``remarks`` is ``null`` where they are private."""

    author_id: UUID
    author: str
    checks: list[CheckOut]
    unticked: list[str]
    rating: Rating | None
    remarks: str | None
    findings: list[FindingOut]
    updated_at: datetime


class ReviewedLogsOut(Out):
    """Every log of one shift."""

    shift_id: UUID
    duty: str
    items: list[ReviewedLogOut]


class PhotoForm(In):
    """The parts of the multipart form: one picture of at most 10 MB."""

    file: UploadFile
