"""Whom volunteering tells about a hazard, and in which words.

Titles say only that there is work, or news; what was found stays in the app.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.volunteering.models import Hazard, HazardState, Severity
from notifications import Message, Priority

RECHECK = "volunteering.recheck_asked"

_STANDS = {
    HazardState.REPORTED: ("学校已收到", "the school has it"),
    HazardState.CONFIRMED: ("学校已确认", "the school has confirmed it"),
    HazardState.ASSIGNED: ("已安排整改", "somebody will put it right"),
    HazardState.FIXING: ("正在整改", "it is being put right"),
    HazardState.RECHECK: ("已整改，等待复查", "it was put right and will be looked at again"),
    HazardState.CLOSED: ("复查通过，已销号，谢谢您", "it is put right and closed, thank you"),
    HazardState.REJECTED: ("学校核实后未列为隐患", "the school does not count it as a hazard"),
}


def _work(occasion: str, hazard: Hazard, zh: str, en: str) -> Message:
    urgent = hazard.severity == Severity.HIGH
    return Message(
        occasion=occasion,
        category="work",
        title_zh="有一项工作待您处理",
        title_en="Something is waiting for you",
        body_zh=zh,
        body_en=en,
        link=f"/hazards/{hazard.id}",
        subject_id=hazard.id,
        priority=Priority.URGENT if urgent else Priority.NORMAL,
    )


async def reported(hazard: Hazard, people: Collection[UUID]) -> None:
    """Tell the organiser and whoever runs the school that something was found."""
    await notifications.tell(
        people,
        _work(
            "volunteering.hazard_reported",
            hazard,
            "志愿者在值班中发现一处安全隐患，请确认。",
            "A volunteer on duty has found a hazard; please confirm it.",
        ),
        once=f"volunteering.hazard_reported:{hazard.id}",
    )


async def assigned(hazard: Hazard, step: UUID) -> None:
    """Tell the owner what they are to put right, and by when."""
    if hazard.owner_id is None:
        return
    await notifications.tell(
        [hazard.owner_id],
        _work(
            "volunteering.hazard_assigned",
            hazard,
            f"一处安全隐患由您负责整改，期限{_spoken(hazard.due_on)}。",
            f"A hazard is yours to put right by {hazard.due_on}.",
        ),
        once=f"volunteering.hazard_assigned:{step}",
    )


async def failed(hazard: Hazard, step: UUID) -> None:
    """Tell the owner that the recheck did not pass."""
    if hazard.owner_id is None:
        return
    await notifications.tell(
        [hazard.owner_id],
        _work(
            "volunteering.hazard_failed",
            hazard,
            "一处安全隐患复查未通过，请继续整改。",
            "A recheck did not pass; please go on.",
        ),
        once=f"volunteering.hazard_failed:{step}",
    )


async def moved(hazard: Hazard, step: UUID) -> None:
    """Tell the reporter how their report stands now; what was found is not repeated."""
    zh, en = _STANDS[HazardState(hazard.state)]
    await notifications.tell(
        [hazard.reporter_id],
        Message(
            occasion="volunteering.hazard_moved",
            category="volunteering",
            title_zh="您反映的情况有新进展",
            title_en="News about what you reported",
            body_zh=f"您在值班中反映的一处情况：{zh}。",
            body_en=f"Something you reported on duty: {en}.",
            link="/me/hazards",
            subject_id=hazard.id,
            priority=Priority.LOW,
        ),
        once=f"volunteering.hazard_moved:{step}",
    )


async def recheck_asked(shift_id: UUID, people: Collection[UUID]) -> bool:
    """Ask those on duty to look again at what was put right; once each on a shift."""
    told = False
    for person in people:
        told |= await notifications.tell(
            [person],
            Message(
                occasion=RECHECK,
                category="volunteering",
                title_zh="您的班次有一项需要复查",
                title_en="Something to look at again on your shift",
                body_zh="此前值班中发现的问题学校已处理，请您到场时看一看是否已经解决。",
                body_en="What was found on duty before has been put right; please look again.",
                link=f"/shifts/{shift_id}/rechecks",
                subject_id=shift_id,
            ),
            once=f"{RECHECK}:{shift_id}:{person}",
        )
    return told


async def overdue(owner_id: UUID, late: int, today: date) -> None:
    """Remind an owner, once a day, of what is past its date."""
    await notifications.tell(
        [owner_id],
        Message(
            occasion="volunteering.hazards_overdue",
            category="work",
            title_zh="您有逾期的工作待处理",
            title_en="Work of yours is overdue",
            body_zh=f"您负责的{late}处安全隐患已超过整改期限，请尽快处理。",
            body_en=f"{late} of your hazards are past their date.",
            link="/me/hazards",
        ),
        once=f"volunteering.hazards_overdue:{owner_id}:{today}",
    )


def _spoken(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""
