"""At the door: tickets, rotating codes, lists ticked off by hand, and the settlement."""

import asyncio
import io
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from backend import clock
from backend.bookings import tickets
from backend.bookings.tickets import signer_for
from backend.settings import Settings
from seed.cast import Cast
from tests.bookings.conftest import At
from tests.bookings.door import (
    SOON,
    booked,
    code_of,
    outcomes,
    row_of,
    scan,
)
from tests.bookings.slots import a_slot, counters, tidy
from tests.house import SignIn


async def test_a_ticket_is_checked_without_a_network_and_read_from_its_picture(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, begins_in=SOON, max_party=3, capacity=3)
    parent = await as_("王立强")
    booking = await booked(parent, slot, party=2)
    shown = (await parent.get(f"/slots/{slot}/booking/ticket")).json()
    picture = await parent.get(f"/slots/{slot}/booking/ticket.png")
    assert picture.headers["content-type"] == "image/png"
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)))
    assert read.text == shown["ticket"]
    # What a phone at the door does, with nothing but the public key of its list.
    door = (await (await as_("许建安")).get(f"/slots/{slot}/door")).json()
    assert door["publicKey"] == shown["publicKey"]
    prefix, body = read.text[:5], tickets._bytes(read.text, "TXT1.")
    assert body is not None
    key = Ed25519PublicKey.from_public_bytes(tickets._bytes("-" + door["publicKey"], "-") or b"")
    key.verify(body[34:], prefix.encode() + body[:34])
    assert UUID(bytes=body[1:17]) == UUID(booking["id"])
    assert UUID(bytes=body[17:33]) == slot and body[33] == 2
    [entry] = door["items"]
    assert (entry["name"], entry["party"], entry["state"]) == ("王立强", 2, "confirmed")
    assert "1990000" not in picture.text + str(door)


