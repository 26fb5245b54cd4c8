"""Devices of one person: listed, ended, limited, and held to their office's hours."""

import asyncio

from backend import clock
from backend.database import execute, fetch_one
from backend.people.authentication import actor_from
from backend.people.models import Session
from tests.people.household import PASSWORD, let_time_pass

FATHER, TEACHER, HEAD = "13800138001", "13800138003", "13800138004"


async def test_signing_out_acts_on_the_next_request(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    assert (await device.ask("DELETE", "/me/session")).status_code == 204
    assert (await device.ask("GET", "/me")).json()["code"] == "session_ended"
    assert (await device.refresh()).status_code == 401


async def test_a_device_is_listed_and_can_be_signed_out_from_another(cast, phone) -> None:
    device, lost = phone("fathers-phone"), phone("fathers-tablet")
    await lost.sign_in(FATHER)
    await device.sign_in(FATHER)
    listed = (await device.ask("GET", "/me/sessions")).json()["items"]
    assert [(s["deviceName"], s["isThisDevice"]) for s in listed] == [
        ("Phone fathers-phone", True),
        ("Phone fathers-tablet", False),
    ]
    for _ in range(2):
        answer = await device.ask("DELETE", f"/me/sessions/{lost.session_id}")
        assert answer.status_code == 204
    assert (await lost.ask("GET", "/me")).status_code == 401
    assert len((await device.ask("GET", "/me/sessions")).json()["items"]) == 1


async def test_somebody_elses_device_is_not_there(cast, phone) -> None:
    father, teacher = phone("fathers-phone"), phone("teachers-phone")
    await father.sign_in(FATHER)
    await teacher.sign_in(TEACHER)
    foreign = await father.ask("DELETE", f"/me/sessions/{teacher.session_id}")
    absent = await father.ask("DELETE", "/me/sessions/00000000-0000-7000-8000-000000000000")
    assert (foreign.status_code, absent.status_code) == (404, 404)
    neutral = {"requestId": "", "instance": ""}
    assert foreign.json() | neutral == absent.json() | neutral
    assert (await teacher.ask("GET", "/me")).status_code == 200


async def test_signing_out_everywhere_ends_every_device(cast, phone) -> None:
    device, other, teacher = phone("fathers-phone"), phone("fathers-tablet"), phone("teachers")
    await other.sign_in(FATHER)
    await device.sign_in(FATHER)
    await teacher.sign_in(TEACHER)
    assert (await device.ask("DELETE", "/me/sessions")).status_code == 204
    assert [(await d.ask("GET", "/me")).status_code for d in (device, other, teacher)] == [
        401,
        401,
        200,
    ]


async def test_the_sixth_device_makes_the_oldest_leave(cast, phone) -> None:
    devices = [phone(f"fathers-device-{n}") for n in range(6)]
    for device in devices:
        await device.sign_in(FATHER)
    statuses = [(await d.ask("GET", "/me")).status_code for d in devices]
    assert statuses == [401] + [200] * 5


async def test_devices_signing_in_at_once_are_still_five_at_most(cast, phone) -> None:
    devices = [phone(f"teachers-device-{n}") for n in range(12)]
    answers = await asyncio.gather(
        *(d.sign_in_by_password(TEACHER, PASSWORD) for d in devices[:5]),
        *(d.sign_in_by_password(TEACHER, PASSWORD) for d in devices[5:]),
    )
    assert sum(a.status_code == 201 for a in answers) >= 5
    assert await Session.filter(revoked_at=None).count() == 5


async def test_signing_in_again_on_a_phone_replaces_its_session(cast, phone) -> None:
    device = phone("fathers-phone")
    first = (await device.sign_in(FATHER)).json()
    await device.sign_in(FATHER)
    assert (await actor_from(f"Bearer {first['accessToken']}")) is None
    assert len((await device.ask("GET", "/me/sessions")).json()["items"]) == 1


async def test_ending_a_session_forgets_its_push_address(cast, phone) -> None:
    device, other = phone("fathers-phone"), phone("fathers-tablet")
    for each in (device, other):
        await each.sign_in(FATHER)
        body = {"token": f"token-{each.device_id}", "provider": "fcm", "platform": "android"}
        assert (await each.ask("PUT", "/me/push-device", json=body)).status_code == 200
    await device.ask("DELETE", f"/me/sessions/{other.session_id}")
    row = await fetch_one(
        "SELECT array_agg(token) AS tokens FROM post_device WHERE retired_at IS NULL"
    )
    assert row == {"tokens": ["token-fathers-phone"]}


async def _hours(device) -> float:
    session = await Session.get(id=device.session_id)
    return round((session.expires_at - session.created_at).total_seconds() / 3600, 2)


async def test_how_long_a_session_lasts_depends_on_the_office(cast, phone) -> None:
    father, teacher, head = phone("fathers-phone"), phone("teachers-phone"), phone("heads-phone")
    await father.sign_in(FATHER)
    await teacher.sign_in(TEACHER)
    await head.sign_in(HEAD)
    assert [await _hours(d) for d in (father, teacher, head)] == [720, 24, 12]


async def test_staff_who_rest_too_long_sign_in_again(cast, phone) -> None:
    father, teacher, head = phone("fathers-phone"), phone("teachers-phone"), phone("heads-phone")
    for device, number in ((father, FATHER), (teacher, TEACHER), (head, HEAD)):
        await device.sign_in(number)
    await let_time_pass("31 minutes")
    assert [(await d.refresh()).status_code for d in (father, head)] == [200, 401]
    await let_time_pass("30 minutes")
    assert [(await d.refresh()).status_code for d in (father, teacher)] == [401, 401]


async def test_a_parent_who_takes_office_is_held_to_its_hours(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await execute("UPDATE standings SET person_id = $1", cast.father.id)
    assert (await device.refresh()).status_code == 200
    assert await _hours(device) == 12


async def test_a_lost_role_is_lost_on_the_next_request(cast, phone) -> None:
    device = phone("teachers-phone")
    await device.sign_in(TEACHER)
    seats = (await device.ask("GET", "/me")).json()["seats"]
    assert [(s["role"], s["nodeName"]) for s in seats] == [("class_teacher", "三年级三（1）班")]
    cast.teaching.valid_until = clock.now()
    await cast.teaching.save()
    me = (await device.ask("GET", "/me")).json()
    assert (me["seats"], me["isStaff"]) == ([], False)


async def test_a_closed_account_is_closed_on_the_next_request(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    cast.father.closed_at = clock.now()
    await cast.father.save()
    assert (await device.ask("GET", "/me")).status_code == 401
    assert (await device.refresh()).status_code == 401
