"""What the phone sees of its inbox, its push address and its owner's wishes."""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import Meta

from backend.people.models import Platform
from backend.web.structs import Count, Cursor, Ids, In, Moment, Out
from notifications.addresses import Preferences
from notifications.inbox import Item


class PushProvider(StrEnum):
    """Which provider made a push token."""

    FCM = "fcm"
    CONSOLE = "console"


PushToken = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=512,
        pattern=r"^[\x21-\x7e]+$",
        examples=["dGVzdC10b2tlbg:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"],
    ),
]
CategoryName = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z_.]*$")]
Categories = Annotated[list[CategoryName], Meta(max_length=20, examples=[["notice.class"]])]
# Litestar describes datetime.time as a duration, so the contract says it in a pattern.
WallClock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]


class ItemOut(Out):
    """收件箱中的一条消息，文字按 Accept-Language 选择语言。"""

    id: UUID
    category: str
    title: str
    body: str
    link: str
    created_at: Moment
    read_at: Moment | None

    @classmethod
    def of(cls, item: Item, language: str) -> Self:
        is_english = language == "en"
        return cls(
            id=item.id,
            category=item.category,
            title=item.title_en if is_english else item.title_zh,
            body=item.body_en if is_english else item.body_zh,
            link=item.link,
            created_at=item.created_at,
            read_at=item.read_at,
        )


class InboxPage(Out):
    """收件箱的一页，最新的在前；unread 是全部未读条数。"""

    items: list[ItemOut]
    unread: Count
    next_cursor: Cursor | None = None


class ReadIn(In):
    """已读消息的 id；不属于自己的 id 会被忽略。"""

    ids: Ids


class ReadOut(Out):
    """本次由未读变为已读的 id，以及剩余未读条数。"""

    ids: list[UUID]
    unread: Count


class UnreadOut(Out):
    """未读条数。"""

    unread: Count


class PushDeviceIn(In):
    """本设备在推送服务商处的令牌。"""

    token: PushToken
    provider: PushProvider
    platform: Platform
    language: Literal["zh", "en"] = "zh"


class PushDeviceOut(Out):
    """已登记的推送设备。"""

    id: UUID
    provider: PushProvider
    platform: Platform


class PreferencesIn(In):
    """免打扰时段（起止须同时填写，可跨午夜）、摘要时间、静音与摘要类别；均按本地时间。"""

    digest_at: WallClock
    quiet_from: WallClock | None = None
    quiet_until: WallClock | None = None
    muted_categories: Categories = []
    digest_categories: Categories = []

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quietFrom and quietUntil come together")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quietFrom and quietUntil must differ")

    def wishes(self) -> Preferences:
        return Preferences(
            quiet_from=time.fromisoformat(self.quiet_from) if self.quiet_from else None,
            quiet_until=time.fromisoformat(self.quiet_until) if self.quiet_until else None,
            digest_at=time.fromisoformat(self.digest_at),
            muted_categories=tuple(self.muted_categories),
            digest_categories=tuple(self.digest_categories),
        )


class PreferencesOut(Out):
    """当前的通知偏好。"""

    quiet_from: WallClock | None
    quiet_until: WallClock | None
    digest_at: WallClock
    muted_categories: list[str]
    digest_categories: list[str]

    @classmethod
    def of(cls, wishes: Preferences) -> Self:
        return cls(
            quiet_from=_shown(wishes.quiet_from),
            quiet_until=_shown(wishes.quiet_until),
            digest_at=wishes.digest_at.isoformat("minutes"),
            muted_categories=sorted(set(wishes.muted_categories)),
            digest_categories=sorted(set(wishes.digest_categories)),
        )


def _shown(moment: time | None) -> str | None:
    return None if moment is None else moment.isoformat("minutes")
