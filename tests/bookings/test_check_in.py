"""At the door: tickets, rotating codes, phones without a network, lists ticked off by hand."""

import asyncio
import io
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from backend import clock
from backend.bookings import tickets
from backend.bookings.operations.stories import story
from backend.bookings.tickets import signer_for
from backend.database import fetch, fetch_one
from backend.settings import Settings
from seed.cast import Cast
from tests.bookings.conftest import At
from tests.bookings.slots import a_slot, counters, states, tidy
from tests.house import SignIn, Visitor

SOON = timedelta(minutes=10)


async def booked(phone: Visitor, slot: UUID, **more: Any) -> dict[str, Any]:
    answer = await phone.put(f"/slots/{slot}/booking", json=more)
    assert answer.status_code == 200 and answer.json()["state"] == "confirmed", answer.text
    return dict(answer.json())


async def ticket_of(phone: Visitor, slot: UUID) -> str:
    answer = await phone.get(f"/slots/{slot}/booking/ticket")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


def scan(kind: str, when: datetime, *, nonce: str | None = None, **what: Any) -> dict[str, Any]:
    return {
        "nonce": nonce or secrets.token_hex(8),
        "kind": kind,
        "scannedAt": when.astimezone(UTC).isoformat(),
        **{key: str(value) for key, value in what.items()},
    }


