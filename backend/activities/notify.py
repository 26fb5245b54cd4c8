"""Whom activities tell, and in which words. Letters about bookings are bookings' own."""

from collections.abc import Sequence
from uuid import UUID

import notifications
from backend.activities.models import Activity
from notifications import Message

OPENED = "activities.opened"
FEEDBACK = "activities.feedback_asked"
SUMMARISED = "activities.summarised"


def _message(occasion: str, activity: Activity, zh: str, en: str, body: str) -> Message:
    return Message(
        occasion=occasion,
        category="activity",
        title_zh=zh,
        title_en=en,
        body_zh=body,
        body_en=body,
        link=f"/activities/{activity.id}",
        subject_id=activity.id,
    )


async def opened(activity: Activity) -> None:
    """Tell the families it is for, or only those invited."""
    once = f"{OPENED}:{activity.id}"
    if activity.invitee_ids:
        message = _message(
            OPENED, activity, "您收到一份活动邀请", "You are invited to an activity",
            f"学校邀请您参加《{activity.title}》。",
        )  # fmt: skip
        await notifications.tell(activity.invitee_ids, message, once=once)
        return
    message = _message(
        OPENED, activity, "学校有新的活动可以报名", "A school activity is open to families", ""
    )
    await notifications.announce(
        [f"{node}/families" for node in activity.node_ids], message, once=once
    )


async def feedback_asked(activity: Activity, visitors: Sequence[UUID]) -> None:
    """Ask those who came what they thought of it, once."""
    message = _message(
        FEEDBACK, activity, "请为参加过的活动填写反馈", "Tell the school what you thought",
        f"感谢参加《{activity.title}》，请用一分钟填写反馈，学校看不到是谁写的。",
    )  # fmt: skip
    await notifications.tell(visitors, message, once=f"{FEEDBACK}:{activity.id}")


async def summarised(activity: Activity, visitors: Sequence[UUID]) -> None:
    """Tell those who came that the school has written what came of it."""
    message = _message(
        SUMMARISED, activity, "您参加的活动有了小结", "The school has summed up an activity",
        f"《{activity.title}》的活动小结已发布。",
    )  # fmt: skip
    await notifications.tell(visitors, message, once=f"{SUMMARISED}:{activity.id}")


async def withdrawn(activity: Activity) -> None:
    """Letters about an activity that will not take place are not sent any more."""
    await notifications.withdraw_about(activity.id)
