"""How items begin, and how they end before anything is decided (V11)."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import AgendaItem, Body, ItemState, Meeting, MeetingState
from backend.committees.notify import agenda as notify
from backend.committees.operations.holding import hold_active, hold_item
from backend.committees.queries import agenda as queries
from backend.committees.queries import seats
from backend.committees.rules import agenda as rules
from backend.committees.rules.agenda import STEPS
from backend.database import transaction
from backend.identifiers import uuid7
from backend.media.operations import attach, release
from backend.web.limits import spend


class ItemContent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody puts before a body, under a matter of its catalogue."""

    matter_id: UUID
    title: str
    text: str
    attachment_ids: list[UUID] = []


async def propose(by: UUID, body_id: UUID, content: ItemContent) -> AgendaItem:
    """Propose an item and tell the chair.

    Raises :class:`rules.MatterUnknown`, ``AttachmentMissing``, ``WrongBodyState`` and
    ``TooMany``.
    """
    async with transaction():
        body = await hold_active(body_id)
        await spend(rules.PROPOSING, str(by), clock.now())
        item = await create(body, content, by=by)
        chair = await seats.chair_of(body.id)
        if chair is not None and chair.person_id != by:
            await notify.proposed(item, chair.person_id)
        await _record("committees.item_proposed", item, body, by)
        return item


async def create(
    body: Body, content: ItemContent, *, by: UUID, suggestion_id: UUID | None = None
) -> AgendaItem:
    """Keep an item in the caller's transaction; one that comes from an accepted suggestion is
    accepted with it. Raises :class:`rules.MatterUnknown` and ``AttachmentMissing``.
    """
    if await queries.matter_for(body, content.matter_id) is None:
        raise rules.MatterUnknown
    item = AgendaItem(
        id=uuid7(),
        body_id=body.id,
        matter_id=content.matter_id,
        title=content.title,
        text=content.text,
        attachment_ids=content.attachment_ids,
        proposer_id=by,
        suggestion_id=suggestion_id,
        state=ItemState.PROPOSED if suggestion_id is None else ItemState.ACCEPTED,
        created_at=clock.now(),
    )
    await attach(content.attachment_ids, item.id, by)
    await item.save(force_create=True)
    return item


async def rewrite(by: UUID, item_id: UUID, content: ItemContent) -> AgendaItem:
    """Replace what a proposed item says.

    Raises :class:`rules.MatterUnknown`, :class:`rules.WrongItemState`,
    ``AttachmentMissing`` and ``WrongBodyState``.
    """
    async with transaction():
        item, body = await _held(item_id)
        STEPS["rewrite"].check(item.state)
        if await queries.matter_for(body, content.matter_id) is None:
            raise rules.MatterUnknown
        await attach(content.attachment_ids, item.id, by)
        await release(item.id, keep=content.attachment_ids)
        item.matter_id, item.title, item.text = content.matter_id, content.title, content.text
        item.attachment_ids = content.attachment_ids
        await item.save(update_fields=["matter_id", "title", "text", "attachment_ids"])
        await _record("committees.item_rewritten", item, body, by)
        return item


async def accept(by: UUID, item_id: UUID, *, names_no_pupil: bool) -> None:
    """Take an item into the pool; the chair answers for its naming no pupil.

    Raises :class:`rules.NamesAPupil`, :class:`rules.WrongItemState` and ``WrongBodyState``.
    """
    if not names_no_pupil:
        raise rules.NamesAPupil
    async with transaction():
        item, body = await _held(item_id)
        if STEPS["accept"].is_news(item.state):
            item.state = ItemState.ACCEPTED
            await item.save(update_fields=["state"])
            await _answered("accepted", item, body, by)


async def decline(by: UUID, item_id: UUID, reason: str) -> None:
    """Refuse an item with a reason. Raises :class:`rules.WrongItemState`, ``WrongBodyState``."""
    async with transaction():
        item, body = await _held(item_id)
        if STEPS["decline"].is_news(item.state):
            item.state, item.reason = ItemState.DECLINED, reason
            await item.save(update_fields=["state", "reason"])
            await _answered("declined", item, body, by)


async def merge(by: UUID, item_id: UUID, into_id: UUID) -> None:
    """Let another item of the same body stand for this one too.

    Raises :class:`rules.ItemMergedElsewhere`, :class:`rules.WrongItemState` and
    ``WrongBodyState``.
    """
    async with transaction():
        item, body = await _held(item_id)
        if item.state == ItemState.MERGED and item.merged_into_id == into_id:
            return
        STEPS["merge"].check(item.state)
        other = await AgendaItem.get_or_none(id=into_id, body_id=body.id)
        if other is None or other.id == item.id or other.state not in rules.BEFORE_VOTING:
            raise rules.ItemMergedElsewhere
        item.state, item.merged_into_id = ItemState.MERGED, other.id
        await item.save(update_fields=["state", "merged_into_id"])
        await _answered("merged", item, body, by, into=str(other.id))


async def withdraw(by: UUID, item_id: UUID) -> None:
    """Take an item back before it is voted on. Raises :class:`rules.WrongItemState`."""
    async with transaction():
        item, meeting = await hold_item(item_id)
        if STEPS["withdraw"].is_news(item.state):
            item.state = ItemState.WITHDRAWN
            await leave_agenda(item, meeting)
            await item.save()
            body = await Body.get(id=item.body_id)
            await _record("committees.item_withdrawn", item, body, by)


async def leave_agenda(item: AgendaItem, meeting: Meeting | None) -> None:
    """Take an item off the agenda in memory, and what stands below it out from under it.

    Of a meeting that has begun it stays part: its minutes tell what became of it.
    """
    item.in_writing = False
    await AgendaItem.filter(parent_id=item.id).update(parent_id=None)
    if meeting is None or meeting.state in (MeetingState.PLANNED, MeetingState.CONVENED):
        item.meeting_id = item.parent_id = None


async def put_again(by: UUID, item_id: UUID) -> AgendaItem:
    """Put again, as a new item of the pool, what found no quorum or tied.

    Raises :class:`rules.MayNotBePutAgain` and ``WrongBodyState``.
    """
    async with transaction():
        item, body = await _held(item_id)
        frozen = await queries.rules_frozen(item.rule_set_id) if item.rule_set_id else None
        is_decided = item.state == ItemState.DECIDED
        rules.check_again(
            item.outcome if is_decided else "", item.retables, frozen.retables if frozen else 0
        )
        if await AgendaItem.exists(retable_of_id=item.id):
            raise rules.MayNotBePutAgain
        again = await AgendaItem.create(
            id=uuid7(),
            body_id=item.body_id,
            matter_id=item.matter_id,
            title=item.title,
            text=item.text,
            proposer_id=by,
            suggestion_id=item.suggestion_id,
            state=ItemState.ACCEPTED,
            retable_of_id=item.id,
            retables=item.retables + 1,
            created_at=clock.now(),
        )
        await _record("committees.item_put_again", again, body, by, of=str(item.id))
        return again


async def _held(item_id: UUID) -> tuple[AgendaItem, Body]:
    item, _ = await hold_item(item_id)
    return item, await hold_active(item.body_id)


async def _answered(answer: str, item: AgendaItem, body: Body, by: UUID, **facts: object) -> None:
    if item.proposer_id != by:
        await notify.answered(item, answer)
    await _record(f"committees.item_{answer}", item, body, by, **facts)


async def _record(action: str, item: AgendaItem, body: Body, by: UUID, **facts: object) -> None:
    await record(action, "agenda_item", item.id, by=by, school_id=body.school_id, **facts)
