"""The only ways a handler gets an agenda item."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import AgendaItem, Seat
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.committees.rules.agenda import PUBLISHED, NotYourItem
from backend.errors import NotAllowed, NotFound
from backend.web.actor import Actor


class ItemSight(msgspec.Struct, frozen=True, kw_only=True):
    """An item as the caller may see it; ``within``: how they see its body."""

    item: Any
    within: BodySight


async def item_in_sight(actor: NamedDependency[Actor], item_id: FromPath[UUID]) -> ItemSight:
    """An item of a body the caller sits on or runs; one that is over and done with, of any
    body in their sight. Raises :class:`NotFound`.
    """
    item = await AgendaItem.get_or_none(id=item_id).select_related("body")
    if item is None:
        raise NotFound
    body: Any = item.body
    within = await sight_of(actor, body)
    if not within.inside and item.state not in PUBLISHED:
        raise NotFound
    return ItemSight(item=item, within=within)


async def item_to_chair(held: NamedDependency[ItemSight]) -> AgendaItem:
    """The item, for the chair. Raises :class:`NotAllowed`."""
    if not held.within.chairs:
        raise NotAllowed
    return _item(held)


async def item_to_keep(held: NamedDependency[ItemSight]) -> AgendaItem:
    """The item, for chair and secretary. Raises :class:`NotAllowed`."""
    if not held.within.keeps:
        raise NotAllowed
    return _item(held)


async def item_to_edit(
    actor: NamedDependency[Actor], held: NamedDependency[ItemSight]
) -> AgendaItem:
    """The item, for whoever proposed it and still belongs to the body.

    Raises :class:`NotYourItem`.
    """
    item = _item(held)
    if not held.within.inside or item.proposer_id != actor.person_id:
        raise NotYourItem
    return item


class SeatAtItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item, and the caller's own seat in its body."""

    item: Any
    seat: Any

    @property
    def seat_id(self) -> UUID:
        seat: Seat = self.seat
        return seat.id


async def item_from_my_seat(held: NamedDependency[ItemSight]) -> SeatAtItem:
    """The item, for whoever has a seat in its body. Raises :class:`NotAllowed`."""
    if held.within.seat is None:
        raise NotAllowed
    return SeatAtItem(item=held.item, seat=held.within.seat)


def _item(held: ItemSight) -> AgendaItem:
    item: AgendaItem = held.item
    return item
