"""Registering, plans, and the organiser's list."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.activities.operations.registering import Wish
from backend.bookings.models import BookingState
from backend.bookings.schemas.slots import BookingOut
from backend.web.structs import Count, In, Out

Party = Annotated[int, Meta(ge=1, le=20)]
Children = Annotated[list[UUID], Meta(min_length=1, max_length=6)]
AnswerText = Annotated[str, Meta(min_length=1, max_length=200)]
Answers = Annotated[dict[str, AnswerText], Meta(max_length=10)]


class RegistrationIn(In):
    """A wish for one session: for which children, how many come, and the answers.

    ``takesAtOnce``: when a place frees while the family waits, take it without asking.
    """

    student_ids: Children
    party: Party = 1
    takes_at_once: bool = False
    answers: Answers = msgspec.field(default_factory=dict)


class RegistrationItem(In):
    """One session of a plan."""

    session_id: UUID
    student_ids: Children
    party: Party = 1


class RegistrationsIn(In):
    """A plan to book, all or nothing; the answers hold for every session."""

    items: Annotated[list[RegistrationItem], Meta(min_length=1, max_length=12)]
    answers: Answers = msgspec.field(default_factory=dict)

    def wishes(self) -> list[Wish]:
        """Return the sessions in the verbs' own terms."""
        return [
            Wish(session_id=item.session_id, student_ids=item.student_ids, party=item.party)
            for item in self.items
        ]


class RegistrationsOut(Out):
    """The bookings of a plan, in the order asked for."""

    items: list[BookingOut]


class ChildWishIn(In):
    """What one child should see: how many sessions, which rather (in order), which not."""

    student_id: UUID
    sessions: Annotated[int, Meta(ge=1, le=4)] = 1
    wishes: Annotated[list[UUID], Meta(max_length=20)] = msgspec.field(default_factory=list)
    avoid: Annotated[list[UUID], Meta(max_length=60)] = msgspec.field(default_factory=list)


class PlanIn(In):
    """A family that would like a plan; ``adults`` may be in different rooms."""

    children: Annotated[list[ChildWishIn], Meta(min_length=1, max_length=6)]
    adults: Annotated[int, Meta(ge=1, le=2)] = 1
    party: Party = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({child.student_id for child in self.children}) != len(self.children):
            raise ValueError("each child may be named once")


class PlanVisitOut(Out):
    """One adult at one session for some of the children. Adult 1 is the caller; another
    adult books from their own account.
    """

    session_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    adult: Annotated[int, Meta(ge=1, le=2)]
    student_ids: list[UUID]


class ProposalOut(Out):
    """A set of sessions that do not clash, in order of time."""

    visits: list[PlanVisitOut]
    wishes_met: Count
    idle_minutes: Count


class ObstacleOut(Out):
    """Why a session is not proposed for a child; without a session, why there is no plan."""

    student_id: UUID
    session_id: UUID | None
    code: str
    reason: str


class PlanOut(Out):
    """Up to three proposals, best first. ``complete``: every combination was looked at.

    A proposal holds no places; book it with ``PUT …/registrations``.
    """

    proposals: list[ProposalOut]
    obstacles: list[ObstacleOut]
    complete: bool


class RegisteredChildOut(Out):
    """A child a registration is for."""

    name: str
    class_name: str


class RegistrationAnswerOut(Out):
    """What a family answered to one question."""

    key: str
    label: str
    answer: str


class RegisteredOut(Out):
    """One family's registration as the organiser sees it; never a telephone number."""

    booking_id: UUID
    session_id: UUID
    session: str
    state: BookingState
    adult: str
    children: list[RegisteredChildOut]
    party: Count
    answers: list[RegistrationAnswerOut]
    created_at: datetime
    checked_in_at: datetime | None


class RegisteredPage(Out):
    """A page of registrations, in order of time."""

    items: list[RegisteredOut]
    next_cursor: str | None
    has_more: bool


OBSTACLES = {
    "not_for_child": "这一场不面向该孩子的班级。",
    "avoided": "您选择了不参加这一场。",
    "booked": "这一场已经报名。",
    "full": "这一场的名额已满。",
    "busy": "与您已有的安排时间冲突。",
    "ended": "这一场的报名已经结束。",
    "called_off": "这一场已取消。",
    "not_invited": "这一场仅限受邀家长参加。",
    "needs": "参加这一场前还需要完成准备。",
    "too_few_sessions": "可选的场次不够，或彼此时间重叠。",
    "siblings_clash": "几个孩子的场次时间重叠，一位家长无法兼顾；可减少场次或两位家长分别参加。",
    "no_time": "可选的场次都与已有安排冲突。",
    "too_many_ways": "可能的组合太多，没有找到合适的安排；请缩小选择范围。",
}
