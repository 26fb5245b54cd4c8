"""What a phone sends and sees of a hazard."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.media.schemas import AttachmentOut
from backend.volunteering.models import HazardState, Severity
from backend.volunteering.queries.hazards import Counts
from backend.volunteering.schemas.logs import Photos
from backend.web.structs import Count, In, Out

Note = Annotated[str, Meta(max_length=500)]


class HazardDecisionIn(In):
    """Is it one, and how grave? A rejection says why."""

    confirmed: bool
    severity: Severity | None = None
    note: Note = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.confirmed and len(self.note) < 2:
            raise ValueError("note is needed to reject")


class AssignmentIn(In):
    """Who puts it right, and by when (the school's own date)."""

    owner_id: UUID
    due_on: date
    note: Note = ""


class WorkIn(In):
    """What was done about it; ``done`` asks the next volunteer to look again."""

    done: bool
    note: Annotated[str, Meta(min_length=2, max_length=500)]
    photo_ids: Photos = []


class RecheckIn(In):
    """Is it put right? If not, ``note`` says what is still wrong."""

    ok: bool
    note: Note = ""
    photo_ids: Photos = []

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ok and len(self.note) < 2:
            raise ValueError("note is needed when it is not put right")


class HazardCountsOut(Out):
    """``open`` is what is confirmed and not yet closed: the goal is nought (动态清零).

    ``overdue`` are those of them past their date; ``reported`` wait to be confirmed.
    """

    reported: Count
    open: Count
    overdue: Count
    closed: Count

    @classmethod
    def of(cls, counts: Counts) -> "HazardCountsOut":
        return cls(
            reported=counts.reported,
            open=counts.open,
            overdue=counts.overdue,
            closed=counts.closed,
        )


class HazardItem(Out):
    """One line of the school's register."""

    id: UUID
    text: str
    place: str
    severity: Severity
    state: HazardState
    duty: str
    due_on: date | None
    overdue: bool
    reported_at: datetime
    owner_id: UUID | None
    owner: str | None


class HazardRegisterOut(Out):
    """A school's hazards, newest first; offices above the school see the counts only."""

    counts: HazardCountsOut
    items: list[HazardItem]
    next_cursor: str | None


class HazardStepOut(Out):
    """One step of a hazard, as the school keeps it."""

    was: str
    became: HazardState
    by: str | None
    note: str
    at: datetime
    photos: list[AttachmentOut]


class HazardStaffOut(Out):
    """What only the school's staff see."""

    reporter_id: UUID
    reporter: str
    owner_id: UUID | None
    owner: str | None
    due_on: date | None
    overdue: bool
    steps: list[HazardStepOut]


class HazardOut(Out):
    """One hazard. ``staff`` is ``null`` for its reporter and for who rechecks it."""

    id: UUID
    school_id: UUID
    text: str
    place: str
    severity: Severity
    state: HazardState
    duty: str
    reported_at: datetime
    closed_at: datetime | None
    photos: list[AttachmentOut]
    can_decide: bool
    can_work: bool
    can_recheck: bool
    staff: HazardStaffOut | None


class MyHazardItem(Out):
    """Something the caller reported, or is to put right; ``state`` is all a reporter learns."""

    id: UUID
    school_id: UUID
    text: str
    place: str
    severity: Severity
    state: HazardState
    reported_at: datetime
    due_on: date | None


class MyHazardsOut(Out):
    """What the caller reported, and what is theirs to put right, newest first."""

    reported: list[MyHazardItem]
    mine: list[MyHazardItem]


class RecheckItem(Out):
    """Something the caller is asked to look at while on duty."""

    id: UUID
    text: str
    place: str
    severity: Severity
    duty: str
    reported_at: datetime
    photos: list[AttachmentOut]


class RechecksOut(Out):
    """What the next volunteer is asked to look at again."""

    items: list[RecheckItem]
