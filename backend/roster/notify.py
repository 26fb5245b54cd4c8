"""Whom the roster tells, and in which words.

Titles leave the house through push providers and name nobody.
"""

from collections.abc import Iterable
from uuid import UUID

import notifications
from notifications import Message

CATEGORY = "family"


async def guardian_added(student_id: UUID, told: Iterable[UUID], *, occasion: UUID) -> None:
    """Those who stand for a child already learn that somebody else does now, too.

    The letter does not name the child: it outlives consent, and the link does not.
    """
    await notifications.tell(
        told,
        Message(
            occasion="roster.guardian_added",
            category=CATEGORY,
            title_zh="孩子的监护人信息有变化",
            title_en="A child's guardians have changed",
            body_zh="学校为您的孩子登记了一位新的家长。如有疑问，请联系班主任。",
            body_en=(
                "The school has registered another guardian for your child. "
                "If you have questions, please ask the class teacher."
            ),
            link=f"/children/{student_id}",
            subject_id=student_id,
        ),
        once=f"roster.guardian_added:{occasion}:{student_id}",
    )


async def guardians_added_in_class(
    class_id: UUID, children: int, teachers: Iterable[UUID], *, occasion: UUID
) -> None:
    """A class teacher learns of an import that gave their pupils new guardians."""
    await notifications.tell(
        teachers,
        Message(
            occasion="roster.guardians_added",
            category="work",
            title_zh="班级的家长信息有变化",
            title_en="Guardians in your class have changed",
            body_zh=f"学校导入名单，为您班的{children}名学生登记了新的家长，请留意核对。",
            body_en=f"An import registered new guardians for {children} pupils of your class.",
            link=f"/classes/{class_id}/students",
            subject_id=class_id,
        ),
        once=f"roster.guardians_added:{occasion}:{class_id}",
    )


async def claim_made(claim_id: UUID, class_id: UUID, teachers: Iterable[UUID]) -> None:
    """The class teachers have a claim to decide."""
    await notifications.tell(
        teachers,
        Message(
            occasion="roster.claim_made",
            category="work",
            title_zh="有家长申请加入班级",
            title_en="Someone asks to join your class",
            body_zh="有家长用邀请码申请加入您的班级，请核实身份后处理。",
            body_en="Somebody used your class's code; please check who it is and decide.",
            link=f"/classes/{class_id}/claims",
            subject_id=claim_id,
        ),
        once=f"roster.claim_made:{claim_id}",
    )


async def claim_decided(claim_id: UUID, person_id: UUID, *, approved: bool, reason: str) -> None:
    """The claimant learns the outcome, and on a refusal why."""
    zh = "您的加入申请已通过，现在可以查看孩子的班级通知。" if approved else "您的加入申请未通过。"
    en = "Your request to join was approved." if approved else "Your request was refused."
    await notifications.tell(
        [person_id],
        Message(
            occasion="roster.claim_decided",
            category=CATEGORY,
            title_zh="加入班级的申请有了结果",
            title_en="Your request to join a class has been decided",
            body_zh=f"{zh}{reason}",
            body_en=f"{en} {reason}".strip(),
            link="/me/claims",
            subject_id=claim_id,
        ),
        once=f"roster.claim_decided:{claim_id}",
    )
