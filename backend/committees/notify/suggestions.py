"""Whom suggestions tell. Titles leave the house and name neither person nor content."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.committees.models import Suggestion
from notifications import Message

OWED = "committees.suggestion_owed"
HANDED_UP = "committees.suggestion_handed_up"
ANSWERED = "committees.suggestion_answered"
OVERDUE = "committees.suggestion_overdue"
RESOLVED = "committees.suggestion_resolved"

_ANSWERS = {
    "accepted": ("已列为议题。", "became an agenda item."),
    "merged": ("已与另一条建议合并处理，您的联署一并计入。", "was merged into another one."),
    "declined": ("未被采纳。理由：{reason}", "was declined: {reason}"),
    "withdrawn": ("已由提出人撤回。", "was withdrawn by its author."),
    "escalated": ("已上报上一级家长委员会。", "was handed up to the committee above."),
}
_OUTCOMES = {
    "passed": ("表决通过。", "was adopted."),
    "failed": ("表决未通过。", "was not adopted."),
    "no_quorum": ("因未达到法定人数，未作出决定。", "found no quorum."),
    "tied": ("票数相等，未通过。", "tied and was not adopted."),
}


def _message(occasion: str, suggestion: Suggestion, titles: tuple[str, str],
             zh: str, en: str) -> Message:  # fmt: skip
    return Message(
        occasion=occasion,
        category="committee",
        title_zh=titles[0],
        title_en=titles[1],
        body_zh=f"《{suggestion.title}》{zh}",
        body_en=f"“{suggestion.title}” {en}",
        link=f"/suggestions/{suggestion.id}",
        subject_id=suggestion.id,
    )


async def owed(suggestion: Suggestion, seats: Collection[UUID], until: date) -> None:
    """Tell a committee that enough parents stand behind a suggestion; once in each body."""
    message = _message(
        OWED, suggestion,
        ("有一条家长建议等待委员会答复", "A suggestion awaits the committee's answer"),
        f"已有{suggestion.co_signs}人联署，请在{until:%Y年%m月%d日}前答复。",
        f"is signed by {suggestion.co_signs}; please answer by {until.isoformat()}.",
    )  # fmt: skip
    await notifications.tell(seats, message, once=f"{OWED}:{suggestion.id}:{suggestion.body_id}")


async def handed_up(suggestion: Suggestion, seats: Collection[UUID]) -> None:
    """Tell the wider committee that it answers for a suggestion now."""
    message = _message(
        HANDED_UP, suggestion,
        ("下一级家委会上报了一条家长建议", "A suggestion was handed up to your committee"),
        "已上报到您所在的委员会。", "was handed up to your committee.",
    )  # fmt: skip
    once = f"{HANDED_UP}:{suggestion.id}:{suggestion.body_id}"
    await notifications.tell(seats, message, once=once)


async def answered(suggestion: Suggestion, people: Collection[UUID], answer: str) -> None:
    """Tell the author and everybody who signed what became of it."""
    zh, en = _ANSWERS[answer]
    message = _message(
        ANSWERED, suggestion,
        ("您提出或联署的建议有了新进展", "News of a suggestion you stand behind"),
        zh.format(reason=suggestion.reason), en.format(reason=suggestion.reason),
    )  # fmt: skip
    once = f"{ANSWERED}:{suggestion.id}:{answer}:{suggestion.body_id}"
    await notifications.tell(people, message, once=once)


async def resolved(
    suggestion: Suggestion, people: Collection[UUID], outcome: str, *, once: str
) -> None:
    """Tell them what the item it became was decided to be."""
    zh, en = _OUTCOMES[outcome]
    message = _message(
        RESOLVED, suggestion,
        ("您提出或联署的建议已有表决结果", "A suggestion you stand behind was voted on"), zh, en,
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{RESOLVED}:{suggestion.id}:{once}")


async def overdue(suggestion: Suggestion, chair: UUID, today: date) -> bool:
    """Remind the chair, once a day; returns whether it was news."""
    message = _message(
        OVERDUE, suggestion,
        ("有家长建议超过答复期限", "A suggestion's answer is overdue"),
        "已超过答复期限，请尽快答复。", "is owed an answer; its day has passed.",
    )  # fmt: skip
    once = f"{OVERDUE}:{suggestion.id}:{today.isoformat()}"
    return await notifications.tell([chair], message, once=once)
