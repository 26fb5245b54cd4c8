"""Deliveries are carried by any number of workers, and none is lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend.database import transaction
from notifications import Outcome, health, ledger
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    House,
    RecordingChannel,
    message,
    phone,
    rows,
    tell_once,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def crowd(size: int) -> list[str]:
    """Tell ``size`` people with a phone each, and return the phones' tokens."""
    people = [uuid4() for _ in range(size)]
    tokens = [await phone(person) for person in people]
    await tell_once(people, message())
    return tokens


async def test_what_was_accepted_leaves_a_count_and_no_row(
    office: Office, channel: RecordingChannel
) -> None:
    tokens = await crowd(3)
    assert await office.dispatch(NOON) == 3
    assert sorted(channel.tokens) == sorted(tokens)
    assert await rows("SELECT id FROM post_delivery") == []
    assert await rows("SELECT accepted, refused FROM post_letter") == [
        {"accepted": 3, "refused": 0}
    ]
    assert await office.dispatch(NOON) == 0


async def test_three_dispatchers_at_once_send_once(
    office: Office, channel: RecordingChannel
) -> None:
    tokens = await crowd(60)
    channel.delay = 0.05
    office = replace(office, batch_size=10)
    stop = asyncio.Event()
    await asyncio.gather(*(office.drain(lambda: NOON, stop) for _ in range(3)))
    assert sorted(channel.tokens) == sorted(tokens)
    assert (await rows("SELECT accepted FROM post_letter"))[0]["accepted"] == 60


async def test_without_the_lease_three_dispatchers_send_more_than_once(
    office: Office, channel: RecordingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_lease = "leased_until = $2::timestamptz - interval '1 hour'"
    claim = ledger._CLAIM.replace("leased_until = $2", no_lease)
    monkeypatch.setattr(ledger, "_CLAIM", claim)
    tokens = await crowd(10)
    channel.delay = 0.05
    await asyncio.gather(*(office.dispatch(NOON) for _ in range(3)))
    assert len(channel.tokens) > len(tokens)


async def test_without_skip_locked_a_dispatcher_waits_for_the_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(1)
    lease = NOON + MINUTE

    async def hold() -> None:
        async with transaction():
            await ledger.claim(NOON, lease, 1)
            await asyncio.sleep(0.5)

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0.2)
    async with asyncio.timeout(0.2):
        assert await ledger.claim(NOON, lease, 1) == []
    monkeypatch.setattr(ledger, "_CLAIM", ledger._CLAIM.replace("SKIP LOCKED", ""))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ledger.claim(NOON, lease, 1)
    await holder


async def test_a_provider_that_throws_leaves_the_push_to_come_due_again(
    office: Office, channel: RecordingChannel
) -> None:
    [token] = await crowd(1)
    channel.broken = RuntimeError("no route")
    await office.dispatch(NOON)
    assert await office.dispatch(NOON + timedelta(seconds=59)) == 0
    channel.broken = None
    assert await office.dispatch(NOON + timedelta(seconds=76)) == 1
    assert channel.tokens == [token]


async def test_a_push_is_given_up_after_eight_tries_and_can_be_replayed(
    office: Office, channel: RecordingChannel
) -> None:
    [token] = await crowd(1)
    channel.broken = RuntimeError("no route")
    now, waits = NOON, []
    for _ in range(office.tries - 1):
        assert await office.dispatch(now) == 1
        [row] = await rows("SELECT state, due_at FROM post_delivery")
        waits.append((row["due_at"] - now).total_seconds())
        now = row["due_at"]
    assert await office.dispatch(now) == 1
    for wait, least in zip(waits, [60, 120, 240, 480, 960, 1920, 3600], strict=True):
        assert least <= wait <= least * 1.25
    [row] = await rows("SELECT state, attempts, last_error FROM post_delivery")
    assert row == {"state": "dead", "attempts": 8, "last_error": "RuntimeError"}
    assert await office.dispatch(now + HOUR * 24) == 0
    [dead] = await health.dead_deliveries()
    assert (dead.once, dead.attempts, dead.error) == ("occasion:1", 8, "RuntimeError")

    channel.broken = None
    assert await health.replay_dead(now, once="another") == 0
    assert await health.replay_dead(now) == 1
    await office.dispatch(now)
    assert channel.tokens == [token]


async def test_a_throttled_push_waits_as_long_as_the_provider_asks_but_a_minute_at_least(
    office: Office, channel: RecordingChannel
) -> None:
    patient, hasty = await crowd(2)
    channel.script(patient, Outcome.THROTTLED, retry_after=600)
    channel.script(hasty, Outcome.THROTTLED, retry_after=1)
    await office.dispatch(NOON)
    waits = {
        row["token"]: (row["due_at"] - NOON).total_seconds()
        for row in await rows(
            "SELECT token, due_at FROM post_delivery JOIN post_device d ON d.id = device_id"
        )
    }
    assert waits[patient] == 600
    assert 60 <= waits[hasty] <= 75


