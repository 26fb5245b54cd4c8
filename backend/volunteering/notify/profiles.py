"""Whom volunteering tells about a profile, and in which words."""

import notifications
from backend.volunteering.models import Volunteer, VolunteerState
from notifications import Message

_WORDS: dict[str, tuple[str, str]] = {
    VolunteerState.APPROVED: (
        "学校已通过您的志愿者申请，完成培训后即可报名班次。",
        "The school has approved you; finish the training and you can take shifts.",
    ),
    VolunteerState.ACTIVE: (
        "您已成为家长志愿者，现在可以报名班次。",
        "You are a volunteer now and can take shifts.",
    ),
    VolunteerState.REJECTED: (
        "学校暂未通过您的志愿者申请。{reason}",
        "The school has not approved your application. {reason}",
    ),
    VolunteerState.SUSPENDED: (
        "学校已暂停您的志愿服务，已报名的班次同时取消。{reason}",
        "The school has suspended your volunteering; your shifts are cancelled. {reason}",
    ),
}


async def decided(volunteer: Volunteer) -> None:
    """Tell a volunteer what the school decided about their profile."""
    zh, en = _WORDS[volunteer.state]
    moment = volunteer.decided_at.isoformat() if volunteer.decided_at else ""
    await notifications.tell(
        [volunteer.person_id],
        Message(
            occasion="volunteering.decided",
            category="volunteering",
            title_zh="您的志愿者申请有新进展",
            title_en="News about your volunteering",
            body_zh=zh.format(reason=volunteer.reason),
            body_en=en.format(reason=volunteer.reason),
            link=f"/schools/{volunteer.school_id}/volunteer",
            subject_id=volunteer.id,
        ),
        once=f"volunteering.decided:{volunteer.id}:{volunteer.state}:{moment}",
    )
