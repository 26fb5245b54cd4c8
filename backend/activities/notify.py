"""Whom activities tell, and in which words. Letters about bookings are bookings' own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import notifications
from backend.activities.models import Activity, ActivitySession
from backend.activities.rules.counting import CountedPeriod
from notifications import Message

OPENED = "activities.opened"
FEEDBACK = "activities.feedback_asked"
SUMMARISED = "activities.summarised"
WAY_IN = "activities.way_in_changed"
SHORT = "activities.parent_classes_short"


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


async def way_in_changed(
    activity: Activity, session: ActivitySession, people: Sequence[UUID], *, once: str
) -> None:
    """Tell those with a place that one takes part otherwise now. The address itself is in
    the app, for whoever still has a place when they look.
    """
    message = _message(
        WAY_IN, activity, "您报名的活动参加方式有更新", "How to take part has changed",
        f"《{activity.title}》“{session.title}”的参加方式有更新，请在活动页面查看。",
    )  # fmt: skip
    await notifications.tell(people, message, once=f"{WAY_IN}:{session.id}:{once}")


async def parent_classes_short(
    school_id: UUID, people: Sequence[UUID], rule: dict[str, Any], within: CountedPeriod, held: int
) -> bool:
    """Tell who runs a school that time runs out and not enough was held; once a period.

    Returns whether they had not been told before.
    """
    wanted = "要求" if rule["binding"] else "建议"
    body = (
        f"{within.starts_on:%Y年%m月%d日}至{within.ends_on:%Y年%m月%d日}，{rule['subject']}"
        f"{wanted}不少于{rule['amount']}{rule['unit']}（《{rule['source']}》），"
        f"目前已举办{held}{rule['unit']}，还差{rule['amount'] - held}{rule['unit']}。"
    )
    message = Message(
        occasion=SHORT,
        category="activity",
        title_zh="学校有一项年度工作需要安排",
        title_en="One of the school's tasks for this year needs planning",
        body_zh=body,
        body_en=body,
        link=f"/schools/{school_id}/parent-class-count",
        subject_id=school_id,
    )
    return await notifications.tell(people, message, once=f"{SHORT}:{school_id}:{within.ends_on}")


async def withdrawn(activity: Activity) -> None:
    """Letters about an activity that will not take place are not sent any more."""
    await notifications.withdraw_about(activity.id)
