"""A session's programme and recording, in and out."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.activities.models import Delivery, LecturerKind
from backend.activities.operations.programmes import Programme
from backend.web.structs import In, Name, Out

MeetingLink = Annotated[
    str,
    Meta(
        min_length=9,
        max_length=500,
        pattern=r"^https://[A-Za-z0-9.\-]+(:[0-9]{1,5})?([/?#][!-~]*)?$",
    ),
]
"""An https address without a user name in front of its host."""
SpeakerTitle = Annotated[str, Meta(max_length=60)]


class SpeakerIn(In):
    """Who speaks, as families read it. ``personId`` names a volunteer's or teacher's account
    of this school, where they have one.
    """

    name: Name
    title: SpeakerTitle = ""
    kind: LecturerKind = LecturerKind.OTHER
    person_id: UUID | None = None


Speakers = Annotated[list[SpeakerIn], Meta(max_length=10)]


class SessionProgrammeIn(In):
    """Who speaks and where one takes part. ``link`` goes with ``online`` and ``both``; only
    those whose place is confirmed get to see it.
    """

    speakers: Speakers = msgspec.field(default_factory=list)
    delivery: Delivery = Delivery.ON_SITE
    link: MeetingLink | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_way_in(self.delivery, self.link)

    def programme(self) -> Programme:
        """Return it in the verbs' own terms."""
        return programme_of(self.speakers, self.delivery, self.link)


class SessionRecordingIn(In):
    """A video the organiser has uploaded, prepared by now."""

    attachment_id: UUID


class SpeakerOut(Out):
    """Who speaks; ``personId`` is shown to those who answer for the activity."""

    name: str
    title: str
    kind: LecturerKind
    person_id: UUID | None

    @classmethod
    def of(cls, stored: dict[str, Any], *, manages: bool) -> "SpeakerOut":
        """Show a stored speaker."""
        person = stored["personId"] if manages else None
        return cls(
            name=stored["name"],
            title=stored["title"],
            kind=LecturerKind(stored["kind"]),
            person_id=UUID(person) if person else None,
        )


def check_way_in(delivery: Delivery, link: str | None) -> None:
    """Raise ``ValueError`` for a link that nobody could use, or that ends in a line break."""
    if link is not None and delivery is Delivery.ON_SITE:
        raise ValueError("link goes with an online session only")
    if link is not None and link != link.strip():
        raise ValueError("link must not have spaces around it")


def programme_of(speakers: list[SpeakerIn], delivery: Delivery, link: str | None) -> Programme:
    """Return a programme in the verbs' own terms."""
    plain: list[dict[str, Any]] = msgspec.to_builtins(speakers)
    return Programme(speakers=plain, delivery=delivery, link=link or "")
