"""The sender's view of what became of a notice: reach, reminders, calls, the sent list."""

from typing import Any

import msgspec
from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend.notices import rules
from backend.notices.models import Category, ConfirmMode, NoticeState
from backend.notices.operations import changes
from backend.notices.permissions import Sight, classes_to_call, notice_to_manage
from backend.notices.queries import reach
from backend.notices.schemas.reach import (
    CallList,
    FamilyToCall,
    GuardianToCall,
    ReachOut,
    SentItem,
    SentPage,
    StageCounts,
)
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class SentNotices(Controller):
    """Everything the caller has sent or oversees."""

    path = "/notices"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listSentNotices",
        summary="我发布的通知 Notices sent or overseen",
        responses=refusals(BadCursor),
    )
    async def list_sent_notices(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> SentPage:
        """Own notices in every state, and those of schools the caller runs, newest first."""
        purpose = f"sent:{actor.person_id}"
        before = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await reach.sent(actor, before, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return SentPage(
            items=[_sent(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(last["created_at"], last["id"]))
            if last
            else None,
        )


class NoticeReach(Controller):
    """Who was reached and who was not, and why."""

    path = "/notices/{notice_id:uuid}"
    dependencies = {"managed": Provide(notice_to_manage)}

    @get(
        "/reach",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getReach",
        summary="触达情况 Reachability funnel",
    )
    async def get_reach(self, managed: NamedDependency[Sight]) -> ReachOut:
        """Counts by stage, for families and for people; each set adds up to its total."""
        return await _reach(managed)

    @put(
        "/nudge",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="nudgeNotice",
        summary="提醒未确认家长 Remind those who still owe",
        responses=refusals(
            rules.NudgedRecently, rules.NotAsked, rules.NobodyThere, rules.WrongState
        ),
    )
    async def nudge_notice(
        self,
        actor: NamedDependency[Actor],
        managed: NamedDependency[Sight],
    ) -> ReachOut:
        """One reminder, to those who still owe, at most once in 24 hours."""
        await changes.nudge(actor.person_id, managed.notice.id)
        await managed.notice.refresh_from_db()
        return await _reach(managed)

    @get(
        "/call-list",
        opt={"policy": Policy.STAFF},
        operation_id="getCallList",
        summary="电话联系名单 Families to telephone",
    )
    async def get_call_list(
        self, actor: NamedDependency[Actor], sight: NamedDependency[Sight]
    ) -> CallList:
        """For class teachers only, their own class: who has not settled it, with phones."""
        classes = await classes_to_call(actor)
        below = 4 if sight.notice.confirm_mode == ConfirmMode.NONE else 5
        rows = await reach.call_list(sight.notice.id, classes, below=below)
        return CallList(items=[_family(row) for row in rows])


async def _reach(managed: Sight) -> ReachOut:
    notice = managed.notice
    stages = await reach.funnel(notice.id)
    next_nudge = notice.nudged_at + rules.NUDGE_INTERVAL if notice.nudged_at else None
    return ReachOut(
        families=StageCounts(**stages["families"]),
        people=StageCounts(**stages["people"]),
        families_total=sum(stages["families"].values()),
        people_total=sum(stages["people"].values()),
        families_at_publication=notice.audience_families,
        people_at_publication=notice.audience_people,
        answers=await reach.answers(notice.id),
        nudges=notice.nudges,
        nudged_at=notice.nudged_at,
        next_nudge_at=next_nudge,
    )


def _sent(row: dict[str, Any]) -> SentItem:
    return SentItem(
        id=row["id"],
        title=row["title"],
        category=Category(row["category"]),
        state=NoticeState(row["state"]),
        urgent=row["urgent"],
        sender_title=row["sender_title"],
        confirm_mode=ConfirmMode(row["confirm_mode"]),
        confirm_by=row["confirm_by"],
        publish_at=row["publish_at"],
        published_at=row["published_at"],
        families=row["audience_families"],
        people=row["audience_people"],
        confirmations=row["confirmations"],
        reason=row["reason"],
    )


def _family(row: dict[str, Any]) -> FamilyToCall:
    guardians = msgspec.json.decode(row["guardians"])
    return FamilyToCall(
        student_id=row["student_id"],
        student=row["student"],
        stage=reach.STAGES[row["stage"]],
        guardians=[
            GuardianToCall(
                name=guardian["name"],
                relation=guardian["relation"],
                phone=guardian["phone"] or "",
                stage=reach.STAGES[guardian["stage"]],
            )
            for guardian in guardians
        ],
    )
