"""What every channel must do, tried on each of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from notifications import Outcome
from notifications.channels.base import Channel, Parcel
from notifications.channels.console import ConsoleChannel
from notifications.channels.fcm import FcmChannel
from tests.fakes.fcm import FakeFcm


def parcel(token: str = "", **changes: Any) -> Parcel:
    details: dict[str, Any] = {
        "delivery_id": uuid4(),
        "token": token or f"token-{uuid4().hex}",
        "tag": "occasion:1",
        "title": "您有一条新通知",
        "data": {"id": "1", "category": "school", "link": "/notices/1"},
    }
    return Parcel(**{**details, **changes})


@pytest.fixture(params=["console", "fcm"])
async def adapter(request: pytest.FixtureRequest, fake_fcm: FakeFcm) -> AsyncIterator[Channel]:
    channel: Channel = ConsoleChannel()
    if request.param == "fcm":
        channel = FcmChannel(
            # Patient, for a busy machine may need long for five hundred pushes at once.
            fake_fcm.service_account,
            endpoint=fake_fcm.endpoint,
            app_name="contract",
            timeout=60,
        )
    await channel.open()
    yield channel
    await channel.close()


async def test_there_is_one_result_for_each_parcel(adapter: Channel) -> None:
    results = await adapter.send([parcel() for _ in range(7)])
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 7


async def test_nothing_to_send_is_no_trouble(adapter: Channel) -> None:
    assert await adapter.send([]) == []


async def test_a_full_batch_goes_out(adapter: Channel) -> None:
    results = await adapter.send([parcel() for _ in range(adapter.max_batch)])
    assert len(results) == adapter.max_batch
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}


async def test_rendering_is_pure_and_bears_the_data(adapter: Channel) -> None:
    one = parcel()
    first, second = adapter.render(one), adapter.render(one)
    assert first == second
    assert "/notices/1" in json.dumps(first)
    assert one.title in json.dumps(first, ensure_ascii=False)


async def test_a_silent_parcel_shows_no_title(adapter: Channel) -> None:
    rendered = json.dumps(adapter.render(parcel(silent=True, title="")), ensure_ascii=False)
    assert '"notification"' not in rendered
    assert "您有" not in rendered
    [result] = await adapter.send([parcel(silent=True, title="")])
    assert result.outcome is Outcome.ACCEPTED


async def test_a_parcel_nobody_can_send_does_not_spoil_its_neighbours(adapter: Channel) -> None:
    odd = parcel(data={"id": 7})
    results = await adapter.send([parcel(), odd, parcel()])
    assert results[0].outcome is results[2].outcome is Outcome.ACCEPTED
    assert results[1].outcome in (Outcome.ACCEPTED, Outcome.REJECTED)


async def test_closing_twice_is_closing_once(adapter: Channel) -> None:
    await adapter.close()
    await adapter.close()


async def test_two_batches_at_once_keep_their_results_apart(adapter: Channel) -> None:
    batches = [[parcel() for _ in range(size)] for size in (3, 5)]
    answers = await asyncio.gather(*(adapter.send(batch) for batch in batches))
    assert [len(answer) for answer in answers] == [3, 5]
