"""Whom review panels tell. Titles leave the house: they name no panel and no entry."""

from collections.abc import Collection
from uuid import UUID

import notifications
from backend.bookings.rules import wall_clock
from backend.committees.models import Panel
from notifications import Message

OPENED = "committees.panel_opened"
REMINDED = "committees.panel_reminded"


async def opened(panel: Panel, people: Collection[UUID]) -> None:
    """Ask the panelists for their scores, once."""
    when = wall_clock(panel.closes_at)
    await _tell(
        panel, people, OPENED,
        "邀请您参加一次评议", "You are asked to judge on a panel",
        f"《{panel.title}》已开始，请在{when}前为每个项目评分。",
        f"{panel.title} is open; please score every entry by {when}.",
    )  # fmt: skip


async def reminded(panel: Panel, people: Collection[UUID]) -> bool:
    """Remind those who have not scored everything, once; returns whether it was news."""
    when = wall_clock(panel.closes_at)
    return await _tell(
        panel, people, REMINDED,
        "您还有评议没有完成", "Your scores are still awaited",
        f"《{panel.title}》{when}截止，您还有项目没有评分。",
        f"{panel.title} closes on {when}; some entries still lack your score.",
    )  # fmt: skip


async def _tell(
    panel: Panel, people: Collection[UUID], occasion: str,
    title_zh: str, title_en: str, body_zh: str, body_en: str,
) -> bool:  # fmt: skip
    return await notifications.tell(
        people,
        Message(
            occasion=occasion,
            category="committee",
            title_zh=title_zh,
            title_en=title_en,
            body_zh=body_zh,
            body_en=body_en,
            link=f"/panels/{panel.id}",
            subject_id=panel.id,
        ),
        once=f"{occasion}:{panel.id}",
    )
