"""The organiser's side of a slot: making it, opening it, changing it, calling it off."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings import rules
from backend.bookings.models import (
    Invitation,
    Mode,
    SharedQuota,
    Slot,
    SlotKind,
    SlotShare,
    SlotState,
)
from backend.bookings.operations import draws
from backend.database import execute, fetch, fetch_one, transaction
from backend.identifiers import uuid7


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Places kept for families of some classes, grades or schools until a moment."""

    label: str
    node_ids: Sequence[UUID]
    places: int
    release_at: datetime


class SlotPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a room says about a slot it wants.

    ``id`` is the id of the room's own row, ``about_id`` of what that is part of. Without
    ``opens_at`` booking opens at once; ``closes_at`` and ``cancel_until`` default to the
    start and a day before it; a draw closes two days before it.
    """

    id: UUID
    school_id: UUID
    kind: SlotKind
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    organiser_id: UUID
    about_id: UUID | None = None
    place: str = ""
    minimum: int = 0
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    cancel_until: datetime | None = None
    mode: Mode = Mode.FIRST_COME
    needs_approval: bool = False
    max_party: int = 1
    children_named: bool = False
    skip_limit: int = 0
    offer_minutes: int | None = None
    open_to: Sequence[UUID] = ()
    requires: Sequence[str] = ()
    asks: Sequence[str] = ()
    quota_ids: Sequence[UUID] = ()
    shares: Sequence[Share] = ()
    host_ids: Sequence[UUID] = ()
    invited: Sequence[UUID] = ()
    is_open: bool = False
    """Open for booking from the start; else it begins as a draft nobody sees."""


CANCEL_NOTICE = timedelta(hours=24)
"""How long before the start a place may be given back without being late (Q7)."""
DRAW_NOTICE = timedelta(hours=48)
"""How long before the start entering a draw closes where nothing else was said."""
DRAW_TIME = timedelta(minutes=30)
"""The least time between closing and start in which a draw can be held."""


async def create(plan: SlotPlan) -> Slot:
    """Make a slot with its counters, shares and invitations, in the caller's transaction.

    Raises :class:`rules.BadHours`. A slot that exists already is returned as it is.
    """
    return (await create_many([plan]))[0]


async def create_many(plans: Sequence[SlotPlan]) -> list[Slot]:
    """Make many slots in a few statements; those that exist already stay as they are."""
    now = clock.now()
    slots = [_slot(plan, now) for plan in plans]
    async with transaction():
        await Slot.bulk_create(slots, ignore_conflicts=True)
        await execute(
            """
            INSERT INTO slot_places (slot_id, capacity)
            SELECT * FROM unnest($1::uuid[], $2::int[]) ON CONFLICT DO NOTHING
            """,
            [plan.id for plan in plans],
            [plan.capacity for plan in plans],
        )
        shares = [_share(plan.id, share) for plan in plans for share in plan.shares]
        if shares:
            await SlotShare.bulk_create(shares)
        for plan in plans:
            if plan.invited:
                await invite(plan.id, plan.invited)
        if by_lot := [plan.id for plan in plans if plan.mode is Mode.DRAW]:
            await draws.prepare_all(by_lot)
    return slots


def _slot(plan: SlotPlan, now: datetime) -> Slot:
    late = max(plan.starts_at - CANCEL_NOTICE, min(now, plan.starts_at))
    by_lot = plan.mode is Mode.DRAW
    closes_at = plan.closes_at or plan.starts_at - (DRAW_NOTICE if by_lot else timedelta(0))
    opens_at = min(plan.opens_at or now, closes_at)
    cancel_until = plan.cancel_until or late
    if not (plan.starts_at < plan.ends_at and closes_at <= plan.ends_at) or (
        cancel_until > plan.starts_at or (plan.opens_at or opens_at) > closes_at
    ):
        raise rules.BadHours
    if by_lot and plan.starts_at - closes_at < DRAW_TIME:
        raise rules.BadHours
    return Slot(
        id=plan.id,
        school_id=plan.school_id,
        kind=plan.kind,
        about_id=plan.about_id,
        state=SlotState.OPEN if plan.is_open else SlotState.DRAFT,
        opened_at=now if plan.is_open else None,
        title=plan.title,
        place=plan.place,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        opens_at=opens_at,
        closes_at=closes_at,
        cancel_until=cancel_until,
        minimum=plan.minimum,
        mode=plan.mode,
        needs_approval=plan.needs_approval,
        max_party=plan.max_party,
        children_named=plan.children_named,
        skip_limit=plan.skip_limit,
        offer_minutes=plan.offer_minutes,
        open_to=list(plan.open_to),
        requires=list(plan.requires),
        asks=list(plan.asks),
        quota_ids=sorted(plan.quota_ids),
        has_shares=bool(plan.shares),
        organiser_id=plan.organiser_id,
        host_ids=list(plan.host_ids),
    )


def _share(slot_id: UUID, share: Share) -> SlotShare:
    return SlotShare(
        slot_id=slot_id,
        label=share.label,
        node_ids=list(share.node_ids),
        places=share.places,
        release_at=share.release_at,
    )


async def create_quota(school_id: UUID, name: str, capacity: int) -> SharedQuota:
    """Make a limit that several slots draw on together: a room, a guide, the whole day."""
    return await SharedQuota.create(id=uuid7(), school_id=school_id, name=name, capacity=capacity)


async def invite(slot_id: UUID, people: Collection[UUID]) -> None:
    """Let named people book a slot that is by invitation; twice is once."""
    await Invitation.bulk_create(
        [Invitation(slot_id=slot_id, person_id=person) for person in sorted(set(people))],
        ignore_conflicts=True,
    )


async def open_slots(slot_ids: Sequence[UUID], *, by: UUID) -> None:
    """Show drafts to families; those that are open already stay so."""
    async with transaction():
        opened = await Slot.filter(id__in=slot_ids, state=SlotState.DRAFT).update(
            state=SlotState.OPEN, opened_at=clock.now()
        )
        if opened:
            await record("bookings.opened", "slot", slot_ids[0], by=by, slots=opened)


async def hold(slot_ids: Collection[UUID]) -> None:
    """Hold several slots before several verbs on them share the caller's transaction.

    Otherwise the second verb would wait for its slot while the first already holds what
    the slot's holder may be waiting for: a shared limit, or somebody it gave a place to.
    """
    await fetch("SELECT lock_slots($1::uuid[])", sorted(set(slot_ids)))


async def set_capacity(slot_id: UUID, capacity: int, *, by: UUID) -> None:
    """Change the number of places; new ones go to those who wait.

    Raises :class:`rules.BelowTaken` when more are promised already.
    """
    async with transaction():
        row = await fetch_one(
            "SELECT set_capacity($1, $2, $3) AS done", slot_id, capacity, clock.now()
        )
        if row is None or not row["done"]:
            taken = await fetch_one("SELECT taken FROM slot_places WHERE slot_id = $1", slot_id)
            raise rules.BelowTaken(taken=taken["taken"] if taken else 0, wanted=capacity)
        await record("bookings.capacity", "slot", slot_id, by=by, capacity=capacity)


async def call_off(slot_id: UUID, reason: str, *, by: UUID | None) -> int:
    """Cancel a slot; everybody who held or awaited a place is told why. Returns how many."""
    async with transaction():
        row = await fetch_one(
            "SELECT call_off_slot($1, $2, $3, $4) AS n", slot_id, reason, by, clock.now()
        )
        touched = int(row["n"]) if row else 0
        await record("bookings.called_off", "slot", slot_id, by=by, reason=reason, people=touched)
        return touched


async def move(
    slot_id: UUID, starts_at: datetime, ends_at: datetime, place: str, *, by: UUID
) -> int:
    """Move a slot; exactly those concerned are told. Returns how many.

    Cut-offs move along. Raises :class:`rules.BadHours` and :class:`rules.WrongSlotState`.
    """
    now = clock.now()
    if not now < starts_at < ends_at:
        raise rules.BadHours
    async with transaction():
        # The counters come before the slot's own row, as in every verb of the engine.
        await fetch("SELECT lock_slots(ARRAY[$1::uuid])", slot_id)
        slot = await Slot.get(id=slot_id)
        if slot.state not in (SlotState.DRAFT, SlotState.OPEN) or slot.starts_at <= now:
            raise rules.WrongSlotState
        if (slot.starts_at, slot.ends_at, slot.place) == (starts_at, ends_at, place):
            return 0
        row = await fetch_one(
            "SELECT move_slot($1, $2, $3, $4, $5, $6) AS n",
            slot_id, starts_at, ends_at, place, by, now,
        )  # fmt: skip
        touched = int(row["n"]) if row else 0
        await record("bookings.moved", "slot", slot_id, by=by, people=touched)
        return touched
