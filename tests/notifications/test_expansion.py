"""An announcement is one row, and becomes pushes a page at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from backend.database import transaction
from notifications import Priority, expansion, withdraw
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    House,
    RecordingChannel,
    announce_once,
    message,
    phone,
    rows,
)


async def families(house: House, key: str, size: int) -> dict[UUID, str]:
    """Give an audience ``size`` people with a phone each."""
    tokens = {}
    for _ in range(size):
        person = uuid4()
        tokens[person] = await phone(person)
    house.audiences[key] = list(tokens)
    return tokens


async def test_every_family_of_the_audience_is_pushed_once(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    tokens = await families(house, "class:1", 48)
    siblings = dict(list(tokens.items())[:5])
    house.audiences["class:2"] = list(siblings)
    await announce_once(["class:1", "class:2"], message())
    assert await rows("SELECT id FROM post_delivery UNION SELECT id FROM post_inbox_item") == []
    office = replace(office, page_size=10, batch_size=7)
    await office.drain(lambda: NOON, asyncio.Event())
    assert sorted(channel.tokens) == sorted(tokens.values())
    [letter] = await rows("SELECT state, accepted FROM post_letter")
    assert letter == {"state": "expanded", "accepted": 48}


async def test_a_broadcast_leaves_nothing_per_recipient_behind(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    await families(house, "school:1", 120)
    await announce_once(["school:1"], message())
    await replace(office, page_size=50).drain(lambda: NOON, asyncio.Event())
    assert len(channel.sent) == 120
    for table in ("post_delivery", "post_inbox_item", "post_piercing"):
        assert await rows(f"SELECT id FROM {table}") == []
    assert len(await rows("SELECT id FROM post_letter")) == 1


async def test_three_workers_turn_each_page_once(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    tokens = await families(house, "grade:1", 90)
    await announce_once(["grade:1"], message())
    office = replace(office, page_size=10)
    stop = asyncio.Event()
    for _ in range(20):
        await asyncio.gather(*(office.drain(lambda: NOON, stop) for _ in range(3)))
    assert sorted(channel.tokens) == sorted(tokens.values())


async def test_a_worker_that_dies_before_turning_its_page_neither_loses_nor_repeats_it(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    tokens = await families(house, "class:1", 25)
    await announce_once(["class:1"], message())
    office = replace(office, page_size=10)
    await office.expand(NOON)
    dead = await expansion.claim_letter(NOON, NOON + office.lease)
    assert dead is not None
    assert await office.expand(NOON + timedelta(seconds=59)) == 0
    later = NOON + office.lease
    await office.drain(lambda: later, asyncio.Event())
    assert sorted(channel.tokens) == sorted(tokens.values())

    # Back from the dead, it finds its page turned.
    people = await house.page_audience(dead.audiences, dead.cursor, 10)
    assert await expansion.turn_page(dead, people, last=False, now=later) is None
    assert await rows("SELECT id FROM post_delivery") == []


async def test_a_letter_withdrawn_between_two_pages_stops_there(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    await families(house, "class:1", 25)
    await announce_once(["class:1"], message())
    office = replace(office, page_size=10)
    await office.expand(NOON)
    await office.dispatch(NOON)
    async with transaction():
        await withdraw("occasion:1")
    await office.drain(lambda: NOON, asyncio.Event())
    assert len(channel.sent) == 10


async def test_a_class_does_not_wait_for_the_whole_district(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    district = await families(house, "district:1", 40)
    classmates = await families(house, "class:1", 3)
    await announce_once(["district:1"], message(), "wide")
    office = replace(office, page_size=10)
    await office.expand(NOON)
    await announce_once(["class:1"], message(), "narrow")
    await office.drain(lambda: NOON, asyncio.Event())
    places = [channel.tokens.index(token) for token in classmates.values()]
    assert max(places) < 20
    assert len(channel.sent) == len(district) + len(classmates)


async def test_an_urgent_announcement_is_paged_first(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    await families(house, "class:1", 1)
    urgent = await families(house, "class:2", 1)
    await announce_once(["class:1"], message(), "first")
    await announce_once(["class:2"], message(priority=Priority.URGENT), "second")
    await office.drain(lambda: NOON, asyncio.Event())
    assert channel.tokens[0] in urgent.values()


async def test_an_audience_that_cannot_be_read_waits_while_others_go_on(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    tokens = await families(house, "class:1", 2)
    await announce_once(["class:unknown"], message(), "broken")
    await announce_once(["class:1"], message(), "sound")
    await office.drain(lambda: NOON, asyncio.Event())
    assert sorted(channel.tokens) == sorted(tokens.values())
    house.audiences["class:unknown"] = list(tokens)
    later = NOON + timedelta(minutes=2)
    await office.drain(lambda: later, asyncio.Event())
    assert len(channel.sent) == 4
