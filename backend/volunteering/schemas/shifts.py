"""What a phone sees of shifts and station days, and what an organiser sends."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.bookings.operations.places import Place
from backend.bookings.queries.outlook import Outlook
from backend.bookings.schemas.slots import BookingOut, SlotOut
from backend.volunteering.models import DayState, Side, StationDay
from backend.volunteering.operations.shifts import Holder, ShiftPlan
from backend.volunteering.rules import shifts as rules
from backend.web.structs import Count, In, Moment, Name, Out, Reason

DutyKey = Annotated[str, Meta(min_length=2, max_length=20, pattern=r"^[a-z][a-z0-9_]{1,19}$")]
Briefing = Annotated[str, Meta(max_length=1000)]
Spot = Annotated[str, Meta(max_length=60)]
Places = Annotated[int, Meta(ge=1, le=200)]
Helpers = Annotated[int, Meta(ge=0, le=200)]
OnPost = Annotated[int, Meta(ge=0, le=20)]


class ShiftIn(In):
    """A shift. ``endsAt`` and ``capacity`` default to the school's settings.

    A draft is shown to families when it, or its station day, is published. ``openTo`` are
    grades and classes; without any, all families of the school are meant.
    """

    duty: DutyKey
    starts_at: Moment
    ends_at: Moment | None = None
    place: Spot = ""
    briefing: Briefing = ""
    capacity: Places | None = None
    minimum: Helpers = 1
    needed_school: OnPost = 0
    needed_police: OnPost = 0
    teacher_id: UUID | None = None
    organiser_id: UUID | None = None
    station_day_id: UUID | None = None
    opens_at: Moment | None = None
    open_to: Annotated[list[UUID], Meta(max_length=20)] = msgspec.field(default_factory=list)
    needs_approval: bool = False
    is_draft: bool = False

    def plan(self) -> ShiftPlan:
        """Return the same in the verbs' own terms."""
        return ShiftPlan(**msgspec.structs.asdict(self))


class ShiftTextIn(In):
    """What is said of a shift; its time and places are changed on its slot."""

    briefing: Briefing = ""
    teacher_id: UUID | None = None
    needed_school: OnPost = 0
    needed_police: OnPost = 0


class HolderIn(In):
    """Somebody at a guard post besides the families."""

    side: Side
    name: Name
    unit: Spot = ""


class GuardPostIn(In):
    """Everybody who stands there for the school and the police; replaces who was named."""

    holders: Annotated[list[HolderIn], Meta(max_length=20)]

    def named(self) -> list[Holder]:
        """Return the same in the verbs' own terms."""
        return [Holder(**msgspec.structs.asdict(one)) for one in self.holders]


class GapOut(Out):
    """A side of a guard post that is short: ``family``, ``school`` or ``police``."""

    side: str
    needed: Count
    have: Count


class ShiftItem(Out):
    """A shift in a list. ``slot`` has time, place, places and how it stands for the caller.

    ``declined`` says that the caller is not asked to help here, at their own word.
    """

    duty: str
    station_day_id: UUID | None
    template_id: UUID | None
    teacher: str | None
    gaps: list[GapOut]
    declined: bool
    slot: SlotOut

    @classmethod
    def of(cls, row: dict[str, Any], outlook: Outlook) -> "ShiftItem":
        """Build from a row of ``queries.lists`` and how its slot stands."""
        return cls(**_facts(row, outlook))


class PeerOut(Out):
    """Somebody on the same shift: a surname and the duty, never more."""

    name: str
    duty: str


class HolderOut(Out):
    """Somebody at a guard post besides the families."""

    side: Side
    name: str
    unit: str


class ShiftOut(ShiftItem):
    """A shift with its briefing; who else is there is told to those who have a place."""

    briefing: str
    needed_school: Count
    needed_police: Count
    peers: list[PeerOut]
    holders: list[HolderOut]

    @classmethod
    def detailed(
        cls,
        row: dict[str, Any],
        outlook: Outlook,
        peers: Sequence[dict[str, Any]],
        holders: Sequence[dict[str, Any]],
        *,
        is_over: bool,
    ) -> "ShiftOut":
        """Build from one row; of a discreet shift that is over, little is left."""
        hides = is_over and row["is_discreet"]
        title = outlook.row["title"]
        return cls(
            **_facts(row, outlook),
            briefing="" if hides else row["briefing"],
            needed_school=row["needed_school"],
            needed_police=row["needed_police"],
            peers=[]
            if hides
            else [
                PeerOut(name=rules.called(peer["name"], peer["relation"]), duty=title)
                for peer in peers
            ],
            holders=[HolderOut(**holder) for holder in holders],
        )


def _facts(row: dict[str, Any], outlook: Outlook) -> dict[str, Any]:
    booking = None
    if outlook.booking is not None:
        place = msgspec.json.decode(outlook.booking, type=Place)
        booking = BookingOut.of(place, outlook.ahead, None)
    return {
        "duty": row["duty"],
        "station_day_id": row["station_day_id"],
        "template_id": row["template_id"],
        "teacher": row["teacher"],
        "gaps": gaps_out(row),
        "declined": row["silenced"],
        "slot": SlotOut.of(outlook, booking),
    }


def gaps_out(row: dict[str, Any]) -> list[GapOut]:
    """Return what a guard post lacks."""
    found = rules.gaps(
        row["duty"],
        row["taken"],
        row["minimum"],
        {Side.SCHOOL: row["needed_school"], Side.POLICE: row["needed_police"]},
        {Side.SCHOOL: row["held_school"], Side.POLICE: row["held_police"]},
    )
    return [GapOut(side=gap.side, needed=gap.needed, have=gap.have) for gap in found]


class ShiftPage(Out):
    """A page of shifts, soonest first."""

    items: list[ShiftItem]
    next_cursor: str | None


class StationDayIn(In):
    """A station day to plan; ``organiserId`` is a teacher, else the caller."""

    day: date
    note: Annotated[str, Meta(max_length=500)] = ""
    organiser_id: UUID | None = None


class CancellationIn(In):
    """Why; everybody concerned will read it."""

    reason: Reason


class SummaryIn(In):
    """What became of the day."""

    summary: Annotated[str, Meta(min_length=2, max_length=2000)]


class StationDayOut(Out):
    """One station day (家长驻校日)."""

    id: UUID
    school_id: UUID
    day: date
    state: DayState
    note: str
    summary: str
    reason: str
    organiser_id: UUID

    @classmethod
    def of(cls, day: StationDay) -> "StationDayOut":
        return cls(**{field: getattr(day, field) for field in cls.__struct_fields__})


class StationDayPage(Out):
    """Station days by date."""

    items: list[StationDayOut]


class AnswersOut(Out):
    """Who holds a place on a shift, and whether they said they come; nobody ranked."""

    coming: Count
    unanswered: Count
    items: "list[AnswerOut]"


class AnswerOut(Out):
    """One volunteer as the duty's organiser reaches them; ``phone`` is empty for others."""

    booking_id: UUID
    person_id: UUID
    name: str
    phone: str
    coming: bool | None
    checked_in: bool
    reachable: bool


class CallAnswerIn(In):
    """Whether the caller could help; whoever cannot is not asked for this shift again."""

    willing: bool


class CallAnswerOut(Out):
    """The word that was kept."""

    willing: bool
    answered_at: datetime
