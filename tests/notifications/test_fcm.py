"""The real firebase-admin against a loopback server that speaks FCM's HTTP v1."""

import asyncio
import functools
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from google.auth.transport.requests import Request

from notifications import Outcome
from notifications.channels.fcm import FcmChannel
from notifications.dispatcher import Office
from tests.fakes.fcm import FakeFcm
from tests.notifications.conftest import NOON, message, phone, rows, tell_once
from tests.notifications.test_channels import parcel

ROOT = Path(__file__).resolve().parents[2]


async def test_a_push_arrives_as_the_phone_will_see_it(fcm: FcmChannel, fake_fcm: FakeFcm) -> None:
    [result] = await fcm.send([parcel("phone-1", urgent=True)])
    assert result.outcome is Outcome.ACCEPTED
    [received] = fake_fcm.accepted("phone-1")
    assert received == {
        "token": "phone-1",
        "notification": {"title": "您有一条新通知"},
        "data": {"id": "1", "category": "school", "link": "/notices/1"},
        "android": {
            "collapse_key": "occasion:1",
            "priority": "high",
            "ttl": "86400s",
            "notification": {"tag": "occasion:1"},
        },
        "apns": {
            "headers": {"apns-collapse-id": "occasion:1", "apns-priority": "10"},
            "payload": {"aps": {"sound": "default"}},
        },
    }
    assert received == fcm.render(parcel("phone-1", urgent=True))


async def test_the_service_account_signs_for_the_messaging_scope(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    before = len(fake_fcm.assertions)
    await fcm.send([parcel()])
    await fcm.send([parcel()])
    [claims] = fake_fcm.assertions[before:]
    assert "https://www.googleapis.com/auth/cloud-platform" in claims["scope"]
    assert claims["iss"] == fake_fcm.service_account["client_email"]


@pytest.mark.parametrize(
    ("answer", "outcome", "retry_after"),
    [
        ("unregistered", Outcome.GONE, None),
        ("sender_mismatch", Outcome.GONE, None),
        ("quota", Outcome.THROTTLED, 120),
        ("invalid", Outcome.REJECTED, None),
        ("third_party_auth", Outcome.REJECTED, None),
        ("wrong_project", Outcome.REJECTED, None),
        ("internal", Outcome.TRANSIENT, None),
        ("unavailable", Outcome.TRANSIENT, 300),
        ("drop", Outcome.TRANSIENT, None),
        ("hang", Outcome.TRANSIENT, None),
    ],
)
async def test_each_answer_has_its_outcome_and_the_neighbours_theirs(
    fcm: FcmChannel, fake_fcm: FakeFcm, answer: str, outcome: Outcome, retry_after: float | None
) -> None:
    # The library asks twice more after a 401, whatever its reason.
    posts = 3 if answer == "third_party_auth" else 1
    fake_fcm.script("odd", *[answer] * posts)
    started = time.monotonic()
    before, odd, after = await fcm.send([parcel(), parcel("odd"), parcel()])
    assert (odd.outcome, odd.retry_after) == (outcome, retry_after)
    assert before.outcome is after.outcome is Outcome.ACCEPTED
    assert [push["token"] for push in fake_fcm.pushes].count("odd") == posts
    assert time.monotonic() - started < 4


async def test_an_answer_that_is_no_json_makes_the_whole_batch_come_again(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    fake_fcm.script("odd", "garbage")
    results = await fcm.send([parcel(), parcel("odd")])
    assert {result.outcome for result in results} == {Outcome.TRANSIENT}


async def test_a_revoked_token_is_replaced_for_the_next_batch(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    await fcm.send([parcel()])
    fake_fcm.revoke_tokens()
    [refused] = await fcm.send([parcel()])
    [accepted] = await fcm.send([parcel()])
    assert (refused.outcome, accepted.outcome) == (Outcome.TRANSIENT, Outcome.ACCEPTED)


async def test_while_no_token_can_be_had_nothing_is_posted_nor_asked_again_at_once(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    fake_fcm.token_failures = 1
    for _ in range(2):
        [result] = await fcm.send([parcel()])
        assert (result.outcome, result.detail) == (Outcome.TRANSIENT, "no access token")
    assert fake_fcm.pushes == []
    assert fake_fcm.token_failures == 0


@asynccontextmanager
async def measured_lag() -> AsyncIterator[list[float]]:
    """Collect by how many seconds a task that sleeps 10 ms wakes too late."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            started = time.monotonic()
            await asyncio.sleep(0.01)
            lags.append(time.monotonic() - started - 0.01)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    yield lags
    watcher.cancel()


async def test_a_slow_token_endpoint_does_not_stall_the_event_loop(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    fake_fcm.token_delay = 1.0
    async with measured_lag() as lags:
        [result] = await fcm.send([parcel()])
    assert result.outcome is Outcome.ACCEPTED
    assert max(lags) < 0.9
    assert len(lags) > 20


async def test_fetching_the_token_in_the_loop_would_stall_it(
    fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    fake_fcm.token_delay = 1.0
    async with measured_lag() as lags:
        fcm._google.refresh(functools.partial(Request(), timeout=5))
        await asyncio.sleep(0.05)
    assert max(lags) > 0.9


async def test_from_letter_to_phone_each_device_gets_exactly_one_push_without_personal_data(
    office: Office, fcm: FcmChannel, fake_fcm: FakeFcm
) -> None:
    office = replace(office, channels={"fcm": fcm})
    people = [uuid4() for _ in range(48)]
    tokens = [await phone(person) for person in people]
    fake_fcm.script(tokens[0], "unregistered")
    fake_fcm.script(tokens[1], "unavailable")
    await tell_once(people, message())
    await office.drain(lambda: NOON, asyncio.Event())
    assert sorted(push["token"] for push in fake_fcm.pushes) == sorted(tokens)
    assert "CANARY" not in json.dumps(fake_fcm.pushes, ensure_ascii=False)
    states = await rows(
        "SELECT token, state FROM post_delivery JOIN post_device d ON d.id = device_id"
    )
    assert {row["token"]: row["state"] for row in states} == {
        tokens[0]: "refused",
        tokens[1]: "queued",
    }
    assert (await rows("SELECT accepted FROM post_letter"))[0]["accepted"] == 46


async def test_the_loopback_server_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    log, account = tmp_path / "pushes.jsonl", tmp_path / "account.json"
    command = ["-m", "tests.fakes.fcm", "--log", str(log), "--account", str(account)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        address = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        async with httpx.AsyncClient(trust_env=False) as client:
            wanted = {"token": "odd", "answers": ["unregistered"]}
            await client.post(f"{address['base']}/script", json=wanted)
        channel = FcmChannel(
            json.loads(account.read_text()), endpoint=address["endpoint"], app_name="apart"
        )
        await channel.open()
        results = await channel.send([parcel("fine"), parcel("odd")])
        await channel.close()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.GONE]
    assert process.returncode == 0
    pushes = [json.loads(line) for line in log.read_text().splitlines()]
    assert {push["token"]: push["answer"] for push in pushes} == {
        "fine": "ok",
        "odd": "unregistered",
    }
