"""Whom meetings tell. Titles leave the house and name neither person nor content."""

from collections.abc import Collection
from uuid import UUID

import notifications
from backend import clock
from backend.committees.models import Meeting
from notifications import Message

CONVENED = "committees.meeting_convened"
MOVED = "committees.meeting_moved"
CANCELLED = "committees.meeting_cancelled"
SOON = "committees.meeting_soon"


def _message(occasion: str, meeting: Meeting, titles: tuple[str, str], body: str) -> Message:
    return Message(
        occasion=occasion,
        category="committee",
        title_zh=titles[0],
        title_en=titles[1],
        body_zh=body,
        body_en=body,
        link=f"/meetings/{meeting.id}",
        subject_id=meeting.id,
    )


def _when(meeting: Meeting) -> str:
    begins, ends = clock.local(meeting.starts_at), clock.local(meeting.ends_at)
    until = f"{ends:%H:%M}" if begins.date() == ends.date() else f"{ends:%m月%d日 %H:%M}"
    where = meeting.place or ("线上" if meeting.online_url else "地点待定")
    return f"{begins:%Y年%m月%d日 %H:%M}至{until}，{where}"


async def convened(meeting: Meeting, people: Collection[UUID], items: int) -> None:
    """Tell all seats when and where they meet; the calendar file is at the meeting's page."""
    message = _message(
        CONVENED, meeting, ("您有一个会议通知", "You are called to a meeting"),
        f"《{meeting.title}》：{_when(meeting)}，共{items}项议程。请回复是否参加，可将会议加入日历。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{CONVENED}:{meeting.id}")


async def moved(meeting: Meeting, people: Collection[UUID], *, reply_again: bool) -> None:
    """Tell all seats of new hours or another place, once for each change."""
    ask = "请重新回复是否参加。" if reply_again else ""
    message = _message(
        MOVED, meeting, ("您的会议安排有变更", "A meeting of yours was moved"),
        f"《{meeting.title}》改为：{_when(meeting)}。{ask}",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{MOVED}:{meeting.id}:{meeting.revision}")


async def cancelled(meeting: Meeting, people: Collection[UUID]) -> None:
    """Tell all seats that a meeting they were called to will not take place."""
    message = _message(
        CANCELLED, meeting, ("您的会议已取消", "A meeting of yours was cancelled"),
        f"《{meeting.title}》（{_when(meeting)}）已取消。原因：{meeting.cancelled_reason}",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{CANCELLED}:{meeting.id}")


async def soon(meeting: Meeting, people: Collection[UUID]) -> bool:
    """Remind those who have not said that they stay away; once for each date.

    Returns whether it was news.
    """
    message = _message(
        SOON, meeting, ("您有一个会议即将召开", "A meeting of yours is coming up"),
        f"《{meeting.title}》：{_when(meeting)}。",
    )  # fmt: skip
    return await notifications.tell(people, message, once=f"{SOON}:{meeting.id}:{meeting.revision}")
