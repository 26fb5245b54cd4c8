"""Whom decisions tell. Titles leave the house and name neither person nor content."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.committees.models import Decision
from notifications import Message

ASSIGNED = "committees.decision_assigned"
DUE = "committees.decision_due"
OVERDUE = "committees.decision_overdue"
DONE = "committees.decision_done"


def _message(occasion: str, decision: Decision, titles: tuple[str, str], body: str) -> Message:
    return Message(
        occasion=occasion,
        category="committee",
        title_zh=titles[0],
        title_en=titles[1],
        body_zh=body,
        body_en=body,
        link="/me/decisions",
        subject_id=decision.id,
    )


def _day(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""


async def assigned(decision: Decision) -> None:
    """Tell its owner what they are to carry out, and by when."""
    if decision.owner_id is None:
        return
    message = _message(
        ASSIGNED, decision, ("有一项会议决定由您落实", "A decision is yours to carry out"),
        f"第{decision.number}号决定由您负责，请于{_day(decision.due_on)}前完成。",
    )  # fmt: skip
    await notifications.tell([decision.owner_id], message, once=f"{ASSIGNED}:{decision.id}")


async def due(decision: Decision) -> None:
    """Remind its owner, once, that the day is near."""
    if decision.owner_id is None:
        return
    message = _message(
        DUE, decision, ("您负责的一项决定即将到期", "A decision of yours is due soon"),
        f"第{decision.number}号决定的完成期限是{_day(decision.due_on)}。",
    )  # fmt: skip
    await notifications.tell([decision.owner_id], message, once=f"{DUE}:{decision.id}")


async def overdue(decision: Decision, people: Collection[UUID], today: date) -> None:
    """Remind its owner and the chair of what is past its date."""
    message = _message(
        OVERDUE, decision, ("有一项会议决定已逾期", "A decision is overdue"),
        f"第{decision.number}号决定（责任人：{decision.owner_name}）"
        f"应于{_day(decision.due_on)}完成，现已逾期。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{OVERDUE}:{decision.id}:{today}")


async def done(decision: Decision, people: Collection[UUID]) -> None:
    """Tell the chair that somebody has carried a decision out."""
    message = _message(
        DONE, decision, ("一项会议决定已办结", "A decision has been carried out"),
        f"第{decision.number}号决定（责任人：{decision.owner_name}）已办结。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{DONE}:{decision.id}")
