"""The life of a meeting: planned, convened in time, held, or called off."""

from datetime import datetime
from uuid import UUID

import msgspec

import notifications
from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    AgendaItem,
    Attendance,
    Body,
    ItemState,
    Meeting,
    MeetingReply,
    MeetingState,
)
from backend.committees.notify import meetings as notify
from backend.committees.operations.holding import hold_active, hold_meeting
from backend.committees.queries import agenda, seats
from backend.committees.rules import meetings as rules
from backend.committees.rules.agenda import NoRuleSet, check_notice
from backend.committees.rules.meetings import STEPS
from backend.database import transaction
from backend.identifiers import uuid7


class MeetingContent(msgspec.Struct, frozen=True, kw_only=True):
    """When and where a body meets."""

    title: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    online_url: str = ""


async def plan(by: UUID, body_id: UUID, content: MeetingContent) -> Meeting:
    """Plan a meeting; nobody is told. Raises :class:`rules.BadMeetingHours`, ``WrongBodyState``."""
    now = clock.now()
    rules.check_hours(content.starts_at, content.ends_at, now)
    async with transaction():
        body = await hold_active(body_id)
        meeting = await Meeting.create(
            id=uuid7(),
            body_id=body.id,
            created_by=by,
            created_at=now,
            **msgspec.structs.asdict(content),
        )
        await _record("committees.meeting_planned", meeting, body, by)
        return meeting


async def rewrite(by: UUID, meeting_id: UUID, content: MeetingContent) -> None:
    """Change a meeting. Once it is convened, all seats are told; new hours need the notice
    afresh, and replies to the old ones no longer count.

    Raises :class:`rules.BadMeetingHours`, :class:`rules.WrongMeetingState`,
    ``NoticeTooShort`` and ``WrongBodyState``.
    """
    now = clock.now()
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        body = await hold_active(meeting.body_id)
        STEPS["rewrite"].check(meeting.state)
        new = msgspec.structs.asdict(content)
        changed = sorted(name for name, value in new.items() if getattr(meeting, name) != value)
        if not changed:
            return
        was = meeting.starts_at
        meeting.update_from_dict(new)
        if {"starts_at", "ends_at"} & set(changed):
            rules.check_hours(meeting.starts_at, meeting.ends_at, now)
        if meeting.state == MeetingState.CONVENED:
            is_anew = meeting.starts_at != was
            if is_anew:
                await _check_notice(meeting, now)
                await MeetingReply.filter(meeting_id=meeting.id).delete()
            meeting.revision, meeting.changed_at = meeting.revision + 1, now
            await notifications.withdraw_about(meeting.id)
            await notify.moved(meeting, await _people(meeting), reply_again=is_anew)
        await meeting.save()
        await _record("committees.meeting_rewritten", meeting, body, by, changed=changed)


async def convene(by: UUID, meeting_id: UUID) -> None:
    """Call all seats to a meeting, as long before as its rule sets demand.

    Raises :class:`rules.EmptyAgenda`, :class:`rules.BadMeetingHours`,
    :class:`rules.WrongMeetingState`, ``NoRuleSet``, ``NoticeTooShort``, ``WrongBodyState``.
    """
    now = clock.now()
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        body = await hold_active(meeting.body_id)
        if not STEPS["convene"].is_news(meeting.state):
            return
        rules.check_hours(meeting.starts_at, meeting.ends_at, now)
        items = await AgendaItem.filter(meeting_id=meeting.id, state=ItemState.SCHEDULED).count()
        if not items:
            raise rules.EmptyAgenda
        await _check_notice(meeting, now)
        meeting.state, meeting.convened_at, meeting.convened_by = MeetingState.CONVENED, now, by
        meeting.revision, meeting.changed_at = meeting.revision + 1, now
        await meeting.save()
        await notify.convened(meeting, await _people(meeting), items)
        await _record("committees.meeting_convened", meeting, body, by, items=items)


