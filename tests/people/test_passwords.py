"""Signing in with a password: what it costs to guess one."""

import asyncio
import statistics
import threading
import time

import pytest

from backend import clock
from backend.database import execute, fetch_one
from backend.errors import Busy
from backend.people import passwords, rules
from backend.people.models import Person, Session
from tests.people.household import PASSWORD

TEACHER, UNKNOWN = "13800138003", "13900139009"
WRONG = "harbour-Violin-17-moss"


async def test_a_teacher_signs_in_with_a_password(cast, phone) -> None:
    device = phone("teachers-phone")
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201
    assert (await device.ask("GET", "/me")).json()["isStaff"] is True


async def test_a_wrong_password_and_an_unknown_phone_are_answered_alike(cast, phone) -> None:
    device = phone("strangers-phone")
    answers = [await device.sign_in_by_password(n, WRONG) for n in (TEACHER, UNKNOWN)]
    bodies = [a.json() | {"requestId": ""} for a in answers]
    assert [a.status_code for a in answers] == [409, 409]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "password_wrong"


async def test_an_unknown_phone_is_locked_like_a_known_one(cast, phone) -> None:
    device = phone("strangers-phone")
    for number in (TEACHER, UNKNOWN):
        answers = [await device.sign_in_by_password(number, WRONG) for _ in range(6)]
        assert [a.json()["code"] for a in answers] == ["password_wrong"] * 5 + ["sign_in_locked"]
        assert (answers[5].status_code, answers[5].headers["retry-after"]) in [
            (429, str(seconds)) for seconds in range(890, 901)
        ]


async def test_a_lock_holds_even_against_the_right_password(cast, phone) -> None:
    device = phone("strangers-phone")
    for _ in range(5):
        await device.sign_in_by_password(TEACHER, WRONG)
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 429


async def test_each_lock_lasts_twice_as_long_up_to_a_day(cast, phone) -> None:
    device, minutes = phone("strangers-phone"), []
    for _ in range(9):
        for _ in range(5):
            await device.sign_in_by_password(TEACHER, WRONG)
        locked = await device.sign_in_by_password(TEACHER, WRONG)
        minutes.append(locked.json()["facts"]["minutes"])
        await execute("UPDATE sign_in_failures SET locked_until = $1", clock.now())
    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


