"""Making the tree: districts, zones, towns, schools, grades, classes, departments.

Every verb may be repeated: what exists under the same name is returned as it is.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.schools import rules
from backend.schools.models import (
    Department,
    District,
    Grade,
    School,
    SchoolClass,
    Stage,
    Town,
    Zone,
    ZoneMembership,
)


async def create_district(code: str, name: str, *, timezone: str = "Asia/Shanghai") -> District:
    """Create a district, known by its code."""
    district, _ = await District.get_or_create(
        code=code, defaults={"name": name, "timezone": timezone}
    )
    return district


async def create_town(district_id: UUID, name: str) -> Town:
    town, _ = await Town.get_or_create(district_id=district_id, name=name)
    return town


async def create_school(
    district_id: UUID, code: str, name: str, stage: Stage, *, town_id: UUID | None = None
) -> School:
    """Create a school, known by its code."""
    school, _ = await School.get_or_create(
        code=code,
        defaults={"district_id": district_id, "name": name, "stage": stage, "town_id": town_id},
    )
    return school


async def create_grade(school_id: UUID, name: str, position: int) -> Grade:
    """Create a grade; grades are shown in the order of ``position``."""
    grade, _ = await Grade.get_or_create(
        school_id=school_id, name=name, defaults={"position": position}
    )
    return grade


async def create_class(grade_id: UUID, name: str) -> SchoolClass:
    """Create a class in a grade. Raises :class:`NotFound` for an unknown grade."""
    grade = await Grade.get_or_none(id=grade_id)
    if grade is None:
        raise NotFound
    made, _ = await SchoolClass.get_or_create(
        grade_id=grade.id, name=name, defaults={"school_id": grade.school_id}
    )
    return made


async def create_departments(
    district_id: UUID, departments: Sequence[tuple[str, Sequence[str]]]
) -> list[Department]:
    """Write the member departments, each a name and its aliases, in their order."""
    async with transaction():
        return [
            (
                await Department.update_or_create(
                    district_id=district_id,
                    name=name,
                    defaults={"aliases": list(aliases), "position": position},
                )
            )[0]
            for position, (name, aliases) in enumerate(departments, start=1)
        ]


async def create_zone(
    district_id: UUID, name: str, *, lead_id: UUID, member_ids: Sequence[UUID], since: date
) -> Zone:
    """Create a zone with its members and its lead school, all at once.

    Raises :class:`rules.LeadNotAMember`, :class:`rules.OtherDistrict` and
    :class:`rules.InAnotherZone`.
    """
    rules.check_lead(lead_id, member_ids)
    async with transaction():
        if existing := await Zone.get_or_none(district_id=district_id, name=name):
            return existing
        zone = await Zone.create(district_id=district_id, name=name)
        for school_id in sorted(member_ids):
            await _join(zone, school_id, since)
        zone.lead_school_id = lead_id
        await zone.save(update_fields=["lead_school_id"])
        return zone


async def join_zone(zone_id: UUID, school_id: UUID, since: date) -> None:
    """Make a school a member of a zone from ``since`` on; a member stays one.

    Raises :class:`rules.OtherDistrict` and :class:`rules.InAnotherZone`.
    """
    async with transaction():
        await _join(await _locked(zone_id), school_id, since)


async def leave_zone(zone_id: UUID, school_id: UUID, until: date) -> None:
    """End a membership. Raises :class:`rules.LeadCannotLeave`."""
    async with transaction():
        zone = await _locked(zone_id)
        if zone.lead_school_id == school_id:
            raise rules.LeadCannotLeave
        await ZoneMembership.filter(zone_id=zone.id, school_id=school_id, until=None).update(
            until=until
        )


async def set_lead(zone_id: UUID, school_id: UUID, *, by: UUID | None) -> Zone:
    """Name the zone's lead school. Raises :class:`rules.LeadNotAMember`."""
    async with transaction():
        zone = await _locked(zone_id)
        if zone.lead_school_id == school_id:
            return zone
        members = await ZoneMembership.filter(zone_id=zone.id, until=None)
        rules.check_lead(school_id, {member.school_id for member in members})
        zone.lead_school_id = school_id
        await zone.save(update_fields=["lead_school_id"])
        await record("schools.lead_set", "zone", zone.id, by=by, school_id=school_id)
        return zone


async def _locked(zone_id: UUID) -> Zone:
    zone = await Zone.select_for_update().get_or_none(id=zone_id)
    if zone is None:
        raise NotFound
    return zone


async def _join(zone: Zone, school_id: UUID, since: date) -> None:
    # The school is the gate: two zones that want it at once ask one after the other.
    school = await School.select_for_update(no_key=True).get_or_none(id=school_id)
    if school is None or school.district_id != zone.district_id:
        raise rules.OtherDistrict
    current = await ZoneMembership.get_or_none(school_id=school_id, until=None)
    if current is None:
        await ZoneMembership.create(zone_id=zone.id, school_id=school_id, since=since)
    elif current.zone_id != zone.id:
        raise rules.InAnotherZone
