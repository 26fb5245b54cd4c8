"""Turning rows into what the phone sees."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.media.links import url_for
from backend.media.models import Attachment, Variant
from backend.notices.models import Category, ConfirmMode, Notice, NoticeState
from backend.notices.permissions import Sight, notice_in_sight
from backend.notices.queries.feed import decode
from backend.notices.schemas.reading import (
    AttachmentLink,
    AudienceOut,
    ChildOut,
    FeedItem,
    NoticeOut,
)
from backend.notices.schemas.writing import Block
from backend.settings import Settings
from backend.web.actor import Actor


def children(raw: str | None) -> list[ChildOut]:
    return msgspec.convert(decode(raw), list[ChildOut], strict=False)


def settled(kids: list[ChildOut], row: dict[str, Any], mode: str) -> bool:
    """A recipient is settled when every child is; staff, who have none, by themselves."""
    if mode == "none":
        return True
    return all(kid.settled for kid in kids) if kids else bool(row["confirmed_by_me"])


def feed_item(row: dict[str, Any]) -> FeedItem:
    kids = children(row["household"])
    taken = {name: row[name] for name in FeedItem.__struct_fields__ if name in row}
    taken["category"] = Category(row["category"])
    taken["confirm_mode"] = ConfirmMode(row["confirm_mode"])
    return FeedItem(**taken, children=kids, settled=settled(kids, row, row["confirm_mode"]))


async def notice_out(sight: Sight, actor: Actor, settings: Settings, now: datetime) -> NoticeOut:
    """Return the whole notice; of a withdrawn one only its author still sees the text."""
    notice: Notice = sight.notice
    mine = sight.mine or {}
    kids = children(mine.get("household"))
    gone = notice.state == NoticeState.WITHDRAWN and not sight.manages
    return NoticeOut(
        id=notice.id,
        state=NoticeState(notice.state),
        title=notice.title,
        category=Category(notice.category),
        blocks=[] if gone else msgspec.convert(notice.blocks, list[Block]),
        attachments=[] if gone else await _links(notice, actor, settings, now),
        audiences=[
            AudienceOut(node_id=UUID(item["node"]), who=item["who"])
            for item in notice.audiences
            if sight.manages
        ],
        urgent=notice.urgent,
        pinned=notice.pinned,
        sender_name=notice.sender_name,
        sender_title=notice.sender_title,
        revision=notice.revision,
        confirm_mode=ConfirmMode(notice.confirm_mode),
        choices=notice.choices,
        confirm_by=notice.confirm_by,
        publish_at=notice.publish_at,
        published_at=notice.published_at,
        expires_at=notice.expires_at,
        reason=notice.reason,
        received=sight.mine is not None,
        manages=sight.manages,
        is_read=bool(mine.get("is_read")),
        confirmed_by_me=bool(mine.get("confirmed_by_me")),
        settled=settled(kids, mine, notice.confirm_mode) if mine else False,
        children=kids,
    )


async def changed(actor: Actor, notice_id: UUID, settings: Settings) -> NoticeOut:
    """Return a notice as the caller sees it after their act."""
    fresh = await notice_in_sight(actor, notice_id)
    return await notice_out(fresh, actor, settings, clock.now())


async def _links(
    notice: Notice, actor: Actor, settings: Settings, now: datetime
) -> list[AttachmentLink]:
    if not notice.attachment_ids:
        return []
    found = {row.id: row for row in await Attachment.objects.all().carried_by(notice.id)}
    rows = [found[key] for raw in notice.attachment_ids if (key := UUID(raw)) in found]

    def link(row: Attachment, variant: Variant) -> str:
        return url_for(
            row.id, variant, actor.person_id, actor.session_id, key=settings.secret_key, now=now
        )

    return [
        AttachmentLink(
            id=row.id,
            kind=row.kind,
            name=row.filename,
            byte_size=row.byte_size,
            url=link(row, Variant.ORIGINAL),
            thumbnail_url=link(row, Variant.THUMBNAIL) if row.thumbnail_key else None,
        )
        for row in rows
    ]
