"""The second pair of eyes: approving, returning, and a school's say on district notices."""

from uuid import UUID

from litestar import Controller, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from backend.notices import rules
from backend.notices.controllers.answers import changed
from backend.notices.operations import publication
from backend.notices.permissions import (
    Sight,
    notice_for_my_school,
    notice_to_approve,
)
from backend.notices.schemas.reach import ApprovalOut
from backend.notices.schemas.reading import NoticeOut
from backend.notices.schemas.writing import DecisionIn, NoticeApprovalIn, ReasonIn
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class NoticeApproval(Controller):
    """A notice that waits for its school's approval."""

    path = "/notices/{notice_id:uuid}"
    dependencies = {"pending": Provide(notice_to_approve)}

    @put(
        "/approval",
        opt={"policy": Policy.STAFF},
        operation_id="approveNotice",
        summary="审核通过 Approve",
        responses=refusals(
            rules.WrongState,
            rules.OwnApproval,
            rules.NoticeChanged,
            rules.AuthorLeft,
            rules.BadDates,
        ),
    )
    async def approve_notice(
        self,
        data: JSONBody[NoticeApprovalIn],
        actor: NamedDependency[Actor],
        pending: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Let it go out; nobody approves their own."""
        await publication.approve(actor, pending.notice.id, data.revision)
        return await changed(actor, pending.notice.id, settings)

    @put(
        "/return",
        opt={"policy": Policy.STAFF},
        operation_id="returnNotice",
        summary="退回修改 Return to the author",
        responses=refusals(rules.WrongState),
    )
    async def return_notice(
        self,
        data: JSONBody[ReasonIn],
        actor: NamedDependency[Actor],
        pending: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Send it back with a reason."""
        await publication.return_to_author(actor, pending.notice.id, data.reason)
        return await changed(actor, pending.notice.id, settings)


class DistrictNoticeAtSchool(Controller):
    """A district's notice at the door of one school."""

    path = "/schools/{school_id:uuid}/district-notices/{notice_id:uuid}/decision"
    dependencies = {"asked": Provide(notice_for_my_school)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="decideDistrictNotice",
        summary="区级通知转发审核 Let a district notice reach our families",
        responses=refusals(rules.WrongState),
    )
    async def decide_district_notice(
        self,
        data: JSONBody[DecisionIn],
        actor: NamedDependency[Actor],
        asked: NamedDependency[Sight],
        school_id: FromPath[UUID],
    ) -> ApprovalOut:
        """The district reaches families only through their school."""
        decision = await publication.decide_for_school(
            actor, asked.notice.id, school_id, approved=data.approved, reason=data.reason
        )
        return ApprovalOut(
            notice_id=decision.notice_id,
            school_id=decision.school_id,
            state=decision.state,
            reason=decision.reason,
            decided_at=decision.decided_at,
        )
