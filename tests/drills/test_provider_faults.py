"""The push provider refuses, delays, forgets to answer and goes down; nothing is lost by it."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from notifications import Outcome, dispatcher
from notifications.breaker import Breaker
from notifications.channels.base import Result
from notifications.channels.fcm import FcmChannel
from tests.drills import dice, seen, size
from tests.drills.providing import Post, office_of, reckon
from tests.fakes.fcm import FakeFcm
from tests.notifications.conftest import message, rows

PEOPLE = size(50, 500)
LETTERS = size(10, 40)
OUTAGE = timedelta(hours=1)
BATCH = 100
PROBES = 20 * 12
"""What is tried in an hour, twenty parcels after each rest."""


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeFcm]:
    with FakeFcm() as fake:
        yield fake


@pytest.fixture
async def post(db: None, provider: FakeFcm) -> AsyncIterator[Post]:
    """A post office on the real firebase-admin, and nobody in its books yet."""
    provider.pushes.clear()
    provider.forget_scripts()
    provider.outage = ""
    channel = FcmChannel(
        provider.service_account, endpoint=provider.endpoint, timeout=3, app_name="drill"
    )
    await channel.open()
    yield Post(office_of(channel), provider, dice("provider"))
    await channel.close()


async def test_whatever_the_provider_answers_nothing_is_lost_and_nothing_said_twice(
    post: Post,
) -> None:
    await post.settle(PEOPLE)
    await post.write(LETTERS)
    post.script()
    await post.run()
    found = await reckon(post)
    retired = await rows("SELECT token FROM post_device WHERE retired_at IS NOT NULL")
    ambiguous = found.answers["ok_drop"] + found.answers["ok_hang"]
    seen(
        "provider faults", messages=PEOPLE * LETTERS, pushes=len(post.fake.pushes),
        lost=found.lost, doubled=found.doubled, ambiguous=ambiguous, too_soon=found.too_soon,
        dead_phones=len(retired), personal=found.personal, wrong=found.wrong,
    )  # fmt: skip
    assert found.wrong == 0, found
    assert 0 < found.doubled <= ambiguous
    assert len(retired) > 0
    assert {"quota", "internal", "unavailable", "invalid"} <= found.answers.keys()


async def _down(post: Post, people: int, letters: int) -> int:
    """Let the provider be down for an hour; return how often it was asked meanwhile."""
    post.office = dataclasses.replace(post.office, batch_size=BATCH)
    await post.settle(people)
    await post.write(letters)
    begun, post.fake.outage = post.now, "internal"
    while post.now < begun + OUTAGE:
        await post.office.drain(lambda: post.now, asyncio.Event())
        post.now += timedelta(seconds=30)
    post.at += [begun] * len(post.fake.pushes)
    post.fake.outage = ""
    return len(post.fake.pushes)


async def test_a_provider_that_is_down_is_left_in_peace_until_it_is_back(post: Post) -> None:
    people, letters = size(20, 250), size(15, 40)
    asked, back = await _down(post, people, letters), post.now
    await post.run()
    found = await reckon(post)
    [dead] = await rows("SELECT count(*)::int AS n FROM post_delivery WHERE state = 'dead'")
    seen(
        "provider down for an hour", messages=people * letters, asked_meanwhile=asked,
        lost=found.lost, given_up=dead["n"],
        minutes_until_all_arrived=round((post.now - back).total_seconds() / 60),
    )  # fmt: skip
    # One batch to notice, and a few parcels whenever it has rested.
    assert asked <= BATCH + PROBES
    assert (found.lost, found.inbox_missing, dead["n"]) == (0, 0, 0)


async def test_control_without_the_breaker_it_is_asked_again_and_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Breaker, "note", lambda *_: None)
    assert await _down(post, 20, 15) > 2 * (BATCH + PROBES)


CONTROLS = {
    "an answer that is lost counts as a yes": ("lost", {"drop": 20.0}),
    "nobody waits before asking again": ("too_soon", {"quota": 20.0}),
    "a dead phone is tried again": ("pushed_to_the_dead", {"unregistered": 20.0}),
}


@pytest.mark.parametrize("control", CONTROLS)
async def test_control_a_careless_post_office_is_found_out(
    post: Post, control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, faults = CONTROLS[control]
    record = dispatcher.Office._record

    async def careless(self: Any, answers: Any, lease: Any, now: Any) -> None:
        wrong = [(bundle, _careless(control, result)) for bundle, result in answers]
        await record(self, wrong, lease, now)

    monkeypatch.setattr(dispatcher.Office, "_record", careless)
    if counted == "too_soon":
        monkeypatch.setattr(dispatcher, "_back_off", lambda _: 1.0)
    await post.settle(20)
    await post.write(3)
    post.script(faults)
    await post.run()
    found = await reckon(post)
    assert getattr(found, counted) > 0
    assert found.wrong == getattr(found, counted)


def _careless(control: str, result: Result) -> Result:
    if control == "an answer that is lost counts as a yes":
        return Result(outcome=Outcome.ACCEPTED)
    if control == "nobody waits before asking again":
        return dataclasses.replace(result, retry_after=None)
    if result.outcome is Outcome.GONE:
        return Result(outcome=Outcome.TRANSIENT)
    return result


async def test_control_a_name_in_a_title_is_found(post: Post) -> None:
    await post.settle(3)
    await post.write(1, title_zh=message().body_zh)
    await post.run()
    assert (await reckon(post)).personal == 3
