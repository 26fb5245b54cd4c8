"""What an organiser sends."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.activities.models import ActivityKind, Delivery
from backend.activities.operations.drafts import Content, SessionPlan
from backend.activities.rules.questions import QuestionKind
from backend.activities.schemas.programmes import (
    MeetingLink,
    Speakers,
    check_way_in,
    programme_of,
)
from backend.bookings.models import Mode
from backend.web.structs import In, Line, Moment, Reason, Title

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Label = Annotated[str, Meta(min_length=1, max_length=60)]
ShortKey = Annotated[str, Meta(min_length=1, max_length=30, pattern=r"^[a-z][a-z0-9_]{0,29}$")]
SeatCount = Annotated[int, Meta(ge=1, le=5_000)]
Nodes = Annotated[list[UUID], Meta(max_length=60)]
PartySize = Annotated[int, Meta(ge=1, le=20)]
MostSessions = Annotated[int, Meta(ge=1, le=20)]


class QuestionIn(In):
    """A question families answer; ``choices`` belong to ``choice``, two to ten of them.

    A ``yes_no`` is answered with ``yes`` or ``no``.
    """

    key: ShortKey
    label: Line
    kind: QuestionKind = QuestionKind.TEXT
    choices: Annotated[list[Label], Meta(max_length=10)] = msgspec.field(default_factory=list)
    required: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        several = len(set(self.choices)) >= 2
        if len(set(self.choices)) != len(self.choices) or several != (
            self.kind is QuestionKind.CHOICE
        ):
            raise ValueError("choices belong to choice questions: two to ten different ones")


class QuotaIn(In):
    """A limit several sessions draw on together: a room, a guide, the whole day."""

    key: ShortKey
    name: Label
    capacity: SeatCount


class ShareIn(In):
    """Places kept for the families of some classes until ``releaseAt``."""

    label: Label
    node_ids: Annotated[list[UUID], Meta(min_length=1, max_length=60)]
    places: SeatCount
    release_at: Moment


class ActivitySessionIn(In):
    """One session: where, when, for how many; ``nodeIds`` narrow the activity's audience.

    ``quotaKeys`` name quotas of the activity; ``hostIds`` are staff who keep the door.
    ``link`` goes with ``online`` and ``both`` and is shown to those whose place is confirmed.
    """

    title: Label
    starts_at: Moment
    ends_at: Moment
    capacity: SeatCount
    room: Annotated[str, Meta(max_length=60)] = ""
    node_ids: Nodes = msgspec.field(default_factory=list)
    quota_keys: Annotated[list[ShortKey], Meta(max_length=10)] = msgspec.field(default_factory=list)
    shares: Annotated[list[ShareIn], Meta(max_length=20)] = msgspec.field(default_factory=list)
    host_ids: Annotated[list[UUID], Meta(max_length=20)] = msgspec.field(default_factory=list)
    speakers: Speakers = msgspec.field(default_factory=list)
    delivery: Delivery = Delivery.ON_SITE
    link: MeetingLink | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ends_at <= self.starts_at:
            raise ValueError("endsAt must be after startsAt")
        if sum(share.places for share in self.shares) > self.capacity:
            raise ValueError("shares keep more places than there are")
        if any(share.release_at > self.starts_at for share in self.shares):
            raise ValueError("releaseAt must not be after startsAt")
        check_way_in(self.delivery, self.link)

    def plan(self) -> SessionPlan:
        """Return the session in the verbs' own terms."""
        return SessionPlan(
            title=self.title,
            room=self.room,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            capacity=self.capacity,
            node_ids=self.node_ids,
            quota_keys=self.quota_keys,
            shares=_plain(self.shares),
            host_ids=self.host_ids,
            programme=programme_of(self.speakers, self.delivery, self.link),
        )


class ActivityIn(In):
    """An activity as its organiser writes it.

    ``nodeIds`` are the school, grades or classes whose families it is for. ``mode``
    ``invited`` is for ``inviteeIds`` and, with ``invitesCommittees``, for the committees
    within the audience. Without ``closesAt`` booking closes when a session starts.
    ``cancelHours`` before its start a place can no longer be given back in time.
    """

    kind: ActivityKind
    title: Title
    node_ids: Annotated[list[UUID], Meta(min_length=1, max_length=60)]
    paragraphs: Annotated[list[Text], Meta(max_length=20)] = msgspec.field(default_factory=list)
    mode: Mode = Mode.FIRST_COME
    needs_approval: bool = False
    invitee_ids: Annotated[list[UUID], Meta(max_length=500)] = msgspec.field(default_factory=list)
    invites_committees: bool = False
    questions: Annotated[list[QuestionIn], Meta(max_length=10)] = msgspec.field(
        default_factory=list
    )
    quotas: Annotated[list[QuotaIn], Meta(max_length=20)] = msgspec.field(default_factory=list)
    max_party: PartySize = 2
    sessions_per_child: MostSessions | None = None
    sessions_per_family: MostSessions | None = None
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    cancel_hours: Annotated[int, Meta(ge=0, le=168)] = 24
    sessions: Annotated[list[ActivitySessionIn], Meta(max_length=60)] = msgspec.field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _once(question.key for question in self.questions)
        _once(quota.key for quota in self.quotas)
        known = {quota.key for quota in self.quotas}
        if any(not set(session.quota_keys) <= known for session in self.sessions):
            raise ValueError("quotaKeys must name quotas of the activity")
        if self.mode is not Mode.INVITED and (self.invitee_ids or self.invites_committees):
            raise ValueError("only an activity by invitation has invited people")
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            raise ValueError("closesAt must be after opensAt")

    def content(self) -> Content:
        """Return what the organiser decided, in the verbs' own terms."""
        return Content(
            kind=self.kind,
            title=self.title,
            paragraphs=self.paragraphs,
            node_ids=self.node_ids,
            mode=self.mode,
            needs_approval=self.needs_approval,
            invitee_ids=self.invitee_ids,
            invites_committees=self.invites_committees,
            questions=_plain(self.questions),
            quotas=_plain(self.quotas),
            max_party=self.max_party,
            sessions_per_child=self.sessions_per_child,
            sessions_per_family=self.sessions_per_family,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            cancel_hours=self.cancel_hours,
            sessions=[session.plan() for session in self.sessions],
        )


class ActivityCancellationIn(In):
    """Why it will not take place; families read it."""

    reason: Reason


class ActivitySummaryIn(In):
    """What came of it, with pictures the organiser has uploaded."""

    text: Annotated[str, Meta(min_length=1, max_length=5000)]
    picture_ids: Annotated[list[UUID], Meta(max_length=12)] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        _once(str(picture) for picture in self.picture_ids)


class ActivityExportIn(In):
    """What the list is needed for; it stays on record."""

    reason: Reason


def _once(keys: Iterable[str]) -> None:
    seen = list(keys)
    if len(set(seen)) != len(seen):
        raise ValueError("each key may be used once")


def _plain(values: list[Any]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = msgspec.to_builtins(values)
    return plain
