"""The home page as the phone gets it: put together, tagged, or said to be unchanged."""

import hashlib
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from backend.notices.models import ConfirmMode
from backend.notices.queries.home import Found, Home, Receipt, home
from backend.notices.queries.stands import Child
from backend.notices.schemas.reading import ChildOut, FeedItem, FeedPage, ReceiptOut
from backend.web.actor import Actor
from backend.web.conditional import is_known
from backend.web.cursors import Cursors, Position


class Answered(NamedTuple):
    """A page with its tag; ``page`` is ``None`` when the phone already has it."""

    etag: str
    page: FeedPage | None


async def homepage(
    actor: Actor, cursors: Cursors, *, cursor: str | None, limit: int, known: str, now: datetime
) -> Answered:
    """Return a page of the home feed; ``known`` are the tags the phone has, as it sends them.

    The tag is made of what the page is made of, so an unchanged page is never written out.
    Raises ``BadCursor``.
    """
    purpose = f"feed:{actor.person_id}"
    before = cursors.open(purpose, cursor, Position) if cursor else None
    found = await home(actor, before=before, limit=limit, now=now)
    made_of = msgspec.msgpack.encode((actor.person_id, before, limit, found.state))
    etag = f'"{hashlib.blake2b(made_of, digest_size=12).hexdigest()}"'
    if is_known(etag, known):
        return Answered(etag, None)
    return Answered(etag, _page(found, actor.person_id, cursors, purpose, limit))


def _page(found: Home, me: UUID, cursors: Cursors, purpose: str, limit: int) -> FeedPage:
    following = None
    if len(found.found) > limit:
        last = found.found[limit - 1]
        following = cursors.seal(purpose, Position(last.published_at, last.notice.id))
    return FeedPage(
        pinned=[_item(one, found, me) for one in found.pinned],
        items=[_item(one, found, me) for one in found.found[:limit]],
        unread=found.unread,
        next_cursor=following,
    )


def _item(found: Found, page: Home, me: UUID) -> FeedItem:
    notice = found.notice
    receipts = page.receipts.get(notice.id, [])
    asked = notice.confirm_mode is not ConfirmMode.NONE
    mine = asked and any(
        row.person_id == me and row.revision >= notice.confirm_revision for row in receipts
    )
    children = [
        _child(child, found, receipts)
        for child in page.stand.children
        if child.id in found.children
    ]
    settled = all(child.settled for child in children) if children else mine
    return FeedItem(
        id=notice.id,
        title=notice.title,
        category=notice.category,
        urgent=notice.urgent,
        pinned=notice.pinned,
        sender_name=notice.sender_name,
        sender_title=notice.sender_title,
        published_at=found.published_at,
        expires_at=notice.expires_at,
        revision=notice.revision,
        attachments=notice.attachments,
        is_read=found.is_read,
        confirm_mode=notice.confirm_mode,
        confirm_by=notice.confirm_by,
        confirmed_by_me=mine,
        settled=settled if asked else True,
        children=children,
    )


def _child(child: Child, found: Found, receipts: list[Receipt]) -> ChildOut:
    """What the household has done about a notice, for one of its children.

    It says of the child what the database's ``household_settled`` says.
    """
    notice = found.notice
    if notice.confirm_mode is ConfirmMode.NONE:
        return ChildOut(student_id=child.id, name=child.name, settled=True, receipts=[])
    guardians = {guardian.person_id: guardian for guardian in child.guardians}
    theirs = [row for row in receipts if row.person_id in guardians]
    valid = [row for row in theirs if row.revision >= notice.confirm_revision]
    if notice.confirm_mode is ConfirmMode.PER_CHILD:
        settled = any(row.student_id == child.id for row in valid)
    elif notice.confirm_mode is ConfirmMode.BOTH:
        settled = {row.person_id for row in valid} == set(guardians)
    else:
        settled = bool(valid)
    return ChildOut(
        student_id=child.id,
        name=child.name,
        settled=settled,
        receipts=[
            ReceiptOut(
                name=guardians[row.person_id].name,
                relation=guardians[row.person_id].relation,
                answer=row.answer,
                outdated=row.revision < notice.confirm_revision,
                confirmed_at=row.confirmed_at,
            )
            for row in theirs
            if row.student_id is None or row.student_id == child.id
        ],
    )
