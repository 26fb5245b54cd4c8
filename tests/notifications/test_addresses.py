"""A token has one owner, a phone may change hands, and a person may be forgotten."""

from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import pytest
from tortoise.exceptions import IntegrityError

from notifications import Outcome, Reach, addresses
from notifications.addresses import Preferences, Refused
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    RecordingChannel,
    message,
    phone,
    rows,
    tell_once,
)


async def test_a_token_registered_under_another_account_moves(
    office: Office, channel: RecordingChannel
) -> None:
    seller, buyer = uuid4(), uuid4()
    token = await phone(seller)
    await tell_once([seller], message(), "to the seller")
    await phone(buyer, token)
    await tell_once([seller, buyer], message(), "to both")
    await office.dispatch(NOON)
    assert channel.tokens == [token]
    assert channel.sent[0].tag == "to both"
    assert await addresses.reachability([seller, buyer]) == {
        seller: Reach.NO_DEVICE,
        buyer: Reach.OK,
    }


async def test_a_phone_that_moves_while_its_push_is_claimed_does_not_get_it(
    office: Office, channel: RecordingChannel
) -> None:
    seller, buyer = uuid4(), uuid4()
    token = await phone(seller)
    await tell_once([seller], message())
    # As if the move had committed just after a page was turned for the old owner.
    await rows("UPDATE post_device SET person_id = $1 WHERE token = $2", buyer, token)
    await office.dispatch(NOON)
    assert channel.sent == []


async def test_signing_out_retires_the_sessions_phone_and_drops_its_pushes(
    office: Office, channel: RecordingChannel
) -> None:
    person, session = uuid4(), uuid4()
    await phone(person, session_id=session)
    tablet = await phone(person, session_id=uuid4())
    await tell_once([person], message())
    assert await addresses.unregister([session], now=NOON) == 1
    assert await addresses.unregister([session], now=NOON) == 0
    await office.dispatch(NOON)
    assert channel.tokens == [tablet]


async def test_a_new_token_of_the_same_session_replaces_the_old_one(
    office: Office, channel: RecordingChannel
) -> None:
    person, session = uuid4(), uuid4()
    await phone(person, session_id=session)
    fresh = await phone(person, session_id=session)
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert channel.tokens == [fresh]


async def test_of_more_than_ten_phones_the_one_seen_longest_ago_is_retired(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    tokens = [await phone(person, now=NOON + timedelta(hours=hour)) for hour in range(11)]
    await tell_once([person], message())
    await office.dispatch(NOON)
    assert sorted(channel.tokens) == sorted(tokens[1:])


async def test_a_retired_phone_that_registers_again_is_alive(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    token = await phone(person)
    channel.script(token, Outcome.GONE)
    await tell_once([person], message(), "first")
    await office.dispatch(NOON)
    assert await addresses.reachability([person]) == {person: Reach.REFUSED}
    assert await addresses.refused_for(once="first") == [
        Refused(person_id=person, state="refused", error="scripted")
    ]
    await tell_once([person], message(), "second")
    assert await office.dispatch(NOON) == 0

    await phone(person, token)
    assert await addresses.reachability([person]) == {person: Reach.OK}
    await tell_once([person], message(), "third")
    await office.dispatch(NOON)
    assert [parcel.tag for parcel in channel.sent] == ["first", "third"]


async def test_what_was_queued_for_a_phone_that_died_meanwhile_counts_as_refused(
    office: Office, channel: RecordingChannel
) -> None:
    person, subject = uuid4(), uuid4()
    token = await phone(person)
    channel.script(token, Outcome.GONE)
    await tell_once([person], message(), "first")
    await tell_once([person], message(subject_id=subject), "second")
    office = replace(office, batch_size=1)
    for _ in range(2):
        await office.dispatch(NOON)
    assert channel.tokens == [token]
    refused = await addresses.refused_for(subject_id=subject)
    assert [one.person_id for one in refused] == [person]


async def test_somebody_without_any_phone_is_known_to_have_none(db: None) -> None:
    person = uuid4()
    assert await addresses.reachability([person]) == {person: Reach.NO_DEVICE}


async def test_a_forgotten_person_leaves_no_row(office: Office) -> None:
    person, other = uuid4(), uuid4()
    await phone(person)
    await phone(other)
    await addresses.prefer(person, Preferences(muted_categories=("school",)))
    await tell_once([person, other], message())
    await addresses.forget(person)
    for table in ("post_device", "post_preference", "post_inbox_item", "post_delivery"):
        assert await rows(f"SELECT 1 FROM {table} WHERE person_id = $1", person) == []
    assert len(await rows("SELECT 1 FROM post_inbox_item")) == 1


async def test_wishes_come_back_as_they_were_given(db: None) -> None:
    person = uuid4()
    assert await addresses.preferences(person) == Preferences()
    wishes = Preferences(
        quiet_from=time(22, 30),
        quiet_until=time(0),
        digest_at=time(0),
        muted_categories=("health",),
        digest_categories=("class", "school"),
    )
    await addresses.prefer(person, Preferences())
    await addresses.prefer(person, wishes)
    assert await addresses.preferences(person) == wishes


async def test_quiet_hours_with_one_end_are_refused_by_the_database(db: None) -> None:
    with pytest.raises(IntegrityError, match="post_preference_quiet"):
        await addresses.prefer(uuid4(), Preferences(quiet_from=time(22)))
