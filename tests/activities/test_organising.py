"""Writing an activity, opening it to families, and calling it off."""

from typing import Any

import pytest

from backend.activities.models import Activity
from seed.cast import Cast
from tests.activities.stories import (
    listed,
    open_day,
    opened,
    seen,
    session,
    write,
    written,
)
from tests.house import SignIn


async def test_a_draft_is_seen_by_those_who_answer_for_it_only(as_: SignIn, cast: Cast) -> None:
    draft = await written(await as_("许建安"), cast, open_day(cast))
    assert draft["state"] == "draft"
    assert draft["manages"] is True
    assert draft["sessions"][0]["slot"] is None
    assert (await seen(await as_("周慕云"), draft))["title"] == "秋季家长开放日"
    for name in ("林晓岚", "王立强", "何清越", "沈知微"):
        assert (await (await as_(name)).get(f"/activities/{draft['id']}")).status_code == 404
    assert [item["id"] for item in await listed(await as_("许建安"), cast)] == [draft["id"]]
    assert await listed(await as_("林晓岚"), cast) == []
    assert await listed(await as_("王立强"), cast) == []


@pytest.mark.parametrize(
    ("name", "kind", "place", "status", "code"),
    [
        ("林晓岚", "parents_meeting", "海湾/三年级/1班", 201, None),
        ("林晓岚", "open_day", "海湾/三年级/1班", 403, "not_your_activity"),
        ("林晓岚", "parents_meeting", "海湾/三年级/2班", 403, "not_your_activity"),
        ("郑佩文", "open_day", "海湾/三年级", 201, None),
        ("郑佩文", "guidance", "海湾/三年级", 403, "not_your_activity"),
        ("吴思远", "lecture", "海湾/三年级/1班", 403, "not_your_activity"),
        ("周慕云", "guidance", "海湾", 201, None),
        ("许建安", "lecture", "莲塘", 404, "not_found"),
        ("王立强", "family", "海湾/三年级/1班", 404, "not_found"),
        ("何清越", "lecture", "海湾", 404, "not_found"),
        ("沈知微", "lecture", "海湾", 403, "not_allowed"),
    ],
)
async def test_who_organises_what(
    as_: SignIn, cast: Cast, name: str, kind: str, place: str, status: int, code: str | None
) -> None:
    nodes: dict[str, Any] = {**cast.schools, **cast.grades, **cast.classes}
    body = open_day(cast, kind=kind, nodeIds=[str(nodes[place].id)])
    answer = await write(await as_(name), cast, body)
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["code"] == code


async def test_writing_with_the_same_key_writes_once(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    path = f"/schools/{cast.schools['海湾'].id}/activities"
    key = {"Idempotency-Key": "an-open-day-1"}
    answers = [await admin.post(path, json=open_day(cast), headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await Activity.all().count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"questions": [{"key": "a", "label": "问", "kind": "choice", "choices": ["一"]}]},
        {"questions": [{"key": "a", "label": "问", "choices": ["一", "二"]}]},
        {"questions": [{"key": "a", "label": "一"}, {"key": "a", "label": "二"}]},
        {"questions": [{"key": f"q{n}", "label": "问"} for n in range(11)]},
        {"sessions": [session("倒流", length=-10)]},
        {"sessions": [session("缺额", quotaKeys=["day"])]},
        {"invitesCommittees": True},
        {"opensAt": "2026-11-25T00:00:00Z", "closesAt": "2026-11-25T00:00:00Z"},
        {"title": "\u202e"},
        {"kind": "party"},
    ],
)
async def test_what_does_not_fit_is_not_written(
    as_: SignIn, cast: Cast, broken: dict[str, Any]
) -> None:
    answer = await write(await as_("许建安"), cast, open_day(cast) | broken)
    assert answer.status_code == 400, answer.text
    assert await Activity.all().count() == 0


async def test_sessions_stay_within_the_activity(as_: SignIn, cast: Cast) -> None:
    admin, grade = await as_("许建安"), [str(cast.grades["海湾/三年级"].id)]
    first_year = [str(cast.classes["海湾/一年级/1班"].id)]
    elsewhere = [str(cast.classes["莲塘/七年级/1班"].id)]
    outside = open_day(cast, session("参观", nodeIds=first_year), nodeIds=grade)
    answer = await write(admin, cast, outside)
    assert (answer.status_code, answer.json()["code"]) == (409, "outside_audience")
    share = [
        {"label": "一班", "nodeIds": first_year, "places": 1, "releaseAt": "2026-11-24T00:00:00Z"}
    ]
    kept = open_day(cast, session("参观", shares=share), nodeIds=grade)
    assert (await write(admin, cast, kept)).json()["code"] == "outside_audience"
    foreign = open_day(cast, session("参观", nodeIds=elsewhere))
    assert (await write(admin, cast, foreign)).json()["code"] == "not_found"
    stranger = open_day(cast, session("参观", hostIds=[str(cast.id("何清越"))]))
    assert (await write(admin, cast, stranger)).json()["code"] == "not_on_the_staff"


async def test_a_draft_is_rewritten_whole_and_discarded(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    draft = await written(admin, cast, open_day(cast))
    body = open_day(cast, session("参观"), session("座谈", 60), title="改过的开放日")
    changed = (await admin.put(f"/activities/{draft['id']}", json=body)).json()
    assert changed["title"] == "改过的开放日"
    assert [one["title"] for one in changed["sessions"]] == ["参观", "座谈"]
    assert (await admin.delete(f"/activities/{draft['id']}")).status_code == 204
    assert (await admin.get(f"/activities/{draft['id']}")).status_code == 404
    shown = await opened(admin, cast, open_day(cast))
    for refused in (
        await admin.put(f"/activities/{shown['id']}", json=body),
        await admin.delete(f"/activities/{shown['id']}"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_activity_state")
