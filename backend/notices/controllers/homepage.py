"""The home page as the phone gets it: put together, tagged, or said to be unchanged.

A page is written from pieces: what is the same for everybody is written once for each
notice, what is the same for a family once for each family. Pieces put together are what the
Struct of the page would be written as.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from backend.notices.models import ConfirmMode
from backend.notices.queries.boards import Hanging, Printed
from backend.notices.queries.confirmed import Receipt
from backend.notices.queries.home import Home, home
from backend.notices.queries.sheets import Hung
from backend.notices.queries.stands import Child, Stand
from backend.notices.schemas.reading import ChildOut, FeedCard, ReceiptOut
from backend.web.actor import Actor
from backend.web.conditional import is_known
from backend.web.cursors import Cursors, Position
from backend.web.structs import Out

_json = msgspec.json.Encoder()
_state = msgspec.msgpack.Encoder()


class Answered(NamedTuple):
    """A page with its tag: a ``FeedPage`` in JSON, or ``None`` when the phone already has it."""

    etag: str
    page: bytes | None


class _Own(Out):
    """What a ``FeedItem`` adds to its card: how it stands with one family."""

    is_read: bool
    confirmed_by_me: bool
    settled: bool
    children: list[ChildOut]


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
    made_of = _state.encode((actor.person_id, before, limit, found.state))
    etag = f'"{hashlib.blake2b(made_of, digest_size=12).hexdigest()}"'
    if is_known(etag, known):
        return Answered(etag, None)
    following = None
    if len(found.found) > limit:
        last = found.found[limit - 1].posting
        following = cursors.seal(purpose, Position(last.published_at, last.notice.id))
    return Answered(etag, _page(found, limit, following))


def _page(found: Home, limit: int, following: str | None) -> bytes:
    return b'{"pinned":[%b],"items":[%b],"unread":%d,"nextCursor":%b}' % (
        b",".join([_item(one, found) for one in found.pinned]),
        b",".join([_item(one, found) for one in found.found[:limit]]),
        found.unread,
        _json.encode(following),
    )


def _item(hung: Hung, page: Home) -> bytes:
    posting, told = hung.posting, page.confirmed
    card = posting.card or _card(posting)
    is_read = hung.is_read(page.marks)
    if (receipts := told.receipts.get(posting.key)) is not None:
        known = told.written.get((posting.key, is_read))
        if known is None or known[0] is not posting:
            known = posting, _own(hung, page.stand, is_read, receipts)
            told.written[posting.key, is_read] = known
        return card + known[1]
    # Where nobody has confirmed, all that are asked for stand alike, and all that are not.
    key = (hung.where, is_read, hung.asked)
    if (own := page.stand.written.get(key)) is None:
        own = page.stand.written[key] = _own(hung, page.stand, is_read, ())
    return card + own


def _card(posting: Hanging) -> bytes:
    """Write what every phone is sent of a notice, left open for what is one family's own."""
    notice = posting.notice
    shown = FeedCard(
        id=notice.id,
        title=notice.title,
        category=notice.category,
        urgent=notice.urgent,
        pinned=notice.pinned,
        sender_name=notice.sender_name,
        sender_title=notice.sender_title,
        published_at=posting.published_at,
        expires_at=notice.expires_at,
        revision=notice.revision,
        attachments=notice.attachments,
        confirm_mode=notice.confirm_mode,
        confirm_by=notice.confirm_by,
    )
    posting.card = _json.encode(shown)[:-1] + b","
    return posting.card


def _own(hung: Hung, stand: Stand, is_read: bool, receipts: Sequence[Receipt]) -> bytes:
    """Write what a page's item adds to its card."""
    notice = hung.posting.notice
    valid = [row for row in receipts if row.revision >= notice.confirm_revision]
    mine = any(row.person == stand.person for row in valid)
    children = [_child(child, notice, receipts, valid) for child in stand.children_of(hung.where)]
    settled = all(child.settled for child in children) if children else mine
    own = _Own(
        is_read=is_read,
        confirmed_by_me=mine,
        settled=settled if hung.asked else True,
        children=children,
    )
    return _json.encode(own)[1:]


def _child(
    child: Child, notice: Printed, receipts: Sequence[Receipt], valid: Sequence[Receipt]
) -> ChildOut:
    """What the household has done about a notice, for one of its children.

    It says of the child what the database's ``household_settled`` says.
    """
    guardians = child.guardians
    if notice.confirm_mode is ConfirmMode.NONE:
        settled = True
    elif notice.confirm_mode is ConfirmMode.PER_CHILD:
        settled = any(row.student == child.key and row.person in guardians for row in valid)
    elif notice.confirm_mode is ConfirmMode.BOTH:
        settled = {row.person for row in valid if row.person in guardians} == guardians.keys()
    else:
        settled = any(row.person in guardians for row in valid)
    return ChildOut(
        student_id=child.id,
        name=child.name,
        settled=settled,
        receipts=[
            ReceiptOut(
                name=guardian.name,
                relation=guardian.relation,
                answer=row.answer,
                outdated=row.revision < notice.confirm_revision,
                confirmed_at=row.confirmed_at,
            )
            for row in receipts
            if (row.student is None or row.student == child.key)
            and (guardian := guardians.get(row.person)) is not None
        ],
    )