async def test_without_a_confirmed_place_there_is_no_ticket(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    await booked(await as_("王立强"), slot)
    waiting = await as_("刘敏")
    assert (await waiting.put(f"/slots/{slot}/booking", json={})).json()["state"] == "waitlisted"
    for name in ("刘敏", "李建国", "孙海燕"):
        phone = await as_(name)
        assert (await phone.get(f"/slots/{slot}/booking/ticket")).status_code == 404
        assert (await phone.get(f"/slots/{slot}/booking/ticket.png")).status_code == 404


async def test_the_door_is_kept_by_its_hosts_alone(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=SOON, host_ids=[cast.id("林晓岚")])
    booking = (await booked(await as_("王立强"), slot))["id"]
    one = scan("in", clock.now(), bookingId=booking)
    for name, status in (
        ("许建安", 200),
        ("林晓岚", 200),
        ("吴思远", 403),
        ("何清越", 404),
        ("王立强", 404),
    ):
        phone = await as_(name)
        assert (await phone.get(f"/slots/{slot}/door")).status_code == status, name
        many = await phone.post(f"/slots/{slot}/scans", json={"scans": [one]})
        assert many.status_code == status, name
        hand = await phone.put(f"/bookings/{booking}/check-in", json={})
        assert hand.status_code == (404 if status == 403 else status), name


async def test_the_code_at_the_door_works_for_its_half_minute_and_the_one_before(
    as_: SignIn, cast: Cast, at: At
) -> None:
    slot = await a_slot(cast, begins_in=SOON, capacity=2)
    parent, host = await as_("王立强"), await as_("许建安")
    await booked(parent, slot)
    door = (await host.get(f"/slots/{slot}/door")).json()
    assert len(door["codes"]) == 60
    first = datetime.fromisoformat(door["codes"][10]["shownFrom"])
    later = {"code": door["codes"][10]["code"]}
    before = await parent.put(f"/slots/{slot}/booking/check-in", json=later)
    assert (before.status_code, code_of(before)) == (409, "door_code_stale")
    await at(first + timedelta(seconds=60))
    stale = await parent.put(f"/slots/{slot}/booking/check-in", json=later)
    assert code_of(stale) == "door_code_stale"
    await at(first + timedelta(seconds=59))
    came = await parent.put(f"/slots/{slot}/booking/check-in", json=later)
    assert came.json()["state"] == "checked_in"
    again = await parent.put(f"/slots/{slot}/booking/check-in", json=later)
    assert again.json() == came.json()
    assert (await counters(slot))["taken"] == 1
    # The same code in the hands of somebody without a place, and of another school.
    stranger = await as_("李建国")
    replay = await stranger.put(f"/slots/{slot}/booking/check-in", json=later)
    assert (replay.status_code, code_of(replay)) == (409, "not_booked")
    far = await (await as_("孙海燕")).put(f"/slots/{slot}/booking/check-in", json=later)
    assert far.status_code == 404


async def test_a_code_opens_its_own_door_only(as_: SignIn, cast: Cast, settings: Settings) -> None:
    slot, other = await a_slot(cast, begins_in=SOON), await a_slot(cast, begins_in=SOON)
    await booked(await as_("王立强"), slot)
    for secret, door in ((settings.secret_key, other), ("another secret " * 3, slot)):
        [code] = signer_for(secret).door_codes(door, clock.now())[:1]
        url = f"/slots/{slot}/booking/check-in"
        refused = await (await as_("王立强")).put(url, json={"code": code.code})
        assert code_of(refused) == "door_code_stale"


async def test_the_door_opens_and_closes_half_an_hour_around_the_slot(
    as_: SignIn, cast: Cast, settings: Settings, at: At
) -> None:
    slot = await a_slot(cast, begins_in=timedelta(hours=5))
    parent, signer = await as_("王立强"), signer_for(settings.secret_key)
    await booked(parent, slot)
    row = await row_of(slot)
    early, late = timedelta(minutes=30, seconds=1), timedelta(minutes=30)
    for moment, status in (
        (row["starts_at"] - early, 409),
        (row["ends_at"] + late + timedelta(seconds=1), 409),
        (row["starts_at"] - late, 200),
    ):
        await at(moment)
        code = signer.door_codes(slot, moment)[0].code
        answer = await parent.put(f"/slots/{slot}/booking/check-in", json={"code": code})
        assert answer.status_code == status, answer.text
        assert status == 200 or code_of(answer) == "door_closed"


async def test_leaving_credits_the_minutes_inside_the_slots_hours(
    as_: SignIn, cast: Cast, settings: Settings, at: At
) -> None:
    slot = await a_slot(cast, begins_in=SOON, hours=1)
    parent, signer = await as_("王立强"), signer_for(settings.secret_key)
    await booked(parent, slot)
    row = await row_of(slot)

    async def tap(way: str, moment: datetime) -> httpx.Response:
        await at(moment)
        code = signer.door_codes(slot, moment)[0].code
        return await parent.put(f"/slots/{slot}/booking/{way}", json={"code": code})

    too_soon = await tap("check-out", row["starts_at"] - timedelta(minutes=6))
    assert code_of(too_soon) == "wrong_booking_state"
    await tap("check-in", row["starts_at"] - timedelta(minutes=5))
    left = (await tap("check-out", row["starts_at"] + timedelta(minutes=42, seconds=30))).json()
    assert (left["state"], left["minutes"]) == ("checked_in", 42)
    await tidy(slot, timedelta(hours=2))
    assert (await row_of(slot))["state"] == "completed"
    assert (await row_of(slot))["minutes"] == 42


async def test_a_mistaken_check_in_is_undone_until_they_leave(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    parent, host = await as_("王立强"), await as_("许建安")
    booking = (await booked(parent, slot))["id"]
    assert (await host.put(f"/bookings/{booking}/check-in", json={})).status_code == 200
    assert code_of(await parent.delete(f"/slots/{slot}/booking")) == "already_in"
    for _ in range(2):
        assert (await host.delete(f"/bookings/{booking}/check-in")).status_code == 204
    assert (await row_of(slot))["state"] == "confirmed"
    assert (await row_of(slot))["checked_in_at"] is None
    await host.put(f"/bookings/{booking}/check-in", json={})
    await host.put(f"/bookings/{booking}/check-out", json={})
    refused = await host.delete(f"/bookings/{booking}/check-in")
    assert (refused.status_code, code_of(refused)) == (409, "wrong_booking_state")
    phone = scan("undo", clock.now(), bookingId=booking)
    assert await outcomes(host, slot, phone) == ["already_out"]
    assert (await row_of(slot))["checked_out_at"] is not None


async def test_a_list_kept_on_paper_is_entered_with_its_own_times(
    as_: SignIn, cast: Cast, at: At
) -> None:
    slot = await a_slot(cast, begins_in=SOON, hours=2)
    host = await as_("许建安")
    booking = (await booked(await as_("王立强"), slot))["id"]
    row = await row_of(slot)
    await tidy(slot, timedelta(hours=4))
    assert (await row_of(slot))["state"] == "no_show"
    await at(row["ends_at"] + timedelta(hours=20))
    came = {"at": (row["starts_at"] + timedelta(minutes=10)).isoformat()}
    left = {"at": (row["starts_at"] + timedelta(minutes=70)).isoformat()}
    assert (await host.put(f"/bookings/{booking}/check-in", json=came)).json()["minutes"] == 110
    out = (await host.put(f"/bookings/{booking}/check-out", json=left)).json()
    assert (out["state"], out["minutes"]) == ("completed", 60)
    assert (await host.delete(f"/bookings/{booking}/check-in")).status_code == 409
    await at(row["ends_at"] + timedelta(hours=73))
    closed = await host.put(f"/bookings/{booking}/check-in", json={})
    assert code_of(closed) == "door_closed"


async def test_a_check_in_at_the_moment_of_settlement_is_not_lost(
    as_: SignIn, cast: Cast, dsn: str
) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    await booked(await as_("王立强"), slot)
    door, sweep = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        checking_in = door.transaction()
        await checking_in.start()
        await door.execute(
            "UPDATE bookings SET state = 'checked_in', checked_in_at = starts_at "
            "WHERE slot_id = $1", slot,
        )  # fmt: skip
        settled = asyncio.create_task(
            sweep.execute("SELECT tidy_slot($1, $2)", slot, clock.now() + timedelta(hours=4))
        )
        _, waiting = await asyncio.wait([settled], timeout=0.3)
        assert waiting
        await checking_in.commit()
        await settled
    finally:
        await door.close()
        await sweep.close()
    assert ((await row_of(slot))["state"], (await row_of(slot))["minutes"]) == ("completed", 120)
