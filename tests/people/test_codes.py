"""Signing in with a code sent to the phone."""

import asyncio
import statistics
import time

import pytest

from backend import clock
from backend.database import execute, fetch, fetch_one
from backend.people import rules
from backend.people.jobs import send_sms
from backend.people.models import Person, SignInCode, SmsMessage

KNOWN, UNKNOWN = "13800138001", "13900139009"


async def test_a_stranger_and_a_parent_are_answered_alike(cast, phone) -> None:
    device = phone("kitchen-phone")
    answers = [await device.ask_for_code(KNOWN), await device.ask_for_code(UNKNOWN)]
    assert [a.status_code for a in answers] == [202, 202]
    shapes = [{k: type(v) for k, v in a.json().items()} for a in answers]
    assert shapes[0] == shapes[1]
    assert answers[0].json()["resendAfter"] == answers[1].json()["resendAfter"]
    assert {a.headers["cache-control"] for a in answers} == {"no-store"}
    assert await SmsMessage.all().count() == 2


async def test_nothing_is_sent_by_the_request_itself(cast, phone, postbag, keys) -> None:
    await phone("kitchen-phone").ask_for_code(KNOWN)
    assert postbag.sent == []
    assert await send_sms(postbag, keys, clock.now()) == 1
    assert [s.phone for s in postbag.sent] == [f"+86{KNOWN}"]


async def test_the_code_is_stored_neither_in_the_clear_nor_after_it_was_sent(
    cast, phone, postbag, keys
) -> None:
    await phone("kitchen-phone").ask_for_code(KNOWN)
    before = await SmsMessage.get()
    await send_sms(postbag, keys, clock.now())
    code = postbag.code_for(KNOWN)
    after = await SmsMessage.get()
    assert (after.state, after.payload) == ("sent", "")
    rows = await fetch("SELECT to_jsonb(c)::text AS row FROM sign_in_codes c")
    stored = rows[0]["row"].replace(str((await SignInCode.get()).id), "")
    assert keys.unseal(before.id, before.payload) == code
    assert f'"{code}"' not in stored
    assert code not in before.payload


async def test_a_parent_signs_in_and_the_account_is_marked_active(cast, phone) -> None:
    device = phone("kitchen-phone")
    assert (await device.sign_in(KNOWN)).status_code == 201
    me = (await device.ask("GET", "/me")).json()
    assert (me["name"], me["phone"], me["isStaff"]) == ("张伟", "138****8001", False)
    assert (await Person.get(id=cast.father.id)).activated_at is not None


async def test_an_unknown_phone_becomes_a_person_without_children(cast, phone) -> None:
    device = phone("strangers-phone")
    answer = await device.sign_in(UNKNOWN)
    assert answer.status_code == 201
    assert set(answer.json()) == set((await phone("kitchen-phone").sign_in(KNOWN)).json())
    children = (await device.ask("GET", "/me/children")).json()
    assert children == {"items": [], "privacyVersion": 1, "nextCursor": None}
    assert (await Person.get(phone=f"+86{UNKNOWN}")).name == "用户9009"


async def test_five_wrong_codes_use_the_code_up(cast, phone, postbag, keys) -> None:
    device = phone("kitchen-phone")
    request_id = (await device.ask_for_code(KNOWN)).json()["requestId"]
    await send_sms(postbag, keys, clock.now())
    right = postbag.code_for(KNOWN)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answers = [(await device.give_code(request_id, wrong)).json() for _ in range(5)]
    assert [a["code"] for a in answers] == ["code_wrong"] * 4 + ["code_expired"]
    assert [a["facts"].get("left") for a in answers[:4]] == [4, 3, 2, 1]
    late = await device.give_code(request_id, right)
    assert (late.status_code, late.json()["code"]) == (409, "code_expired")


async def test_a_hundred_guesses_at_once_are_still_only_five(cast, phone, postbag, keys) -> None:
    device = phone("kitchen-phone")
    request_id = (await device.ask_for_code(KNOWN)).json()["requestId"]
    await send_sms(postbag, keys, clock.now())
    right = int(postbag.code_for(KNOWN))
    wrong = [f"{(right + n) % 1_000_000:06d}" for n in range(1, 101)]
    answers = await asyncio.gather(*(device.give_code(request_id, code) for code in wrong))
    looked_at = [a for a in answers if a.json()["code"] == "code_wrong"]
    assert len(looked_at) == 4
    assert (await SignInCode.get()).attempts == 5


