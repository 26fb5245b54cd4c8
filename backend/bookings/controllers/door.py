"""At the door: the family's ticket, the host's list and codes, and what phones saw."""

import asyncio

from litestar import Controller, Response, delete, get, post, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from backend import clock
from backend.bookings import rules
from backend.bookings.models import Booking, ScanKind, Slot
from backend.bookings.operations import attendance
from backend.bookings.operations.stories import AFTER, BEFORE
from backend.bookings.permissions import SlotSight, booking_to_host, slot_to_host
from backend.bookings.queries import door
from backend.bookings.schemas.door import (
    ByHandIn,
    DoorCodeIn,
    DoorCodeOut,
    DoorEntryOut,
    DoorOut,
    ScanOut,
    ScansIn,
    ScansOut,
    TicketOut,
)
from backend.bookings.schemas.slots import BookingOut
from backend.bookings.tickets import signer_for
from backend.errors import NotFound, TooMany
from backend.media.paper import qr
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.limits import Limit, spend
from backend.web.policy import Policy
from backend.web.problems import refusals

TRIES = Limit(name="door_code", most=30, seconds=600)
SYNCS = Limit(name="door_scans", most=120, seconds=600)
PNG = {
    200: ResponseSpec(
        bytes, description="The QR code.", media_type="image/png", generate_examples=False
    )
}


