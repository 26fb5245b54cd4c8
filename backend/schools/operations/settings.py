"""What a school decides for itself: its functions, its approvals, its quiet hours."""

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.schools import rules
from backend.schools.models import Approval, FeatureSwitch, Function, School


async def switch_functions(
    school_id: UUID, wanted: Mapping[Function, bool], *, by: UUID | None
) -> None:
    """Switch the named functions; those not named stay as they are."""
    async with transaction():
        await _locked(school_id)
        for function, is_on in wanted.items():
            await FeatureSwitch.update_or_create(
                school_id=school_id, function=function, defaults={"is_on": is_on}
            )
        functions = {function.value: is_on for function, is_on in wanted.items()}
        await record(
            "schools.functions_switched",
            "school",
            school_id,
            by=by,
            school_id=school_id,
            functions=functions,
        )


async def decide_manners(
    school_id: UUID,
    *,
    notice_approval: Approval,
    quiet_hours: tuple[time, time] | None,
    by: UUID | None,
) -> School:
    """Set which notices need approval, and from when until when the school is quiet."""
    async with transaction():
        school = await _locked(school_id)
        school.notice_approval = notice_approval
        school.quiet_hours = quiet_hours
        await school.save(update_fields=["notice_approval", "quiet_from", "quiet_until"])
        await record(
            "schools.manners_decided",
            "school",
            school_id,
            by=by,
            school_id=school_id,
            notice_approval=notice_approval,
        )
        return school


async def set_pilot(school_id: UUID, starts_on: date, ends_on: date | None) -> School:
    """Record the dates of the school's pilot. Raises :class:`rules.DatesOutOfOrder`."""
    if ends_on is not None:
        rules.check_dates(starts_on, ends_on)
    async with transaction():
        school = await _locked(school_id)
        school.pilot_from, school.pilot_until = starts_on, ends_on
        await school.save(update_fields=["pilot_from", "pilot_until"])
        return school


async def _locked(school_id: UUID) -> School:
    school = await School.select_for_update(no_key=True).get_or_none(id=school_id)
    if school is None:
        raise NotFound
    return school