async def test_only_a_dead_address_retires_its_device(
    office: Office, channel: RecordingChannel
) -> None:
    gone, throttled, shaky, rejected, fine = await crowd(5)
    channel.script(gone, Outcome.GONE)
    channel.script(throttled, Outcome.THROTTLED)
    channel.script(shaky, Outcome.TRANSIENT)
    channel.script(rejected, Outcome.REJECTED)
    await office.dispatch(NOON)
    retired = await rows("SELECT token, retired_reason FROM post_device WHERE retired_at NOTNULL")
    assert retired == [{"token": gone, "retired_reason": "scripted"}]
    states = {
        row["token"]: row["state"]
        for row in await rows(
            "SELECT token, state FROM post_delivery JOIN post_device d ON d.id = device_id"
        )
    }
    assert states == {gone: "refused", throttled: "queued", shaky: "queued", rejected: "dead"}
    assert await rows("SELECT accepted, refused FROM post_letter") == [
        {"accepted": 1, "refused": 1}
    ]
    assert fine not in states


async def test_a_device_for_which_no_channel_is_open_is_not_tried_for_ever(
    office: Office,
) -> None:
    person = uuid4()
    await phone(person, provider="huawei")
    await tell_once([person], message())
    await office.dispatch(NOON)
    [row] = await rows("SELECT state, last_error FROM post_delivery")
    assert row == {"state": "dead", "last_error": "no channel for huawei"}


async def test_a_worker_that_dies_between_claim_and_record_leaves_the_push_to_the_lease(
    office: Office, channel: RecordingChannel
) -> None:
    [token] = await crowd(1)
    channel.delay = 5
    victim = asyncio.create_task(office.dispatch(NOON))
    await asyncio.sleep(0.2)
    victim.cancel()
    await asyncio.gather(victim, return_exceptions=True)
    channel.delay = 0
    assert await office.dispatch(NOON + timedelta(seconds=59)) == 0
    assert await office.dispatch(NOON + MINUTE) == 1
    assert channel.tokens == [token]


async def test_a_worker_that_outlives_its_lease_does_not_undo_the_other_ones_record(
    office: Office,
) -> None:
    await crowd(1)
    slow_lease = NOON + MINUTE
    [slow] = await ledger.claim(NOON, slow_lease, 10)
    quick_lease = slow_lease + MINUTE
    [quick] = await ledger.claim(slow_lease, quick_lease, 10)
    assert slow.id == quick.id
    await ledger.bury([slow.id], ["late"], slow_lease)
    await ledger.drop([slow.id], slow_lease)
    await ledger.refuse([slow.id], ["late"], slow_lease, NOON)
    [row] = await rows("SELECT state, leased_until FROM post_delivery")
    assert row == {"state": "queued", "leased_until": quick_lease}
    await ledger.accept([quick.id])
    await ledger.accept([slow.id])
    assert (await rows("SELECT accepted FROM post_letter"))[0]["accepted"] == 1


async def test_nobody_is_pushed_who_has_read_it_meanwhile(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    reader, other = uuid4(), uuid4()
    await phone(reader)
    token = await phone(other)
    await tell_once([reader, other], message())
    house.acted.add(reader)
    await office.dispatch(NOON)
    assert channel.tokens == [token]
    assert (await rows("SELECT suppressed FROM post_letter"))[0]["suppressed"] == 1


async def test_without_the_second_look_the_reader_would_be_pushed(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    async def ask_nobody(
        occasion: str, subject_id: UUID | None, people: Sequence[UUID]
    ) -> set[UUID]:
        return set(people)

    reader = uuid4()
    token = await phone(reader)
    await tell_once([reader], message())
    house.acted.add(reader)
    await replace(office, still_wanted=ask_nobody).dispatch(NOON)
    assert channel.tokens == [token]


async def test_one_rooms_broken_question_does_not_hold_up_the_others(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    person = uuid4()
    token = await phone(person)
    house.broken_occasions.add("broken")
    await tell_once([person], message("broken"), "a")
    await tell_once([person], message("sound"), "b")
    await office.dispatch(NOON)
    assert channel.tokens == [token]
    [row] = await rows("SELECT state, last_error, due_at FROM post_delivery")
    assert (row["state"], row["last_error"]) == ("queued", "LookupError")
    assert row["due_at"] >= NOON + MINUTE


async def test_a_channel_that_hangs_is_left_before_the_lease_ends(
    office: Office, channel: RecordingChannel
) -> None:
    await crowd(1)
    channel.delay = 30
    async with asyncio.timeout(2):
        await replace(office, send_timeout=0.1).dispatch(NOON)
    [row] = await rows("SELECT state, last_error FROM post_delivery")
    assert row == {"state": "queued", "last_error": "TimeoutError"}


async def test_a_stop_ends_the_drain_between_two_batches(
    office: Office, channel: RecordingChannel
) -> None:
    await crowd(20)
    channel.delay = 0.05
    stop = asyncio.Event()
    drain = asyncio.create_task(replace(office, batch_size=1).drain(lambda: NOON, stop))
    await asyncio.sleep(0.2)
    stop.set()
    assert 0 < await drain < 20


async def test_nothing_personal_leaves_the_house(office: Office, channel: RecordingChannel) -> None:
    person = uuid4()
    await phone(person)
    await tell_once([person], message(subject_id=uuid4()))
    await office.dispatch(NOON)
    [parcel] = channel.sent
    assert "CANARY" not in repr(parcel)
    assert set(parcel.data) == {"id", "category", "link"}
    assert parcel.tag == "occasion:1"


async def test_a_phone_set_to_english_gets_the_english_title(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person, language="en")
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert channel.sent[0].title == "You have a new notice"
