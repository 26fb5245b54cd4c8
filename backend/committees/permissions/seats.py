"""The only ways a handler gets a seat by its id."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Body, Seat, SeatState
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor


class SeatSight(msgspec.Struct, frozen=True, kw_only=True):
    """A seat, and the body it is in, as the caller may see it."""

    seat: Any
    sight: BodySight


async def seat_in_sight(actor: NamedDependency[Actor], seat_id: FromPath[UUID]) -> SeatSight:
    """A seat of a body in sight; those outside know only of seats that serve, and all of
    their own. Raises :class:`NotFound`.
    """
    seat = await Seat.get_or_none(id=seat_id)
    if seat is None:
        raise NotFound
    sight = await sight_of(actor, await Body.get_or_none(id=seat.body_id))
    if not (sight.inside or seat.state == SeatState.SERVING or seat.person_id == actor.person_id):
        raise NotFound
    return SeatSight(seat=seat, sight=sight)


async def seat_to_run(seen: NamedDependency[SeatSight]) -> Seat:
    """The seat, for whoever runs its body. Raises :class:`NotAllowed`."""
    if not seen.sight.runs:
        raise NotAllowed
    seat: Seat = seen.seat
    return seat


async def own_seat(actor: NamedDependency[Actor], seen: NamedDependency[SeatSight]) -> Seat:
    """The seat, for whoever holds it. Raises :class:`NotAllowed`."""
    if seen.seat.person_id != actor.person_id:
        raise NotAllowed
    seat: Seat = seen.seat
    return seat


async def body_to_hand_over(sight: NamedDependency[BodySight]) -> Body:
    """The body, for its chair and for whoever runs it. Raises :class:`NotAllowed`."""
    if not (sight.chairs or sight.runs):
        raise NotAllowed
    body: Body = sight.body
    return body
