"""What phones without a network saw at the door, merged later and told apart."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend import clock
from backend.bookings.operations.stories import story
from backend.bookings.tickets import signer_for
from backend.database import fetch
from backend.settings import Settings
from seed.cast import Cast
from tests.bookings.conftest import At
from tests.bookings.door import (
    SOON,
    booked,
    merged,
    outcomes,
    row_of,
    scan,
    ticket_of,
    ticket_of_booked,
)
from tests.bookings.slots import a_slot, counters, states, tidy
from tests.house import SignIn


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
