"""Bookings as a calendar file (RFC 5545, RFC 7986): the keeper of ``icalendar``.

An event keeps its UID for the life of its booking and raises its SEQUENCE when it changes,
so a phone that subscribed moves it, and takes off what is cancelled. The bytes depend on
the bookings alone, never on the moment of asking.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID

import msgspec
from icalendar import Calendar, Event, Timezone

from backend import clock

REFRESH = timedelta(hours=1)
_ZONE = "Asia/Shanghai"
_PRODUCT = "-//Tongxing//Bookings//ZH"


class Status(StrEnum):
    """How firm an event is, in the calendar's own words."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One booking as a calendar shows it: what, where and when, and no person."""

    booking_id: UUID
    title: str
    location: str
    starts_at: datetime
    ends_at: datetime
    status: Status
    sequence: int
    changed_at: datetime


def render(entries: Sequence[Entry]) -> bytes:
    """Return a calendar with these entries; equal entries give equal bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", "同行")
    calendar.add("x-wr-calname", "同行")
    calendar.add("x-wr-timezone", _ZONE)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    calendar.add_component(_timezone())
    for entry in entries:
        calendar.add_component(_event(entry))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{entry.booking_id}@tongxing")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.starts_at.astimezone(clock.CHINA))
    event.add("dtend", entry.ends_at.astimezone(clock.CHINA))
    event.add("summary", entry.title)
    if entry.location:
        event.add("location", entry.location)
    event.add("status", entry.status.value)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if entry.status is Status.CANCELLED else "OPAQUE")
    return event


@cache
def _timezone() -> Timezone:
    """China's time has had no changes since 1991; earlier ones concern no booking."""
    zone = Timezone.from_tzid(_ZONE, first_date=date(2020, 1, 1))
    zone.pop("COMMENT", None)
    return zone
