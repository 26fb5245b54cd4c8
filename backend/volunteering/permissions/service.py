"""Whose hours of service the caller may see."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotAllowed, NotFound
from backend.schools.models import School
from backend.schools.permissions import school_in_sight, school_to_administer, stands_above
from backend.volunteering.queries import service
from backend.web.actor import Actor


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


async def server_at_school(
    actor: NamedDependency[Actor], school_id: FromPath[UUID], person_id: FromPath[UUID]
) -> Server:
    """One person's service, for the school's administrators only (not its principal)."""
    school = await school_to_administer(actor, school_id)
    name = await service.has_served(person_id, school.id)
    if name is None:
        raise NotFound
    return Server(school=school, person_id=person_id, name=name)
