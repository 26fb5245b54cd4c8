"""Drafts: writing a notice before anyone else sees it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.database import fetch, transaction
from backend.errors import NotFound
from backend.media.operations import attach, release
from backend.notices import rules
from backend.notices.models import Category, Notice, NoticeState
from backend.notices.queries import posting
from backend.notices.rules import Place
from backend.schools.models import Function
from backend.web.actor import Actor, Role, Seat

TITLES = {
    Role.CLASS_TEACHER: "班主任",
    Role.SUBJECT_TEACHER: "任课教师",
    Role.GRADE_LEAD: "年级组长",
    Role.SCHOOL_ADMIN: "学校管理员",
    Role.PRINCIPAL: "校长",
    Role.DISTRICT_OFFICER: "区教育局",
    Role.COMMITTEE_CHAIR: "家委会主任",
}


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an author decides; ``blocks`` are already checked JSON blocks."""

    audiences: list[tuple[UUID, str]]
    category: str
    title: str
    blocks: list[dict[str, Any]]
    attachment_ids: list[UUID] = []
    urgent: bool = False
    pinned: bool = False
    low_priority: bool = False
    confirm_mode: str = "none"
    choices: list[str] = []
    confirm_by: datetime | None = None
    expires_at: datetime | None = None


async def write(actor: Actor, content: Content) -> Notice:
    """Keep a new draft. The sender's name and title are ours to set, never the author's.

    Raises ``NotFound`` for an audience outside the caller's world and
    :class:`rules.NotYourAudience` for one they may not write to.
    """
    async with transaction():
        notice = Notice(author_id=actor.person_id, sender_name=actor.name)
        await _fill(actor, notice, content)
        await notice.save()
        await attach(content.attachment_ids, notice.id, actor.person_id)
        await record(
            "notices.written", "notice", notice.id, by=actor.person_id, school_id=notice.school_id
        )
        return notice


async def rewrite(actor: Actor, notice_id: UUID, content: Content) -> Notice:
    """Replace the content of a draft or of a notice that was returned."""
    async with transaction():
        notice = await Notice.select_for_update().get(id=notice_id)
        rules.check_state(notice, rules.EDITABLE)
        if notice.state == NoticeState.RETURNED:
            # A new text is a new version: whoever approves names the one they read.
            notice.revision = notice.confirm_revision = notice.revision + 1
        await _fill(actor, notice, content)
        await notice.save()
        await attach(content.attachment_ids, notice.id, actor.person_id)
        await release(notice.id, keep=content.attachment_ids)
        return notice


async def discard(notice_id: UUID) -> None:
    """Throw a draft away; doing it twice is doing it once."""
    async with transaction():
        notice = await Notice.select_for_update().get_or_none(id=notice_id)
        if notice is not None:
            rules.check_state(notice, rules.EDITABLE)
            await release(notice.id)
            await notice.delete()


async def places_for(actor: Actor, audiences: list[tuple[UUID, str]]) -> list[Place]:
    """Resolve audiences the caller may write to with one voice (:func:`rules.one_voice`)."""
    wanted = list(dict.fromkeys(audiences))
    places = await posting.places(wanted)
    closed = actor.closed(Function.NOTICES)
    in_sight = [
        place
        for place in places
        if (place.school_id in actor.school_ids or place.district_id in actor.district_ids)
        and place.school_id not in closed
    ]
    if not wanted or len(in_sight) < len(wanted):
        raise NotFound
    for place in in_sight:
        if place.kind == "group" and rules.seat_speaking_to(actor, place) is None:
            raise NotFound
    rules.one_voice(actor, in_sight)
    return in_sight


async def _fill(actor: Actor, notice: Notice, content: Content) -> None:
    """Set everything an author decides, and what follows from their standing."""
    places = await places_for(actor, content.audiences)
    seat = rules.one_voice(actor, places)
    rules.check_shelf(seat, Category(content.category), urgent=content.urgent)
    notice.district_id = places[0].district_id
    notice.school_id = seat.school_id
    notice.sender_title = await _sender_title(seat)
    now = clock.now()
    expires_at = content.expires_at or now + rules.DEFAULT_LIFE
    rules.check_dates(now=now, publish_at=now, expires_at=expires_at, confirm_by=content.confirm_by)
    notice.audiences = [{"node": str(p.node_id), "who": p.who} for p in places]
    notice.category = content.category
    notice.title = content.title
    notice.blocks = content.blocks
    notice.plain = rules.plain_text(content.blocks)
    notice.attachment_ids = [str(attachment) for attachment in content.attachment_ids]
    notice.urgent = content.urgent
    notice.pinned = content.pinned
    notice.priority_low = content.low_priority and not content.urgent
    notice.confirm_mode = content.confirm_mode
    notice.choices = content.choices
    notice.confirm_by = content.confirm_by
    notice.expires_at = expires_at


async def _sender_title(seat: Seat) -> str:
    """Return what families see beside the sender's name, such as 三年级1班 班主任."""
    node = seat.class_id or seat.grade_id or seat.school_id or seat.district_id
    [place] = await posting.places([(node, "families")])
    return f"{place.label} {TITLES[seat.role]}"


async def approvers(school_id: UUID, but: UUID) -> list[UUID]:
    """Return who may be the second pair of eyes at a school."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM standings_in_force WHERE school_id = $1 "
        "AND role IN ('school_admin', 'principal') AND person_id <> $2",
        school_id,
        but,
    )
    return [row["person_id"] for row in rows]


def audiences_of(notice: Notice) -> list[tuple[UUID, str]]:
    return [(UUID(item["node"]), item["who"]) for item in notice.audiences]


async def still_speaks(author: Actor, notice: Notice) -> bool:
    """Say whether ``author`` holds, today, a standing that speaks to every place of the notice."""
    places = await posting.places(audiences_of(notice))
    return all(rules.seat_speaking_to(author, place) is not None for place in places)
