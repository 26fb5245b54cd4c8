"""How people hear that they sit on a body, and no longer do. Titles name neither."""

from collections.abc import Collection
from uuid import UUID

import notifications
from backend.committees.models import Body, Seat, SeatRole
from backend.committees.rules.seats import SeatEnd
from notifications import Message

GIVEN = "committees.seat_given"
ENDED = "committees.seat_ended"
HANDED_OVER = "committees.chair_handed_over"
CHAIR_GONE = "committees.chair_gone"

_ROLES = {
    SeatRole.CHAIR: ("主任（组长）", "chair"),
    SeatRole.VICE_CHAIR: ("副主任（副组长）", "vice chair"),
    SeatRole.SECRETARY: ("秘书", "secretary"),
    SeatRole.MEMBER: ("委员（成员）", "member"),
}
_ENDS = {
    SeatEnd.RESIGNED: ("您已辞去", "You have resigned from"),
    SeatEnd.DISMISSED: ("学校或区里已免去您在以下组织的席位：", "You were released from"),
    SeatEnd.NOT_ELECTED: ("您未当选：", "You were not elected to"),
    SeatEnd.GUARDIANSHIP_ENDED: (
        "孩子已不在此处就读或监护关系已变更，席位终止：",
        "Your child no longer belongs here, so your seat has ended on",
    ),
    SeatEnd.TERM_OVER: ("任期已满：", "Your term is over on"),
    SeatEnd.BODY_ENDED: ("组织已结束：", "This body has ended:"),
}


async def given(seat: Seat, body: Body) -> None:
    """Tell somebody that they now sit on a body that has begun, once for each seat."""
    zh, en = _ROLES[SeatRole(seat.role)]
    await notifications.tell(
        [seat.person_id],
        Message(
            occasion=GIVEN,
            category="committee",
            title_zh="您有一个新的席位",
            title_en="You have been given a seat",
            body_zh=f"您现在是{body.name}的{zh}，任期至{seat.term_until:%Y年%m月%d日}。",
            body_en=f"You are now {en} of {body.name}, until {seat.term_until}.",
            link=f"/bodies/{body.id}",
            subject_id=seat.id,
        ),
        once=f"{GIVEN}:{seat.id}",
    )


async def ended(seat: Seat, body: Body, why: SeatEnd) -> None:
    """Tell somebody that their seat has ended."""
    await notifications.withdraw(f"{GIVEN}:{seat.id}")
    zh, en = _ENDS[why]
    await notifications.tell(
        [seat.person_id],
        Message(
            occasion=ENDED,
            category="committee",
            title_zh="您的一个席位已终止",
            title_en="A seat of yours has ended",
            body_zh=f"{zh}{body.name}。",
            body_en=f"{en} {body.name}.",
            link="/me/seats",
            subject_id=seat.id,
        ),
        once=f"{ENDED}:{seat.id}",
    )


async def handed_over(seat: Seat, body: Body, people: Collection[UUID], *, step: UUID) -> None:
    """Tell everybody on the body who chairs it now; ``step`` tells one handing-over apart."""
    await notifications.tell(
        people,
        Message(
            occasion=HANDED_OVER,
            category="committee",
            title_zh="负责人已变更",
            title_en="Somebody else is in the chair now",
            body_zh=f"{seat.name}现任{body.name}主任（组长）。",
            body_en=f"{seat.name} now chairs {body.name}.",
            link=f"/bodies/{body.id}",
            subject_id=body.id,
        ),
        once=f"{HANDED_OVER}:{step}",
    )


async def chair_gone(seat: Seat, body: Body, people: Collection[UUID]) -> None:
    """Tell whoever runs a body that nobody chairs it any more, once for each chair."""
    await notifications.tell(
        people,
        Message(
            occasion=CHAIR_GONE,
            category="work",
            title_zh="有一项工作待您处理",
            title_en="Something is waiting for you",
            body_zh=f"{body.name}目前没有主任（组长），请确定新的人选。",
            body_en=f"Nobody chairs {body.name} any more; please name somebody.",
            link=f"/bodies/{body.id}",
            subject_id=body.id,
        ),
        once=f"{CHAIR_GONE}:{seat.id}",
    )
