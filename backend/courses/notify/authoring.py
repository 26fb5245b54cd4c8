"""Whom authoring tells, and in which words. Titles say only that there is work, or an answer."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import notifications
from backend.courses.models import Course
from notifications import Message

ASKED = "courses.review_asked"
ANSWERED = "courses.review_answered"


async def review_asked(
    course: Course, people: Collection[UUID], at: datetime, *, lesson: str | None = None
) -> None:
    """Tell those who may review that something waits for them."""
    what = f"课程《{course.title}》" + (f"的课时“{lesson}”" if lesson else "")
    named = f"the lesson {lesson} of " if lesson else ""
    message = Message(
        occasion=ASKED,
        category="work",
        title_zh="有一项内容待您审核",
        title_en="Something waits for your review",
        body_zh=f"{what}已提交审核。",
        body_en=f"A review is asked for {named}the course {course.title}.",
        link=f"/courses/{course.id}",
        subject_id=course.id,
    )
    await notifications.tell(people, message, once=f"{ASKED}:{course.id}:{at.timestamp()}")


async def review_answered(
    course: Course,
    people: Collection[UUID],
    at: datetime,
    *,
    approved: bool,
    reason: str,
    lesson: str | None = None,
) -> None:
    """Tell those whose work it was what became of it."""
    what = f"课程《{course.title}》" + (f"的课时“{lesson}”" if lesson else "")
    named = f"The lesson {lesson} of " if lesson else "The course "
    message = Message(
        occasion=ANSWERED,
        category="work",
        title_zh="您提交的内容有了审核结果",
        title_en="Something you handed in was reviewed",
        body_zh=f"{what}已通过审核并发布。" if approved else f"{what}被退回：{reason}",
        body_en=f"{named}{course.title} is published."
        if approved
        else f"{named}{course.title} was returned: {reason}",
        link=f"/courses/{course.id}",
        subject_id=course.id,
    )
    await notifications.tell(people, message, once=f"{ANSWERED}:{course.id}:{at.timestamp()}")
