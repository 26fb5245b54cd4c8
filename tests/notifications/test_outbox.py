"""Letters are left beside their cause, once, and taken back in time."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.connection import get_connection

from backend.database import transaction
from notifications import (
    LIVE_CHANNEL,
    OutsideTransaction,
    Priority,
    announce,
    clear,
    settle,
    tell,
    withdraw,
)
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    House,
    RecordingChannel,
    announce_once,
    message,
    phone,
    rows,
    tell_once,
)


async def test_work_that_is_rolled_back_tells_nobody(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await tell([person], message(), once="undone")
            raise ZeroDivisionError
    assert await office.dispatch(NOON) == 0
    assert await rows("SELECT id FROM post_letter UNION SELECT id FROM post_inbox_item") == []


async def test_every_verb_refuses_to_run_outside_a_transaction(db: None) -> None:
    person, subject = uuid4(), uuid4()
    for verb in (
        tell([person], message(), once="x"),
        announce(["class:1"], message(), once="x"),
        withdraw("x"),
        settle(subject, [person]),
        clear(person, subject),
    ):
        with pytest.raises(OutsideTransaction):
            await verb
    assert await rows("SELECT id FROM post_letter") == []


async def test_the_same_occasion_told_twice_is_one_letter(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    token = await phone(person)
    assert await tell_once([person], message()) is True
    assert await tell_once([person], message()) is False
    await office.dispatch(NOON)
    assert channel.tokens == [token]
    assert len(await rows("SELECT id FROM post_inbox_item")) == 1


async def test_two_transactions_that_tell_the_same_occasion_at_once_leave_one_letter(
    office: Office, channel: RecordingChannel
) -> None:
    people = [uuid4() for _ in range(3)]
    tokens = [await phone(person) for person in people]
    written = await asyncio.gather(*(tell_once(people, message()) for _ in range(4)))
    assert sorted(written) == [False, False, False, True]
    await office.dispatch(NOON)
    assert sorted(channel.tokens) == sorted(tokens)


async def test_an_announcement_needs_an_audience(db: None) -> None:
    async with transaction():
        with pytest.raises(ValueError, match="audience"):
            await announce([], message(), once="x")


async def test_an_announcement_withdrawn_before_its_time_reaches_nobody(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    house.audiences["class:1"] = [person]
    async with transaction():
        await announce(["class:1"], message(), once="later", not_before=NOON)
    assert await office.expand(NOON - timedelta(seconds=1)) == 0
    async with transaction():
        assert await withdraw("later") is True
        assert await withdraw("never written") is False
    assert await office.expand(NOON) == 0
    assert channel.sent == []


async def test_a_letter_withdrawn_after_its_page_was_turned_is_not_sent(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    house.audiences["class:1"] = people = [uuid4(), uuid4()]
    for person in people:
        await phone(person)
    await announce_once(["class:1"], message())
    await office.expand(NOON)
    async with transaction():
        await withdraw("occasion:1")
    assert await rows("SELECT id FROM post_delivery") == []
    await office.dispatch(NOON)
    assert channel.sent == []


async def test_a_household_that_has_acted_is_left_in_peace(
    office: Office, channel: RecordingChannel
) -> None:
    mother, father, subject = uuid4(), uuid4(), uuid4()
    tokens = {person: await phone(person) for person in (mother, father)}
    await tell_once([mother, father], message(subject_id=subject))
    await tell_once([father], message("other", subject_id=uuid4()), "other")
    async with transaction():
        assert await settle(subject, [mother, father]) == 2
    await office.dispatch(NOON)
    assert channel.tokens == [tokens[father]]


async def test_reading_on_one_phone_silently_clears_the_others(
    office: Office, channel: RecordingChannel
) -> None:
    person, subject, here = uuid4(), uuid4(), uuid4()
    await phone(person, session_id=here)
    tablet = await phone(person, session_id=uuid4())
    await tell_once([person], message(subject_id=subject))
    await office.dispatch(NOON)
    channel.sent.clear()

    async with transaction():
        assert await clear(person, subject, except_session=here) == 1
    await office.dispatch(NOON)

    [parcel] = channel.sent
    assert (parcel.token, parcel.silent, parcel.title) == (tablet, True, "")
    assert parcel.data["action"] == "clear"
    assert parcel.data["id"] == str(subject)
    assert await rows("SELECT id FROM post_delivery") == []
    [letter] = await rows("SELECT accepted FROM post_letter")
    assert letter["accepted"] == 2


async def test_reading_before_the_push_went_out_leaves_only_the_silent_one(
    office: Office, house: House, channel: RecordingChannel
) -> None:
    person, subject, here = uuid4(), uuid4(), uuid4()
    house.audiences["class:1"] = [person]
    await phone(person, session_id=here)
    await phone(person, session_id=uuid4())
    await announce_once(["class:1"], message(subject_id=subject))
    async with transaction():
        assert await clear(person, subject, except_session=here) == 0
    await office.expand(NOON)
    async with transaction():
        assert await clear(person, subject, except_session=here) == 1
    await office.dispatch(NOON)
    assert [parcel.silent for parcel in channel.sent] == [True]


async def test_a_push_without_an_inbox_row_is_possible_for_what_the_app_shows_elsewhere(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    async with transaction():
        await tell([person], message("nudge"), once="nudge:1", inbox=False)
    await office.dispatch(NOON)
    assert len(channel.sent) == 1
    assert await rows("SELECT id FROM post_inbox_item") == []


async def test_open_connections_hear_of_changes_when_the_transaction_commits(
    dsn: str, db: None
) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(dsn)
    await listener.add_listener(LIVE_CHANNEL, lambda *event: heard.append(event[-1]))
    people = [uuid4() for _ in range(450)]
    try:
        async with transaction():
            await tell(people, message(), once="many")
            await announce(["class:1", "class:2"], message(), once="wide")
            assert heard == []
        await listener.fetchval("SELECT 1")
    finally:
        await listener.close()
    persons = [payload for payload in heard if payload.startswith("p:")]
    assert all(len(payload) < 8_000 for payload in heard)
    named = [UUID(key) for payload in persons for key in payload[2:].split(",")]
    assert sorted(named) == sorted(people)
    assert [payload for payload in heard if payload.startswith("a:")] == ["a:class:1,class:2"]


async def test_an_announcement_for_later_is_heard_of_when_its_day_comes(
    dsn: str, office: Office, house: House
) -> None:
    house.audiences["class:1"] = []
    heard: list[str] = []
    listener = await asyncpg.connect(dsn)
    await listener.add_listener(LIVE_CHANNEL, lambda *event: heard.append(event[-1]))
    try:
        async with transaction():
            await announce(["class:1"], message(), once="later", not_before=NOON)
        await listener.fetchval("SELECT 1")
        assert heard == []
        await office.expand(NOON)
        await listener.fetchval("SELECT 1")
    finally:
        await listener.close()
    assert heard == ["a:class:1"]


async def test_an_urgent_letter_overtakes_the_queue(
    office: Office, channel: RecordingChannel
) -> None:
    waiting, called = uuid4(), uuid4()
    first, urgent = await phone(waiting), await phone(called)
    await tell_once([waiting], message(), "first")
    await tell_once([called], message(priority=Priority.URGENT), "second")
    await office.dispatch(NOON)
    assert channel.tokens == [urgent, first]


async def test_a_title_longer_than_a_screen_is_refused_by_the_database(db: None) -> None:
    with pytest.raises(Exception, match="too long"):
        await tell_once([uuid4()], message(title_zh="长" * 121))
    assert get_connection("default") is not None
    assert await rows("SELECT id FROM post_letter") == []
