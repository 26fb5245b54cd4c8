"""Whose child is shown to whom, and only with consent."""

from datetime import timedelta

from backend import clock
from backend.database import execute, fetch
from backend.people.authentication import actor_from
from backend.people.models import PrivacyNotice

FATHER, MOTHER = "13800138001", "13800138002"


async def _actor(device):
    actor = await actor_from(f"Bearer {device.tokens['accessToken']}")
    assert actor is not None
    return actor


async def test_before_consent_only_the_family_name_and_class_are_shown(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    page = (await device.ask("GET", "/me/children")).json()
    (child,) = page["items"]
    assert (child["name"], child["className"], child["consented"]) == ("张*", "三（1）班", False)
    assert child["relation"] == "father"
    assert page["privacyVersion"] == 1
    assert (await _actor(device)).student_ids == []


async def test_consent_opens_the_child_for_that_guardian_alone(cast, phone) -> None:
    father, mother = phone("fathers-phone"), phone("mothers-phone")
    await father.sign_in(FATHER)
    await mother.sign_in(MOTHER)
    path = f"/me/children/{cast.child.id}/consent"
    first = await father.ask("PUT", path, json={"version": 1})
    again = await father.ask("PUT", path, json={"version": 1})
    assert (first.status_code, first.json()) == (200, again.json())
    assert (await father.ask("GET", "/me/children")).json()["items"][0]["name"] == "张小明"
    assert (await mother.ask("GET", "/me/children")).json()["items"][0]["name"] == "张*"
    assert (await _actor(father)).student_ids == [cast.child.id]
    assert (await _actor(mother)).student_ids == []
    entries = await fetch("SELECT action FROM audit_entries WHERE subject_kind = 'student'")
    assert entries == [{"action": "people.consent_given"}]


async def test_withdrawing_closes_the_child_on_the_next_request(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    path = f"/me/children/{cast.child.id}/consent"
    await device.ask("PUT", path, json={"version": 1})
    for _ in range(2):
        assert (await device.ask("DELETE", path)).status_code == 204
    assert (await _actor(device)).student_ids == []
    assert (await device.ask("GET", "/me/children")).json()["items"][0]["name"] == "张*"
    again = await device.ask("PUT", path, json={"version": 1})
    assert again.status_code == 200
    assert (await _actor(device)).student_ids == [cast.child.id]
    rows = await fetch("SELECT withdrawn_at IS NULL AS live FROM consents ORDER BY id")
    assert [row["live"] for row in rows] == [False, True]


async def test_a_new_privacy_notice_asks_for_consent_again(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    path = f"/me/children/{cast.child.id}/consent"
    await device.ask("PUT", path, json={"version": 1})
    await PrivacyNotice.create(
        version=2, title="隐私告知", text="新版", in_force_from=clock.now() - timedelta(seconds=1)
    )
    await PrivacyNotice.create(
        version=3, title="隐私告知", text="将来", in_force_from=clock.now() + timedelta(days=30)
    )
    assert (await _actor(device)).student_ids == []
    for version in (1, 3):
        outdated = await device.ask("PUT", path, json={"version": version})
        assert outdated.status_code == 409
        assert outdated.json()["code"] == "privacy_notice_outdated"
        assert outdated.json()["facts"] == {"version": 2}
    assert (await device.ask("PUT", path, json={"version": 2})).status_code == 200
    assert (await _actor(device)).student_ids == [cast.child.id]


async def test_a_restricted_guardian_sees_nothing_and_is_told_nothing(cast, phone) -> None:
    father, mother = phone("fathers-phone"), phone("mothers-phone")
    await father.sign_in(FATHER)
    await mother.sign_in(MOTHER)
    path = f"/me/children/{cast.child.id}/consent"
    await father.ask("PUT", path, json={"version": 1})
    cast.father_tie.restricted = True
    await cast.father_tie.save()
    assert (await father.ask("GET", "/me/children")).json()["items"] == []
    assert (await _actor(father)).ties == ()
    hidden = await father.ask("PUT", path, json={"version": 1})
    absent = await father.ask(
        "PUT",
        "/me/children/00000000-0000-7000-8000-000000000000/consent",
        json={"version": 1},
    )
    neutral = {"requestId": "", "instance": ""}
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json() | neutral == absent.json() | neutral
    assert (await father.ask("DELETE", path)).status_code == 404
    assert "restricted" not in (await mother.ask("GET", "/me/children")).text


async def test_somebody_elses_child_cannot_be_consented_for(cast, phone) -> None:
    device = phone("strangers-phone")
    await device.sign_in("13900139009")
    path = f"/me/children/{cast.child.id}/consent"
    assert (await device.ask("PUT", path, json={"version": 1})).status_code == 404
    assert await fetch("SELECT id FROM consents") == []


async def test_an_ended_tie_closes_the_child(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await execute("UPDATE guardianships SET valid_until = now()")
    assert (await device.ask("GET", "/me/children")).json()["items"] == []


async def test_the_privacy_notice_is_public(cast, http) -> None:
    answer = await http.get("/v1/privacy-notice")
    assert answer.json()["version"] == 1
    await PrivacyNotice.all().delete()
    assert (await http.get("/v1/privacy-notice")).status_code == 404
