"""The organiser's side: who comes, who waits and why, and changing what was promised."""

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.bookings import rules
from backend.bookings.controllers.places import booking_out, slot_out
from backend.bookings.models import Booking, Slot
from backend.bookings.operations import places, slots
from backend.bookings.operations.places import Place
from backend.bookings.permissions import booking_to_run, slot_to_host, slot_to_run
from backend.bookings.queries import lists
from backend.bookings.schemas.slots import (
    AttendeeOut,
    AttendeesOut,
    BookingDecisionIn,
    BookingOut,
    CallOffIn,
    CapacityIn,
    PlacementIn,
    PriorityIn,
    SlotOut,
    SlotTimesIn,
)
from backend.errors import NotFound
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class SlotAttendees(Controller):
    path = "/slots/{slot_id:uuid}/bookings"
    dependencies = {"hosted": Provide(slot_to_host)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listSlotBookings",
        summary="名单与候补 Who comes and who waits",
    )
    async def list_slot_bookings(self, hosted: NamedDependency[Slot]) -> AttendeesOut:
        """Those with places first, then the queue in order with each one's last word."""
        now = clock.now()
        items = []
        for row in await lists.of_slot(hosted.id):
            place = msgspec.json.decode(row["booking"], type=Place)
            shown = await booking_out(place, row["ahead"], kind=hosted.kind, taken=0, now=now)
            items.append(
                AttendeeOut(
                    person_id=row["person_id"],
                    name=row["name"],
                    children=row["children"],
                    priority=row["priority"],
                    priority_reason=row["priority_reason"],
                    booking=shown,
                )
            )
        return AttendeesOut(items=items)


class SlotChanges(Controller):
    """What the organiser changes; families concerned are told."""

    path = "/slots/{slot_id:uuid}"
    dependencies = {"run": Provide(slot_to_run)}

    @put(
        "/capacity",
        opt={"policy": Policy.STAFF},
        operation_id="setCapacity",
        summary="调整名额 Change the number of places",
        responses=refusals(rules.BelowTaken),
    )
    async def set_capacity(
        self,
        data: JSONBody[CapacityIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
    ) -> SlotOut:
        """More places go to those who wait, in order; never fewer than are promised."""
        await slots.set_capacity(run.id, data.capacity, by=actor.person_id)
        return await slot_out(actor, run.id)

    @put(
        "/times",
        opt={"policy": Policy.STAFF},
        operation_id="moveSlot",
        summary="改期或换地点 Move in time or place",
        responses=refusals(rules.BadHours, rules.WrongSlotState),
    )
    async def move_slot(
        self,
        data: JSONBody[SlotTimesIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
    ) -> SlotOut:
        """Exactly those concerned are told; cut-offs move along."""
        await slots.move(run.id, data.starts_at, data.ends_at, data.place, by=actor.person_id)
        return await slot_out(actor, run.id)

    @put(
        "/cancellation",
        opt={"policy": Policy.STAFF},
        operation_id="callOffSlot",
        summary="取消这一场 Call it off",
    )
    async def call_off_slot(
        self,
        data: JSONBody[CallOffIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
    ) -> SlotOut:
        """Everybody who held or awaited a place is told, with the reason."""
        await slots.call_off(run.id, data.reason, by=actor.person_id)
        return await slot_out(actor, run.id)

    @post(
        "/placements",
        opt={"policy": Policy.STAFF},
        operation_id="placeSomebody",
        summary="现场登记或直接安排 Put somebody on the slot",
        responses=refusals(
            rules.Full, rules.CalledOff, rules.BookingEnded, KeyNeeded, KeyReused, NotFound
        ),
    )
    async def place_somebody(
        self,
        data: JSONBody[PlacementIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> BookingOut:
        """A guardian of the school, past eligibility and other commitments, not past room."""

        async def act() -> BookingOut:
            if not await lists.belongs(data.person_id, run.school_id):
                raise NotFound
            place = await places.place_for_another(
                run.id, data.person_id, data.party, by=actor.person_id
            )
            return BookingOut.of(place, None, None)

        return await once(
            actor.person_id,
            "placeSomebody",
            idempotency_key,
            (run.id, data),
            BookingOut,
            act,
            secret=settings.secret_key,
        )


class BookingDecisions(Controller):
    """What the organiser decides about one family's booking."""

    path = "/bookings/{booking_id:uuid}"
    dependencies = {"booking": Provide(booking_to_run)}

    @put(
        "/decision",
        opt={"policy": Policy.STAFF},
        operation_id="decideBooking",
        summary="同意或谢绝 Approve or decline",
        responses=refusals(rules.WrongBookingState),
    )
    async def decide_booking(
        self,
        data: JSONBody[BookingDecisionIn],
        actor: NamedDependency[Actor],
        booking: NamedDependency[Booking],
    ) -> BookingOut:
        """A yes to somebody who waits is kept for the day a place frees."""
        place = await places.decide(
            booking.id, approved=data.approved, reason=data.reason or "", by=actor.person_id
        )
        return BookingOut.of(place, None, None)

    @put(
        "/priority",
        opt={"policy": Policy.STAFF},
        operation_id="prioritiseBooking",
        status_code=204,
        summary="优先递补（须写明理由） Let somebody go before others",
        responses=refusals(rules.WrongBookingState),
    )
    async def prioritise_booking(
        self,
        data: JSONBody[PriorityIn],
        actor: NamedDependency[Actor],
        booking: NamedDependency[Booking],
    ) -> None:
        """Only for a written reason, which stays on record."""
        await places.prioritise(booking.id, data.priority, data.reason, by=actor.person_id)
