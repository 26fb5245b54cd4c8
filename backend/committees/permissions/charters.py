"""The only ways a handler gets a matter or a version of rules."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Body, Matter, RuleSetVersion
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import School
from backend.schools.permissions import belongs_above
from backend.web.actor import Actor, Role


class RulesSight(msgspec.Struct, frozen=True, kw_only=True):
    """A version of rules, and the body it is for; everybody's is for none."""

    version: Any
    body: Any


async def matter_to_run(actor: NamedDependency[Actor], matter_id: FromPath[UUID]) -> Matter:
    """A school's own matter for whoever runs the school, a district's for its officers.

    Everybody's is nobody's to retire. Raises :class:`NotAllowed` and :class:`NotFound`.
    """
    matter = await Matter.get_or_none(id=matter_id)
    if matter is None:
        raise NotFound
    if matter.school_id is not None:
        school = await School.get(id=matter.school_id)
        if not await belongs_above(actor, school):
            raise NotFound
        if not actor.runs_school(school.id):
            raise NotAllowed
        return matter
    if matter.district_id is None:
        raise NotAllowed
    if matter.district_id not in {seat.district_id for seat in actor.seats}:
        raise NotFound
    if not actor.holds(Role.DISTRICT_OFFICER, district=matter.district_id):
        raise NotAllowed
    return matter


async def rules_in_sight(actor: NamedDependency[Actor], rule_set_id: FromPath[UUID]) -> RulesSight:
    """Everybody's version, or one of a body in sight. Raises :class:`NotFound`."""
    version = await RuleSetVersion.get_or_none(id=rule_set_id)
    if version is None:
        raise NotFound
    if version.body_id is None:
        return RulesSight(version=version, body=None)
    sight = await sight_of(actor, await Body.get_or_none(id=version.body_id))
    return RulesSight(version=version, body=sight.body)


async def body_to_rule(sight: NamedDependency[BodySight]) -> Body:
    """The body, for its chair and for whoever runs it. Raises :class:`NotAllowed`."""
    if not (sight.chairs or sight.runs):
        raise NotAllowed
    body: Body = sight.body
    return body
