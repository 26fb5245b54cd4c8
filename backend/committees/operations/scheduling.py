"""Putting items on an agenda, before all in writing, or back into the pool."""

from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.ballots.rules.charter import RuleSet
from backend.committees.models import AgendaItem, Body, ItemState, Matter, Meeting, MeetingState
from backend.committees.notify import agenda as notify
from backend.committees.operations.holding import hold_active, hold_item, hold_meeting
from backend.committees.operations.proposing import leave_agenda
from backend.committees.queries import agenda as queries
from backend.committees.queries import seats
from backend.committees.rules import agenda as rules
from backend.committees.rules import meetings
from backend.database import transaction
from backend.errors import NotFound


async def schedule(
    by: UUID, item_id: UUID, meeting_id: UUID, *, parent_id: UUID | None, position: int
) -> None:
    """Put an item on a meeting's agenda, or elsewhere on the same; this freezes its rule set.

    On a meeting that is convened already only as long as the rule set's notice still holds,
    and all seats are told. Raises ``NotFound`` for a meeting of another body,
    :class:`rules.WrongItemState`, :class:`rules.AlreadyOnAnAgenda`, :class:`rules.NoRuleSet`,
    :class:`rules.NoticeTooShort`, :class:`rules.TooDeep`, :class:`rules.AgendaFull`,
    :class:`meetings.WrongMeetingState` and ``WrongBodyState``.
    """
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        item = await AgendaItem.select_for_update(no_key=True).get(id=item_id)
        if meeting.body_id != item.body_id:
            raise NotFound
        body = await hold_active(item.body_id)
        meetings.STEPS["schedule"].check(meeting.state)
        rules.STEPS["schedule"].check(item.state)
        is_there = item.state == ItemState.SCHEDULED
        if is_there and item.meeting_id != meeting.id:
            raise rules.AlreadyOnAnAgenda
        others = await AgendaItem.filter(meeting_id=meeting.id).order_by("position", "created_at")
        rules.check_parent(item.id, parent_id, {one.id: one.parent_id for one in others})
        if not is_there:
            if len(others) >= rules.MOST_ON_AN_AGENDA:
                raise rules.AgendaFull(most=rules.MOST_ON_AN_AGENDA)
            await _announce(item, meeting, body)
        item.parent_id = parent_id
        await item.save()
        siblings = [one.id for one in others if one.parent_id == parent_id]
        await _number(rules.placed(siblings, item.id, position))
        await record(
            "committees.item_scheduled", "agenda_item", item.id, by=by, school_id=body.school_id,
            meeting_id=str(meeting.id), rule_set_id=str(item.rule_set_id),
        )  # fmt: skip


async def put_in_writing(by: UUID, item_id: UUID) -> None:
    """Have an item decided outside a meeting; all seats are told, and it may be voted on when
    the rule set's notice has passed.

    Raises :class:`rules.WrongItemState`, :class:`rules.AlreadyOnAnAgenda`,
    :class:`rules.NoRuleSet` and ``WrongBodyState``.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        body = await hold_active(item.body_id)
        if item.state == ItemState.SCHEDULED:
            if not item.in_writing:
                raise rules.AlreadyOnAnAgenda
            return
        rules.STEPS["put_in_writing"].check(item.state)
        frozen = await _freeze(item, body)
        item.meeting_id = item.parent_id = None
        item.in_writing = True
        await item.save()
        assert item.scheduled_at is not None
        first = rules.earliest(item.scheduled_at, frozen.notice_days)
        people = [seat.person_id for seat in await seats.serving(body.id)]
        await notify.in_writing(item, people, first, item.scheduled_at.isoformat())
        await record(
            "committees.item_put_in_writing", "agenda_item", item.id, by=by,
            school_id=body.school_id, rule_set_id=str(item.rule_set_id),
        )  # fmt: skip


async def defer(by: UUID, item_id: UUID) -> None:
    """Take an item off its agenda, back into the pool. Raises :class:`rules.WrongItemState`."""
    async with transaction():
        item, meeting = await hold_item(item_id)
        if rules.STEPS["defer"].is_news(item.state):
            item.state = ItemState.DEFERRED
            await leave_agenda(item, meeting)
            await item.save()
            body = await Body.get(id=item.body_id)
            await record(
                "committees.item_deferred", "agenda_item", item.id, by=by,
                school_id=body.school_id,
            )  # fmt: skip


async def _announce(item: AgendaItem, meeting: Meeting, body: Body) -> None:
    """Freeze the rules it is decided by, and tell those who were called without it."""
    # What stood below it at an earlier meeting does not come along.
    await AgendaItem.filter(parent_id=item.id).update(parent_id=None)
    frozen = await _freeze(item, body)
    item.meeting_id = meeting.id
    if meeting.state == MeetingState.CONVENED:
        rules.check_notice(clock.now(), meeting.starts_at, frozen.notice_days)
        people = [seat.person_id for seat in await seats.serving(body.id)]
        await notify.added(item, people)


async def _freeze(item: AgendaItem, body: Body) -> RuleSet:
    matter = await Matter.get(id=item.matter_id)
    now = clock.now()
    version = await queries.rule_set_for(body.id, matter.rule_kind, now)
    if version is None:
        raise rules.NoRuleSet
    item.state, item.rule_set_id, item.scheduled_at = ItemState.SCHEDULED, version.id, now
    return queries.rules_of(version)


async def _number(order: list[UUID]) -> None:
    for position, item_id in enumerate(order):
        await AgendaItem.filter(id=item_id).exclude(position=position).update(position=position)
