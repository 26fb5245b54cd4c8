"""A provider that is down rests; the others, and its own letters, lose nothing by it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from notifications import Outcome
from notifications.breaker import PROBE, Breaker
from notifications.channels.base import Result
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    RecordingChannel,
    message,
    phone,
    rows,
    tell_once,
)

MINUTE = timedelta(minutes=1)
YES = Result(outcome=Outcome.ACCEPTED)
NO = Result(outcome=Outcome.TRANSIENT)


def seconds_shut(breaker: Breaker) -> float:
    assert breaker.shut_until is not None
    return (breaker.shut_until - NOON).total_seconds()


def test_twenty_in_vain_are_enough_and_a_single_answer_clears_them() -> None:
    breaker = Breaker("fcm")
    for _ in range(3):
        breaker.note([NO] * 19, NOON)
        assert not breaker.is_shut(NOON)
        breaker.note([YES], NOON)
    breaker.note([NO] * 19, NOON)
    breaker.note([NO], NOON)
    assert breaker.is_shut(NOON)
    assert breaker.is_probing(NOON + timedelta(seconds=30))


def test_some_answers_among_many_failures_are_a_bad_day_and_not_an_outage() -> None:
    breaker = Breaker("fcm")
    breaker.note([NO] * 89 + [YES] * 11, NOON)
    assert not breaker.is_shut(NOON)
    breaker.note([NO] * 91 + [YES] * 9, NOON)
    assert breaker.is_shut(NOON)


def test_it_rests_ever_longer_until_a_probe_is_answered() -> None:
    breaker, rests = Breaker("fcm"), []
    for _ in range(7):
        breaker.note([NO] * 20, NOON)
        rests.append(seconds_shut(breaker))
    assert rests == [30, 60, 120, 240, 480, 600, 600]
    breaker.note([YES], NOON)
    assert not breaker.is_shut(NOON)
    breaker.note([NO] * 20, NOON)
    assert seconds_shut(breaker) == 30


@pytest.mark.parametrize(("asked", "rest"), [(10.0, 30), (900.0, 900), (86_400.0, 3_600)])
def test_it_rests_as_long_as_the_provider_asks_up_to_an_hour(asked: float, rest: int) -> None:
    breaker = Breaker("fcm")
    breaker.note([Result(outcome=Outcome.THROTTLED, retry_after=asked)] * 20, NOON)
    assert seconds_shut(breaker) == rest


async def test_one_provider_rests_the_other_goes_on_and_a_few_find_out_when_it_is_back(
    office: Office, channel: RecordingChannel
) -> None:
    other = RecordingChannel()
    office = replace(office, channels={"fcm": channel, "console": other})
    people = [uuid4() for _ in range(60)]
    for person in people:
        await phone(person)
    listener = uuid4()
    await phone(listener, provider="console")
    channel.broken = RuntimeError("no route")
    await tell_once(people, message())
    assert await office.dispatch(NOON) == 60
    await tell_once([*people, listener], message(), once="occasion:2")
    assert await office.dispatch(NOON) == 1
    assert len(other.sent) == 1
    assert await office.dispatch(NOON + MINUTE / 4) == 0
    # Half a minute later a few are tried, in vain, and again after twice as long.
    assert await office.dispatch(NOON + MINUTE / 2) == PROBE
    assert await office.dispatch(NOON + MINUTE) == 0
    channel.broken = None
    assert await office.dispatch(NOON + 2 * MINUTE) == PROBE
    while await office.dispatch(NOON + 9 * MINUTE):
        pass
    assert len(channel.sent) == 120
    assert await rows("SELECT 1 FROM post_delivery") == []


async def test_a_resting_provider_costs_no_letter_a_try(
    office: Office, channel: RecordingChannel
) -> None:
    people = [uuid4() for _ in range(25)]
    for person in people:
        await phone(person)
    office.breakers["fcm"] = Breaker("fcm", shut_until=NOON + MINUTE)
    await tell_once(people, message())
    for _ in range(5):
        assert await office.dispatch(NOON) == 0
    assert await rows("SELECT DISTINCT attempts FROM post_delivery") == [{"attempts": 0}]
