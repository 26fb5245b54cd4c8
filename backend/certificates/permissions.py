"""Whose certificates the caller may see, list and revoke."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.certificates.models import Certificate
from backend.errors import NotAllowed, NotFound
from backend.schools.models import District
from backend.schools.permissions import district_in_sight
from backend.web.actor import Actor, Role


async def district_to_certify(
    actor: NamedDependency[Actor], district_id: FromPath[UUID]
) -> District:
    """A district, for its officers. Raises ``NotFound`` and ``NotAllowed``."""
    district = await district_in_sight(actor, district_id)
    if not actor.holds(Role.DISTRICT_OFFICER, district=district.id):
        raise NotAllowed
    return district


async def my_certificate(
    actor: NamedDependency[Actor], certificate_id: FromPath[UUID]
) -> Certificate:
    """A certificate of the caller's own; anybody else's does not exist here."""
    found = await Certificate.get_or_none(id=certificate_id, person_id=actor.person_id)
    if found is None:
        raise NotFound
    return found


async def certificate_to_revoke(
    actor: NamedDependency[Actor], certificate_id: FromPath[UUID]
) -> Certificate:
    """A certificate of a school the caller runs, or of the district itself for its officers.

    Its holder may see it but not revoke it: they are told so.
    """
    found = await Certificate.get_or_none(id=certificate_id)
    if found is None:
        raise NotFound
    if _speaks_for_issuer(actor, found):
        return found
    raise NotAllowed if found.person_id == actor.person_id else NotFound


def _speaks_for_issuer(actor: Actor, certificate: Certificate) -> bool:
    if certificate.school_id is not None:
        return actor.runs_school(certificate.school_id)
    return actor.holds(Role.DISTRICT_OFFICER, district=certificate.district_id)
