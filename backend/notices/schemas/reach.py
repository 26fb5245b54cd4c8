"""What a sender sees of a notice's way to the families."""

from datetime import datetime
from uuid import UUID

from backend.notices.models import Category, ConfirmMode, NoticeState
from backend.web.structs import Out


class StageCounts(Out):
    """How many stand at each stage; the six add up to the audience."""

    no_account: int
    no_device: int
    refused: int
    unread: int
    read: int
    confirmed: int


class ReachOut(Out):
    """The reachability funnel of a notice, by family and by person."""

    families: StageCounts
    people: StageCounts
    families_total: int
    people_total: int
    families_at_publication: int
    people_at_publication: int
    answers: dict[str, int]
    nudges: int
    nudged_at: datetime | None
    next_nudge_at: datetime | None


class GuardianToCall(Out):
    """Whom to telephone, and how far the notice got with them."""

    name: str
    relation: str
    phone: str
    stage: str


class FamilyToCall(Out):
    """A family that has not settled the notice."""

    student_id: UUID
    student: str
    stage: str
    guardians: list[GuardianToCall]


class CallList(Out):
    """Families of the caller's own class still owed an answer, least reached first."""

    items: list[FamilyToCall]


class SentItem(Out):
    """A notice as its sender lists it."""

    id: UUID
    title: str
    category: Category
    state: NoticeState
    urgent: bool
    sender_title: str
    confirm_mode: ConfirmMode
    confirm_by: datetime | None
    publish_at: datetime | None
    published_at: datetime | None
    families: int
    people: int
    confirmations: int
    reason: str


class SentPage(Out):
    """Newest first."""

    items: list[SentItem]
    next_cursor: str | None


class ApprovalOut(Out):
    """A school's decision about a district's notice."""

    notice_id: UUID
    school_id: UUID
    state: str
    reason: str
    decided_at: datetime | None
