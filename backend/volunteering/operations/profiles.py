"""Volunteers: applying, being approved, pausing, leaving; and what that lets them book."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings.operations import places, qualifications, slots
from backend.database import fetch, transaction
from backend.errors import Refusal
from backend.volunteering.models import SkillState, Volunteer, VolunteerDuty, VolunteerState
from backend.volunteering.notify import profiles as notify
from backend.volunteering.operations.kinds import check_known, settings_of
from backend.volunteering.rules import profiles as rules


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a parent says of themselves."""

    duties: Sequence[str] = ()
    skills: Sequence[str] = ()
    weekdays: Sequence[int] = ()
    mentor_offers: Sequence[str] = ()
    lecture_topics: Sequence[str] = ()
    note: str = ""


async def apply(school_id: UUID, person_id: UUID, profile: Profile) -> Volunteer:
    """Apply, or change what the profile says; where the school wants it, approved at once.

    Duties that need the school's word are wishes until it is given; a duty no longer wished
    is no longer allowed. Raises :class:`rules.WrongVolunteerState` and ``UnknownKind``.
    """
    async with transaction():
        await check_known(school_id, profile.duties)
        volunteer = await _locked_or_new(school_id, person_id)
        if volunteer.state in rules.APPLY.begins:
            volunteer.state, volunteer.reason = VolunteerState.APPLIED, ""
            volunteer.applied_at = clock.now()
        rules.check_editable(VolunteerState(volunteer.state))
        volunteer.skills = sorted(set(profile.skills))
        volunteer.weekdays = sorted(set(profile.weekdays))
        volunteer.mentor_offers = sorted(set(profile.mentor_offers))
        volunteer.lecture_topics = sorted(set(profile.lecture_topics))
        volunteer.note = profile.note
        await _wish(volunteer, profile.duties)
        settings = await settings_of(school_id)
        if volunteer.state == VolunteerState.APPLIED and settings.auto_approve:
            await _approve(volunteer, None)
        await volunteer.save()
        await _qualify(volunteer, None)
        await record(
            "volunteering.applied", "volunteer", volunteer.id, by=person_id, school_id=school_id,
            state=volunteer.state,
        )  # fmt: skip
        return volunteer


async def _locked_or_new(school_id: UUID, person_id: UUID) -> Volunteer:
    await Volunteer.bulk_create(
        [Volunteer(school_id=school_id, person_id=person_id, state=VolunteerState.APPLIED)],
        ignore_conflicts=True,
    )
    return await Volunteer.select_for_update().get(school_id=school_id, person_id=person_id)


async def _wish(volunteer: Volunteer, duties: Sequence[str]) -> None:
    own = VolunteerDuty.filter(volunteer_id=volunteer.id)
    await own.exclude(duty__in=[*duties, ""]).delete()
    await _add(volunteer, duties)


async def decide(
    volunteer_id: UUID,
    *,
    approved: bool,
    reason: str = "",
    duties: Sequence[str] = (),
    by: UUID,
) -> Volunteer:
    """Approve, with the duties the volunteer may do of those wished for, or reject.

    Somebody suspended is taken back by approval. Asked twice, the duties are settled anew.
    Raises :class:`rules.WrongVolunteerState` and ``UnknownKind``.
    """
    async with transaction():
        volunteer = await Volunteer.select_for_update().get(id=volunteer_id)
        await check_known(volunteer.school_id, duties)
        if not approved:
            changed = rules.moves(VolunteerState(volunteer.state), rules.REJECT)
            volunteer.state, volunteer.reason = VolunteerState.REJECTED, reason
        else:
            changed = volunteer.state not in (VolunteerState.APPROVED, VolunteerState.ACTIVE)
            if changed:
                rules.moves(VolunteerState(volunteer.state), rules.APPROVE)
                await _approve(volunteer, by)
            await _allow(volunteer, duties)
        volunteer.decided_by, volunteer.decided_at = by, clock.now()
        await volunteer.save()
        await _qualify(volunteer, by)
        if changed:
            await notify.decided(volunteer)
        await record(
            "volunteering.decided", "volunteer", volunteer.id, by=by,
            school_id=volunteer.school_id, state=volunteer.state, duties=sorted(duties),
        )  # fmt: skip
        return volunteer


async def _allow(volunteer: Volunteer, duties: Sequence[str]) -> None:
    """Settle every wish; a duty the school adds by itself is allowed too."""
    await _add(volunteer, duties)
    own = VolunteerDuty.filter(volunteer_id=volunteer.id)
    await own.filter(duty__in=list(duties)).update(state=SkillState.APPROVED)
    await own.exclude(duty__in=[*duties, ""]).update(state=SkillState.REFUSED)


async def _add(volunteer: Volunteer, duties: Sequence[str]) -> None:
    await VolunteerDuty.bulk_create(
        [VolunteerDuty(volunteer_id=volunteer.id, duty=duty) for duty in sorted(set(duties))],
        ignore_conflicts=True,
    )


