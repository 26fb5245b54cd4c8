"""The only ways a handler gets a meeting."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Meeting
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.committees.rules.meetings import TO_OTHERS
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor


class MeetingSight(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting as the caller may see it; ``within``: how they see its body."""

    meeting: Any
    within: BodySight


async def meeting_in_sight(
    actor: NamedDependency[Actor], meeting_id: FromPath[UUID]
) -> MeetingSight:
    """A meeting of a body the caller sits on or runs; one that takes place or did, of any
    body in their sight. Raises :class:`NotFound`.
    """
    meeting = await Meeting.get_or_none(id=meeting_id).select_related("body")
    if meeting is None:
        raise NotFound
    body: Any = meeting.body
    within = await sight_of(actor, body)
    if not within.inside and meeting.state not in TO_OTHERS:
        raise NotFound
    return MeetingSight(meeting=meeting, within=within)


async def meeting_to_keep(gathering: NamedDependency[MeetingSight]) -> Meeting:
    """The meeting, for chair and secretary. Raises :class:`NotAllowed`."""
    if not gathering.within.keeps:
        raise NotAllowed
    return _meeting(gathering)


async def meeting_from_inside(gathering: NamedDependency[MeetingSight]) -> Meeting:
    """The meeting, for who sits on its body or runs it. Raises :class:`NotAllowed`."""
    if not gathering.within.inside:
        raise NotAllowed
    return _meeting(gathering)


class SeatAtMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting, and the caller's own seat in its body."""

    meeting: Any
    seat: Any


async def meeting_from_my_seat(gathering: NamedDependency[MeetingSight]) -> SeatAtMeeting:
    """The meeting, for whoever has a seat in its body. Raises :class:`NotAllowed`."""
    if gathering.within.seat is None:
        raise NotAllowed
    return SeatAtMeeting(meeting=gathering.meeting, seat=gathering.within.seat)


def _meeting(gathering: MeetingSight) -> Meeting:
    meeting: Meeting = gathering.meeting
    return meeting
