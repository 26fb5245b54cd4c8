"""The personal inbox, push addresses and preferences over HTTP."""

from uuid import UUID

import pytest

import notifications
from backend.database import fetch, transaction
from notifications import Message, Priority

FATHER, MOTHER = "13800138001", "13800138002"
NEWS = {"token": "fcm-token-0001", "provider": "fcm", "platform": "android"}


async def _tell(person_id: UUID, number: int) -> None:
    async with transaction():
        await notifications.tell(
            [person_id],
            Message(
                occasion="test.news",
                category="notice",
                title_zh=f"第{number}条",
                title_en=f"Number {number}",
                body_zh="正文",
                body_en="Body",
                link="/somewhere",
                priority=Priority.NORMAL,
            ),
            once=f"test.news:{person_id}:{number}",
        )


async def test_the_inbox_pages_from_newest_to_oldest_without_gaps(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    for number in range(25):
        await _tell(cast.father.id, number)
    seen, cursor = [], None
    for _ in range(4):
        params = {"limit": 10} | ({"cursor": cursor} if cursor else {})
        page = (await device.ask("GET", "/inbox", params=params)).json()
        seen += [item["title"] for item in page["items"]]
        assert page["unread"] == 25
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == [f"第{n}条" for n in reversed(range(25))]


async def test_a_phone_that_was_away_asks_only_for_what_is_newer(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await _tell(cast.father.id, 1)
    newest = (await device.ask("GET", "/inbox")).json()["items"][0]["id"]
    assert (await device.ask("GET", "/inbox", params={"since": newest})).json()["items"] == []
    await _tell(cast.father.id, 2)
    items = (await device.ask("GET", "/inbox", params={"since": newest})).json()["items"]
    assert [item["title"] for item in items] == ["第2条"]


async def test_letters_are_shown_in_the_callers_language(cast, phone, http) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await _tell(cast.father.id, 1)
    http.headers["accept-language"] = "en"
    item = (await device.ask("GET", "/inbox")).json()["items"][0]
    assert (item["title"], item["body"]) == ("Number 1", "Body")


async def test_only_ones_own_letters_are_seen_and_marked(cast, phone) -> None:
    father, mother = phone("fathers-phone"), phone("mothers-phone")
    await father.sign_in(FATHER)
    await mother.sign_in(MOTHER)
    await _tell(cast.father.id, 1)
    await _tell(cast.father.id, 2)
    assert (await mother.ask("GET", "/inbox")).json()["items"] == []
    ids = [item["id"] for item in (await father.ask("GET", "/inbox")).json()["items"]]
    foreign = await mother.ask("PUT", "/inbox/read", json={"ids": ids})
    assert foreign.json() == {"ids": [], "unread": 0}
    assert (await father.ask("GET", "/inbox/unread-count")).json() == {"unread": 2}
    first = await father.ask("PUT", "/inbox/read", json={"ids": ids[:1]})
    again = await father.ask("PUT", "/inbox/read", json={"ids": ids[:1]})
    assert (first.json(), again.json()) == (
        {"ids": ids[:1], "unread": 1},
        {"ids": [], "unread": 1},
    )


async def test_a_cursor_of_somebody_else_opens_nothing(cast, phone) -> None:
    father, mother = phone("fathers-phone"), phone("mothers-phone")
    await father.sign_in(FATHER)
    await mother.sign_in(MOTHER)
    for number in range(2):
        await _tell(cast.father.id, number)
    page = (await father.ask("GET", "/inbox", params={"limit": 1})).json()
    stolen = await mother.ask("GET", "/inbox", params={"cursor": page["nextCursor"]})
    assert (stolen.status_code, stolen.json()["code"]) == (400, "bad_cursor")


async def test_a_push_token_moves_with_the_phone_to_its_new_owner(cast, phone) -> None:
    device = phone("family-tablet")
    for number in (FATHER, MOTHER):
        await device.sign_in(number)
        answer = await device.ask("PUT", "/me/push-device", json=NEWS)
        assert (answer.status_code, answer.json()["provider"]) == (200, "fcm")
    rows = await fetch("SELECT person_id, session_id FROM post_device WHERE retired_at IS NULL")
    assert rows == [{"person_id": cast.mother.id, "session_id": device.session_id}]


async def test_a_forgotten_push_device_gets_nothing_more(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await device.ask("PUT", "/me/push-device", json=NEWS)
    for _ in range(2):
        assert (await device.ask("DELETE", "/me/push-device")).status_code == 204
    await _tell(cast.father.id, 1)
    assert await fetch("SELECT id FROM post_delivery") == []


async def test_preferences_are_replaced_whole(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    default = (await device.ask("GET", "/me/preferences")).json()
    assert default == {
        "quietFrom": None,
        "quietUntil": None,
        "digestAt": "18:00",
        "mutedCategories": [],
        "digestCategories": [],
    }
    wishes = default | {
        "quietFrom": "22:00",
        "quietUntil": "07:00",
        "mutedCategories": ["activity"],
    }
    assert (await device.ask("PUT", "/me/preferences", json=wishes)).json() == wishes
    assert (await device.ask("GET", "/me/preferences")).json() == wishes
    bare = await device.ask("PUT", "/me/preferences", json={"digestAt": "18:00"})
    assert bare.json() == default


@pytest.mark.parametrize(
    "wishes",
    [
        {"quietFrom": "22:00"},
        {"quietFrom": "22:00", "quietUntil": "22:00"},
        {"quietFrom": "22:00+08:00", "quietUntil": "07:00+08:00"},
        {"digestAt": "25:00"},
        {"mutedCategories": ["a b"]},
        {"somethingElse": 1},
    ],
)
async def test_preferences_that_make_no_sense_are_refused(cast, phone, wishes) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    wishes = {"digestAt": "18:00"} | wishes
    answer = await device.ask("PUT", "/me/preferences", json=wishes)
    assert (answer.status_code, answer.json()["code"]) == (400, "does_not_fit")
