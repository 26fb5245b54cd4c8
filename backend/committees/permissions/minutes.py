"""The only ways a handler gets minutes, the places they are filed at, and their wordings."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Meeting, Minutes, MinutesState
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import School
from backend.schools.permissions import school_in_sight
from backend.web.actor import Actor, Role


class MinutesSight(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting's minutes as the caller may see them; ``within``: how they see its body.

    ``minutes`` is ``None`` for those inside while nothing is drafted yet.
    """

    meeting: Any
    minutes: Any
    within: BodySight


async def minutes_in_sight(
    actor: NamedDependency[Actor], meeting_id: FromPath[UUID]
) -> MinutesSight:
    """Minutes of a meeting whose body is in the caller's sight: confirmed ones; drafts only
    from inside. Raises :class:`NotFound`.
    """
    sight = await _sight(actor, meeting_id)
    if sight.minutes is None:
        raise NotFound
    return sight


async def minutes_to_chair(actor: NamedDependency[Actor], meeting_id: FromPath[UUID]) -> Meeting:
    """The meeting whose minutes the caller confirms and answers for: its chair.

    Raises :class:`NotAllowed`.
    """
    sight = await _sight(actor, meeting_id)
    if not sight.within.chairs:
        raise NotAllowed
    return _meeting(sight)


async def minutes_to_keep(actor: NamedDependency[Actor], meeting_id: FromPath[UUID]) -> Meeting:
    """The meeting whose minutes the caller writes: its chair or secretary.

    Raises :class:`NotAllowed`.
    """
    sight = await _sight(actor, meeting_id)
    if not sight.within.keeps:
        raise NotAllowed
    return _meeting(sight)


async def minutes_to_doubt(actor: NamedDependency[Actor], meeting_id: FromPath[UUID]) -> Meeting:
    """The meeting whose minutes the caller may object to: whoever has a seat.

    Raises :class:`NotAllowed`.
    """
    sight = await _sight(actor, meeting_id)
    if sight.within.seat is None:
        raise NotAllowed
    return _meeting(sight)


async def minutes_to_file(actor: NamedDependency[Actor], meeting_id: FromPath[UUID]) -> Meeting:
    """The meeting whose minutes the caller files: an officer of the district.

    Raises :class:`NotAllowed`.
    """
    sight = await _sight(actor, meeting_id)
    if not sight.within.officer:
        raise NotAllowed
    return _meeting(sight)


async def school_of_minutes(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school, for its administrators, its principal and its district's officers.

    Raises :class:`NotAllowed`.
    """
    school = await school_in_sight(actor, school_id)
    officer = actor.holds(Role.DISTRICT_OFFICER, district=school.district_id)
    if not (officer or actor.runs_school(school.id)):
        raise NotAllowed
    return school


async def _sight(actor: Actor, meeting_id: UUID) -> MinutesSight:
    meeting = await Meeting.get_or_none(id=meeting_id).select_related("body")
    if meeting is None:
        raise NotFound
    body: Any = meeting.body
    within = await sight_of(actor, body)
    minutes = await Minutes.get_or_none(meeting_id=meeting.id)
    if not within.inside and (minutes is None or minutes.state == MinutesState.DRAFT):
        raise NotFound
    return MinutesSight(meeting=meeting, minutes=minutes, within=within)


def _meeting(sight: MinutesSight) -> Meeting:
    meeting: Meeting = sight.meeting
    return meeting
