"""What a phone sees of a volunteer's profile, and what parents and the school send."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.volunteering.models import MentorOffer, SkillState, VolunteerState
from backend.volunteering.operations.profiles import Profile
from backend.volunteering.schemas.shifts import DutyKey
from backend.web.structs import In, Out, Reason, check_text

Skill = Annotated[str, Meta(min_length=1, max_length=20)]
Topic = Annotated[str, Meta(min_length=1, max_length=40)]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Weekdays = Annotated[list[Weekday], Meta(max_length=7)]
Duties = Annotated[list[DutyKey], Meta(max_length=30)]


class VolunteerIn(In):
    """What a parent offers: duties wished for, weekdays free (1 is Monday), and more.

    ``mentorOffers`` are for pupils (家长导师), ``lectureTopics`` for families (家长讲师团).
    """

    duties: Duties = msgspec.field(default_factory=list)
    skills: Annotated[list[Skill], Meta(max_length=10)] = msgspec.field(default_factory=list)
    weekdays: Weekdays = msgspec.field(default_factory=list)
    mentor_offers: Annotated[list[MentorOffer], Meta(max_length=3)] = msgspec.field(
        default_factory=list
    )
    lecture_topics: Annotated[list[Topic], Meta(max_length=5)] = msgspec.field(default_factory=list)
    note: Annotated[str, Meta(max_length=300)] = ""

    def profile(self) -> Profile:
        """Return the same in the verbs' own terms."""
        return Profile(**msgspec.structs.asdict(self))


class VolunteerDecisionIn(In):
    """Yes, with the duties allowed; or no, with a reason."""

    approved: bool
    duties: Duties = msgspec.field(default_factory=list)
    reason: Reason | None = None

    def __post_init__(self) -> None:
        check_text("reason", self.reason)
        if not self.approved and self.reason is None:
            raise ValueError("reason is needed to decline")


class SuspensionIn(In):
    """Why; the volunteer will read it."""

    reason: Reason


class WishedDuty(Out):
    """A duty wished for, and what the school says to it."""

    duty: str
    state: SkillState


class VolunteerOut(Out):
    """A volunteer's profile (成长合伙人). ``lacking`` names training still to be finished."""

    id: UUID
    school_id: UUID
    person_id: UUID
    name: str
    state: VolunteerState
    reason: str
    duties: list[WishedDuty]
    skills: list[str]
    weekdays: list[int]
    mentor_offers: list[MentorOffer]
    lecture_topics: list[str]
    note: str
    lacking: list[str]
    applied_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "VolunteerOut":
        """Build from a row of ``queries.lists``."""
        shown = {field: row[field] for field in cls.__struct_fields__}
        duties = msgspec.json.decode(row["duties"], type=list[WishedDuty])
        return cls(**shown | {"duties": duties})


class VolunteerPage(Out):
    """A page of a school's volunteers, by the day they applied."""

    items: list[VolunteerOut]
    next_cursor: str | None


class VolunteerContactOut(Out):
    """How the school's administrator reaches a volunteer; ``phone`` is empty for others."""

    volunteer: VolunteerOut
    phone: str