async def merged(host: Visitor, slot: UUID, *scans: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await host.post(f"/slots/{slot}/scans", json={"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def outcomes(host: Visitor, slot: UUID, *scans: dict[str, Any]) -> list[str]:
    return [item["outcome"] for item in await merged(host, slot, *scans)]


async def row_of(slot: UUID) -> dict[str, Any]:
    row = await fetch_one("SELECT * FROM bookings WHERE slot_id = $1", slot)
    assert row is not None
    return row


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


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


async def test_two_phones_scanning_one_ticket_are_one_check_in_at_the_first_time(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, begins_in=SOON, host_ids=[cast.id("林晓岚")])
    ticket = await ticket_of_booked(as_, slot)
    now = clock.now()
    first, second = now - timedelta(minutes=9), now - timedelta(minutes=4)
    one, other = await as_("许建安"), await as_("林晓岚")
    # The phone that scanned second finds a network first.
    [told] = await merged(one, slot, scan("in", second, ticket=ticket))
    assert told["outcome"] == "checked_in"
    [late] = await merged(other, slot, scan("in", first, ticket=ticket))
    assert late["outcome"] == "already_in"
    assert datetime.fromisoformat(late["checkedInAt"]) == first
    [third] = await merged(one, slot, scan("in", now, ticket=ticket))
    assert datetime.fromisoformat(third["checkedInAt"]) == first
    moves = await fetch("SELECT was FROM booking_moves WHERE became = 'checked_in'")
    assert [move["was"] for move in moves] == ["confirmed", "checked_in"]
    assert (await counters(slot))["taken"] == 1


async def ticket_of_booked(as_: SignIn, slot: UUID, name: str = "王立强") -> str:
    await booked(await as_(name), slot)
    return await ticket_of(await as_(name), slot)


async def test_a_batch_may_be_sent_again_after_a_lost_answer(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    ticket, host = await ticket_of_booked(as_, slot), await as_("许建安")
    now = clock.now()
    batch = [scan("in", now - timedelta(minutes=5), ticket=ticket), scan("out", now, ticket=ticket)]
    first = await merged(host, slot, *batch)
    assert [item["outcome"] for item in first] == ["checked_in", "checked_out"]
    assert await merged(host, slot, *batch) == first
    assert len(await fetch("SELECT id FROM scans WHERE slot_id = $1", slot)) == 2


async def test_forged_foreign_and_given_back_tickets_are_told_apart(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    slot, other = [await a_slot(cast, begins_in=SOON, capacity=9) for _ in range(2)]
    mine = await booked(await as_("王立强"), slot)
    ticket = await ticket_of(await as_("王立强"), slot)
    strange = signer_for("a secret of somebody else " * 2)
    forged = strange.ticket(UUID(mine["id"]), slot, 1)
    foreign = signer_for(settings.secret_key).ticket(UUID(mine["id"]), other, 1)
    given_back = await ticket_of_booked(as_, slot, "李建国")
    await (await as_("李建国")).delete(f"/slots/{slot}/booking")
    now, host = clock.now(), await as_("许建安")
    changed = ticket[:-1] + ("A" if ticket[-1] != "A" else "B")
    told = await outcomes(
        host,
        slot,
        *(scan("in", now, ticket=one) for one in (forged, changed, "TXT1.x", foreign, given_back)),
        scan("in", now, bookingId=cast.id("王立强")),
        scan("in", now, ticket=ticket),
    )
    assert told == [
        "forged", "forged", "forged", "wrong_slot", "not_booked", "not_booked", "checked_in"
    ]  # fmt: skip
    # The other door does not learn of bookings it has nothing to do with.
    assert await outcomes(host, other, scan("in", now, bookingId=mine["id"])) == ["not_booked"]


class Blind:
    """A key that takes every signature for its own."""

    def verify(self, signature: bytes, said: bytes) -> None:
        assert len(signature) == 64 and said


async def test_were_signatures_not_checked_a_forged_ticket_would_pass(
    as_: SignIn, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    mine = await booked(await as_("王立强"), slot)
    fake = signer_for("a secret of somebody else " * 2).ticket(UUID(mine["id"]), slot, 1)
    host = await as_("许建安")
    assert await outcomes(host, slot, scan("in", clock.now(), ticket=fake)) == ["forged"]
    monkeypatch.setattr(signer_for(settings.secret_key), "_public", Blind())
    assert await outcomes(host, slot, scan("in", clock.now(), ticket=fake)) == ["checked_in"]


async def test_a_wrong_clock_never_dates_a_check_in_outside_the_door_or_ahead(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, begins_in=SOON, capacity=2)
    one, two = await ticket_of_booked(as_, slot), await ticket_of_booked(as_, slot, "李建国")
    now, host = clock.now(), await as_("许建安")
    ahead, behind = await merged(
        host,
        slot,
        scan("in", now + timedelta(hours=3), ticket=one),
        scan("in", now - timedelta(days=3), ticket=two),
    )
    assert now <= datetime.fromisoformat(ahead["checkedInAt"]) <= clock.now()
    row = await row_of(slot)
    opens = row["starts_at"] - timedelta(minutes=30)
    assert datetime.fromisoformat(behind["checkedInAt"]) == opens


async def test_scans_merge_to_the_same_story_in_any_order(as_: SignIn, cast: Cast) -> None:
    now = clock.now()
    seen = [("in", 9), ("in", 7), ("out", 4), ("in", 2)]
    ended = set()
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
        slot = await a_slot(cast, begins_in=SOON)
        ticket, host = await ticket_of_booked(as_, slot), await as_("许建安")
        for index in order:
            kind, minutes = seen[index]
            await merged(host, slot, scan(kind, now - timedelta(minutes=minutes), ticket=ticket))
        row = await row_of(slot)
        ended.add((row["state"], row["checked_in_at"], row["checked_out_at"]))
        await (await as_("王立强")).delete(f"/slots/{slot}/booking")
        # Whoever is checked in is engaged; the next round needs them free again.
        await fetch("UPDATE bookings SET state = 'cancelled' RETURNING id")
    assert ended == {("checked_in", now - timedelta(minutes=9), None)}


def test_a_story_is_told_by_time_not_by_arrival() -> None:
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def said(*scans: tuple[int, str]) -> list[tuple[datetime, str, datetime]]:
        moments = [(start + timedelta(minutes=minute), kind) for minute, kind in scans]
        return [(moment, kind, moment) for moment, kind in moments]

    def minutes(told: tuple[datetime | None, datetime | None]) -> list[float | None]:
        return [None if t is None else (t - start).total_seconds() / 60 for t in told]

    assert minutes(story(said((5, "in"), (0, "in")))) == [0, None]
    assert minutes(story(said((3, "undo"), (0, "in")))) == [None, None]
    assert minutes(story(said((0, "in"), (3, "undo"), (4, "in"), (9, "out"), (11, "out")))) == [
        4,
        9,
    ]
    assert minutes(story(said((0, "in"), (3, "out"), (4, "undo")))) == [0, 3]
    assert minutes(story(said((0, "out"), (3, "in")))) == [3, None]


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


async def test_what_an_offline_phone_saw_counts_for_three_days_after_settlement(
    as_: SignIn, cast: Cast, at: At
) -> None:
    slot = await a_slot(cast, begins_in=SOON, hours=2, capacity=2)
    one, two = await ticket_of_booked(as_, slot), await ticket_of_booked(as_, slot, "李建国")
    host, row = await as_("许建安"), await row_of(slot)
    await tidy(slot, timedelta(hours=4))
    assert set((await states(slot)).values()) == {"no_show"}
    seen = row["starts_at"] + timedelta(minutes=30)
    await at(row["ends_at"] + timedelta(hours=71))
    [late] = await merged(host, slot, scan("in", seen, ticket=one))
    assert late["outcome"] == "checked_in"
    assert (await states(slot))[cast.id("王立强")] == "completed"
    [booking] = await fetch("SELECT minutes FROM bookings WHERE state = 'completed'")
    assert booking["minutes"] == 90
    undo = scan("undo", clock.now(), ticket=one)
    assert await outcomes(host, slot, undo) == ["settled"]
    await at(row["ends_at"] + timedelta(hours=72, seconds=1))
    assert await outcomes(host, slot, scan("in", seen, ticket=two)) == ["door_closed"]
    assert (await states(slot))[cast.id("李建国")] == "no_show"
    assert (await counters(slot))["taken"] == 2


async def test_five_hundred_scans_are_one_request_and_more_are_refused(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, begins_in=SOON)
    ticket, host, now = await ticket_of_booked(as_, slot), await as_("许建安"), clock.now()
    many = [scan("in", now - timedelta(seconds=n), ticket=ticket) for n in range(501)]
    told = await outcomes(host, slot, *many[:500])
    assert (told.count("checked_in"), told.count("already_in")) == (1, 499)
    assert told[499] == "checked_in"
    refused = await host.post(f"/slots/{slot}/scans", json={"scans": many})
    assert refused.status_code == 400
    neither = {"nonce": secrets.token_hex(8), "kind": "in", "scannedAt": now.isoformat()}
    empty = await host.post(f"/slots/{slot}/scans", json={"scans": [neither]})
    assert empty.status_code == 400


async def test_phones_and_the_family_at_one_instant_are_one_check_in(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    slot = await a_slot(cast, begins_in=SOON, capacity=2, host_ids=[cast.id("林晓岚")])
    ticket, other = await ticket_of_booked(as_, slot), await ticket_of_booked(as_, slot, "李建国")
    parent, one, two = await as_("王立强"), await as_("许建安"), await as_("林晓岚")
    now = clock.now()
    code = {"code": signer_for(settings.secret_key).door_codes(slot, now)[0].code}
    scans = [
        scan("in", now - timedelta(minutes=n), ticket=t) for n in (1, 2) for t in (ticket, other)
    ]
    answers = await asyncio.gather(
        parent.put(f"/slots/{slot}/booking/check-in", json=code),
        *(phone.post(f"/slots/{slot}/scans", json={"scans": order})
          for phone in (one, two) for order in (scans, scans[::-1])),
    )  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 5
    moves = await fetch("SELECT booking_id FROM booking_moves WHERE was = 'confirmed'")
    assert len(moves) == len({move["booking_id"] for move in moves}) == 2
    rows = await fetch("SELECT checked_in_at FROM bookings WHERE slot_id = $1", slot)
    assert {row["checked_in_at"] for row in rows} == {now - timedelta(minutes=2)}


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
