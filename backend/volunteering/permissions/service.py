"""Whose hours of service, and whose certificates, the caller may see."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotAllowed, NotFound
from backend.schools.models import School
from backend.schools.permissions import school_in_sight, stands_above
from backend.volunteering.models import ServiceCertificate
from backend.volunteering.queries import service
from backend.web.actor import Actor, Role


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who volunteers, or has, at a school the caller administers."""

    school: School
    person_id: UUID
    name: str


async def school_to_total(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school, for whoever runs it and for the offices above it: totals are theirs alone."""
    school = await school_in_sight(actor, school_id)
    if not (actor.runs_school(school.id) or await stands_above(actor, school)):
        raise NotAllowed
    return school


async def school_to_certify(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school, for its administrators: whose hours are certified is not its principal's."""
    school = await school_in_sight(actor, school_id)
    if not actor.holds(Role.SCHOOL_ADMIN, school=school.id):
        raise NotAllowed
    return school


async def server_at_school(
    actor: NamedDependency[Actor], school_id: FromPath[UUID], person_id: FromPath[UUID]
) -> Server:
    """One person's service, for the school's administrators only (not its principal)."""
    school = await school_to_certify(actor, school_id)
    name = await service.has_served(person_id, school.id)
    if name is None:
        raise NotFound
    return Server(school=school, person_id=person_id, name=name)


async def my_certificate(
    actor: NamedDependency[Actor], certificate_id: FromPath[UUID]
) -> ServiceCertificate:
    """A certificate of the caller's own; anybody else's does not exist here."""
    found = await ServiceCertificate.get_or_none(id=certificate_id, person_id=actor.person_id)
    if found is None:
        raise NotFound
    return found


async def certificate_to_revoke(
    actor: NamedDependency[Actor], certificate_id: FromPath[UUID]
) -> ServiceCertificate:
    """A certificate of a school the caller runs; its holder may see it but not revoke it."""
    found = await ServiceCertificate.get_or_none(id=certificate_id)
    if found is None:
        raise NotFound
    if actor.runs_school(found.school_id):
        return found
    raise NotAllowed if found.person_id == actor.person_id else NotFound
