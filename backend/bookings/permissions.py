"""Who may see a slot, who runs it, and the only functions that hand its rows to a handler."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.bookings.models import Booking, Slot, SlotKind, SlotState, StandIn
from backend.bookings.queries.outlook import reach_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function
from backend.web.actor import STAFF, Actor

FUNCTION_OF = {
    SlotKind.SHIFT: Function.VOLUNTEERING,
    SlotKind.SESSION: Function.ACTIVITIES,
}
"""Which platform function a kind of slot belongs to."""


class SlotSight(msgspec.Struct, frozen=True, kw_only=True):
    """A slot as the caller may see it: whether they run it, and whether they keep its door."""

    slot: Slot
    runs: bool
    hosts: bool


async def slot_in_sight(actor: NamedDependency[Actor], slot_id: FromPath[UUID]) -> SlotSight:
    """A slot of a school the caller belongs to, or that is open to their children's classes.

    Drafts are seen by those who run them. Raises :class:`NotFound`.
    """
    slot = await Slot.get_or_none(id=slot_id)
    if slot is None:
        raise NotFound
    return sight_of(actor, slot)


def sight_of(actor: Actor, slot: Slot) -> SlotSight:
    """Return what the caller may see of ``slot``. Raises :class:`NotFound`."""
    if slot.school_id in actor.closed(FUNCTION_OF[SlotKind(slot.kind)]):
        raise NotFound
    at_work = any(s.school_id == slot.school_id and s.role in STAFF for s in actor.seats)
    runs = actor.runs_school(slot.school_id) or (at_work and slot.organiser_id == actor.person_id)
    hosts = runs or (at_work and actor.person_id in slot.host_ids)
    reach = set(reach_of(actor))
    meant = slot.school_id in reach or not reach.isdisjoint(slot.open_to)
    if not (runs or (slot.state != SlotState.DRAFT and (at_work or meant))):
        raise NotFound
    return SlotSight(slot=slot, runs=runs, hosts=hosts)


async def slot_to_run(sight: NamedDependency[SlotSight]) -> Slot:
    """The slot, for its organiser and whoever runs the school. Raises :class:`NotAllowed`."""
    if not sight.runs:
        raise NotAllowed
    return sight.slot


async def slot_to_host(sight: NamedDependency[SlotSight]) -> Slot:
    """The slot, for whoever keeps its door. Raises :class:`NotAllowed`."""
    if not sight.hosts:
        raise NotAllowed
    return sight.slot


async def booking_to_host(actor: NamedDependency[Actor], booking_id: FromPath[UUID]) -> Booking:
    """A booking at a door the caller keeps. Raises :class:`NotFound`."""
    return (await _booking_in_sight(actor, booking_id))[0]


async def booking_to_run(actor: NamedDependency[Actor], booking_id: FromPath[UUID]) -> Booking:
    """A booking on a slot the caller runs. Raises :class:`NotFound` and :class:`NotAllowed`."""
    booking, sight = await _booking_in_sight(actor, booking_id)
    if not sight.runs:
        raise NotAllowed
    return booking


async def _booking_in_sight(actor: Actor, booking_id: UUID) -> tuple[Booking, SlotSight]:
    booking = await Booking.get_or_none(id=booking_id).select_related("slot")
    if booking is None or not isinstance(booking.slot, Slot):
        raise NotFound
    sight = sight_of(actor, booking.slot)
    if not sight.hosts:
        # A parent who sees the slot need not learn which bookings exist on it.
        raise NotFound
    return booking, sight


class StandInSight(msgspec.Struct, frozen=True, kw_only=True):
    """A search for a stand-in as the caller may see it."""

    request: StandIn
    slot: Slot
    runs: bool


async def stand_in_in_sight(
    actor: NamedDependency[Actor], stand_in_id: FromPath[UUID]
) -> StandInSight:
    """A search on a slot the caller sees. Raises :class:`NotFound`."""
    request = await StandIn.get_or_none(id=stand_in_id).select_related("slot")
    if request is None or not isinstance(request.slot, Slot):
        raise NotFound
    return StandInSight(request=request, slot=request.slot, runs=sight_of(actor, request.slot).runs)


async def stand_in_to_settle(
    actor: NamedDependency[Actor], search: NamedDependency[StandInSight]
) -> StandInSight:
    """For whoever asked, and who runs the slot. Raises :class:`NotAllowed`."""
    if not (search.runs or search.request.person_id == actor.person_id):
        raise NotAllowed
    return search


async def stand_in_to_run(search: NamedDependency[StandInSight]) -> StandInSight:
    """For who runs the slot. Raises :class:`NotAllowed`."""
    if not search.runs:
        raise NotAllowed
    return search
