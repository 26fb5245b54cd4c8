"""Who speaks at a session, and how one joins it online."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.bookings.operations import slots
from seed.cast import Cast
from tests.activities.lessons import lesson, speaker
from tests.activities.stories import (
    came,
    inbox_of,
    letters,
    listed,
    named,
    opened,
    register,
    seen,
    session,
    write,
    written,
)
from tests.house import SignIn, Visitor

ROOM = "https://meeting.example.edu.cn/j/48213907?pwd=k3"
OTHER_ROOM = "https://meeting.example.edu.cn/j/555"


async def link_of(visitor: Visitor, activity: dict[str, Any]) -> str | None:
    link: str | None = (await seen(visitor, activity))["sessions"][0]["link"]
    return link


async def test_families_read_who_speaks_and_organisers_whose_account_it_is(
    as_: SignIn, cast: Cast
) -> None:
    admin = await as_("许建安")
    parent = str(cast.id("周婷"))
    activity = await opened(
        admin,
        cast,
        lesson(
            cast,
            speakers=[
                speaker("周婷", "excellent_parent", personId=parent),
                speaker("吴思远", "backbone_teacher", personId=str(cast.id("吴思远"))),
                speaker("叶知秋", "expert"),
            ],
        ),
    )
    speakers = activity["sessions"][0]["speakers"]
    assert [one["kind"] for one in speakers] == ["excellent_parent", "backbone_teacher", "expert"]
    assert [one["personId"] for one in speakers] == [parent, str(cast.id("吴思远")), None]
    [only] = (await seen(await as_("高远"), activity))["sessions"]
    assert [(one["name"], one["title"]) for one in only["speakers"]] == [
        (name, "讲师团成员") for name in ("周婷", "吴思远", "叶知秋")
    ]
    assert {one["personId"] for one in only["speakers"]} == {None}
    assert (only["delivery"], only["link"], only["recording"]) == ("on_site", None, None)


@pytest.mark.parametrize("stranger", ["孙海燕", "何清越", "沈知微", None])
async def test_a_speakers_account_belongs_to_the_school(
    as_: SignIn, cast: Cast, stranger: str | None
) -> None:
    admin = await as_("许建安")
    person = str(cast.id(stranger) if stranger else uuid4())
    named_here = [speaker("某人", personId=person)]
    refused = await write(admin, cast, lesson(cast, speakers=named_here))
    assert (refused.status_code, refused.json()["code"]) == (409, "speaker_not_here")
    assert "某人" not in refused.text, "whoever is named is nobody's to read in a log"
    draft = await written(admin, cast, lesson(cast))
    added = await admin.post(
        f"/activities/{draft['id']}/sessions", json=session("加场", 90, speakers=named_here)
    )
    changed = await admin.put(
        f"/sessions/{draft['sessions'][0]['id']}/programme", json={"speakers": named_here}
    )
    for answer in (added, changed):
        assert (answer.status_code, answer.json()["code"]) == (409, "speaker_not_here")


async def test_only_those_with_a_place_see_where_it_is_held_online(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    body = lesson(cast, delivery="both", link=ROOM, capacity=1, hostIds=[str(cast.id("吴思远"))])
    activity = await opened(admin, cast, body)
    only = named(activity, "家长课堂")
    assert (await register(await as_("高远"), cast, only, "高星辰")).json()["state"] == "confirmed"
    queued = await register(await as_("李建国"), cast, only, "李沐阳")
    assert queued.json()["state"] == "waitlisted"
    shown = {"许建安": ROOM, "周慕云": ROOM, "吴思远": ROOM, "高远": ROOM}
    for name in (*shown, "马静", "李建国", "王立强", "林晓岚", "郑佩文"):
        visitor = await as_(name)
        assert await link_of(visitor, activity) == shown.get(name), name
        assert (await seen(visitor, activity))["sessions"][0]["delivery"] == "both"
        for path in (f"/slots/{only}", f"/schools/{cast.schools['海湾'].id}/activities"):
            assert "48213907?pwd" not in (await visitor.get(path)).text, (name, path)
        await listed(visitor, cast)
    await came(cast, only, "高远")
    assert await link_of(await as_("高远"), activity) == ROOM


async def test_who_gives_the_place_back_sees_the_link_no_more(as_: SignIn, cast: Cast) -> None:
    father = await as_("高远")
    activity = await opened(await as_("许建安"), cast, lesson(cast, delivery="online", link=ROOM))
    only = named(activity, "家长课堂")
    await register(father, cast, only, "高星辰")
    assert await link_of(father, activity) == ROOM
    assert (await father.delete(f"/slots/{only}/booking")).status_code in (200, 204)
    assert await link_of(father, activity) is None


async def test_a_session_called_off_leads_nowhere(as_: SignIn, cast: Cast) -> None:
    father = await as_("高远")
    activity = await opened(await as_("许建安"), cast, lesson(cast, delivery="online", link=ROOM))
    only = named(activity, "家长课堂")
    await register(father, cast, only, "高星辰")
    await slots.call_off(UUID(only), "讲师生病", by=cast.id("许建安"))
    assert await link_of(father, activity) is None


@pytest.mark.parametrize(
    "way_in",
    [
        {"link": ROOM},
        {"delivery": "on_site", "link": ROOM},
        {"delivery": "online", "link": "http://meeting.example.edu.cn/j/1"},
        {"delivery": "online", "link": "https://bank.example.com@evil.example.com/"},
        {"delivery": "online", "link": "javascript:alert(1)//https://x"},
        {"delivery": "online", "link": "https://x.example.com/a b"},
        {"delivery": "online", "link": "https://x.example.com/\n"},
        {"delivery": "online", "link": "https://会议.example.com/"},
        {"delivery": "online", "link": "https://x.example.com/" + "a" * 500},
        {"delivery": "somewhere"},
        {"speakers": [{"name": "讲师"}] * 11},
        {"speakers": [{"name": ""}]},
        {"speakers": [{"name": "讲师", "kind": "magician"}]},
    ],
)
async def test_a_link_is_a_plain_https_address(
    as_: SignIn, cast: Cast, way_in: dict[str, Any]
) -> None:
    admin = await as_("许建安")
    assert (await write(admin, cast, lesson(cast, **way_in))).status_code == 400
    draft = await written(admin, cast, lesson(cast))
    url = f"/sessions/{draft['sessions'][0]['id']}/programme"
    assert (await admin.put(url, json=way_in)).status_code == 400


async def test_those_with_a_place_are_told_when_the_way_in_changes(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, lesson(cast, capacity=1))
    only = named(activity, "家长课堂")
    await register(await as_("高远"), cast, only, "高星辰")
    await register(await as_("李建国"), cast, only, "李沐阳")
    url, told = f"/sessions/{only}/programme", "activities.way_in_changed"
    for way_in, so_far in (
        ({"speakers": [speaker("叶知秋")]}, 0),
        ({"delivery": "online", "link": ROOM}, 1),
        ({"delivery": "online", "link": ROOM, "speakers": [speaker("叶知秋")]}, 1),
        ({"delivery": "online", "link": OTHER_ROOM}, 2),
        ({"delivery": "online", "link": ROOM}, 3),
    ):
        answer = await admin.put(url, json=way_in)
        assert answer.status_code == 200, answer.text
        assert await inbox_of(cast, "高远", told) == so_far
    assert await inbox_of(cast, "李建国", told) == 0
    assert await link_of(await as_("高远"), activity) == ROOM
    for letter in await letters(told):
        assert "meeting.example" not in f"{letter['title_zh']}{letter}"


async def test_a_programme_is_its_organisers(as_: SignIn, cast: Cast) -> None:
    class_ = str(cast.classes["海湾/三年级/1班"].id)
    activity = await opened(await as_("林晓岚"), cast, {**lesson(cast), "nodeIds": [class_]})
    only = named(activity, "家长课堂")
    asked: tuple[tuple[str, int], ...] = (
        ("许建安", 200), ("林晓岚", 200), ("陈启明", 403), ("吴思远", 403), ("高远", 404),
        ("赵德胜", 404), ("沈知微", 404), ("何清越", 404), ("孙海燕", 404),
    )  # fmt: skip
    for name, status in asked:
        visitor = await as_(name)
        answer = await visitor.put(f"/sessions/{only}/programme", json={})
        assert answer.status_code == status, (name, answer.text)
        if status != 200:
            url, body = f"/sessions/{only}/recording", {"attachmentId": str(uuid4())}
            assert (await visitor.put(url, json=body)).status_code == status, name
            assert (await visitor.delete(url)).status_code == status, name
    assert (
        await (await as_("许建安")).put(f"/sessions/{uuid4()}/programme", json={})
    ).status_code == 404


async def test_an_activity_called_off_has_no_programme(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, lesson(cast))
    await admin.put(f"/activities/{activity['id']}/cancellation", json={"reason": "台风"})
    answer = await admin.put(f"/sessions/{named(activity, '家长课堂')}/programme", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_activity_state")


async def test_a_draft_keeps_its_programme_when_rewritten(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    draft = await written(admin, cast, lesson(cast, delivery="online", link=ROOM))
    assert draft["sessions"][0]["link"] == ROOM
    body = lesson(cast, delivery="both", link=OTHER_ROOM, speakers=[speaker("叶知秋")])
    again = (await admin.put(f"/activities/{draft['id']}", json=body)).json()["sessions"][0]
    assert (again["delivery"], again["link"]) == ("both", OTHER_ROOM)
    assert [one["name"] for one in again["speakers"]] == ["叶知秋"]
