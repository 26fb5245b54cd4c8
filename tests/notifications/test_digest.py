"""What can wait comes once a day, as one push."""

import asyncio
from datetime import time
from uuid import UUID, uuid4

from notifications import Priority, addresses
from notifications.addresses import Preferences
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    House,
    RecordingChannel,
    at,
    message,
    phone,
    rows,
    tell_once,
)


async def leave_low(person: UUID, count: int) -> None:
    for number in range(count):
        await tell_once([person], message(priority=Priority.LOW), f"low:{number}")


async def test_low_letters_are_put_aside_and_come_as_one_push_a_phone(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    tokens = [await phone(person), await phone(person, language="en")]
    await leave_low(person, 5)
    await office.dispatch(at(12))
    assert channel.sent == []
    assert await office.dispatch(at(17, 59)) == 0
    await office.dispatch(at(18))
    assert sorted(channel.tokens) == sorted(tokens)
    assert {parcel.title for parcel in channel.sent} == {
        "您有 5 条新通知",
        "You have 5 new notices",
    }
    assert await rows("SELECT id FROM post_delivery") == []
    assert {row["accepted"] for row in await rows("SELECT accepted FROM post_letter")} == {2}


async def test_a_digest_of_one_says_what_it_is(office: Office, channel: RecordingChannel) -> None:
    person = uuid4()
    await phone(person)
    await leave_low(person, 1)
    await office.dispatch(at(12))
    await office.dispatch(at(18))
    assert [parcel.title for parcel in channel.sent] == ["您有一条新通知"]


async def test_a_category_can_be_put_into_the_digest_at_ones_own_hour(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    wishes = Preferences(digest_at=time(20, 30), digest_categories=("school",))
    await addresses.prefer(person, wishes)
    for number in range(2):
        await tell_once([person], message(), f"school:{number}")
    await tell_once([person], message(category="class"), "class:1")
    await office.dispatch(at(12))
    assert [parcel.data["category"] for parcel in channel.sent] == ["class"]
    await office.dispatch(at(20, 30))
    assert [parcel.data["category"] for parcel in channel.sent] == ["class", "digest"]


async def test_three_workers_at_digest_time_make_one_push_of_it(
    office: Office, channel: RecordingChannel
) -> None:
    people = [uuid4() for _ in range(12)]
    tokens = [await phone(person) for person in people]
    for number in range(6):
        await tell_once(people, message(priority=Priority.LOW), f"low:{number}")
    await office.dispatch(at(12))
    channel.delay = 0.05
    await asyncio.gather(*(office.dispatch(at(18)) for _ in range(3)))
    assert sorted(channel.tokens) == sorted(tokens)
    assert {parcel.title for parcel in channel.sent} == {"您有 6 条新通知"}


async def test_what_was_read_before_the_digest_is_not_counted_in_it(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    await leave_low(person, 3)
    await office.dispatch(at(12))
    house.acted.add(person)
    await office.dispatch(at(18))
    assert channel.sent == []
    assert await rows("SELECT id FROM post_delivery") == []


async def test_a_digest_that_falls_into_the_night_comes_in_the_morning_as_one_push(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    wishes = Preferences(quiet_from=time(17), quiet_until=time(7), digest_at=time(18))
    await addresses.prefer(person, wishes)
    await leave_low(person, 2)
    await office.dispatch(at(12))
    await office.dispatch(at(18))
    assert channel.sent == []
    await office.dispatch(at(7, days=1))
    assert [parcel.title for parcel in channel.sent] == ["您有 2 条新通知"]
