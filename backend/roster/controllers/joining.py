"""A class's pupils, its codes, and the claims made with them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, HeaderParameter, JSONBody, QueryParameter

from backend import clock
from backend.errors import TooMany
from backend.roster import rules
from backend.roster.models import ClaimState, ClassInvite, JoinClaim
from backend.roster.operations import claims, invites
from backend.roster.permissions import claim_to_decide, class_to_lead, invite_to_manage
from backend.roster.queries import lists
from backend.roster.schemas.joining import (
    ApprovalIn,
    ClaimIn,
    ClaimOut,
    ClaimPage,
    InviteKeptOut,
    InviteMadeOut,
    InviteOut,
    InvitePage,
    MyClaimOut,
    MyClaimPage,
    RefusalIn,
)
from backend.roster.schemas.members import StudentOut, StudentPage
from backend.schools.models import SchoolClass
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

_NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
Key = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]


class ClassJoining(Controller):
    """What those who lead a class see and do about who belongs to it."""

    path = "/classes/{class_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"led": Provide(class_to_lead)}

    @get(
        "/students",
        operation_id="listStudents",
        summary="班级学生",
        responses=refusals(BadCursor),
    )
    async def list_students(
        self,
        led: NamedDependency[SchoolClass],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 60,
    ) -> StudentPage:
        """班主任和学校管理人员可用；按学号排列，家长手机号已打码。"""
        purpose = f"students:{led.id}"
        after = cursors.open(purpose, cursor, str) if cursor else ""
        rows = await lists.pupils_of(led.id, after, limit + 1)
        shown = [StudentOut.of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return StudentPage(
            items=shown,
            next_cursor=cursors.seal(purpose, shown[-1].number) if more else None,
        )

    @get("/invites", operation_id="listInvites", summary="有效的邀请码")
    async def list_invites(self, led: NamedDependency[SchoolClass]) -> InvitePage:
        """只显示何时失效；邀请码本身仅在创建时给出。"""
        found = await ClassInvite.filter(
            class_id=led.id, revoked_at=None, expires_at__gt=clock.now()
        ).order_by("-created_at")
        return InvitePage(items=[InviteOut.of(invite) for invite in found])

    @post(
        "/invites",
        operation_id="createInvite",
        summary="创建邀请码",
        responses=refusals(rules.TooManyInvites, KeyNeeded, KeyReused),
    )
    async def create_invite(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        led: NamedDependency[SchoolClass],
        idempotency_key: Key = None,
    ) -> InviteMadeOut:
        """七天内有效，可随时停用；持码者只能提出申请，须经班主任同意。"""

        async def act() -> InviteKeptOut:
            made = await invites.create_invite(
                led.id, actor.person_id, clock.now(), secret=settings.secret_key
            )
            return InviteKeptOut(id=made.id, expires_at=made.expires_at)

        kept = await once(
            actor.person_id,
            "createInvite",
            idempotency_key,
            led.id,
            InviteKeptOut,
            act,
            secret=settings.secret_key,
        )
        code = invites.code_of(kept.id, settings.secret_key)
        return InviteMadeOut(id=kept.id, code=code, expires_at=kept.expires_at)

    @get(
        "/claims",
        operation_id="listClassClaims",
        summary="加入申请",
        responses=refusals(BadCursor),
    )
    async def list_class_claims(
        self,
        led: NamedDependency[SchoolClass],
        cursors: NamedDependency[Cursors],
        standing: Annotated[ClaimState | None, QueryParameter(name="state")] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> ClaimPage:
        """本班的加入申请，新的在前。"""
        purpose = f"claims:{led.id}:{standing}"
        before = cursors.open(purpose, cursor, tuple[datetime, UUID]) if cursor else _NEWEST
        rows = await lists.claims_on(led.id, standing, *before, limit + 1)
        shown = [ClaimOut.of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return ClaimPage(
            items=shown,
            next_cursor=cursors.seal(purpose, (shown[-1].created_at, shown[-1].id))
            if more
            else None,
        )


class Invites(Controller):
    """One code."""

    path = "/invites/{invite_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"invite": Provide(invite_to_manage)}

    @delete(operation_id="revokeInvite", summary="停用邀请码")
    async def revoke_invite(
        self, actor: NamedDependency[Actor], invite: NamedDependency[ClassInvite]
    ) -> None:
        """立即失效；已提出的申请不受影响。"""
        await invites.revoke_invite(invite.id, actor.person_id, clock.now())


class Claims(Controller):
    """The caller's own claims."""

    path = "/claims"
    opt = {"policy": Policy.SIGNED_IN}

    @post(
        operation_id="makeClaim",
        summary="用邀请码申请加入班级",
        responses=refusals(rules.CodeUnknown, KeyNeeded, KeyReused, TooMany),
    )
    async def make_claim(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        data: JSONBody[ClaimIn],
        idempotency_key: Key = None,
    ) -> MyClaimOut:
        """每个账号每天最多尝试十次；班主任核实后同意或拒绝。"""
        now = clock.now()
        await claims.spend_try(actor.person_id, now)

        async def act() -> UUID:
            claim = await claims.make_claim(
                actor.person_id, data.code, data.child_name, data.relation, now
            )
            return claim.id

        claim_id = await once(
            actor.person_id,
            "makeClaim",
            idempotency_key,
            data,
            UUID,
            act,
            secret=settings.secret_key,
        )
        rows = await lists.claims_by(actor.person_id, *_NEWEST, 100)
        return next(MyClaimOut.of(row) for row in rows if row["id"] == claim_id)

    @get(operation_id="listMyClaims", summary="我的加入申请", responses=refusals(BadCursor))
    async def list_my_claims(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> MyClaimPage:
        """新的在前。"""
        purpose = f"my-claims:{actor.person_id}"
        before = cursors.open(purpose, cursor, tuple[datetime, UUID]) if cursor else _NEWEST
        rows = await lists.claims_by(actor.person_id, *before, limit + 1)
        shown = [MyClaimOut.of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return MyClaimPage(
            items=shown,
            next_cursor=cursors.seal(purpose, (shown[-1].created_at, shown[-1].id))
            if more
            else None,
        )


class ClaimDecision(Controller):
    """The class teacher's word on a claim."""

    path = "/claims/{claim_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"claim": Provide(claim_to_decide)}

    @put(
        "/approval",
        operation_id="approveClaim",
        summary="同意加入申请",
        responses=refusals(rules.ClaimDecided, rules.OwnClaim, rules.NotInClass, rules.TieBarred),
    )
    async def approve_claim(
        self,
        actor: NamedDependency[Actor],
        claim: NamedDependency[JoinClaim],
        data: JSONBody[ApprovalIn],
    ) -> ClaimOut:
        """指明是哪名学生；该生的其他家长和申请人会收到消息。"""
        await claims.approve(claim.id, data.student_id, actor.person_id, clock.now())
        return await _decided(claim)

    @put(
        "/refusal",
        operation_id="refuseClaim",
        summary="拒绝加入申请",
        responses=refusals(rules.ClaimDecided, rules.OwnClaim),
    )
    async def refuse_claim(
        self,
        actor: NamedDependency[Actor],
        claim: NamedDependency[JoinClaim],
        data: JSONBody[RefusalIn],
    ) -> ClaimOut:
        """申请人会看到原因。"""
        await claims.refuse(claim.id, data.reason, actor.person_id, clock.now())
        return await _decided(claim)


async def _decided(claim: JoinClaim) -> ClaimOut:
    return ClaimOut.of(await lists.claim(claim.id))
