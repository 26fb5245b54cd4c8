"""Whom agenda items tell. Titles leave the house and name neither person nor content."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.committees.models import AgendaItem
from notifications import Message

PROPOSED = "committees.item_proposed"
ANSWERED = "committees.item_answered"
IN_WRITING = "committees.item_in_writing"
ADDED = "committees.item_added"

_ANSWERS = {
    "accepted": ("已被接受，等待排入会议。", "was accepted."),
    "declined": ("未被接受。理由：{reason}", "was declined: {reason}"),
    "merged": ("已并入另一个议题。", "was merged into another item."),
}


def _message(occasion: str, item: AgendaItem, titles: tuple[str, str],
             zh: str, en: str) -> Message:  # fmt: skip
    return Message(
        occasion=occasion,
        category="committee",
        title_zh=titles[0],
        title_en=titles[1],
        body_zh=f"《{item.title}》{zh}",
        body_en=f"“{item.title}” {en}",
        link=f"/agenda-items/{item.id}",
        subject_id=item.id,
    )


async def proposed(item: AgendaItem, chair: UUID) -> None:
    """Tell the chair that an item was proposed."""
    message = _message(
        PROPOSED, item, ("有新的议题等待审核", "An agenda item was proposed"),
        "请审核是否列为议题。", "awaits your decision.",
    )  # fmt: skip
    await notifications.tell([chair], message, once=f"{PROPOSED}:{item.id}")


async def answered(item: AgendaItem, answer: str) -> None:
    """Tell whoever proposed it what the chair said."""
    zh, en = _ANSWERS[answer]
    message = _message(
        ANSWERED, item, ("您提出的议题有了答复", "Your agenda item was answered"),
        zh.format(reason=item.reason), en.format(reason=item.reason),
    )  # fmt: skip
    await notifications.tell([item.proposer_id], message, once=f"{ANSWERED}:{item.id}:{answer}")


async def in_writing(item: AgendaItem, people: Collection[UUID], first: date, once: str) -> None:
    """Tell all seats that an item is decided in writing, and from when it may be voted on."""
    message = _message(
        IN_WRITING, item, ("有一个议题将书面表决", "An item will be decided in writing"),
        f"将书面表决，最早{first:%Y年%m月%d日}开始，请先阅读材料。",
        f"will be decided in writing, from {first.isoformat()} at the earliest.",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{IN_WRITING}:{item.id}:{once}")


async def added(item: AgendaItem, people: Collection[UUID]) -> None:
    """Tell all seats that an item was put on the agenda of a meeting they are called to."""
    message = _message(
        ADDED, item, ("您的会议议程有补充", "An item was added to your meeting"),
        "已列入会议议程，请先阅读材料。", "was put on the agenda.",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{ADDED}:{item.id}:{item.meeting_id}")
