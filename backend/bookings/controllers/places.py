"""The family's side: how a slot stands, taking a place, giving it back, answering."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from backend import clock
from backend.bookings import rules
from backend.bookings.models import BookingState, SlotKind
from backend.bookings.operations import places
from backend.bookings.operations.places import Place
from backend.bookings.permissions import SlotSight, slot_in_sight
from backend.bookings.queries import lists
from backend.bookings.queries.outlook import outlooks, rates
from backend.bookings.schemas.slots import (
    BookingIn,
    BookingOut,
    ComingIn,
    MyBookingItem,
    MyBookingsPage,
    SlotOut,
)
from backend.errors import NotFound
from backend.web.actor import Actor
from backend.web.cursors import Cursors, Position
from backend.web.lane import Errand, Lane, Reply
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


async def booking_out(
    place: Place, ahead: int | None, *, kind: str, taken: int, now: datetime
) -> BookingOut:
    """Return a booking with its turn, and for those who wait the chance of a place."""
    likely = None
    if ahead is not None and place.state is BookingState.WAITLISTED:
        freed, promised = await rates(place.school_id, kind, now)
        likely = rules.chance(ahead, taken, freed, promised)
    return BookingOut.of(place, ahead, likely)


class Slots(Controller):
    """One slot as it stands for the caller."""

    path = "/slots/{slot_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getSlot",
        summary="查看名额 See how a slot stands for me",
    )
    async def get_slot(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> SlotOut:
        """Free, mine, full, or why not; and my booking if there is one."""
        return await slot_out(actor, sight.slot.id)


async def slot_out(actor: Actor, slot_id: UUID) -> SlotOut:
    """Return one slot as it stands for the caller."""
    now = clock.now()
    outlook = (await outlooks(actor, [slot_id], now))[slot_id]
    booking = None
    if outlook.booking is not None:
        place = msgspec.json.decode(outlook.booking, type=Place)
        booking = await booking_out(
            place, outlook.ahead, kind=outlook.row["kind"], taken=outlook.row["taken"], now=now
        )
    return SlotOut.of(outlook, booking)


async def _take(actor: Actor, slot_id: UUID, wish: BookingIn) -> BookingOut:
    ask = places.ask_of(
        actor,
        slot_id,
        party=wish.party,
        student_ids=wish.student_ids,
        at_once=wish.takes_at_once,
        answers=wish.answers,
    )
    ask.desk = SlotKind.SHIFT
    taken = await places.take(ask)
    return await booking_out(
        taken.place, taken.ahead, kind=taken.kind, taken=taken.held, now=clock.now()
    )


async def _taking(errand: Errand) -> Reply:
    return Reply(await _take(errand.actor, errand.ids[0], errand.data))


PLACES = Lane("PUT", "/v1/slots/{slot_id:uuid}/booking", _taking, BookingIn)
"""The short way to :meth:`MyBooking.take_place`."""


class MyBooking(Controller):
    """The caller's own booking on one slot. Who may ask is decided under the slot's lock."""

    path = "/slots/{slot_id:uuid}/booking"

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="takePlace",
        summary="报名或候补 Take a place, or a turn in the queue",
        responses=refusals(*rules.TAKING, rules.OtherDesk),
    )
    async def take_place(
        self, data: JSONBody[BookingIn], actor: NamedDependency[Actor], slot_id: FromPath[UUID]
    ) -> BookingOut:
        """Asked twice it is the same booking; to change it, give it back first.

        For shifts. Sessions of activities are booked at ``/sessions/{id}/registration``, where
        answers and the family's limits are checked.
        """
        return await _take(actor, slot_id, data)

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMyBooking",
        summary="我的报名 My booking here",
        responses=refusals(NotFound),
    )
    async def get_my_booking(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> BookingOut:
        """The booking with its turn and the chance of a place. None is 404."""
        shown = (await slot_out(actor, sight.slot.id)).booking
        if shown is None:
            raise NotFound
        return shown

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="giveBackPlace",
        summary="取消报名或退出候补 Give the place or the turn back",
        responses=refusals(rules.AlreadyStarted, rules.AlreadyIn),
    )
    async def give_back_place(self, actor: NamedDependency[Actor], slot_id: FromPath[UUID]) -> None:
        """Without penalty while waiting, and until the cut-off; the next is asked at once.

        One's own booking may be given back even when the slot is no longer in sight, for
        somebody else waits for the place.
        """
        if await places.cancel(slot_id, actor.person_id, by=actor.person_id) is None:
            await slot_in_sight(actor, slot_id)

    @put(
        "/acceptance",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="acceptPlace",
        summary="接受递补名额 Say yes to an offer, or tap first",
        responses=refusals(rules.NoOffer, rules.Full, rules.Collides, rules.Unprepared),
    )
    async def accept_place(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> BookingOut:
        """Near the start whoever waits may tap as soon as a place is free."""
        place = await places.accept(sight.slot.id, actor.person_id)
        return BookingOut.of(place, None, None)

    @put(
        "/attendance",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="answerComing",
        status_code=204,
        summary="来 / 来不了 Coming, or not",
        responses=refusals(rules.WrongBookingState, rules.AlreadyStarted, rules.AlreadyIn),
    )
    async def answer_coming(
        self,
        data: JSONBody[ComingIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
    ) -> None:
        """The evening before; a no frees the place for somebody else at once."""
        await places.answer_coming(sight.slot.id, actor.person_id, coming=data.coming)


class MyBookings(Controller):
    path = "/me/bookings"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyBookings",
        summary="我的全部报名 All my bookings",
    )
    async def list_my_bookings(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        past: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> MyBookingsPage:
        """What is coming, soonest first; with ``past`` what was, latest first."""
        purpose = f"bookings:{actor.person_id}:{past}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        now = clock.now()
        rows = await lists.of_person(
            actor.person_id, past=past, now=now, after=after, limit=limit + 1
        )
        items = []
        for row in rows[:limit]:
            place = msgspec.json.decode(row["booking"], type=Place)
            shown = await booking_out(
                place, row["ahead"], kind=row["kind"], taken=row["taken"], now=now
            )
            items.append(
                MyBookingItem(
                    kind=row["kind"],
                    about_id=row["about_id"],
                    school=row["school"],
                    children=row["children"],
                    title=row["title"],
                    place=row["place"],
                    cancel_until=row["cancel_until"],
                    booking=shown,
                )
            )
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return MyBookingsPage(
            items=items,
            next_cursor=cursors.seal(purpose, Position(last["starts_at"], last["id"]))
            if last
            else None,
            has_more=more,
        )
