"""Whom minutes tell. Titles leave the house and name neither person nor content."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend import clock
from backend.committees.models import Meeting, Minutes, MinutesObjection
from notifications import Message

DRAFTED = "committees.minutes_drafted"
CONFIRMED = "committees.minutes_confirmed"
OBJECTED = "committees.minutes_objected"
ANSWERED = "committees.minutes_answered"
RETURNED = "committees.minutes_returned"
FILED = "committees.minutes_filed"
OVERDUE = "committees.minutes_overdue"


def _message(occasion: str, meeting: Meeting, titles: tuple[str, str], body: str) -> Message:
    return Message(
        occasion=occasion,
        category="committee",
        title_zh=titles[0],
        title_en=titles[1],
        body_zh=body,
        body_en=body,
        link=f"/meetings/{meeting.id}/minutes",
        subject_id=meeting.id,
    )


async def drafted(meeting: Meeting, people: Collection[UUID]) -> None:
    """Tell whoever keeps the papers that a draft awaits them."""
    message = _message(
        DRAFTED, meeting, ("有一份会议纪要待整理", "A draft of minutes awaits you"),
        f"《{meeting.title}》的纪要草稿已自动生成，请补充后提请主任确认。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{DRAFTED}:{meeting.id}")


async def confirmed(meeting: Meeting, minutes: Minutes, people: Collection[UUID]) -> None:
    """Tell every seat that the minutes are confirmed, and until when they may object."""
    until = clock.local(minutes.objections_until) if minutes.objections_until else None
    message = _message(
        CONFIRMED, meeting, ("一份会议纪要已确认", "Minutes have been confirmed"),
        f"《{meeting.title}》的纪要已由主任确认。如有异议，请在{until:%m月%d日 %H:%M}前提出。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{CONFIRMED}:{meeting.id}:{minutes.digest}")


async def objected(meeting: Meeting, objection: MinutesObjection, people: Collection[UUID]) -> None:
    """Tell the chair that somebody objects."""
    message = _message(
        OBJECTED, meeting, ("会议纪要有一条异议待答复", "An objection to minutes awaits an answer"),
        f"有委员对《{meeting.title}》的纪要提出异议，请答复。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{OBJECTED}:{objection.id}")


async def answered(meeting: Meeting, objection: MinutesObjection) -> None:
    """Tell whoever objected what the chair says."""
    verdict = "采纳，纪要将修订后重新确认" if objection.upheld else "未采纳"
    message = _message(
        ANSWERED, meeting, ("您的异议已有答复", "Your objection has been answered"),
        f"您对《{meeting.title}》的纪要提出的异议{verdict}：{objection.answer}",
    )  # fmt: skip
    await notifications.tell([objection.raised_by], message, once=f"{ANSWERED}:{objection.id}")


async def returned(meeting: Meeting, minutes: Minutes, people: Collection[UUID]) -> None:
    """Tell whoever keeps the papers that the district has sent them back."""
    message = _message(
        RETURNED, meeting, ("一份会议纪要被退回", "Minutes were sent back"),
        f"《{meeting.title}》的纪要被退回：{minutes.returned_reason}",
    )  # fmt: skip
    occasion = f"{RETURNED}:{meeting.id}:{minutes.submitted_at}"
    await notifications.tell(people, message, once=occasion)


async def filed(meeting: Meeting, minutes: Minutes, people: Collection[UUID]) -> None:
    """Tell chair and secretary under which number the minutes are filed."""
    message = _message(
        FILED, meeting, ("一份会议纪要已备案", "Minutes have been filed"),
        f"《{meeting.title}》的纪要已备案，备案号：{minutes.filing_number}。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{FILED}:{meeting.id}")


async def overdue(meeting: Meeting, people: Collection[UUID], today: date) -> bool:
    """Remind whoever keeps the papers, once a day. Returns whether it was news."""
    message = _message(
        OVERDUE, meeting, ("有会议纪要逾期未确认", "Minutes are overdue"),
        f"《{meeting.title}》结束已超过7天，纪要尚未确认，请尽快处理。",
    )  # fmt: skip
    return await notifications.tell(people, message, once=f"{OVERDUE}:{meeting.id}:{today}")
