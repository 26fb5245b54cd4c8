"""Whom volunteering tells about a hazard, and in which words.

Titles say only that there is work, or news; what was found stays in the app.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.volunteering.models import Hazard, Severity
from notifications import Message, Priority


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
            f"一处安全隐患由您负责整改，期限{hazard.due_on}。",
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
    """Tell the reporter that their report moved on; what became of it is in the app."""
    await notifications.tell(
        [hazard.reporter_id],
        Message(
            occasion="volunteering.hazard_moved",
            category="volunteering",
            title_zh="您反映的情况有新进展",
            title_en="News about what you reported",
            body_zh="您在值班中反映的一处情况有了新进展。",
            body_en="Something you reported on duty has moved on.",
            link="/me/hazards",
            subject_id=hazard.id,
            priority=Priority.LOW,
        ),
        once=f"volunteering.hazard_moved:{step}",
    )


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
