"""Who writes and reads duty logs, and who sees how much of a hazard."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend import clock
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function, School
from backend.schools.permissions import school_in_sight, stands_above
from backend.volunteering.models import Hazard, HazardMove, HazardState
from backend.volunteering.queries import logs
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules.logs import MEDIATION
from backend.web.actor import Actor


class HazardSight(msgspec.Struct, frozen=True, kw_only=True):
    """One hazard as the caller may see it.

    ``reads``: all of it, notes and names included; ``runs``: decides and assigns; ``owns``:
    puts it right; ``rechecks``: is on duty there now. A reporter sees its state only.
    """

    hazard: Hazard
    reads: bool
    runs: bool
    owns: bool
    rechecks: bool


async def duty_shift(actor: NamedDependency[Actor], shift_id: FromPath[UUID]) -> DutyShift:
    """The shift of a volunteer who has a place on it, or wrote its log.

    Of a mediation nothing is left for its volunteers once it has ended. Raises
    :class:`NotFound`, and :class:`NotAllowed` for the school's staff.
    """
    shift = await _shift(actor, shift_id)
    if shift.booking is None and not shift.has_log:
        raise NotAllowed if actor.works_at(shift.school_id) else NotFound
    if shift.duty == MEDIATION and clock.now() >= shift.ends_at:
        raise NotFound
    return shift


async def shift_to_review(actor: NamedDependency[Actor], shift_id: FromPath[UUID]) -> DutyShift:
    """The shift, for its organiser and whoever runs the school."""
    shift = await _shift(actor, shift_id)
    if _reviews(actor, shift):
        return shift
    at_work = actor.works_at(shift.school_id)
    raise NotAllowed if at_work or shift.booking is not None else NotFound


async def hazard_in_sight(actor: NamedDependency[Actor], hazard_id: FromPath[UUID]) -> HazardSight:
    """A hazard, for the school's staff, its reporter, and whoever is to recheck it now.

    Reporters and volunteers only while they have a child at the school.
    """
    hazard = await Hazard.get_or_none(id=hazard_id)
    if hazard is None or not _belongs(actor, hazard.school_id):
        raise NotFound
    reads = actor.works_at(hazard.school_id)
    rechecked = await _has_rechecked(actor, hazard)
    waits = hazard.state == HazardState.RECHECK
    rechecks = await _is_next(actor, hazard) if waits else rechecked
    reported = hazard.reporter_id == actor.person_id and hazard.withdrawn_at is None
    if not (reads or rechecks or rechecked or reported):
        raise NotFound
    return HazardSight(
        hazard=hazard,
        reads=reads,
        runs=actor.runs_school(hazard.school_id),
        owns=reads and hazard.owner_id == actor.person_id,
        rechecks=rechecks or actor.runs_school(hazard.school_id),
    )


async def hazard_to_run(sight: NamedDependency[HazardSight]) -> Hazard:
    """The hazard, for whoever runs the school."""
    if not sight.runs:
        raise NotAllowed
    return sight.hazard


async def hazard_to_fix(sight: NamedDependency[HazardSight]) -> Hazard:
    """The hazard, for its owner and whoever runs the school."""
    if not (sight.owns or sight.runs):
        raise NotAllowed
    return sight.hazard


async def hazard_to_recheck(sight: NamedDependency[HazardSight]) -> Hazard:
    """The hazard, for the next volunteer on duty there and whoever runs the school.

    Whoever has rechecked it may send the same answer again.
    """
    if not sight.rechecks:
        raise NotAllowed
    return sight.hazard


async def school_of_register(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school, for its staff and for the offices above it, who see counts."""
    school = await school_in_sight(actor, school_id)
    if not (actor.works_at(school.id) or await stands_above(actor, school)):
        raise NotAllowed
    return school


async def _shift(actor: Actor, shift_id: UUID) -> DutyShift:
    shift = await logs.shift_for(shift_id, actor.person_id)
    if shift is None or not _belongs(actor, shift.school_id):
        raise NotFound
    if shift.is_draft and not _reviews(actor, shift):
        raise NotFound
    return shift


def _belongs(actor: Actor, school_id: UUID) -> bool:
    """Say whether the room is open to the caller there: a tie that ended, or is barred, ends it."""
    return school_id in actor.school_ids and school_id not in actor.closed(Function.VOLUNTEERING)


def _reviews(actor: Actor, shift: DutyShift) -> bool:
    organises = actor.works_at(shift.school_id) and shift.organiser_id == actor.person_id
    return organises or actor.runs_school(shift.school_id)


async def _is_next(actor: Actor, hazard: Hazard) -> bool:
    """Say whether the caller is on duty now in the same kind of work, or at the same place."""
    shifts = await logs.on_duty_at(hazard.school_id, actor.person_id, clock.now())
    return any(
        shift.duty == hazard.duty or (hazard.place != "" and shift.place == hazard.place)
        for shift in shifts
    )


async def _has_rechecked(actor: Actor, hazard: Hazard) -> bool:
    return await HazardMove.filter(
        hazard_id=hazard.id, by=actor.person_id, was=HazardState.RECHECK
    ).exists()
