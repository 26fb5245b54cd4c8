"""How learners are reminded: kindly, once, and with a way out.

Titles leave the house and name no course; what it is about stays in the app.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from notifications import Message, Priority

NUDGE = "courses.nudge"
DUE = "courses.due"
SET_ITEM = "courses.set_item"


async def nudge(enrolment_id: UUID, person_id: UUID, course_id: UUID, title: str) -> bool:
    """Remind a learner of what they began; returns whether it was news."""
    return await notifications.tell(
        [person_id],
        Message(
            occasion=NUDGE,
            category="course",
            title_zh="您有一门课程还没有学完",
            title_en="You have begun a course",
            body_zh=f"《{title}》还没有学完，可以随时从上次的地方接着学；"
            "不想再学，可以在“我的课程”里退出。这门课我们只提醒这一次。",
            body_en=f"You can go on with {title} where you left off, or leave it in My courses. "
            "We will not remind you of it again.",
            link=f"/courses/{course_id}",
            subject_id=course_id,
            priority=Priority.LOW,
        ),
        once=f"{NUDGE}:{enrolment_id}",
    )


async def due(
    assignment_id: UUID, people: Collection[UUID], course_id: UUID, title: str, due_on: date
) -> bool:
    """Remind of an assigned course, once for each assignment; returns whether it was news."""
    return await notifications.tell(
        people,
        Message(
            occasion=DUE,
            category="course",
            title_zh="有一门学校要求的课程即将到期",
            title_en="A course asked for by the school is due",
            body_zh=f"请在{due_on.month}月{due_on.day}日前学完《{title}》。",
            body_en=f"Please finish {title} by {due_on}.",
            link=f"/courses/{course_id}",
            subject_id=assignment_id,
        ),
        once=f"{DUE}:{assignment_id}",
    )


async def set_item(
    lesson_id: UUID, people: Collection[UUID], position: int, title: str, *, key: UUID
) -> bool:
    """Send some learners one item of a content set; ``key`` tells this batch from others."""
    return await notifications.tell(
        people,
        Message(
            occasion=SET_ITEM,
            category="course",
            title_zh="本周的一条学习内容",
            title_en="This week's item for you",
            body_zh=f"第{position}条：{title}",
            body_en=f"No. {position}: {title}",
            link=f"/lessons/{lesson_id}",
            subject_id=lesson_id,
            priority=Priority.LOW,
        ),
        once=f"{SET_ITEM}:{lesson_id}:{key}",
    )
