"""What a phone sees of activities."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.activities.models import ActivityKind, ActivityState, Delivery
from backend.activities.rules.questions import QuestionKind
from backend.activities.schemas.programmes import SpeakerOut
from backend.bookings.models import BookingState, Mode
from backend.bookings.schemas.slots import SlotOut
from backend.media.schemas import AttachmentOut
from backend.web.structs import Count, Out


class MyRegistrationOut(Out):
    """A booking of the caller's on one session."""

    session_id: UUID
    state: BookingState
    party: Count
    student_ids: list[UUID]
    starts_at: datetime
    ends_at: datetime


class ActivityItem(Out):
    """One activity in a list, with what the caller has booked of it.

    ``standing`` is ``mine``, ``free``, ``full``, ``draw_open``, ``not_open_yet``, ``ended``,
    ``called_off`` or ``draft``; how each session stands is told by the activity itself.
    """

    id: UUID
    kind: ActivityKind
    state: ActivityState
    title: str
    mode: Mode
    organiser_title: str
    term: str | None
    year: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    sessions: Count
    free: Count
    standing: str
    reason: str
    mine: list[MyRegistrationOut]

    @classmethod
    def of(cls, row: dict[str, Any], now: datetime) -> "ActivityItem":
        """Build from a row of ``queries.lists.page``."""
        taken: dict[str, Any] = {
            name: row[name] for name in cls.__struct_fields__ if name in row and name != "mine"
        }
        mine = msgspec.json.decode(row["mine"], type=list[MyRegistration])
        taken["kind"] = ActivityKind(row["kind"])
        taken["state"] = ActivityState(row["state"])
        taken["mode"] = Mode(row["mode"])
        taken["first_at"] = row["first_at"] if row["last_at"] else None
        return cls(
            **taken,
            mine=[MyRegistrationOut(**msgspec.structs.asdict(one)) for one in mine],
            standing=standing_of(row, bool(mine), now),
        )


class MyRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as the list's statement tells it."""

    session_id: UUID
    state: BookingState
    party: int
    student_ids: list[UUID]
    starts_at: datetime
    ends_at: datetime


def standing_of(row: dict[str, Any], is_mine: bool, now: datetime) -> str:
    """Return how an activity as a whole stands for somebody."""
    if row["state"] in (ActivityState.DRAFT, ActivityState.CANCELLED):
        return "draft" if row["state"] == ActivityState.DRAFT else "called_off"
    if is_mine:
        return "mine"
    if row["opens_at"] is not None and now < row["opens_at"]:
        return "not_open_yet"
    if row["state"] != ActivityState.OPEN or (row["closes_at"] and now >= row["closes_at"]):
        return "ended"
    if row["mode"] == Mode.DRAW:
        return "draw_open"
    return "free" if row["free"] > 0 else "full"


class ActivityPage(Out):
    """A page of a school's activities."""

    items: list[ActivityItem]
    next_cursor: str | None
    has_more: bool


class AudienceNodeOut(Out):
    """A school, grade or class something is for."""

    node_id: UUID
    label: str


class QuestionOut(Out):
    """A question to answer when registering."""

    key: str
    label: str
    kind: QuestionKind
    choices: list[str]
    required: bool


class QuotaOut(Out):
    """A limit several sessions draw on together."""

    key: str
    name: str
    capacity: Count


class ActivitySessionOut(Out):
    """One session; ``slot`` (``null`` in a draft) tells how its places stand for the caller.

    ``audience`` is empty where the session is for everybody the activity is for. ``link``
    leads into an online session, for those whose place is confirmed and those who hold it.
    ``recording`` is a video of a session that was held.
    """

    id: UUID
    title: str
    room: str
    starts_at: datetime
    ends_at: datetime
    capacity: Count
    audience: list[AudienceNodeOut]
    speakers: list[SpeakerOut]
    delivery: Delivery
    link: str | None
    recording: AttachmentOut | None
    slot: SlotOut | None


class ActivitySummaryOut(Out):
    """What came of it."""

    text: str
    pictures: list[AttachmentOut]
    written_at: datetime


class ActivityOut(Out):
    """One activity. ``quotas`` and ``inviteeIds`` are shown to those who answer for it.

    ``manages``: the caller may open, change and call it off. ``asksFeedback``: the caller
    came and may say what they thought, until ``feedbackUntil``.
    """

    id: UUID
    school_id: UUID
    kind: ActivityKind
    state: ActivityState
    title: str
    paragraphs: list[str]
    organiser_title: str
    mode: Mode
    needs_approval: bool
    audience: list[AudienceNodeOut]
    term: str | None
    year: str | None
    questions: list[QuestionOut]
    max_party: Count
    sessions_per_child: Count | None
    sessions_per_family: Count | None
    opens_at: datetime | None
    closes_at: datetime | None
    cancel_hours: Count
    sessions: list[ActivitySessionOut]
    reason: str
    held_at: datetime | None
    summary: ActivitySummaryOut | None
    asks_feedback: bool
    feedback_until: datetime | None
    manages: bool
    quotas: list[QuotaOut]
    invitee_ids: list[UUID]


class ActivityFactOut(Out):
    """What a school held of one kind in a term.

    At ``attended`` of the ``held`` activities somebody was checked in. ``families`` and
    ``people`` who came are ``null`` below five.
    """

    kind: ActivityKind
    held: Count
    attended: Count
    families: Annotated[int, Meta(ge=5)] | None
    people: Annotated[int, Meta(ge=5)] | None


class TermFactsOut(Out):
    """One term and what was held in it."""

    term: str
    starts_on: date
    ends_on: date
    kinds: list[ActivityFactOut]


class ActivityFactsOut(Out):
    """A school year by terms; ``year`` is ``null`` where the calendar knows none."""

    year: str | None
    terms: list[TermFactsOut]
