"""The caller's appointments in the calendar of their phone."""

import hashlib
import re
from typing import Any

from litestar import Controller, Request, Response, delete, get, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from backend import clock
from backend.bookings import calendars
from backend.bookings.operations import feeds
from backend.bookings.permissions import SlotSight
from backend.bookings.queries import calendar
from backend.bookings.schemas.feeds import CalendarFeedOut, CalendarFeedStateOut
from backend.errors import NotFound, TooMany
from backend.people.authentication import caller_address
from backend.people.tokens import keys_for
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.conditional import UNCHANGED
from backend.web.limits import Limit, WhenAway, spend
from backend.web.policy import Policy
from backend.web.problems import refusals

READS = Limit(name="calendar_reads", most=120, seconds=3600, when_away=WhenAway.OPEN)
"""Calendars ask once an hour, and again when somebody pulls the list down."""
STRANGERS = Limit(name="calendar_strangers", most=60, seconds=600)
"""Addresses that stand for nothing, by the caller's own address."""
RENEWALS = Limit(name="calendar_renewals", most=20, seconds=3600)
ICS = {
    200: ResponseSpec(
        bytes, description="The calendar.", media_type="text/calendar", generate_examples=False
    )
}
_FILE = re.compile(r"([A-Za-z0-9_\-]{43})\.ics")


class MyCalendarFeed(Controller):
    """The private address of the caller's calendar."""

    path = "/me/calendar-feed"
    cache_control = CacheControlHeader(no_store=True)

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCalendarFeed",
        summary="日历订阅状态 Whether my calendar has an address",
    )
    async def get_calendar_feed(self, actor: NamedDependency[Actor]) -> CalendarFeedStateOut:
        """The address itself is not kept and cannot be shown again."""
        return CalendarFeedStateOut(created_at=await calendar.feed_of(actor.person_id))

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="renewCalendarFeed",
        summary="生成或更换日历订阅地址 Give my calendar a new address",
        responses=refusals(TooMany),
    )
    async def renew_calendar_feed(self, actor: NamedDependency[Actor]) -> CalendarFeedOut:
        """The address before stops working at once."""
        await spend(RENEWALS, str(actor.person_id), clock.now())
        address = await feeds.renew(actor.person_id)
        return CalendarFeedOut(
            url=f"/v1/calendars/{address.token}.ics", created_at=address.created_at
        )

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="revokeCalendarFeed",
        summary="停用日历订阅 Stop my calendar feed",
    )
    async def revoke_calendar_feed(self, actor: NamedDependency[Actor]) -> None:
        """Subscribed calendars find nothing from now on."""
        await feeds.revoke(actor.person_id)


class CalendarFile(Controller):
    """What a subscribed calendar reads."""

    path = "/calendars/{calendar_file:str}"

    @get(
        opt={"policy": Policy.SIGNED_LINK},
        operation_id="readCalendar",
        summary="订阅的日历 A subscribed calendar",
        responses=ICS | UNCHANGED | refusals(NotFound, TooMany),
    )
    async def read_calendar(
        self,
        request: Request[Any, Any, Any],
        calendar_file: FromPath[str],
        settings: NamedDependency[Settings],
    ) -> Response[bytes]:
        """Confirmed and open appointments; cancelled ones for thirty days more. 304 by ETag."""
        now = clock.now()
        named = _FILE.fullmatch(calendar_file)
        feed = await calendar.feed_by(feeds.digest_of(named[1])) if named else None
        if feed is None:
            address = caller_address(request, settings.trusted_proxies)
            stranger = keys_for(settings.secret_key).subject("address", address)
            await spend(STRANGERS, stranger, now)
            raise NotFound
        await spend(READS, str(feed["id"]), now)
        body = calendars.render(await calendar.entries_of(feed["person_id"], now))
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        headers = {"etag": etag, "cache-control": "private, no-cache"}
        known = request.headers.get("if-none-match", "")
        if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(b"", status_code=304, headers=headers)
        return Response(body, media_type="text/calendar", headers=headers)


class MyBookingCalendar(Controller):
    """One booking for whoever keeps no subscription."""

    path = "/slots/{slot_id:uuid}/booking/calendar.ics"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getBookingCalendar",
        summary="加入日历 My booking as a calendar file",
        responses=ICS,
    )
    async def get_booking_calendar(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> Response[bytes]:
        """Opened again after a change it moves or removes the same entry."""
        entries = await calendar.entries_on(sight.slot.id, actor.person_id, clock.now())
        if not entries:
            raise NotFound
        return Response(
            calendars.render(entries),
            media_type="text/calendar",
            headers={
                "content-disposition": 'attachment; filename="booking.ics"',
                "cache-control": "private, no-store",
            },
        )