async def start(by: UUID, meeting_id: UUID) -> None:
    """Begin a meeting, from half an hour before its time.

    Raises :class:`rules.WrongMeetingState`, :class:`rules.TooEarly` and ``WrongBodyState``.
    """
    now = clock.now()
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        body = await hold_active(meeting.body_id)
        if STEPS["start"].is_news(meeting.state):
            rules.check_arrived(meeting.starts_at, now)
            meeting.state, meeting.started_at = MeetingState.RUNNING, now
            await meeting.save(update_fields=["state", "started_at"])
            await _record("committees.meeting_started", meeting, body, by)


async def end(by: UUID, meeting_id: UUID) -> None:
    """End a meeting: whoever is there leaves, what was not reached is deferred, and how many
    were entitled is kept.

    Raises :class:`rules.WrongMeetingState` and :class:`rules.ItemUnderDiscussion`.
    """
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        if not STEPS["end"].is_news(meeting.state):
            return
        items = AgendaItem.filter(meeting_id=meeting.id)
        discussed = await items.filter(state=ItemState.DISCUSSING).first()
        if discussed is not None:
            raise rules.ItemUnderDiscussion(itemId=str(discussed.id))
        now = clock.now()
        deferred = await items.filter(state=ItemState.SCHEDULED).update(state=ItemState.DEFERRED)
        await Attendance.filter(meeting_id=meeting.id, left_at=None).update(left_at=now)
        meeting.state, meeting.ended_at = MeetingState.ENDED, now
        meeting.entitled = len(await seats.serving(meeting.body_id))
        await meeting.save(update_fields=["state", "ended_at", "entitled"])
        await _record(
            "committees.meeting_ended", meeting, await Body.get(id=meeting.body_id), by,
            entitled=meeting.entitled, deferred=deferred,
        )  # fmt: skip


async def cancel(by: UUID, meeting_id: UUID, reason: str) -> None:
    """Call a meeting off; its items go back into the pool, and whoever was called is told.

    Raises :class:`rules.WrongMeetingState`.
    """
    now = clock.now()
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        was_convened = meeting.state == MeetingState.CONVENED
        if not STEPS["cancel"].is_news(meeting.state):
            return
        await AgendaItem.filter(meeting_id=meeting.id, state=ItemState.SCHEDULED).update(
            state=ItemState.DEFERRED, meeting_id=None, parent_id=None
        )
        meeting.state, meeting.cancelled_at = MeetingState.CANCELLED, now
        meeting.cancelled_reason = reason
        meeting.revision, meeting.changed_at = meeting.revision + 1, now
        await meeting.save()
        await notifications.withdraw_about(meeting.id)
        if was_convened:
            await notify.cancelled(meeting, await _people(meeting))
        await _record(
            "committees.meeting_cancelled", meeting, await Body.get(id=meeting.body_id), by,
            reason=reason,
        )  # fmt: skip


async def remind(meeting_id: UUID) -> bool:
    """Remind the seats of a meeting that is near, save those who stay away; once a date."""
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        if meeting.state != MeetingState.CONVENED:
            return False
        away = set(
            await MeetingReply.filter(meeting_id=meeting.id, answer="absent").values_list(
                "seat_id", flat=True
            )
        )
        serving = await seats.serving(meeting.body_id)
        return await notify.soon(meeting, [s.person_id for s in serving if s.id not in away])


async def _check_notice(meeting: Meeting, now: datetime) -> None:
    """A meeting is called as early as the body's ordinary rules and each of its items demand."""
    ordinary = await agenda.ordinary_rules(meeting.body_id, now)
    if ordinary is None:
        raise NoRuleSet
    days = max(ordinary.notice_days, await agenda.notice_days_of(meeting.id))
    check_notice(now, meeting.starts_at, days)


async def _people(meeting: Meeting) -> list[UUID]:
    return [seat.person_id for seat in await seats.serving(meeting.body_id)]


async def _record(action: str, meeting: Meeting, body: Body, by: UUID, **facts: object) -> None:
    await record(action, "meeting", meeting.id, by=by, school_id=body.school_id, **facts)
