"""What a phone sees of a slot and of a booking."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.bookings import rules
from backend.bookings.models import BookingState, Mode, SlotKind, SlotState
from backend.bookings.operations.places import Place
from backend.bookings.queries.outlook import Outlook
from backend.bookings.schemas.lines import LineOut, line_out
from backend.web.structs import Count, In, Line, Moment, Out, Reason, check_text

Party = Annotated[int, Meta(ge=1, le=20)]
Capacity = Annotated[int, Meta(ge=0, le=10_000)]
Answer = Annotated[str, Meta(min_length=1, max_length=200)]
Key = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[\w:\-]+$")]


class BookingIn(In):
    """A wish for a place: how many come, for which children, and the answers asked for.

    ``takesAtOnce``: when a place frees while the family waits, take it without asking.
    """

    party: Party = 1
    student_ids: Annotated[list[UUID], Meta(max_length=6)] = msgspec.field(default_factory=list)
    takes_at_once: bool = False
    answers: Annotated[dict[Key, Answer], Meta(max_length=20)] = msgspec.field(default_factory=dict)


class BookingOut(Out):
    """One booking. ``ahead`` is how many wait before it; ``chance`` (0 to 1) the estimate,
    from what was given back before, that a place comes free in time. ``approved`` is the
    school's yes, where it was asked for one.
    """

    id: UUID
    slot_id: UUID
    state: BookingState
    party: Count
    student_ids: list[UUID]
    takes_at_once: bool
    ahead: Count | None
    chance: Annotated[float, Meta(ge=0, le=1)] | None
    offer_expires_at: datetime | None
    approved: bool
    line: LineOut
    starts_at: datetime
    ends_at: datetime
    coming: bool | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: Count

    @classmethod
    def of(cls, place: Place, ahead: int | None, chance: float | None) -> "BookingOut":
        """Build from the engine's answer."""
        return cls(
            id=place.id,
            slot_id=place.slot_id,
            state=place.state,
            party=place.party,
            student_ids=place.student_ids,
            takes_at_once=place.takes_at_once,
            ahead=ahead,
            chance=chance,
            offer_expires_at=place.offer_expires_at,
            approved=place.approved_at is not None,
            line=line_out(place.line, place.state),
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            coming=place.coming,
            checked_in_at=place.checked_in_at,
            checked_out_at=place.checked_out_at,
            minutes=place.minutes,
        )


class StandingOut(Out):
    """Whether the caller may have a place, and if not, why, in words to show as they stand.

    ``code`` is ``free``, ``mine``, ``full``, ``draw_open``, the code of the refusal that
    asking would meet; ``draft`` and ``for_families`` for staff who look on.
    """

    code: str
    zh: str
    en: str
    opens_at: datetime | None
    lacking: list[str]
    collides_with: UUID | None


class SlotOut(Out):
    """A time, a place and how many places; how it stands for the caller; their booking.

    ``aboutId`` is the activity a session belongs to.
    """

    id: UUID
    school_id: UUID
    kind: SlotKind
    about_id: UUID | None
    state: SlotState
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime
    mode: Mode
    needs_approval: bool
    max_party: Count
    children_named: bool
    asks: list[str]
    capacity: Count
    minimum: Count
    taken: Count
    waiting: Count
    free: Count
    cancelled_reason: str
    standing: StandingOut
    booking: BookingOut | None

    @classmethod
    def of(cls, outlook: Outlook, booking: BookingOut | None) -> "SlotOut":
        """Build from how the slot stands for the caller."""
        row = {field: outlook.row[field] for field in cls.__struct_fields__ if field in outlook.row}
        if row["state"] in (SlotState.CLOSED, SlotState.CANCELLED):
            row["free"] = 0
        return cls(**row | {"standing": standing_out(outlook), "booking": booking})


class MyBookingItem(Out):
    """One of the caller's bookings with what it is for; ``aboutId`` is a session's activity."""

    kind: SlotKind
    about_id: UUID | None
    school: str
    children: list[str]
    title: str
    place: str
    cancel_until: datetime
    booking: BookingOut


class MyBookingsPage(Out):
    """A page of the caller's bookings."""

    items: list[MyBookingItem]
    next_cursor: str | None
    has_more: bool


class ComingIn(In):
    """The answer the evening before: coming or not."""

    coming: bool


def standing_out(outlook: Outlook) -> StandingOut:
    """Word a standing; the caller's own booking by its state, a refusal by its sentence."""
    code, facts = outlook.standing, outlook.facts
    state = outlook.state if code == "mine" else None
    words = _WORDS.get(state or code)
    if words is None:
        refusal = rules.refusal(code, facts)
        words = (refusal.sentence("zh"), refusal.sentence("en"))
    opens_at = facts.get("opensAt")
    return StandingOut(
        code=code,
        zh=words[0],
        en=words[1],
        opens_at=datetime.fromisoformat(opens_at) if opens_at else None,
        lacking=list(facts.get("keys", [])),
        collides_with=UUID(facts["slotId"]) if "slotId" in facts else None,
    )


_WORDS = {
    "free": ("还有名额。", "There are places."),
    "full": ("名额已满，可以候补。", "Full; you may queue."),
    "draw_open": ("正在登记，截止后抽签。", "Open for entries; a draw follows."),
    "draft": ("尚未发布，家长还看不到。", "A draft: families do not see it yet."),
    "for_families": (
        "由同意隐私告知的本校家长报名。",
        "For families of the school who have accepted the privacy notice.",
    ),
    "requested": ("已申请，等待学校同意。", "Asked for; the school has yet to agree."),
    "confirmed": ("您已报名，名额已确认。", "Your place is confirmed."),
    "waitlisted": ("您正在候补，尚未报上。", "You are in the queue and have no place yet."),
    "offered": ("有名额为您保留，请尽快确认。", "A place is held for you; please answer."),
    "checked_in": ("您已签到。", "You are checked in."),
    "completed": ("您已参加。", "You were there."),
    "no_show": ("您未到场。", "You did not come."),
}
"""What a standing, or the state of the caller's own booking, is in words."""


class CapacityIn(In):
    capacity: Capacity


class SlotTimesIn(In):
    """When and where a slot now is."""

    starts_at: Moment
    ends_at: Moment
    place: Annotated[str, Meta(max_length=60)] = ""


class CallOffIn(In):
    reason: Reason


class BookingDecisionIn(In):
    """Yes or no to a request; a no says why."""

    approved: bool
    reason: Line | None = None

    def __post_init__(self) -> None:
        check_text("reason", self.reason)
        if not self.approved and self.reason is None:
            raise ValueError("reason is needed to decline")


class PriorityIn(In):
    """Higher goes first; 0 is everybody's. The reason stays on record."""

    priority: Annotated[int, Meta(ge=0, le=9)]
    reason: Reason


class PlacementIn(In):
    """Somebody the organiser puts on the slot."""

    person_id: UUID
    party: Party = 1


class AttendeeOut(Out):
    """One booking as the organiser sees it."""

    person_id: UUID
    name: str
    children: list[str]
    priority: Count
    priority_reason: str
    booking: BookingOut


class AttendeesOut(Out):
    """Everybody on a slot: those with places first, then the queue in its order."""

    items: list[AttendeeOut]
