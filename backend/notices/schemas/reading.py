"""What a recipient sends and sees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.notices.models import Category, ConfirmMode, NoticeState
from backend.notices.schemas.writing import Block, Choice
from backend.web.structs import In, Out

Revision = Annotated[int, Meta(ge=1, le=10_000)]


class AnswerIn(In):
    """One child's answer: one of the notice's choices."""

    student_id: UUID
    choice: Choice


class ReadingIn(In):
    """Which version was on the screen."""

    revision: Revision


class OfflineReading(ReadingIn):
    """A notice read while offline."""

    notice_id: UUID


class ConfirmationIn(In):
    """Confirmation of the version that was on the screen; ``answers`` only when the notice
    asks per child."""

    revision: Revision
    answers: Annotated[list[AnswerIn], Meta(max_length=20)] = []


class OfflineConfirmation(In):
    """A confirmation made while offline."""

    notice_id: UUID
    revision: Revision
    answers: Annotated[list[AnswerIn], Meta(max_length=20)] = []


class CatchUpIn(In):
    """Everything a phone did while offline, in one request."""

    read: Annotated[list[OfflineReading], Meta(max_length=200)] = []
    confirmed: Annotated[list[OfflineConfirmation], Meta(max_length=50)] = []


class Refused(Out):
    """A confirmation that came too late or did not fit."""

    notice_id: UUID
    code: str
    detail: str


class CatchUpOut(Out):
    """What was taken, and for each confirmation that was refused, why."""

    read: list[UUID]
    confirmed: list[UUID]
    refused: list[Refused]
    unread: int


class ReceiptOut(Out):
    """A guardian's confirmation as the household sees it."""

    name: str
    relation: str
    answer: str | None
    outdated: bool
    confirmed_at: datetime


class ChildOut(Out):
    """A child the notice concerns and whether the household has settled it."""

    student_id: UUID
    name: str
    settled: bool
    receipts: list[ReceiptOut]


class FeedCard(Out):
    """A notice as everybody sees it in a list."""

    id: UUID
    title: str
    category: Category
    urgent: bool
    pinned: bool
    sender_name: str
    sender_title: str
    published_at: datetime
    expires_at: datetime
    revision: int
    attachments: int
    confirm_mode: ConfirmMode
    confirm_by: datetime | None


class FeedItem(FeedCard):
    """A notice in the home feed, once, with all children it concerns."""

    is_read: bool
    confirmed_by_me: bool
    settled: bool
    children: list[ChildOut]


class FeedPage(Out):
    """Newest first; ``unread`` counts every current notice, not only this page.

    ``pinned`` stands above the first page of the home feed; its notices are not repeated
    among ``items``.
    """

    pinned: list[FeedItem]
    items: list[FeedItem]
    unread: int
    next_cursor: str | None


class AttachmentLink(Out):
    """Signed, short-lived addresses of an attachment, for the caller only."""

    id: UUID
    kind: str
    name: str
    byte_size: int
    url: str
    thumbnail_url: str | None


class AudienceOut(Out):
    """An audience by its node."""

    node_id: UUID
    who: str


class NoticeOut(Out):
    """A whole notice. A withdrawn one has no blocks, but says why it is gone."""

    id: UUID
    state: NoticeState
    title: str
    category: Category
    blocks: list[Block]
    attachments: list[AttachmentLink]
    audiences: list[AudienceOut]
    urgent: bool
    pinned: bool
    sender_name: str
    sender_title: str
    revision: int
    confirm_mode: ConfirmMode
    choices: list[str]
    confirm_by: datetime | None
    publish_at: datetime | None
    published_at: datetime | None
    expires_at: datetime | None
    reason: str
    received: bool
    manages: bool
    is_read: bool
    confirmed_by_me: bool
    settled: bool
    children: list[ChildOut]
