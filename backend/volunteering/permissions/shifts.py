"""Who may see and do what in volunteering; the only functions that hand its rows to a handler."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.bookings.models import Slot
from backend.bookings.permissions import sight_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function
from backend.schools.permissions import school_in_sight
from backend.volunteering.models import (
    Shift,
    ShiftCall,
    ShiftTemplate,
    StationDay,
    Volunteer,
)
from backend.volunteering.rules import profiles as rules
from backend.web.actor import Actor, Role


class SchoolSight(msgspec.Struct, frozen=True, kw_only=True):
    """A school as the caller stands to it: running it, working there, or with a child there."""

    school_id: UUID
    runs: bool
    at_work: bool


class ShiftSight(msgspec.Struct, frozen=True, kw_only=True):
    """A shift with its slot; whether the caller runs it, and works at the school."""

    shift: Shift
    slot: Slot
    runs: bool
    at_work: bool


async def volunteering_at(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> SchoolSight:
    """A school the caller works at or has a child at. Offices above it see its counts only.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    return await _sight_from_above(actor, school_id)


async def volunteering_to_run(
    actor: NamedDependency[Actor], school_id: FromPath[UUID]
) -> SchoolSight:
    """A school, for whoever runs it. Raises :class:`NotAllowed`."""
    sight = await _sight_from_above(actor, school_id)
    if not sight.runs:
        raise NotAllowed
    return sight


async def own_volunteering(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> SchoolSight:
    """A school where the caller has a child and has accepted the privacy notice.

    Raises :class:`rules.NotAGuardianHere` and :class:`rules.ConsentFirst`.
    """
    sight = await _sight_from_above(actor, school_id)
    ties = [tie for tie in actor.ties if tie.school_id == school_id]
    if not ties:
        raise rules.NotAGuardianHere
    if not any(tie.consented for tie in ties):
        raise rules.ConsentFirst
    return sight


async def shift_in_sight(actor: NamedDependency[Actor], shift_id: FromPath[UUID]) -> ShiftSight:
    """A shift whose slot the caller may see. Raises :class:`NotFound`."""
    shift, slot = await Shift.get_or_none(id=shift_id), await Slot.get_or_none(id=shift_id)
    if shift is None or slot is None:
        raise NotFound
    sight = await sight_of(actor, slot)
    return ShiftSight(
        shift=shift, slot=slot, runs=sight.runs, at_work=_sight(actor, slot.school_id).at_work
    )


async def shift_to_run(seen: NamedDependency[ShiftSight]) -> ShiftSight:
    """A shift, for its organiser and whoever runs the school. Raises :class:`NotAllowed`."""
    if not seen.runs:
        raise NotAllowed
    return seen


async def shift_of_teacher(
    actor: NamedDependency[Actor], seen: NamedDependency[ShiftSight]
) -> ShiftSight:
    """A shift, for its teacher of record and whoever runs it. Raises :class:`NotAllowed`."""
    if not (seen.runs or (seen.at_work and seen.shift.teacher_id == actor.person_id)):
        raise NotAllowed
    return seen


async def shift_to_answer(
    actor: NamedDependency[Actor], seen: NamedDependency[ShiftSight]
) -> ShiftSight:
    """A shift, for a guardian at its school. Raises :class:`NotAllowed`."""
    if not any(tie.school_id == seen.slot.school_id and tie.consented for tie in actor.ties):
        raise NotAllowed
    return seen


async def day_in_sight(actor: NamedDependency[Actor], day_id: FromPath[UUID]) -> StationDay:
    """A station day; one that was never published is seen by those who run it only."""
    day = await StationDay.get_or_none(id=day_id)
    if day is None:
        raise NotFound
    _sight(actor, day.school_id)
    if day.published_at is None and not runs_day(actor, day):
        raise NotFound
    return day


async def day_to_run(actor: NamedDependency[Actor], day: NamedDependency[StationDay]) -> StationDay:
    """A station day, for its organiser and whoever runs the school."""
    if not runs_day(actor, day):
        raise NotAllowed
    return day


async def template_to_run(
    actor: NamedDependency[Actor], template_id: FromPath[UUID]
) -> ShiftTemplate:
    """A template, for whoever runs its school."""
    template = await ShiftTemplate.get_or_none(id=template_id)
    if template is None or not _sight(actor, template.school_id).runs:
        raise NotFound
    return template


async def volunteer_to_run(
    actor: NamedDependency[Actor], volunteer_id: FromPath[UUID]
) -> Volunteer:
    """A volunteer's profile, for whoever runs the school."""
    volunteer = await Volunteer.get_or_none(id=volunteer_id)
    if volunteer is None or not _sight(actor, volunteer.school_id).runs:
        raise NotFound
    return volunteer


async def own_profile(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> Volunteer:
    """The caller's own profile at a school. Raises :class:`NotFound`."""
    _sight(actor, school_id)
    volunteer = await Volunteer.get_or_none(school_id=school_id, person_id=actor.person_id)
    if volunteer is None:
        raise NotFound
    return volunteer


def may_telephone(actor: Actor, school_id: UUID, organiser_id: UUID | None = None) -> bool:
    """Say whether volunteers' numbers are the caller's: an administrator's, an organiser's."""
    organises = organiser_id == actor.person_id and _sight(actor, school_id).at_work
    return organises or actor.holds(Role.SCHOOL_ADMIN, school=school_id)


def runs_day(actor: Actor, day: StationDay) -> bool:
    """Say whether the caller runs the school, or organises the day and still works there."""
    sight = _sight(actor, day.school_id)
    return sight.runs or (sight.at_work and day.organiser_id == actor.person_id)


def _sight(actor: Actor, school_id: UUID) -> SchoolSight:
    if school_id not in actor.school_ids or school_id in actor.closed(Function.VOLUNTEERING):
        raise NotFound
    at_work = actor.works_at(school_id)
    return SchoolSight(school_id=school_id, runs=actor.runs_school(school_id), at_work=at_work)


async def _sight_from_above(actor: Actor, school_id: UUID) -> SchoolSight:
    """Return the sight of a school named in a path.

    Offices above the school know that it exists, so they are refused rather than told there
    is nothing (requirements §3.5). Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    if school_id not in actor.school_ids:
        await school_in_sight(actor, school_id)
        raise NotAllowed
    return _sight(actor, school_id)


async def call_in_sight(run: NamedDependency[ShiftSight]) -> ShiftCall:
    """The call for helpers with a shift the caller runs. Raises :class:`NotFound`."""
    call = await ShiftCall.get_or_none(shift_id=run.shift.id)
    if call is None:
        raise NotFound
    return call
