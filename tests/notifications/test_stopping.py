"""A worker that is told to stop leaves soon, whatever its providers are doing."""

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

from backend import worker
from notifications.dispatcher import Office
from tests.notifications.conftest import (
    NOON,
    RecordingChannel,
    message,
    phone,
    rows,
    tell_once,
)


async def test_what_a_hanging_provider_has_not_answered_goes_back_into_the_queue(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    await tell_once([person], message())
    channel.delay = 30.0
    stop, begun = asyncio.Event(), time.monotonic()
    drain = asyncio.create_task(replace(office, stop_grace=0.2).drain(lambda: NOON, stop))
    await asyncio.sleep(0.3)
    [held] = await rows("SELECT leased_until FROM post_delivery")
    assert held["leased_until"] is not None
    stop.set()
    assert await drain == 1
    assert time.monotonic() - begun < 15
    [left] = await rows("SELECT state, leased_until FROM post_delivery")
    assert left == {"state": "queued", "leased_until": None}


async def test_a_provider_that_answers_within_the_grace_is_heard(
    office: Office, channel: RecordingChannel
) -> None:
    person = uuid4()
    await phone(person)
    await tell_once([person], message())
    channel.delay = 0.5
    stop = asyncio.Event()
    drain = asyncio.create_task(replace(office, stop_grace=20.0).drain(lambda: NOON, stop))
    await asyncio.sleep(0.1)
    stop.set()
    assert await drain == 1
    assert await rows("SELECT id FROM post_delivery") == []


async def test_work_that_does_not_end_is_put_down() -> None:
    put_down, stop = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            put_down.set()
            raise

    going = asyncio.create_task(worker._go_round("endless", endless, 0.1, stop))
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.wait_for(going, worker.STOP_GRACE + 20)
    assert put_down.is_set()
