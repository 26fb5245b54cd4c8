"""Whom notices tell, and in which words.

Titles leave the house through push providers, so they are neutral: they name the
category, never the content, a person or a class.
"""

from uuid import UUID

import notifications
from backend.notices.models import Notice
from notifications import Message, Priority

Board = tuple[UUID, str]
"""A node and who is meant there: ``(class, "families")``."""

PUBLISHED = "notices.published"
CORRECTED = "notices.corrected"
WITHDRAWN = "notices.withdrawn"
NUDGED = "notices.nudged"

_TITLES = {
    PUBLISHED: ("您有一条新的通知", "You have a new notice"),
    CORRECTED: ("一条通知有重要更正", "A notice was corrected"),
    WITHDRAWN: ("一条通知已撤回", "A notice was withdrawn"),
    NUDGED: ("有一条通知待您确认", "A notice is waiting for your confirmation"),
}
_URGENT = ("紧急通知，请立即查看", "Urgent notice, please read now")


def _message(occasion: str, notice: Notice) -> Message:
    zh, en = _TITLES[occasion]
    if notice.urgent and occasion != WITHDRAWN:
        zh, en = _URGENT
    priority = Priority.LOW if notice.priority_low or occasion == WITHDRAWN else Priority.NORMAL
    return Message(
        occasion=occasion,
        category=f"notice.{notice.category}",
        title_zh=zh,
        title_en=en,
        link=f"/notices/{notice.id}",
        subject_id=notice.id,
        priority=Priority.URGENT if notice.urgent and occasion != WITHDRAWN else priority,
    )


def _keys(boards: list[Board]) -> list[str]:
    """Return the audience keys of the post office for these boards."""
    return [f"{node}/{who}" for node, who in boards]


def letter_of(occasion: str, notice: Notice, part: str = "") -> str:
    """Return the name of the occasion: each revision, and each school's share, is its own."""
    return f"{occasion}:{notice.id}:{notice.revision}:{part}"


async def published(notice: Notice, boards: list[Board], part: str = "") -> None:
    await notifications.announce(
        _keys(boards), _message(PUBLISHED, notice), once=letter_of(PUBLISHED, notice, part)
    )


async def corrected(notice: Notice, boards: list[Board]) -> None:
    await notifications.announce(
        _keys(boards), _message(CORRECTED, notice), once=letter_of(CORRECTED, notice)
    )


async def withdrawn(notice: Notice, boards: list[Board]) -> None:
    """Unsent pushes are cancelled; only those who had read it are told it is gone."""
    await notifications.withdraw_about(notice.id)
    await notifications.announce(
        _keys(boards), _message(WITHDRAWN, notice), once=letter_of(WITHDRAWN, notice)
    )


async def nudged(notice: Notice, boards: list[Board]) -> None:
    await notifications.announce(
        _keys(boards), _message(NUDGED, notice), once=letter_of(NUDGED, notice, str(notice.nudges))
    )


async def approval_asked(notice: Notice, approvers: list[UUID], part: str = "") -> None:
    await notifications.tell(
        approvers,
        Message(
            occasion="notices.approval_asked",
            category="work",
            title_zh="有一则通知待您审核",
            title_en="A notice is waiting for your approval",
            body_zh=f"{notice.sender_title}提交了通知《{notice.title}》，请审核。",
            body_en=f"{notice.sender_title} submitted “{notice.title}” for approval.",
            link=f"/notices/{notice.id}",
            subject_id=notice.id,
        ),
        once=f"notices.approval_asked:{notice.id}:{notice.revision}:{part}",
    )


async def decided(notice: Notice, *, approved: bool, part: str = "", reason: str = "") -> None:
    """Tell the author what the second pair of eyes, or one school, decided."""
    why = reason or notice.reason
    zh, en = ("已通过审核", "was approved") if approved else ("被退回", "was returned")
    await notifications.tell(
        [notice.author_id],
        Message(
            occasion="notices.decided",
            category="work",
            title_zh="您的通知有审核结果",
            title_en="A decision on your notice",
            body_zh=f"通知《{notice.title}》{zh}。{why}",
            body_en=f"Your notice “{notice.title}” {en}. {why}",
            link=f"/notices/{notice.id}",
            subject_id=notice.id,
        ),
        once=f"notices.decided:{notice.id}:{notice.revision}:{approved}:{part}",
    )