async def test_a_known_device_is_not_locked_by_strangers(cast, phone) -> None:
    own, stranger = phone("teachers-phone"), phone("strangers-phone")
    await own.sign_in_by_password(TEACHER, PASSWORD)
    for _ in range(6):
        await stranger.sign_in_by_password(TEACHER, WRONG)
    assert (await stranger.sign_in_by_password(TEACHER, PASSWORD)).status_code == 429
    assert (await own.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201


async def test_a_guesser_gains_nothing_by_calling_each_try_a_new_device(cast, phone) -> None:
    answers = [await phone(f"new-device-{n}").sign_in_by_password(TEACHER, WRONG) for n in range(8)]
    codes = [a.json()["code"] for a in answers]
    assert codes == ["password_wrong"] * 5 + ["sign_in_locked"] * 3


async def test_fifty_guesses_at_once_are_still_only_five(cast, phone) -> None:
    device = phone("strangers-phone")
    answers = await asyncio.gather(
        *(device.sign_in_by_password(TEACHER, f"{WRONG}{n}") for n in range(50))
    )
    codes = [a.json()["code"] for a in answers]
    assert codes.count("password_wrong") == 5
    assert codes.count("sign_in_locked") == 45


async def test_after_a_hundred_failures_only_a_code_signs_in(cast, phone) -> None:
    own, stranger = phone("teachers-phone"), phone("strangers-phone")
    await own.sign_in_by_password(TEACHER, PASSWORD)
    await stranger.sign_in_by_password(TEACHER, WRONG)
    await execute("UPDATE sign_in_failures SET failures = 100 WHERE device_key = '*'")
    refused = await own.sign_in_by_password(TEACHER, PASSWORD)
    assert (refused.status_code, refused.json()["code"]) == (409, "code_sign_in_needed")
    assert (await own.sign_in(TEACHER)).status_code == 201
    assert (await own.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201


async def test_a_success_starts_the_count_again(cast, phone) -> None:
    device = phone("teachers-phone")
    await device.sign_in_by_password(TEACHER, PASSWORD)
    for _ in range(4):
        await device.sign_in_by_password(TEACHER, WRONG)
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201
    row = await fetch_one("SELECT count(*) AS n FROM sign_in_failures")
    assert row is not None and row["n"] == 0


async def test_a_weaker_hash_is_made_anew_at_the_next_sign_in(cast, phone) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    await Person.filter(id=cast.teacher.id).update(password_hash=weak.hash(PASSWORD))
    device = phone("teachers-phone")
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201
    stored = (await Person.get(id=cast.teacher.id)).password_hash
    assert stored is not None and "m=19456,t=2,p=1" in stored
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 201


async def _gap(phone, samples: int) -> float:
    """Return by how much, relatively, the two medians of interleaved tries differ."""
    device = phone("strangers-phone")
    took: dict[str, list[float]] = {TEACHER: [], UNKNOWN: []}
    for _ in range(samples):
        for number, times in took.items():
            await execute("DELETE FROM sign_in_failures")
            begun = time.perf_counter()
            await device.sign_in_by_password(number, WRONG)
            times.append(time.perf_counter() - begun)
    known, unknown = statistics.median(took[TEACHER]), statistics.median(took[UNKNOWN])
    return abs(known - unknown) / known


async def test_guessing_takes_as_long_for_an_unknown_phone(cast, phone) -> None:
    assert await _gap(phone, 40) < 0.2


async def test_without_the_stand_in_hash_time_would_tell(cast, phone, monkeypatch) -> None:
    async def careless(password: str, stored: str | None) -> bool:
        return stored is not None and await passwords.counter._run(
            passwords._verify, password, stored
        )

    monkeypatch.setattr(passwords.counter, "check", careless)
    assert await _gap(phone, 10) > 0.5


async def test_the_fifty_third_in_the_queue_is_told_to_come_back() -> None:
    counter = passwords.Counter()
    gate = threading.Event()
    held = [counter._pool.submit(gate.wait) for _ in range(passwords.THREADS)]

    async def ask() -> bool:
        with counter.place():
            return await counter.check(WRONG, None)

    waiting = [asyncio.create_task(ask()) for _ in range(passwords.THREADS + passwords.QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await ask()
    gate.set()
    assert refused.value.retry_after == 2
    assert await asyncio.gather(*waiting) == [False] * 52
    assert all(future.result() for future in held)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password!2024",
        "qwertyuiop123",
        "woaini1314520",
        "111111111111",
        "123456789012345",
        "abababababab",
        "abcdefghijklmn",
        "王芳13800138003",
        "13800138003wangfang!"[:13],
        "滨江区第一实验小学2024",
        "班主任密码12345678",
    ],
)
def test_common_and_guessable_passwords_are_refused(password: str) -> None:
    context = ["王芳", "13800138003", "00138003", "8003", "滨江区第一实验小学"]
    with pytest.raises(rules.PasswordTooCommon):
        rules.check_password(password, context=context)


@pytest.mark.parametrize(
    "password", ["lantern-Ferry-88-quilt", "雨后山色青可爱江上渔舟唱晚", "correct horse battery"]
)
def test_long_odd_passwords_are_welcome(password: str) -> None:
    rules.check_password(password, context=["王芳"])


def test_eleven_characters_are_too_few() -> None:
    with pytest.raises(rules.PasswordTooShort):
        rules.check_password("Vx7-moss-Qk", context=[])


async def test_a_new_password_takes_the_old_one_or_a_fresh_code(cast, phone) -> None:
    device = phone("teachers-phone")
    await device.sign_in_by_password(TEACHER, PASSWORD)
    new = {"password": "harbour-Violin-17-moss"}
    refused = await device.ask("PUT", "/me/password", json=new)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    wrong = await device.ask("PUT", "/me/password", json=new | {"current": "not-that-one-1"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "password_wrong")
    right = await device.ask("PUT", "/me/password", json=new | {"current": PASSWORD})
    assert right.status_code == 204
    assert (await device.sign_in_by_password(TEACHER, PASSWORD)).status_code == 409
    assert (await device.sign_in_by_password(TEACHER, new["password"])).status_code == 201


async def test_a_fresh_code_is_fresh_for_ten_minutes(cast, phone) -> None:
    device = phone("teachers-phone")
    await device.sign_in(TEACHER)
    body = {"password": "harbour-Violin-17-moss"}
    assert (await device.ask("PUT", "/me/password", json=body)).status_code == 204
    await execute("UPDATE sessions SET created_at = created_at - interval '11 minutes'")
    assert (await device.ask("PUT", "/me/password", json=body)).status_code == 403


async def test_a_new_password_signs_the_other_devices_out_and_says_so(cast, phone) -> None:
    device, other = phone("teachers-phone"), phone("teachers-tablet")
    await other.sign_in(TEACHER)
    await device.sign_in(TEACHER)
    body = {"password": "harbour-Violin-17-moss"}
    assert (await device.ask("PUT", "/me/password", json=body)).status_code == 204
    assert (await other.ask("GET", "/me")).status_code == 401
    assert (await other.refresh()).json()["code"] == "session_ended"
    assert (await device.ask("GET", "/me")).status_code == 200
    items = (await device.ask("GET", "/inbox")).json()["items"]
    assert [item["category"] for item in items] == ["security"]
    ended = await Session.get(id=other.session_id)
    assert ended.revoked_reason == "password_changed"


async def test_a_stolen_session_cannot_guess_the_present_password(cast, phone) -> None:
    device = phone("teachers-phone")
    await device.sign_in_by_password(TEACHER, PASSWORD)
    body = {"password": "harbour-Violin-17-moss", "current": "not-that-one-1"}
    answers = [await device.ask("PUT", "/me/password", json=body) for _ in range(6)]
    assert [a.status_code for a in answers] == [409] * 5 + [429]
