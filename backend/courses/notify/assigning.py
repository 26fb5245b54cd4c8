"""How families hear that a course is asked of them. The title leaves the house and names none."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import notifications
from backend.courses.models import Assignment, Course
from backend.courses.notify.reminders import DUE
from notifications import Message

ASSIGNED = "courses.assigned"


async def assigned(
    assignment: Assignment, people: Collection[UUID], course: Course, due_on: date | None
) -> bool:
    """Tell guardians, once for each assignment; returns whether there was anybody to tell."""
    until = f"请在{due_on.month}月{due_on.day}日前完成。" if due_on else ""
    by = f" by {due_on}" if due_on else ""
    return await notifications.tell(
        people,
        Message(
            occasion=ASSIGNED,
            category="course",
            title_zh="学校请您学习一门课程",
            title_en="The school asks you to take a course",
            body_zh=f"请学习《{course.title}》。{until}",
            body_en=f"Please take {course.title}{by}.",
            link=f"/courses/{course.id}",
            subject_id=assignment.id,
        ),
        once=f"{ASSIGNED}:{assignment.id}",
    )


async def ended(assignment_id: UUID) -> None:
    """Keep back what has not been sent: neither asked nor reminded any more."""
    for occasion in (ASSIGNED, DUE):
        await notifications.withdraw(f"{occasion}:{assignment_id}")