async def test_a_code_signs_in_once(cast, phone, postbag, keys) -> None:
    device = phone("kitchen-phone")
    request_id = (await device.ask_for_code(KNOWN)).json()["requestId"]
    await send_sms(postbag, keys, clock.now())
    code = postbag.code_for(KNOWN)
    answers = await asyncio.gather(*(device.give_code(request_id, code) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]
    again = await device.give_code(request_id, code)
    assert again.json()["code"] == "code_expired"


async def test_a_code_belongs_to_its_request_and_its_device(cast, phone, postbag, keys) -> None:
    device, other = phone("kitchen-phone"), phone("strangers-phone")
    request_id = (await device.ask_for_code(KNOWN)).json()["requestId"]
    other_request = (await other.ask_for_code(UNKNOWN)).json()["requestId"]
    await send_sms(postbag, keys, clock.now())
    code = postbag.code_for(KNOWN)
    assert (await other.give_code(request_id, code)).json()["code"] == "code_expired"
    if code != postbag.code_for(UNKNOWN):
        assert (await other.give_code(other_request, code)).json()["code"] == "code_wrong"
    assert (await device.give_code(request_id, code)).status_code == 201


async def test_a_code_is_good_for_five_minutes(cast, phone, postbag, keys) -> None:
    device = phone("kitchen-phone")
    request_id = (await device.ask_for_code(KNOWN)).json()["requestId"]
    await send_sms(postbag, keys, clock.now())
    await execute("UPDATE sign_in_codes SET expires_at = expires_at - interval '5 minutes'")
    late = await device.give_code(request_id, postbag.code_for(KNOWN))
    assert late.json()["code"] == "code_expired"


async def test_a_closed_account_stays_closed(cast, phone) -> None:
    await Person.filter(id=cast.father.id).update(closed_at=clock.now())
    answer = await phone("kitchen-phone").sign_in(KNOWN)
    assert (answer.status_code, answer.json()["code"]) == (409, "account_closed")


@pytest.mark.parametrize("number", ["12345678901", "010-8534-1234", "+14155550100", "1380013800a"])
async def test_only_mainland_mobiles_get_codes(cast, phone, number: str) -> None:
    answer = await phone("kitchen-phone").ask_for_code(number)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_phone"


async def test_a_phone_gets_one_code_a_minute_five_an_hour_ten_a_day(cast, phone) -> None:
    device, statuses = phone("kitchen-phone"), []
    for _ in range(12):
        statuses.append((await device.ask_for_code(KNOWN)).status_code)
        assert (await device.ask_for_code(KNOWN)).status_code == 429
        await execute("DELETE FROM limits WHERE name = 'code_minute'")
        if len(statuses) == 6:
            await execute("DELETE FROM limits WHERE name = 'code_hour'")
    assert statuses == [202] * 5 + [429] + [202] * 5 + [429]
    refused = await device.ask_for_code(KNOWN)
    assert int(refused.headers["retry-after"]) > 0
    day = await fetch_one("SELECT used FROM limits WHERE name = 'code_day'")
    assert day is not None and day["used"] == 10


async def test_a_school_signs_in_from_one_address_but_an_address_has_its_measure(
    cast, phone
) -> None:
    device = phone("kitchen-phone")
    assert [(await device.ask_for_code(f"139001{n:05d}")).status_code for n in range(70)] == [
        202
    ] * 70
    most = rules.CODES_PER_ADDRESS.most
    await execute("UPDATE limits SET used = $1 WHERE name = 'code_address'", most - 1)
    answers = [await device.ask_for_code(f"139002{n:05d}") for n in range(2)]
    assert [a.status_code for a in answers] == [202, 429]


async def test_asking_takes_as_long_for_a_stranger_as_for_a_parent(cast, phone) -> None:
    device = phone("kitchen-phone")
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for _ in range(100):
        for number in (KNOWN, UNKNOWN):
            await execute("DELETE FROM limits")
            begun = time.perf_counter()
            answer = await device.ask_for_code(number)
            took[number].append(time.perf_counter() - begun)
            assert answer.status_code == 202
    known, unknown = statistics.median(took[KNOWN]), statistics.median(took[UNKNOWN])
    assert abs(known - unknown) / known < 0.25
