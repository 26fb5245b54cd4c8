"""Meetings as lists, and which begin soon."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.committees.rules.meetings import REMIND_BEFORE
from backend.database import fetch, fetch_one
from backend.web.cursors import Position

_COLUMNS = """
SELECT m.id, m.body_id, b.name AS body_name, m.title, m.starts_at, m.ends_at, m.place,
       m.online_url, m.state, m.convened_at, m.started_at, m.ended_at, m.entitled,
       m.cancelled_at, m.cancelled_reason, m.revision, m.changed_at, m.created_at,
       (SELECT count(*)::int FROM agenda_items i
        WHERE i.meeting_id = m.id AND i.state <> 'withdrawn') AS items,
       r.answer
FROM meetings m JOIN bodies b ON b.id = m.body_id
LEFT JOIN meeting_replies r ON r.meeting_id = m.id AND r.seat_id = {seat}
"""
_PAGE = f"""
{_COLUMNS.format(seat="$2")}
WHERE m.body_id = $1 AND ($3::text[] IS NULL OR m.state = ANY ($3))
  AND ($4::timestamptz IS NULL OR (m.starts_at, m.id) < ($4, $5))
ORDER BY m.starts_at DESC, m.id DESC LIMIT $6
"""
_ONE = f"{_COLUMNS.format(seat='$2')} WHERE m.id = $1"
# Seats in force are joined by their reply, so that one statement serves all the bodies.
_MINE = f"""
{_COLUMNS.format(seat="ANY ($1)")}
WHERE m.body_id = ANY ($2) AND (b.school_id IS NULL OR b.school_id <> ALL ($4::uuid[]))
  AND m.state IN ('convened', 'running') AND m.ends_at > $3
ORDER BY m.starts_at, m.id LIMIT 100
"""


async def page(
    body_id: UUID,
    seat_id: UUID | None,
    states: list[str] | None,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a body's meetings in these states (``None``: any), the latest first, each with
    the seat's own ``answer``.
    """
    at, last = (after.at, after.id) if after else (None, None)
    return await fetch(_PAGE, body_id, seat_id, states, at, last, limit)


async def one(meeting_id: UUID, seat_id: UUID | None) -> dict[str, Any]:
    """Return one meeting as lists show it."""
    row = await fetch_one(_ONE, meeting_id, seat_id)
    assert row is not None
    return row


async def coming(
    seat_ids: list[UUID], body_ids: list[UUID], closed: list[UUID], now: datetime
) -> list[dict[str, Any]]:
    """Return what is convened or running in these bodies, but not of schools in ``closed``,
    soonest first.
    """
    return await fetch(_MINE, seat_ids, body_ids, now, closed)


async def soon(now: datetime) -> list[UUID]:
    """Return the convened meetings that begin within a day."""
    rows = await fetch(
        "SELECT id FROM meetings WHERE state = 'convened' AND starts_at BETWEEN $1 AND $2 "
        "ORDER BY starts_at",
        now,
        now + REMIND_BEFORE,
    )
    return [row["id"] for row in rows]
