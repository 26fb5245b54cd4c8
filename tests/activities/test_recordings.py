"""A session that was held may carry a video, for the families it was for."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from backend.activities.models import ActivitySession
from backend.bookings.operations import slots
from backend.media.models import Kind, Readiness
from seed.cast import Cast
from tests.activities.lessons import a_video, lesson, speaker
from tests.activities.stories import go_by, held, named, open_day, opened, seen, session
from tests.bench.counting import Statements, counted
from tests.house import SignIn


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_a_recording_is_seen_by_the_families_it_was_for(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    class_ = str(cast.classes["海湾/三年级/1班"].id)
    activity = await opened(admin, cast, {**lesson(cast), "nodeIds": [class_]})
    only, video = named(activity, "家长课堂"), await a_video(cast)
    url, body = f"/sessions/{only}/recording", {"attachmentId": str(video.id)}
    early = await admin.put(url, json=body)
    assert (early.status_code, early.json()["code"]) == (409, "session_not_over")
    await held(activity)
    for _ in range(2):
        answer = await admin.put(url, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["sessions"][0]["recording"]["id"] == str(video.id)
    for name in ("高远", "王立强", "林晓岚", "陈启明"):
        [one] = (await seen(await as_(name), activity))["sessions"]
        assert one["recording"]["kind"] == "video", name
    for name in ("赵德胜", "孙海燕", "沈知微"):
        assert (await (await as_(name)).get(f"/activities/{activity['id']}")).status_code == 404
    await video.refresh_from_db()
    assert video.owner_id == UUID(only)

    second = await a_video(cast)
    await admin.put(url, json={"attachmentId": str(second.id)})
    await video.refresh_from_db()
    assert video.owner_id is None, "the earlier video is let go"
    for _ in range(2):
        assert (await admin.delete(url)).status_code == 204
    assert (await ActivitySession.get(id=only)).recording_id is None
    await second.refresh_from_db()
    assert second.owner_id is None


async def test_a_recording_is_a_video_of_ones_own_that_is_ready(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(admin, cast, lesson(cast))
    await held(activity)
    url = f"/sessions/{named(activity, '家长课堂')}/recording"
    for file, code in (
        (await a_video(cast, state=Readiness.PREPARING), "recording_not_ready"),
        (await a_video(cast, kind=Kind.PDF), "not_a_recording"),
        (await a_video(cast, uploader="周慕云"), "attachment_missing"),
    ):
        answer = await admin.put(url, json={"attachmentId": str(file.id)})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        await file.refresh_from_db()
        assert file.owner_id is None, "what was refused is not carried"
    missing = await admin.put(url, json={"attachmentId": str(uuid4())})
    assert missing.json()["code"] == "attachment_missing"


async def test_what_was_called_off_has_no_recording(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    activity = await opened(
        admin, cast, open_day(cast, session("一"), session("二", 60), kind="practice")
    )
    await slots.call_off(UUID(named(activity, "一")), "教室检修", by=cast.id("许建安"))
    await go_by(activity)
    video = await a_video(cast)
    answer = await admin.put(
        f"/sessions/{named(activity, '一')}/recording", json={"attachmentId": str(video.id)}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "session_not_over")


async def test_programmes_and_recordings_cost_the_same_for_many_sessions(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    father, admin = await as_("王立强"), await as_("许建安")
    costs = []
    for number in (1, 1, 5):
        plan = [session(f"第{n}场", n * 60, speakers=[speaker("叶知秋")]) for n in range(number)]
        activity = await opened(admin, cast, open_day(cast, *plan, kind="parent_class"))
        await held(activity)
        for one in activity["sessions"]:
            video = await a_video(cast)
            await admin.put(
                f"/sessions/{one['id']}/recording", json={"attachmentId": str(video.id)}
            )
        sent.clear()
        assert all(one["recording"] for one in (await seen(father, activity))["sessions"])
        costs.append(await sent.count())
    assert costs[1] == costs[2]
