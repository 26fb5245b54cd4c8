"""Which URLs bookings answer at: for families, for organisers, at the door."""

from litestar import Router
from litestar.di import Provide

from backend.bookings.controllers.door import CheckInByHand, Door, MyTicket
from backend.bookings.controllers.draws import HoldingDraws, PublicDraw
from backend.bookings.controllers.feeds import CalendarFile, MyBookingCalendar, MyCalendarFeed
from backend.bookings.controllers.organising import BookingDecisions, SlotAttendees, SlotChanges
from backend.bookings.controllers.places import MyBooking, MyBookings, Slots
from backend.bookings.controllers.stand_ins import (
    MyStandIn,
    OpenStandIns,
    SlotStandIns,
    StandIns,
)
from backend.bookings.permissions import slot_in_sight

routes = Router(
    path="/",
    route_handlers=[
        Slots,
        MyBooking,
        MyBookings,
        SlotAttendees,
        SlotChanges,
        BookingDecisions,
        PublicDraw,
        HoldingDraws,
        MyTicket,
        Door,
        CheckInByHand,
        MyStandIn,
        OpenStandIns,
        StandIns,
        SlotStandIns,
        MyCalendarFeed,
        CalendarFile,
        MyBookingCalendar,
    ],
    dependencies={"sight": Provide(slot_in_sight)},
    tags=["名额 Places"],
)
