"""Who comes, who is there, and who stands aside."""

from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    Attendance,
    AttendanceMode,
    Body,
    Meeting,
    MeetingAnswer,
    Recusal,
    Seat,
)
from backend.committees.operations.holding import hold_item, hold_meeting
from backend.committees.queries import seats
from backend.committees.rules import agenda, meetings
from backend.database import execute, transaction
from backend.identifiers import uuid7


async def reply(meeting_id: UUID, seat: Seat, answer: MeetingAnswer) -> None:
    """Keep what a seat says beforehand about coming; the last word counts.

    Raises :class:`meetings.WrongMeetingState` before it is convened and once it runs.
    """
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        meetings.STEPS["reply"].check(meeting.state)
        await execute(
            "INSERT INTO meeting_replies (id, meeting_id, seat_id, answer, replied_at) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (meeting_id, seat_id) "
            "DO UPDATE SET answer = $4, replied_at = $5",
            uuid7(),
            meeting.id,
            seat.id,
            str(answer),
            clock.now(),
        )


async def come(meeting_id: UUID, seat_id: UUID, mode: AttendanceMode, *, by: UUID) -> None:
    """Record that a seat is there from now on. Said again it changes nothing; there otherwise,
    one presence ends and another begins.

    Raises :class:`meetings.WrongMeetingState`, :class:`meetings.TooEarly` and
    :class:`meetings.SeatUnknown`.
    """
    async with transaction():
        meeting = await _arriving(meeting_id)
        await _serving(seat_id, meeting.body_id)
        now = clock.now()
        held = await Attendance.get_or_none(meeting_id=meeting.id, seat_id=seat_id, left_at=None)
        if held is not None:
            if held.mode == mode:
                return
            held.left_at = now
            await held.save(update_fields=["left_at"])
        await Attendance.create(
            id=uuid7(),
            meeting_id=meeting.id,
            seat_id=seat_id,
            mode=mode,
            came_at=now,
            recorded_by=by,
        )
        await _record("committees.came", meeting, seat_id, by, mode=str(mode))


async def leave(meeting_id: UUID, seat_id: UUID, *, by: UUID) -> None:
    """Record that a seat is there no longer; said twice, it is said once.

    Raises :class:`meetings.WrongMeetingState` and :class:`meetings.TooEarly`.
    """
    async with transaction():
        meeting = await _arriving(meeting_id)
        gone = await Attendance.filter(meeting_id=meeting.id, seat_id=seat_id, left_at=None).update(
            left_at=clock.now()
        )
        if gone:
            await _record("committees.left", meeting, seat_id, by)


async def recuse(item_id: UUID, seat_id: UUID, reason: str, *, by: UUID) -> None:
    """Let a seat stand aside from an item before it is voted on; said twice, the first reason
    stays. Raises ``WrongItemState`` and :class:`meetings.SeatUnknown`.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        agenda.STEPS["recuse"].check(item.state)
        await _serving(seat_id, item.body_id)
        if await Recusal.exists(item_id=item.id, seat_id=seat_id):
            return
        await Recusal.create(
            id=uuid7(),
            item_id=item.id,
            seat_id=seat_id,
            reason=reason,
            recorded_by=by,
            recorded_at=clock.now(),
        )
        body = await Body.get(id=item.body_id)
        await record(
            "committees.recused", "agenda_item", item.id, by=by, school_id=body.school_id,
            seat_id=str(seat_id),
        )  # fmt: skip


async def take_back(item_id: UUID, seat_id: UUID, *, by: UUID, as_chair: bool) -> None:
    """Let a seat take part after all. A seat takes back what it said itself, the chair what a
    chair recorded. Raises ``WrongItemState`` and :class:`meetings.RecordedByAnother`.
    """
    async with transaction():
        item, _ = await hold_item(item_id)
        agenda.STEPS["recuse"].check(item.state)
        held = await Recusal.get_or_none(item_id=item.id, seat_id=seat_id)
        if held is None:
            return
        seat = await Seat.get(id=seat_id)
        was_its_own = held.recorded_by == seat.person_id
        speaks_for_itself = not as_chair or seat.person_id == by
        if was_its_own is not speaks_for_itself:
            raise meetings.RecordedByAnother
        await held.delete()
        body = await Body.get(id=item.body_id)
        await record(
            "committees.recusal_taken_back", "agenda_item", item.id, by=by,
            school_id=body.school_id, seat_id=str(seat_id),
        )  # fmt: skip


async def _arriving(meeting_id: UUID) -> Meeting:
    """Return the meeting, locked: it runs, or begins within half an hour."""
    meeting = await hold_meeting(meeting_id)
    meetings.STEPS["attend"].check(meeting.state)
    meetings.check_arrived(meeting.starts_at, clock.now())
    return meeting


async def _serving(seat_id: UUID, body_id: UUID) -> None:
    if seat_id not in {seat.id for seat in await seats.serving(body_id)}:
        raise meetings.SeatUnknown


async def _record(action: str, meeting: Meeting, seat_id: UUID, by: UUID, **facts: object) -> None:
    body = await Body.get(id=meeting.body_id)
    await record(
        action, "meeting", meeting.id, by=by, school_id=body.school_id, seat_id=str(seat_id),
        **facts,
    )  # fmt: skip
