"""Appointments in the phone's own calendar: a private address, and one file a booking."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar

from backend import clock
from backend.bookings.operations import slots
from backend.database import fetch, fetch_one
from backend.schools.models import FeatureSwitch
from seed.cast import Cast
from tests.bookings.conftest import At
from tests.bookings.slots import a_slot
from tests.house import SignIn, Visitor

CHINA = ZoneInfo("Asia/Shanghai")


async def subscribed(phone: Visitor) -> str:
    answer = await phone.put("/me/calendar-feed")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    return str(answer.json()["url"]).removeprefix("/v1")


async def events(anyone: Visitor, url: str) -> dict[str, Any]:
    """Return the events of a feed by UID, parsed by the library, the file checked over."""
    answer = await anyone.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return parsed(answer.content)


def parsed(content: bytes) -> dict[str, Any]:
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(content)
    assert calendar.errors == [] and calendar["version"] == "2.0"
    assert calendar["refresh-interval"].dt == timedelta(hours=1)
    [zone] = calendar.walk("VTIMEZONE")
    assert zone["tzid"] == "Asia/Shanghai"
    assert zone.to_tz().utcoffset(clock.now().replace(tzinfo=None)) == timedelta(hours=8)
    found = {str(event["uid"]): event for event in calendar.walk("VEVENT")}
    assert len(found) == len(calendar.walk("VEVENT"))
    return found


async def test_a_subscribed_calendar_moves_and_removes_what_changes(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    slot = await a_slot(cast)
    parent, organiser = await as_("王立强"), await as_("许建安")
    booking = (await parent.put(f"/slots/{slot}/booking", json={})).json()
    url = await subscribed(parent)
    [(uid, first)] = (await events(anyone, url)).items()
    assert uid == f"{booking['id']}@tongxing"
    assert first["dtstart"].params["TZID"] == "Asia/Shanghai"
    assert (
        first["dtstart"].dt.isoformat()[:16]
        == (clock.local((await row_of(slot))["starts_at"]).isoformat()[:16])
    )
    assert (first["summary"], first["status"]) == ("校门口护学岗", "CONFIRMED")
    assert first["location"] == "海湾实验小学 东门"

    later = (clock.now() + timedelta(days=12)).replace(microsecond=0)
    times = {"startsAt": later.isoformat(), "endsAt": (later + timedelta(hours=1)).isoformat()}
    moved = await organiser.put(f"/slots/{slot}/times", json={**times, "place": "南门"})
    assert moved.status_code == 200, moved.text
    [(same, second)] = (await events(anyone, url)).items()
    assert same == uid and second["sequence"] > first["sequence"]
    assert second["dtstart"].dt == later and second["dtend"].dt == later + timedelta(hours=1)
    assert second["dtstart"].dt.utcoffset() == timedelta(hours=8)
    assert second["location"] == "海湾实验小学 南门"
    assert second["dtstamp"].dt >= first["dtstamp"].dt

    await organiser.put(f"/slots/{slot}/cancellation", json={"reason": "台风停课"})
    [(last, third)] = (await events(anyone, url)).items()
    assert last == uid and third["sequence"] > second["sequence"]
    assert third["status"] == "CANCELLED"


async def row_of(slot: UUID) -> dict[str, Any]:
    row = await fetch_one("SELECT * FROM slots WHERE id = $1", slot)
    assert row is not None
    return row


async def test_what_is_not_firm_is_tentative_and_a_turn_in_the_queue_is_no_appointment(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    asked = await a_slot(cast, needs_approval=True)
    queued = await a_slot(cast, begins_in=timedelta(days=5))
    parent = await as_("王立强")
    await (await as_("刘敏")).put(f"/slots/{queued}/booking", json={})
    for slot, state in ((asked, "requested"), (queued, "waitlisted")):
        answer = await parent.put(f"/slots/{slot}/booking", json={})
        assert answer.json()["state"] == state
    url = await subscribed(parent)
    [event] = (await events(anyone, url)).values()
    assert event["status"] == "TENTATIVE"
    assert (await parent.get(f"/slots/{queued}/booking/calendar.ics")).status_code == 404
    # Who leaves the queue never had anything to take off; the offer, once lapsed, has.
    await parent.delete(f"/slots/{queued}/booking")
    assert len(await events(anyone, url)) == 1
    await parent.delete(f"/slots/{asked}/booking")
    [event] = (await events(anyone, url)).values()
    assert event["status"] == "CANCELLED"


async def test_cancelled_ones_stay_thirty_days_and_past_ones_half_a_year(
    as_: SignIn, anyone: Visitor, cast: Cast, at: At
) -> None:
    kept, given_back = await a_slot(cast), await a_slot(cast, begins_in=timedelta(days=60))
    parent = await as_("王立强")
    for slot in (kept, given_back):
        await parent.put(f"/slots/{slot}/booking", json={})
    await parent.delete(f"/slots/{given_back}/booking")
    url, start = await subscribed(parent), clock.now()
    for days, statuses in (
        (29, ["CONFIRMED", "CANCELLED"]),
        (31, ["CONFIRMED"]),
        (195, []),
    ):
        await at(start + timedelta(days=days))
        shown = [event["status"] for event in (await events(anyone, url)).values()]
        assert shown == statuses, days


async def test_an_unchanged_calendar_is_not_sent_again(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    slot = await a_slot(cast)
    parent = await as_("王立强")
    url = await subscribed(parent)
    await parent.put(f"/slots/{slot}/booking", json={})
    first = await anyone.get(url)
    known = {"If-None-Match": first.headers["etag"]}
    again = await anyone.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await parent.delete(f"/slots/{slot}/booking")
    changed = await anyone.get(url, headers=known)
    assert changed.status_code == 200 and changed.headers["etag"] != first.headers["etag"]


async def test_a_new_address_ends_the_old_one_and_only_a_digest_is_kept(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    parent = await as_("王立强")
    assert (await parent.get("/me/calendar-feed")).json() == {"createdAt": None}
    old = await subscribed(parent)
    new = await subscribed(parent)
    assert old != new and (await anyone.get(new)).status_code == 200
    token = new.removeprefix("/calendars/").removesuffix(".ics")
    assert len(token) == 43
    [kept] = await fetch("SELECT * FROM calendar_feeds")
    assert kept["digest"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(kept) + str(await fetch("SELECT facts FROM audit_entries"))
    unknown = await anyone.get("/calendars/" + "A" * 43 + ".ics")
    for _ in range(2):
        assert (await parent.delete("/me/calendar-feed")).status_code == 204
    answers = [await anyone.get(url) for url in (old, new, "/calendars/x", new[:-4])]
    for answer in answers:
        assert answer.status_code == 404
        said, other = answer.json(), unknown.json()
        for body in (said, other):
            del body["requestId"], body["instance"]
        assert said == other


async def test_addresses_cannot_be_tried_without_end(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    url = await subscribed(await as_("王立强"))
    statuses = [
        (await anyone.get("/calendars/" + f"{n:043d}" + ".ics")).status_code for n in range(62)
    ]
    assert statuses.count(404) == 60 and statuses[-1] == 429
    # Whoever holds a real one is not kept out by that.
    assert (await anyone.get(url)).status_code == 200


async def test_one_booking_is_a_file_of_its_own_for_its_holder_alone(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, children_named=True)
    child = cast.children["王子墨"]
    parent = await as_("王立强")
    booking = await parent.put(f"/slots/{slot}/booking", json={"studentIds": [str(child.id)]})
    file = await parent.get(f"/slots/{slot}/booking/calendar.ics")
    [uid] = parsed(file.content)
    assert uid == f"{booking.json()['id']}@tongxing"
    assert "attachment" in file.headers["content-disposition"]
    for secret in ("王子墨", "王立强", "19900000101", str(child.id)):
        assert secret not in file.text
    for name in ("刘敏", "许建安", "孙海燕"):
        other = await (await as_(name)).get(f"/slots/{slot}/booking/calendar.ics")
        assert other.status_code == 404


async def test_a_stand_in_takes_the_appointment_over(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    slot = await a_slot(cast)
    asker, helper = await as_("王立强"), await as_("李建国")
    await asker.put(f"/slots/{slot}/booking", json={})
    urls = [await subscribed(asker), await subscribed(helper)]
    search = (await asker.put(f"/slots/{slot}/booking/stand-in", json={})).json()["id"]
    await helper.put(f"/stand-ins/{search}/offer")
    taking = {"personId": str(cast.id("李建国"))}
    assert (await asker.put(f"/stand-ins/{search}/taking", json=taking)).status_code == 204
    shown = [[event["status"] for event in (await events(anyone, url)).values()] for url in urls]
    assert shown == [["CANCELLED"], ["CONFIRMED"]]


async def test_a_function_switched_off_or_an_account_closed_empties_the_calendar(
    as_: SignIn, anyone: Visitor, cast: Cast
) -> None:
    slot = await a_slot(cast)
    parent = await as_("王立强")
    await parent.put(f"/slots/{slot}/booking", json={})
    url = await subscribed(parent)
    await slots.move(
        slot,
        clock.now() + timedelta(days=9),
        clock.now() + timedelta(days=9, hours=1),
        "东门；A,B",
        by=cast.id("许建安"),
    )
    [event] = (await events(anyone, url)).values()
    assert event["location"] == "海湾实验小学 东门；A,B"
    switch = await FeatureSwitch.create(
        school_id=cast.schools["海湾"].id, function="volunteering", is_on=False
    )
    assert await events(anyone, url) == {}
    await switch.delete()
    assert len(await events(anyone, url)) == 1
    await fetch("UPDATE persons SET closed_at = now() WHERE id = $1 RETURNING 1", cast.id("王立强"))
    assert (await anyone.get(url)).status_code == 404
