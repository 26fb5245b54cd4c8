"""Invites and claims."""

from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta

from backend.people.models import Relation
from backend.people.phones import mask
from backend.roster.models import ClaimState, ClassInvite
from backend.web.structs import Cursor, In, Moment, Name, Out, Reason

InviteCode = Annotated[
    str,
    Meta(
        min_length=16,
        max_length=40,
        pattern=r"^[A-Za-z0-9 \-]+$",
        description="班主任给出的邀请码；大小写、空格和短横线都不影响",
        examples=["ABCD-EFGH-JKLM-NPQR"],
    ),
]


class InviteKeptOut(Out):
    """一个邀请码的凭据；邀请码本身不保存。"""

    id: UUID
    expires_at: Moment


class InviteMadeOut(Out):
    """新的邀请码；code 只在此时给出，七天内有效。"""

    id: UUID
    code: str
    expires_at: Moment


class InviteOut(Out):
    """一个邀请码；邀请码本身不再显示。"""

    id: UUID
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None

    @classmethod
    def of(cls, invite: ClassInvite) -> Self:
        return cls(
            id=invite.id,
            created_at=invite.created_at,
            expires_at=invite.expires_at,
            revoked_at=invite.revoked_at,
        )


class InvitePage(Out):
    """一个班仍有效的邀请码，最多五个；nextCursor 始终为 null。"""

    items: list[InviteOut]
    next_cursor: Cursor | None = None


class ClaimIn(In):
    """用邀请码申请成为孩子的监护人。"""

    code: InviteCode
    child_name: Name
    relation: Relation


class MyClaimOut(Out):
    """本人的一个申请；reason 是未通过的原因。"""

    id: UUID
    school_name: str
    grade_name: str
    class_name: str
    child_name: str
    relation: Relation
    state: ClaimState
    reason: str
    created_at: Moment
    decided_at: Moment | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            id=row["id"],
            school_name=row["school_name"],
            grade_name=row["grade_name"],
            class_name=row["class_name"],
            child_name=row["child_name"],
            relation=Relation(row["relation"]),
            state=ClaimState(row["state"]),
            reason=row["reason"],
            created_at=row["created_at"],
            decided_at=row["decided_at"],
        )


class MyClaimPage(Out):
    """本人的申请，新的在前。"""

    items: list[MyClaimOut]
    next_cursor: Cursor | None


class ClaimOut(Out):
    """一个待班主任处理的申请；matches 是班里姓名相同的学生。"""

    id: UUID
    class_id: UUID
    claimant_name: str
    claimant_phone: str | None
    child_name: str
    relation: Relation
    state: ClaimState
    reason: str
    matches: list[UUID]
    student_id: UUID | None
    created_at: Moment
    decided_at: Moment | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        phone: str | None = row["phone"]
        return cls(
            id=row["id"],
            class_id=row["class_id"],
            claimant_name=row["claimant_name"],
            claimant_phone=mask(phone) if phone else None,
            child_name=row["child_name"],
            relation=Relation(row["relation"]),
            state=ClaimState(row["state"]),
            reason=row["reason"],
            matches=row["matches"] or [],
            student_id=row["student_id"],
            created_at=row["created_at"],
            decided_at=row["decided_at"],
        )


class ClaimPage(Out):
    """一个班的申请，新的在前。"""

    items: list[ClaimOut]
    next_cursor: Cursor | None


class ApprovalIn(In):
    """申请所指的学生；须在该班。"""

    student_id: UUID


class RefusalIn(In):
    """未通过的原因，申请人会看到。"""

    reason: Reason
