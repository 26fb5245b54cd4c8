"""Whom learning tells, and in which words. Titles say neither which course nor what of it."""

import notifications
from backend import clock
from backend.courses.models import Course, CourseCompletion
from notifications import Message

COMPLETED = "courses.completed"
RUNNING_OUT = "courses.running_out"


async def completed(course: Course, completion: CourseCompletion) -> None:
    """Tell a learner, once for each round, that they have finished a course."""
    certified = completion.certificate_id is not None
    until = _day(completion)
    await notifications.tell(
        [completion.person_id],
        Message(
            occasion=COMPLETED,
            category="course",
            title_zh="您有一项学习已完成",
            title_en="Something you learn is finished",
            body_zh=f"您已完成《{course.title}》。"
            + ("结业证书可在“我的证书”查看。" if certified else "")
            + (f"有效期至{until}。" if until else ""),
            body_en=f"You have finished {course.title}."
            + (" Your certificate is among your certificates." if certified else "")
            + (f" It is valid until {until}." if until else ""),
            link=f"/courses/{course.id}",
            subject_id=course.id,
        ),
        once=f"{COMPLETED}:{completion.id}",
    )


async def running_out(course: Course, completion: CourseCompletion) -> None:
    """Tell a learner, once for each round, that what they finished is about to lapse."""
    until = _day(completion)
    await notifications.tell(
        [completion.person_id],
        Message(
            occasion=RUNNING_OUT,
            category="course",
            title_zh="您有一项学习即将到期",
            title_en="Something you learnt is about to lapse",
            body_zh=f"《{course.title}》的结业有效期至{until}，现在可以重新学习。",
            body_en=f"{course.title} is valid until {until}; you may take it anew now.",
            link=f"/courses/{course.id}",
            subject_id=course.id,
        ),
        once=f"{RUNNING_OUT}:{completion.id}",
    )


def _day(completion: CourseCompletion) -> str:
    until = completion.valid_until
    return "" if until is None else clock.local(until).date().isoformat()