class MyTicket(Controller):
    """The caller's own way in."""

    path = "/slots/{slot_id:uuid}/booking"
    cache_control = CacheControlHeader(no_store=True)

    @get(
        "/ticket",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getTicket",
        summary="我的入场凭证 My ticket",
    )
    async def get_ticket(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
        settings: NamedDependency[Settings],
    ) -> TicketOut:
        """The signed text, to be kept and shown without a network. No place, no ticket: 404."""
        return await _ticket(actor, sight.slot, settings)

    @get(
        "/ticket.png",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getTicketImage",
        summary="入场凭证二维码 My ticket as a QR code",
        responses=PNG,
    )
    async def get_ticket_image(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """The ticket as a picture."""
        ticket = await _ticket(actor, sight.slot, settings)
        picture = await asyncio.to_thread(qr.png, ticket.ticket)
        return Response(picture, media_type="image/png")

    @put(
        "/check-in",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="checkMyselfIn",
        summary="扫现场码签到 Check in with the code at the door",
        responses=refusals(rules.DoorCodeStale, rules.DoorClosed, rules.NotBooked, TooMany),
    )
    async def check_myself_in(
        self,
        data: JSONBody[DoorCodeIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
        settings: NamedDependency[Settings],
    ) -> BookingOut:
        """The host's code of this half minute, or of the one before. Twice is once."""
        return await _by_code(data, actor, sight.slot, settings, ScanKind.IN)

    @put(
        "/check-out",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="checkMyselfOut",
        summary="扫现场码签退 Check out with the code at the door",
        responses=refusals(
            rules.DoorCodeStale,
            rules.DoorClosed,
            rules.NotBooked,
            rules.WrongBookingState,
            TooMany,
        ),
    )
    async def check_myself_out(
        self,
        data: JSONBody[DoorCodeIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
        settings: NamedDependency[Settings],
    ) -> BookingOut:
        """Minutes are credited from check-in to check-out, within the slot's own hours."""
        return await _by_code(data, actor, sight.slot, settings, ScanKind.OUT)


async def _ticket(actor: Actor, slot: Slot, settings: Settings) -> TicketOut:
    held = await door.ticket_of(slot.id, actor.person_id)
    if held is None:
        raise NotFound
    signer = signer_for(settings.secret_key)
    return TicketOut(
        booking_id=held["id"],
        slot_id=slot.id,
        party=held["party"],
        ticket=signer.ticket(held["id"], slot.id, held["party"]),
        public_key=signer.public_key,
    )


async def _by_code(
    data: DoorCodeIn, actor: Actor, slot: Slot, settings: Settings, kind: ScanKind
) -> BookingOut:
    await spend(TRIES, str(actor.person_id), clock.now())
    place = await attendance.by_code(
        slot, actor.person_id, data.code, kind, signer=signer_for(settings.secret_key)
    )
    return BookingOut.of(place, None, None)


class Door(Controller):
    """For whoever keeps the door."""

    path = "/slots/{slot_id:uuid}"
    dependencies = {"hosted": Provide(slot_to_host)}

    @get(
        "/door",
        opt={"policy": Policy.STAFF},
        operation_id="getDoor",
        summary="签到名单与现场码（可离线使用） The door's list and codes, for use offline",
        cache_control=CacheControlHeader(no_store=True),
    )
    async def get_door(
        self, hosted: NamedDependency[Slot], settings: NamedDependency[Settings]
    ) -> DoorOut:
        """Who may come in, the key that checks tickets, and the codes of half an hour.

        Asked before the door opens, the codes are those from its opening on.
        """
        now = clock.now()
        signer = signer_for(settings.secret_key)
        codes = signer.door_codes(hosted.id, max(now, hosted.starts_at - BEFORE))
        items = [
            DoorEntryOut(
                booking_id=row["id"],
                name=row["name"],
                children=row["children"],
                party=row["party"],
                state=row["state"],
                checked_in_at=row["checked_in_at"],
                checked_out_at=row["checked_out_at"],
            )
            for row in await door.list_of(hosted.id)
        ]
        return DoorOut(
            slot_id=hosted.id,
            now=now,
            opens_at=hosted.starts_at - BEFORE,
            closes_at=hosted.ends_at + AFTER,
            public_key=signer.public_key,
            codes=[DoorCodeOut(shown_from=one.shown_from, code=one.code) for one in codes],
            items=items,
        )

    @post(
        "/scans",
        opt={"policy": Policy.STAFF},
        operation_id="mergeScans",
        summary="补传扫码记录 Merge what an offline phone scanned",
        status_code=200,
        responses=refusals(TooMany, KeyNeeded, KeyReused),
    )
    async def merge_scans(
        self,
        data: JSONBody[ScansIn],
        actor: NamedDependency[Actor],
        hosted: NamedDependency[Slot],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ScansOut:
        """Each scan is known by its nonce and may be sent again; each has its own answer.

        Up to three days after the end a family counted absent is still checked in by it.
        """
        await spend(SYNCS, str(actor.person_id), clock.now())

        async def act() -> ScansOut:
            merged = await attendance.merge(
                hosted.id,
                [scan.sighting() for scan in data.scans],
                by=actor.person_id,
                signer=signer_for(settings.secret_key),
            )
            return ScansOut(items=[ScanOut.of(one) for one in merged])

        return await once(
            actor.person_id,
            "mergeScans",
            idempotency_key,
            (hosted.id, data),
            ScansOut,
            act,
            secret=settings.secret_key,
        )


class CheckInByHand(Controller):
    """Ticking somebody off a list."""

    path = "/bookings/{booking_id:uuid}"
    dependencies = {"hosted": Provide(booking_to_host)}

    @put(
        "/check-in",
        opt={"policy": Policy.STAFF},
        operation_id="checkIn",
        summary="手动签到 Check somebody in",
        responses=refusals(rules.DoorClosed, rules.NotBooked),
    )
    async def check_in(
        self,
        data: JSONBody[ByHandIn],
        actor: NamedDependency[Actor],
        hosted: NamedDependency[Booking],
    ) -> BookingOut:
        """From half an hour before the start until three days after the end."""
        return await self._tick(hosted, ScanKind.IN, data, actor)

    @delete(
        "/check-in",
        opt={"policy": Policy.STAFF},
        operation_id="undoCheckIn",
        summary="撤销签到 Undo a check-in",
        responses=refusals(rules.DoorClosed, rules.NotBooked, rules.WrongBookingState),
    )
    async def undo_check_in(
        self, actor: NamedDependency[Actor], hosted: NamedDependency[Booking]
    ) -> None:
        """Only while they have not checked out and the slot is not settled."""
        await attendance.by_hand(hosted, ScanKind.UNDO, None, by=actor.person_id)

    @put(
        "/check-out",
        opt={"policy": Policy.STAFF},
        operation_id="checkOut",
        summary="手动签退 Check somebody out",
        responses=refusals(rules.DoorClosed, rules.NotBooked, rules.WrongBookingState),
    )
    async def check_out(
        self,
        data: JSONBody[ByHandIn],
        actor: NamedDependency[Actor],
        hosted: NamedDependency[Booking],
    ) -> BookingOut:
        """Minutes are credited from check-in to check-out, within the slot's own hours."""
        return await self._tick(hosted, ScanKind.OUT, data, actor)

    async def _tick(
        self, hosted: Booking, kind: ScanKind, data: ByHandIn, actor: Actor
    ) -> BookingOut:
        place = await attendance.by_hand(hosted, kind, data.at, by=actor.person_id)
        return BookingOut.of(place, None, None)