async def _approve(volunteer: Volunteer, by: UUID | None) -> None:
    volunteer.state, volunteer.reason = VolunteerState.APPROVED, ""
    volunteer.decided_by, volunteer.decided_at = by, clock.now()
    if not await _lacks_training(volunteer):
        volunteer.state = VolunteerState.ACTIVE


async def _lacks_training(volunteer: Volunteer) -> bool:
    settings = await settings_of(volunteer.school_id)
    held = await fetch(
        "SELECT key FROM qualifications WHERE person_id = $1 AND school_id = $2 "
        "AND (valid_until IS NULL OR valid_until > $3)",
        volunteer.person_id, volunteer.school_id, clock.now(),
    )  # fmt: skip
    return not set(settings.training) <= {row["key"] for row in held}


async def _qualify(volunteer: Volunteer, by: UUID | None) -> None:
    """Let the volunteer book what their state and their approved duties allow, and no more."""
    person, school = volunteer.person_id, volunteer.school_id
    keys = []
    if volunteer.state == VolunteerState.ACTIVE:
        allowed = await VolunteerDuty.filter(volunteer_id=volunteer.id, state=SkillState.APPROVED)
        keys = ["volunteer", *(f"duty:{duty.duty}" for duty in allowed)]
    held = await fetch(
        "SELECT key FROM qualifications WHERE person_id = $1 AND school_id = $2 "
        "AND (key = 'volunteer' OR key LIKE 'duty:%')",
        person, school,
    )  # fmt: skip
    if {row["key"] for row in held} == set(keys):
        return
    await qualifications.revoke(person, school, prefix="volunteer")
    await qualifications.revoke(person, school, prefix="duty:")
    for key in sorted(set(keys)):
        await qualifications.grant(person, school, key, by=by)


async def move(
    volunteer_id: UUID, change: rules.Move, *, by: UUID | None, reason: str = ""
) -> Volunteer:
    """Pause, resume, leave or suspend. Leaving and being suspended give future places back.

    Raises :class:`rules.WrongVolunteerState`.
    """
    async with transaction():
        volunteer = await Volunteer.select_for_update().get(id=volunteer_id)
        if not rules.moves(VolunteerState(volunteer.state), change):
            return volunteer
        volunteer.state, volunteer.reason = change.ends, reason
        if change is rules.SUSPEND:
            volunteer.decided_by, volunteer.decided_at = by, clock.now()
        await volunteer.save()
        await _qualify(volunteer, by)
        if change.ends in (VolunteerState.LEFT, VolunteerState.SUSPENDED):
            cause = "cancelled" if by is not None else "tie_ended"
            await release(volunteer, by=by, cause=cause)
        if change is rules.SUSPEND:
            await notify.decided(volunteer)
        await record(
            f"volunteering.{change.ends}", "volunteer", volunteer.id, by=by,
            school_id=volunteer.school_id, reason=reason,
        )  # fmt: skip
        return volunteer


async def release(volunteer: Volunteer, *, by: UUID | None, cause: str) -> int:
    """Give back the volunteer's places on shifts to come, in the caller's transaction.

    Returns how many.
    """
    freed = 0
    ahead = await fetch(_AHEAD, volunteer.person_id, volunteer.school_id, clock.now())
    await slots.hold([row["slot_id"] for row in ahead])
    for row in ahead:
        try:
            gone = await places.cancel(row["slot_id"], volunteer.person_id, by=by, cause=cause)
        except Refusal:
            # It began or they were let in meanwhile: they are there, and that stands.
            continue
        freed += gone is not None
    return freed


async def activate_trained(volunteer_id: UUID) -> bool:
    """Make an approved volunteer active once their training is complete; jobs call it."""
    async with transaction():
        volunteer = await Volunteer.select_for_update(skip_locked=True).get_or_none(
            id=volunteer_id, state=VolunteerState.APPROVED
        )
        if volunteer is None or await _lacks_training(volunteer):
            return False
        volunteer.state = VolunteerState.ACTIVE
        await volunteer.save(update_fields=["state"])
        await _qualify(volunteer, None)
        await notify.decided(volunteer)
        return True


async def end_without_child(volunteer_id: UUID) -> bool:
    """End the profile of somebody who has no child at the school any more (Q31); jobs call it."""
    async with transaction():
        volunteer = await Volunteer.select_for_update(skip_locked=True).get_or_none(id=volunteer_id)
        if volunteer is None or await _has_child(volunteer):
            return False
        if volunteer.state in rules.LEAVE.begins:
            await move(volunteer.id, rules.LEAVE, by=None, reason="guardianship_ended")
        else:
            await release(volunteer, by=None, cause="tie_ended")
        return True


async def _has_child(volunteer: Volunteer) -> bool:
    return bool(
        await fetch(
            "SELECT 1 FROM family_ties WHERE person_id = $1 AND school_id = $2 LIMIT 1",
            volunteer.person_id,
            volunteer.school_id,
        )
    )


_AHEAD = """
SELECT b.slot_id FROM bookings b JOIN slots s ON s.id = b.slot_id AND s.kind = 'shift'
WHERE b.person_id = $1 AND b.school_id = $2 AND b.starts_at > $3
  AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered')
ORDER BY b.slot_id
"""
