"""The only ways a handler gets a body or a seat."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Body, SeatRole
from backend.committees.queries import seats
from backend.errors import NotAllowed, NotFound
from backend.schools import features
from backend.schools.models import Function
from backend.web.actor import Actor, Role


class BodySight(msgspec.Struct, frozen=True, kw_only=True):
    """A body as the caller may see it (requirements §3.5).

    ``seat``: theirs in it, if any. ``runs``: they found and dissolve it: administrators and
    the principal at a school, officers at a district. ``at_work``: they are on the staff of
    its school. ``officer``: they work for its district. Everybody else who sees it is a
    guardian at its level, and sees what is published.
    """

    body: Any
    seat: Any
    runs: bool
    at_work: bool
    officer: bool

    @property
    def inside(self) -> bool:
        """Whether they see what is in work: agendas, drafts, turnouts."""
        return self.seat is not None or self.runs

    @property
    def chairs(self) -> bool:
        return self.seat is not None and self.seat.role == SeatRole.CHAIR

    @property
    def keeps(self) -> bool:
        """Whether they chair it or keep its papers."""
        return self.seat is not None and self.seat.role in (SeatRole.CHAIR, SeatRole.SECRETARY)


async def body_in_sight(actor: NamedDependency[Actor], body_id: FromPath[UUID]) -> BodySight:
    """A body the caller sits on or runs, one of the school they work at or of their district,
    or one at a level their child belongs to. Raises :class:`NotFound`.
    """
    return await sight_of(actor, await Body.get_or_none(id=body_id))


async def body_to_run(sight: NamedDependency[BodySight]) -> Body:
    """The body, for whoever founds and dissolves it. Raises :class:`NotAllowed`."""
    if not sight.runs:
        raise NotAllowed
    return the(sight)


async def body_to_keep(sight: NamedDependency[BodySight]) -> Body:
    """The body, for its chair or secretary. Raises :class:`NotAllowed`."""
    if not sight.keeps:
        raise NotAllowed
    return the(sight)


async def body_from_inside(sight: NamedDependency[BodySight]) -> Body:
    """The body, for who sits on it or runs it. Raises :class:`NotAllowed`."""
    if not sight.inside:
        raise NotAllowed
    return the(sight)


def the(sight: BodySight) -> Body:
    """Return the body itself."""
    body: Body = sight.body
    return body


async def sight_of(actor: Actor, body: Body | None) -> BodySight:
    """Return what the caller may see of a body. Raises :class:`NotFound`."""
    if body is None:
        raise NotFound
    if body.school_id is not None:
        # Members from outside belong to no school of which the caller could say it.
        await features.check(Function.COMMITTEES, body.school_id)
    seat = await seats.seat_of(actor.person_id, body.id)
    officer = actor.holds(Role.DISTRICT_OFFICER, district=body.district_id)
    sight = BodySight(
        body=body,
        seat=seat,
        runs=officer if body.school_id is None else actor.runs_school(body.school_id),
        at_work=actor.works_at(body.school_id),
        officer=officer,
    )
    if sight.inside:
        return sight
    # What was given up before it began was never anybody else's.
    if body.activated_at is None or not (sight.at_work or officer or _is_level(actor, body)):
        raise NotFound
    return sight


def _is_level(actor: Actor, body: Body) -> bool:
    """Say whether a child of the caller belongs to where the body stands."""
    return body.school_id is not None and any(
        body.node_id in (tie.school_id, tie.grade_id, tie.class_id) for tie in actor.ties
    )
