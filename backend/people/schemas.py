"""What the phone sends and sees of accounts, sessions, children and consents."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta

from backend.people.models import Person, Platform, PrivacyNotice, Relation, Session
from backend.people.operations.codes import CodeRequest
from backend.people.operations.sessions import SignedIn
from backend.people.phones import mask
from backend.web.actor import Role
from backend.web.structs import Count, Cursor, In, Moment, Out, Secret, Token

TypedPhone = Annotated[
    str,
    Meta(
        min_length=11,
        max_length=30,
        description="大陆手机号码，可含空格、短横线、全角数字或 +86 前缀",
        examples=["13800138000"],
    ),
]
DeviceId = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_\-]+$",
        description="应用首次启动时随机生成并保存的设备标识",
        examples=["d3b07384-d113-4ec6-8f2a-1a2b3c4d5e6f"],
    ),
]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$", examples=["314159"])]
DeviceName = Annotated[str, Meta(min_length=1, max_length=60, examples=["妈妈的手机"])]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1, examples=[1])]


class CodeIn(In):
    """手机号码与设备：为其申请一个短信验证码。"""

    phone: TypedPhone
    device_id: DeviceId


class CodeOut(Out):
    """已受理的验证码申请；无论号码是否已注册，回答都一样。resendAfter 以秒计。"""

    request_id: UUID
    expires_at: Moment
    resend_after: Count

    @classmethod
    def of(cls, request: CodeRequest) -> Self:
        return cls(
            request_id=request.request_id,
            expires_at=request.expires_at,
            resend_after=request.resend_after,
        )


class CodeSignInIn(In):
    """用收到的验证码登录；deviceId 须与申请验证码时相同。"""

    request_id: UUID
    code: Code
    device_id: DeviceId
    device_name: DeviceName
    platform: Platform


class PasswordSignInIn(In):
    """用手机号码和密码登录。"""

    phone: TypedPhone
    password: Secret
    device_id: DeviceId
    device_name: DeviceName
    platform: Platform


class RefreshIn(In):
    """换取下一对令牌；回复丢失时，同一设备在一分钟内可用同一令牌重试。"""

    refresh_token: Token
    device_id: DeviceId


class SignedInOut(Out):
    """一对令牌。accessToken 放在 Authorization: Bearer 中；refreshToken 只能用一次。"""

    session_id: UUID
    person_id: UUID
    access_token: str
    access_expires_at: Moment
    refresh_token: str
    session_expires_at: Moment

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            session_id=signed_in.session_id,
            person_id=signed_in.person_id,
            access_token=signed_in.access_token,
            access_expires_at=signed_in.access_expires_at,
            refresh_token=signed_in.refresh_token,
            session_expires_at=signed_in.session_expires_at,
        )


class SeatOut(Out):
    """一项现任职务，以及任职所在的节点。"""

    role: Role
    subject: str
    node_name: str
    district_id: UUID
    zone_id: UUID | None
    school_id: UUID | None
    grade_id: UUID | None
    class_id: UUID | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            role=Role(row["role"]),
            subject=row["subject"],
            node_name=row["node_name"],
            district_id=row["district_id"],
            zone_id=row["zone_id"],
            school_id=row["school_id"],
            grade_id=row["grade_id"],
            class_id=row["class_id"],
        )


class MeOut(Out):
    """当前用户：姓名、隐去中间四位的号码、现任职务。"""

    person_id: UUID
    session_id: UUID
    name: str
    phone: str | None
    has_password: bool
    is_staff: bool
    seats: list[SeatOut]

    @classmethod
    def of(cls, person: Person, session_id: UUID, *, is_staff: bool, seats: list[SeatOut]) -> Self:
        return cls(
            person_id=person.id,
            session_id=session_id,
            name=person.name,
            phone=mask(person.phone) if person.phone else None,
            has_password=person.password_hash is not None,
            is_staff=is_staff,
            seats=seats,
        )


class SessionOut(Out):
    """一台已登录的设备。"""

    id: UUID
    device_name: str
    platform: Platform
    created_at: Moment
    refreshed_at: Moment
    expires_at: Moment
    is_this_device: bool

    @classmethod
    def of(cls, session: Session, this: UUID) -> Self:
        return cls(
            id=session.id,
            device_name=session.device_name,
            platform=Platform(session.platform),
            created_at=session.created_at,
            refreshed_at=session.refreshed_at,
            expires_at=session.expires_at,
            is_this_device=session.id == this,
        )


class SessionPage(Out):
    """已登录的设备，最近使用的在前。"""

    items: list[SessionOut]
    next_cursor: Cursor | None = None


class PasswordIn(In):
    """新密码（至少 12 个字符）；current 为当前密码，十分钟内用验证码登录的可以不填。"""

    password: Secret
    current: Secret | None = None


class PrivacyNoticeOut(Out):
    """现行隐私告知。"""

    version: Version
    title: str
    text: str
    in_force_from: Moment

    @classmethod
    def of(cls, notice: PrivacyNotice) -> Self:
        return cls(
            version=notice.version,
            title=notice.title,
            text=notice.text,
            in_force_from=notice.in_force_from,
        )


class MyChildOut(Out):
    """一名孩子；同意隐私告知之前只显示姓氏和班级，以便监护人知道为谁同意。"""

    student_id: UUID
    name: str
    relation: Relation
    school_id: UUID
    school_name: str
    grade_name: str
    class_id: UUID
    class_name: str
    consented: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        consented: bool = row["consented"]
        name: str = row["name"]
        return cls(
            student_id=row["student_id"],
            name=name if consented else f"{name[:1]}*",
            relation=Relation(row["relation"]),
            school_id=row["school_id"],
            school_name=row["school_name"],
            grade_name=row["grade_name"],
            class_id=row["class_id"],
            class_name=row["class_name"],
            consented=consented,
        )


class MyChildPage(Out):
    """当前用户的孩子；privacyVersion 是现行隐私告知的版本，尚无告知时为 null。"""

    items: list[MyChildOut]
    privacy_version: Version | None
    next_cursor: Cursor | None = None


class ConsentIn(In):
    """所阅读并同意的隐私告知版本。"""

    version: Version


class ConsentOut(Out):
    """对一名孩子的同意。"""

    student_id: UUID
    version: Version
    consented_at: Annotated[datetime, Meta(tz=True)]
