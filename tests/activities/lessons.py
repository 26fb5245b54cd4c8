"""Telling stories about 家长课堂: sessions that lie in the past, speakers, videos."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from backend import clock
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind
from seed.cast import Cast
from tests.activities.stories import go_by, open_day, opened, session
from tests.house import SignIn, Visitor


def at(text: str) -> datetime:
    """Return a moment by the wall clock of the district."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.CHINA)


async def took_place(activity: dict[str, Any], title: str, when: str) -> None:
    """Let a session lie at a moment of the past."""
    [one] = [found for found in activity["sessions"] if found["title"] == title]
    passed = datetime.fromisoformat(one["startsAt"]) - at(when)
    await go_by({"sessions": [one]}, passed)


async def held_on(
    as_: SignIn, cast: Cast, when: str, kind: str = "parent_class", **more: Any
) -> dict[str, Any]:
    """An activity of one session that took place then."""
    body = open_day(cast, session("课堂"), kind=kind, title=f"活动 {when}", **more)
    activity = await opened(await as_("许建安"), cast, body)
    await took_place(activity, "课堂", when)
    return activity


async def count(visitor: Visitor, cast: Cast, school: str = "海湾", **query: Any) -> dict[str, Any]:
    answer = await visitor.get(
        f"/schools/{cast.schools[school].id}/parent-class-count", params=query
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def lesson(cast: Cast, **more: Any) -> dict[str, Any]:
    """A 家长课堂 of one session."""
    return open_day(cast, session("家长课堂", **more), kind="parent_class", title="和孩子谈时间")


def speaker(name: str, kind: str = "other", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": "讲师团成员", "kind": kind, **more}


async def a_video(
    cast: Cast, uploader: str = "许建安", state: str = "ready", kind: Kind = Kind.VIDEO
) -> Attachment:
    """A video somebody has uploaded."""
    played, key = kind is Kind.VIDEO, uuid4().hex
    return await Attachment.create(
        id=uuid7(),
        district_id=cast.district.id,
        school_id=cast.schools["海湾"].id,
        uploader_id=cast.id(uploader),
        kind=kind,
        state=state,
        filename="家长课堂.mp4" if played else "讲义.pdf",
        media_type="video/mp4" if played else "application/pdf",
        byte_size=1000,
        width=640 if played else None,
        height=360 if played else None,
        duration_ms=60_000 if played else None,
        sha256="0" * 64,
        original_key=key,
        created_at=clock.now(),
        stored_at=clock.now(),
    )
