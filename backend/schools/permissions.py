"""Who may see which part of the tree, and the only functions that hand it to a handler."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotAllowed, NotFound
from backend.schools.models import District, School, SchoolClass, Zone, ZoneMembership
from backend.web.actor import Actor, Role


async def school_in_sight(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """The school of someone who belongs to it, to its district's office or to its zone's.

    Raises :class:`NotFound`.
    """
    school = await School.get_or_none(id=school_id)
    if school is None or not await belongs_above(actor, school):
        raise NotFound
    return school


async def school_to_run(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """The school, for its administrators and its principal. Raises :class:`NotAllowed`."""
    school = await school_in_sight(actor, school_id)
    if not actor.runs_school(school.id):
        raise NotAllowed
    return school


async def school_to_administer(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """The school, for its administrators only: what one person did is not its principal's.

    Raises :class:`NotAllowed`.
    """
    school = await school_in_sight(actor, school_id)
    if not actor.holds(Role.SCHOOL_ADMIN, school=school.id):
        raise NotAllowed
    return school


async def class_in_sight(actor: NamedDependency[Actor], class_id: FromPath[UUID]) -> SchoolClass:
    """A class of a school in sight. Raises :class:`NotFound`."""
    found = await SchoolClass.get_or_none(id=class_id).select_related("school")
    if found is None:
        raise NotFound
    school = found.school
    if not isinstance(school, School) or not await belongs_above(actor, school):
        raise NotFound
    return found


async def district_in_sight(actor: NamedDependency[Actor], district_id: FromPath[UUID]) -> District:
    """The district of someone who works in it or has a child at one of its schools."""
    district = await District.get_or_none(id=district_id)
    if district is None:
        raise NotFound
    if district_id in {seat.district_id for seat in actor.seats}:
        return district
    schools = [tie.school_id for tie in actor.ties]
    if not await School.filter(id__in=schools, district_id=district_id).exists():
        raise NotFound
    return district


async def district_to_run(actor: NamedDependency[Actor], district_id: FromPath[UUID]) -> District:
    """The district, for its officers. Raises :class:`NotAllowed`."""
    district = await district_in_sight(actor, district_id)
    if not actor.holds(Role.DISTRICT_OFFICER, district=district_id):
        raise NotAllowed
    return district


async def zone_to_lead(
    actor: NamedDependency[Actor], district_id: FromPath[UUID], zone_id: FromPath[UUID]
) -> Zone:
    """A zone, for the officers of its district. Raises :class:`NotAllowed`."""
    await district_in_sight(actor, district_id)
    zone = await Zone.get_or_none(id=zone_id, district_id=district_id)
    if zone is None:
        raise NotFound
    if not actor.holds(Role.DISTRICT_OFFICER, district=district_id):
        raise NotAllowed
    return zone


async def belongs_above(actor: Actor, school: School) -> bool:
    """Say whether the caller belongs to the school or to an office above it."""
    return school.id in actor.school_ids or await stands_above(actor, school)


async def stands_above(actor: Actor, school: School) -> bool:
    """Say whether the caller works for the school's district or coordinates its zone."""
    if actor.holds(Role.DISTRICT_OFFICER, district=school.district_id):
        return True
    zones = [
        seat.zone_id for seat in actor.seats if seat.zone_id and seat.role is Role.ZONE_COORDINATOR
    ]
    if not zones:
        return False
    membership = ZoneMembership.filter(school_id=school.id, zone_id__in=zones, until=None)
    return await membership.exists()
