"""Who is there, who is expected, and who stands aside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.ballots.rules.charter import Share
from backend.committees.models import (
    Attendance,
    AttendanceMode,
    Meeting,
    MeetingAnswer,
    MeetingReply,
    Recusal,
    Seat,
)
from backend.committees.queries import seats
from backend.committees.rules.meetings import Quorum, quorum
from backend.database import fetch

_INTERVALS = """
SELECT a.seat_id, s.name, s.role, s.constituency, s.office, a.mode, a.came_at, a.left_at
FROM attendances a JOIN seats s ON s.id = a.seat_id
WHERE a.meeting_id = $1 ORDER BY a.came_at, a.id
"""


async def intervals_of(meeting_id: UUID) -> list[dict[str, Any]]:
    """Return every presence at a meeting with the seat's name, in order of coming."""
    return await fetch(_INTERVALS, meeting_id)


async def replies_to(meeting_id: UUID) -> dict[UUID, MeetingAnswer]:
    """Return what each seat has said beforehand about coming."""
    found = await MeetingReply.filter(meeting_id=meeting_id)
    return {row.seat_id: MeetingAnswer(row.answer) for row in found}


async def there_at(meeting_id: UUID, ended_at: datetime | None = None) -> dict[UUID, Any]:
    """Return who is there now, by seat, and how; of an ended meeting, who was at its end."""
    rows = await Attendance.filter(meeting_id=meeting_id, left_at=ended_at)
    return {row.seat_id: AttendanceMode(row.mode) for row in rows}


async def recused_from(item_id: UUID) -> dict[UUID, Recusal]:
    """Return the seats that stand aside from an item."""
    return {row.seat_id: row for row in await Recusal.filter(item_id=item_id)}


async def recusals_of(item_id: UUID) -> list[dict[str, Any]]:
    """Return who stands aside from an item and why, in the order it was recorded."""
    return await fetch(
        "SELECT r.seat_id, s.name, r.reason, r.recorded_at, r.recorded_by = s.person_id AS own "
        "FROM recusals r JOIN seats s ON s.id = r.seat_id WHERE r.item_id = $1 "
        "ORDER BY r.recorded_at, r.id",
        item_id,
    )


async def quorum_of(
    meeting: Meeting, share: Share, item_id: UUID | None = None
) -> tuple[Quorum, list[Seat]]:
    """Count who is there against who is entitled, and return the seats that are not there.

    Entitled are the seats in force, less those that stand aside from the item.
    """
    serving = await seats.serving(meeting.body_id)
    aside: Iterable[UUID] = await recused_from(item_id) if item_id else ()
    entitled = [seat for seat in serving if seat.id not in set(aside)]
    there = await there_at(meeting.id, meeting.ended_at)
    replies = await replies_to(meeting.id)
    away = {seat for seat, answer in replies.items() if answer is MeetingAnswer.ABSENT}
    found = quorum(share, [seat.id for seat in entitled], there, away)
    return found, [seat for seat in entitled if seat.id not in there]
