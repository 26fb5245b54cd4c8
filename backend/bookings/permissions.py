"""Who may see a slot, who runs it, and the only functions that hand its rows to a handler."""

from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.bookings.models import (
    Booking,
    Invitation,
    Mode,
    Slot,
    SlotKind,
    StandIn,
)
from backend.bookings.queries.outlook import reach_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function, SchoolClass
from backend.web.actor import Actor, Role

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
    return await sight_of(actor, slot)


async def sight_of(actor: Actor, slot: Slot) -> SlotSight:
    """Return what the caller may see of ``slot``. Raises :class:`NotFound`."""
    if slot.school_id in actor.closed(FUNCTION_OF[SlotKind(slot.kind)]):
        raise NotFound
    at_work = actor.works_at(slot.school_id)
    runs = actor.runs_school(slot.school_id) or (
        at_work and slot.organiser_id == actor.person_id and await _still_may(actor, slot)
    )
    hosts = runs or (at_work and actor.person_id in slot.host_ids)
    is_shown = slot.opened_at is not None and (at_work or await _is_meant(actor, slot))
    if not (runs or is_shown):
        raise NotFound
    return SlotSight(slot=slot, runs=runs, hosts=hosts)


async def _is_meant(actor: Actor, slot: Slot) -> bool:
    """Families see what their school offers, to whichever class; but sessions by invitation
    are, like their activity, there for those invited only.
    """
    reach = set(reach_of(actor))
    if slot.school_id not in reach and reach.isdisjoint(slot.open_to):
        return False
    if slot.kind != SlotKind.SESSION or slot.mode != Mode.INVITED:
        return True
    return await Invitation.exists(slot_id=slot.id, person_id=actor.person_id)


async def _still_may(actor: Actor, slot: Slot) -> bool:
    """Shifts are anybody's at the school to organise; a session is its organiser's only while
    their office reaches everybody it is for.
    """
    if slot.kind != SlotKind.SESSION:
        return True
    led = {s.class_id for s in actor.seats if s.role is Role.CLASS_TEACHER}
    grades = {s.grade_id for s in actor.seats if s.role is Role.GRADE_LEAD}
    beyond = set(slot.open_to or [slot.school_id]) - led - grades
    within = SchoolClass.filter(id__in=list(beyond), grade_id__in=[g for g in grades if g])
    return not beyond or await within.count() == len(beyond)


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
    sight = await sight_of(actor, booking.slot)
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
    """A search, for whoever asked, the families the slot is for, and who runs it.

    That a parent cannot come is nobody else's to know. Raises :class:`NotFound`.
    """
    request = await StandIn.get_or_none(id=stand_in_id).select_related("slot")
    if request is None or not isinstance(request.slot, Slot):
        raise NotFound
    slot = request.slot
    sight = await sight_of(actor, slot)
    could_help = not set(slot.open_to or [slot.school_id]).isdisjoint(reach_of(actor))
    if not (sight.runs or could_help or request.person_id == actor.person_id):
        raise NotFound
    return StandInSight(request=request, slot=slot, runs=sight.runs)


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
