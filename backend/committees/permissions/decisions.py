"""The only way a handler gets a decision."""

from typing import Any
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Decision
from backend.committees.permissions.bodies import sight_of
from backend.errors import NotAllowed, NotFound
from backend.schools import features
from backend.schools.models import Function
from backend.web.actor import Actor


async def decision_to_complete(
    actor: NamedDependency[Actor], decision_id: FromPath[UUID]
) -> Decision:
    """A decision, for its owner, who may have left the body since, and for the chair.

    Raises :class:`NotFound`, and :class:`NotAllowed` for whoever else sees the body.
    """
    decision = await Decision.get_or_none(id=decision_id).select_related("body")
    if decision is None:
        raise NotFound
    body: Any = decision.body
    if decision.owner_id == actor.person_id:
        if body.school_id is not None:
            await features.check(Function.COMMITTEES, body.school_id)
        return decision
    sight = await sight_of(actor, body)
    if not sight.chairs:
        raise NotAllowed if sight.inside else NotFound
    return decision
