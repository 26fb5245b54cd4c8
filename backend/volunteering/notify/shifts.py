"""Whom volunteering tells about shifts, and in which words.

What happens to a booking is told by ``bookings``; here people are asked to help, and
organisers are warned. Titles leave the house: they name no person and no school.
"""

from collections.abc import Collection
from uuid import UUID

import notifications
from backend.bookings.models import Slot
from backend.bookings.rules import wall_clock
from notifications import Message

ASKED = "volunteering.asked"
SHORT = "volunteering.short"


async def asked(slot: Slot, people: Collection[UUID], number: int) -> None:
    """Ask people for help with a shift; each is asked for it once, in one round."""
    when = wall_clock(slot.starts_at)
    await notifications.tell(
        people,
        Message(
            occasion=ASKED,
            category="volunteering",
            title_zh="有一个班次需要您的帮助",
            title_en="A shift could use your help",
            body_zh=f"{when}，{slot.title}还缺人手。能来请报名，来不了请点“不方便”。",
            body_en=f"{slot.title} on {when} lacks hands. Take a place, or say you cannot.",
            link=f"/shifts/{slot.id}",
            subject_id=slot.id,
        ),
        once=f"{ASKED}:{slot.id}:{number}",
    )


async def short(slot: Slot, taken: int, organisers: Collection[UUID]) -> bool:
    """Warn, once for each hour a shift is set to; returns whether it was news."""
    when = wall_clock(slot.starts_at)
    return await notifications.tell(
        organisers,
        Message(
            occasion=SHORT,
            category="work",
            title_zh="有班次人手不足",
            title_en="A shift is short of helpers",
            body_zh=f"{when}，{slot.title}：已有{taken}人，最少需要{max(slot.minimum, 1)}人。",
            body_en=f"{slot.title} on {when}: {taken} of at least {max(slot.minimum, 1)}.",
            link=f"/shifts/{slot.id}",
            subject_id=slot.id,
        ),
        once=f"{SHORT}:{slot.id}:{slot.starts_at.isoformat()}",
    )


async def call_over(slot: Slot, organisers: Collection[UUID], *, filled: bool, number: int) -> None:
    """Tell the organisers that a call has found enough, or that nobody is left to ask."""
    when = wall_clock(slot.starts_at)
    zh = "人手已足。" if filled else "可以询问的家长都已问过，仍缺人手。"
    en = "enough have come." if filled else "everybody who could be asked has been."
    await notifications.tell(
        organisers,
        Message(
            occasion="volunteering.call_over",
            category="work",
            title_zh="征集人手有结果",
            title_en="News of your call for helpers",
            body_zh=f"{when}，{slot.title}：{zh}",
            body_en=f"{slot.title} on {when}: {en}",
            link=f"/shifts/{slot.id}/call",
            subject_id=slot.id,
        ),
        once=f"volunteering.call_over:{slot.id}:{number}:{filled}",
    )
