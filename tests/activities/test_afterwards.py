"""After the day: closed, held, feedback without names, the summary, and what policy counts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.activities import jobs
from backend.activities.models import Activity
from backend.bookings.operations import slots
from backend.database import execute
from backend.identifiers import uuid7
from backend.media.operations import store_upload
from backend.media.storage import open_files
from backend.settings import Settings
from seed.cast import Cast
from tests.activities.stories import (
    came,
    go_by,
    held,
    inbox_of,
    named,
    open_day,
    opened,
    register,
    seen,
    session,
)
from tests.house import SignIn
from tests.media import corpus


async def _state(activity: dict[str, Any]) -> str:
    return str((await Activity.get(id=activity["id"])).state)


async def _attended(
    as_: SignIn, cast: Cast, *families: tuple[str, str], start: int = 0, **more: Any
) -> dict[str, Any]:
    """An open day that is over; these families came."""
    body = open_day(cast, session("参观", start, capacity=20), **more)
    activity = await opened(await as_("许建安"), cast, body)
    only = activity["sessions"][0]["id"]
    for name, child in families:
        taken = await register(await as_(name), cast, only, child)
        assert taken.status_code == 200, taken.text
    await came(cast, only, *(name for name, _ in families))
    await held(activity)
    return activity


async def test_time_closes_an_activity_and_calls_it_held(as_: SignIn, cast: Cast) -> None:
    activity = await opened(
        await as_("许建安"), cast, open_day(cast, session("参观"), session("座谈", 300))
    )
    await jobs.move_on()
    assert await _state(activity) == "open"
    only_first = {"sessions": [{"id": named(activity, "参观")}]}
    await go_by(only_first)
    await jobs.move_on()
    assert await _state(activity) == "open", "the second session can still be booked"
    await execute("UPDATE slots SET closes_at = opens_at WHERE title LIKE '%座谈'")
    for _ in range(2):
        await jobs.move_on()
        assert await _state(activity) == "closed"
    await go_by({"sessions": [{"id": named(activity, "座谈")}]})
    for _ in range(2):
        await jobs.move_on()
        assert await _state(activity) == "held"


async def test_a_session_added_after_closing_opens_it_again(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, open_day(cast))
    await execute("UPDATE slots SET closes_at = opens_at")
    await jobs.move_on()
    assert await _state(activity) == "closed"
    more = await admin.post(f"/activities/{activity['id']}/sessions", json=session("加场", 90))
    assert more.status_code == 201, more.text
    await jobs.move_on()
    assert await _state(activity) == "open"


async def test_when_every_session_is_called_off_there_is_no_activity(
    as_: SignIn, cast: Cast
) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast))
    only = UUID(activity["sessions"][0]["id"])
    await slots.call_off(only, "教室检修", by=cast.id("许建安"))
    await jobs.move_on()
    found = await Activity.get(id=activity["id"])
    assert (found.state, found.reason, found.held_at) == ("cancelled", "教室检修", None)


async def test_feedback_is_asked_once_of_those_who_came(as_: SignIn, cast: Cast) -> None:
    activity = await _attended(as_, cast, ("高远", "高星辰"), ("李建国", "李沐阳"))
    for _ in range(2):
        await jobs.ask_for_feedback()
    for name, letters in (("高远", 1), ("李建国", 1), ("王立强", 0), ("马静", 0)):
        assert await inbox_of(cast, name, "activities.feedback_asked") == letters, name
    father = await as_("高远")
    assert (await seen(father, activity))["asksFeedback"] is True
    assert (await seen(await as_("马静"), activity))["asksFeedback"] is False
    path = f"/activities/{activity['id']}/feedback"
    assert (await father.get(path)).status_code == 404
    for rating in (3, 5):
        given = await father.put(path, json={"rating": rating, "text": "很好"})
        assert given.json() == {"rating": rating, "text": "很好"}
    assert (await father.get(path)).json()["rating"] == 5


async def test_only_those_who_came_give_feedback_and_only_for_a_while(
    as_: SignIn, cast: Cast
) -> None:
    activity = await _attended(as_, cast, ("高远", "高星辰"))
    path, body = f"/activities/{activity['id']}/feedback", {"rating": 4}
    for name, status, code in (
        ("马静", 403, "not_there"),
        ("王立强", 403, "not_there"),
        ("林晓岚", 403, "not_allowed"),
        ("孙海燕", 404, "not_found"),
    ):
        answer = await (await as_(name)).put(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
    father = await as_("高远")
    for rating in (0, 6):
        assert (await father.put(path, json={"rating": rating})).status_code == 400
    await execute("UPDATE activities SET held_at = held_at - $1::interval", timedelta(days=31))
    late = await father.put(path, json=body)
    assert (late.status_code, late.json()["code"]) == (409, "feedback_closed")


async def test_before_the_day_there_is_nothing_to_say(as_: SignIn, cast: Cast) -> None:
    activity = await opened(await as_("许建安"), cast, open_day(cast))
    answer = await (await as_("高远")).put(
        f"/activities/{activity['id']}/feedback", json={"rating": 4}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "feedback_closed")


FIVE = (
    ("高远", "高星辰"),
    ("李建国", "李沐阳"),
    ("赵德胜", "赵可心"),
    ("王立强", "王子墨"),
    ("刘敏", "王子萱"),
)


async def test_the_school_reads_feedback_without_names(as_: SignIn, cast: Cast) -> None:
    activity = await _attended(as_, cast, *FIVE)
    admin, path = await as_("许建安"), f"/activities/{activity['id']}/feedback"
    summary = f"{path}-summary"
    for number, (name, _) in enumerate(FIVE):
        few = (await admin.get(summary)).json()
        assert few == {"answers": None, "average": None, "ratings": None, "texts": []}
        answer = await (await as_(name)).put(path, json={"rating": 5, "text": f"意见{number}"})
        assert answer.status_code == 200, answer.text
    whole = await admin.get(summary)
    assert (whole.json()["answers"], whole.json()["average"]) == (5, 5.0)
    assert whole.json()["ratings"] == [0, 0, 0, 0, 5]
    assert sorted(whole.json()["texts"]) == [f"意见{number}" for number in range(5)]
    assert str(cast.id("高远")) not in whole.text
    for name, status in (("林晓岚", 403), ("高远", 404), ("何清越", 404)):
        assert (await (await as_(name)).get(summary)).status_code == status


async def test_a_class_teacher_reads_the_few_answers_of_one_class(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    class_id = str(cast.classes["海湾/三年级/1班"].id)
    body = open_day(cast, kind="parents_meeting", nodeIds=[class_id])
    activity = await opened(teacher, cast, body)
    only = activity["sessions"][0]["id"]
    await register(await as_("高远"), cast, only, "高星辰")
    await came(cast, only, "高远")
    await held(activity)
    path = f"/activities/{activity['id']}/feedback"
    assert (await (await as_("高远")).put(path, json={"rating": 2})).status_code == 200
    told = (await teacher.get(f"{path}-summary")).json()
    assert (told["answers"], told["ratings"]) == (1, [0, 1, 0, 0, 0])


async def test_the_summary_is_for_everybody_invited(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    admin = await as_("许建安")
    early = await opened(admin, cast, open_day(cast, title="还没举办"))
    refused = await admin.put(f"/activities/{early['id']}/summary", json={"text": "很好"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_activity_state")
    activity = await _attended(as_, cast, ("高远", "高星辰"))
    photo = await store_upload(
        cast.id("许建安"),
        "课堂.jpg",
        corpus.encode(corpus.quarters(), "JPEG"),
        files=open_files(settings),
        school_id=cast.schools["海湾"].id,
    )
    path = f"/activities/{activity['id']}/summary"
    body = {"text": "一个家庭走进课堂。", "pictureIds": [str(photo.id)]}
    for _ in range(2):
        assert (await admin.put(path, json=body)).json()["state"] == "summarised"
    shown = (await seen(await as_("马静"), activity))["summary"]
    assert shown["text"] == "一个家庭走进课堂。"
    [picture] = shown["pictures"]
    fetched = await (await as_("马静")).get(picture["url"].removeprefix("/v1"))
    assert fetched.status_code == 200
    assert await inbox_of(cast, "高远", "activities.summarised") == 1
    assert await inbox_of(cast, "马静", "activities.summarised") == 0
    missing = await admin.put(path, json={"text": "改", "pictureIds": [str(uuid7())]})
    assert missing.json()["code"] == "attachment_missing"
    for name, status in (("林晓岚", 403), ("高远", 404), ("何清越", 404)):
        assert (await (await as_(name)).put(path, json={"text": "改"})).status_code == status


@pytest.mark.parametrize("name", ["许建安", "林晓岚", "沈知微"])
async def test_what_was_held_is_counted_by_term_and_kind(
    as_: SignIn, cast: Cast, name: str
) -> None:
    await _attended(as_, cast, *FIVE)
    await _attended(as_, cast, ("高远", "高星辰"), start=60, kind="guidance")
    await _attended(as_, cast, kind="guidance")
    await opened(await as_("许建安"), cast, open_day(cast, title="还没举办"))
    gone = await opened(await as_("许建安"), cast, open_day(cast, kind="forum"))
    await (await as_("许建安")).put(
        f"/activities/{gone['id']}/cancellation", json={"reason": "改期"}
    )
    visitor = await as_(name)
    facts = (await visitor.get(f"/schools/{cast.schools['海湾'].id}/activities/facts")).json()
    assert facts["year"] == "2026—2027学年"
    first, second = facts["terms"]
    assert (first["term"], second["term"], second["kinds"]) == ("第一学期", "第二学期", [])
    counted = {fact["kind"]: fact for fact in first["kinds"]}
    assert set(counted) == {"open_day", "guidance"}, "neither planned nor cancelled counts"
    assert (counted["open_day"]["held"], counted["open_day"]["families"]) == (1, 5)
    guidance = counted["guidance"]
    assert (guidance["held"], guidance["attended"]) == (2, 1)
    assert (guidance["families"], guidance["people"]) == (None, None), "one family has a face"


async def test_the_facts_are_for_staff_and_offices_above(as_: SignIn, cast: Cast) -> None:
    path = f"/schools/{cast.schools['海湾'].id}/activities/facts"
    for name, status in (
        ("吴思远", 200),
        ("王立强", 404),
        ("何清越", 404),
        ("曹望舒", 404),
        ("罗以南", 404),
    ):
        assert (await (await as_(name)).get(path)).status_code == status, name
    unknown = await (await as_("许建安")).get(path, params={"on": "2020-01-01"})
    assert unknown.json() == {"year": None, "terms": []}
