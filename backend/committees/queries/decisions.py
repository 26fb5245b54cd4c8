"""The log of decisions as lists and as a chain, and what is overdue."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.committees.models import Decision
from backend.committees.rules.chain import GENESIS, Entry, Link
from backend.database import fetch, fetch_one

_COLUMNS = """
SELECT d.id, d.body_id, b.name AS body_name, d.number, d.item_id, i.title AS item_title,
       d.meeting_id, d.text, d.owner_id, d.owner_name, d.due_on, d.decided_at, d.digest,
       d.done_at, d.done_note
FROM decisions d JOIN bodies b ON b.id = d.body_id LEFT JOIN agenda_items i ON i.id = d.item_id
"""
_PUBLIC = """
(d.meeting_id IS NULL OR EXISTS (SELECT 1 FROM minutes m
 WHERE m.meeting_id = d.meeting_id AND m.state <> 'draft'))
"""


async def page(
    body_id: UUID, *, inside: bool, open_only: bool, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return a body's decisions, the latest first; to others than the body those of meetings
    whose minutes are confirmed, and those taken in writing.
    """
    return await fetch(
        f"{_COLUMNS} WHERE d.body_id = $1 AND ($2::int IS NULL OR d.number < $2) "
        f"AND ($3 OR {_PUBLIC}) "
        "AND (NOT $4 OR (d.owner_id IS NOT NULL AND d.done_at IS NULL)) "
        "ORDER BY d.number DESC LIMIT $5",
        body_id,
        before,
        inside,
        open_only,
        limit,
    )


async def owned(person_id: UUID, *, done: bool) -> list[dict[str, Any]]:
    """Return what somebody is to carry out, the first due first, or has; at most 200."""
    order = "d.done_at DESC, d.id" if done else "d.due_on, d.id"
    return await fetch(
        f"{_COLUMNS} WHERE d.owner_id = $1 AND (d.done_at IS NOT NULL) = $2 "
        f"ORDER BY {order} LIMIT 200",
        person_id,
        done,
    )


async def one(decision_id: UUID) -> dict[str, Any]:
    """Return one decision as lists have it."""
    row = await fetch_one(f"{_COLUMNS} WHERE d.id = $1", decision_id)
    assert row is not None
    return row


async def chain_of(body_id: UUID) -> list[Link]:
    """Return a body's whole chain, in order."""
    return [link_of(row) for row in await Decision.filter(body_id=body_id).order_by("number")]


async def vouched_by_minutes(body_id: UUID) -> list[tuple[int, str]]:
    """Return numbers and digests of decisions as the body's confirmed minutes state them."""
    rows = await fetch(
        """
        SELECT (d ->> 'number')::int AS number, d ->> 'digest' AS digest
        FROM minutes m, jsonb_array_elements(m.record -> 'decisions') d
        WHERE m.body_id = $1 AND m.state <> 'draft' ORDER BY 1
        """,
        body_id,
    )
    return [(row["number"], row["digest"]) for row in rows]


async def last_of(body_id: UUID) -> tuple[int, str]:
    """Return number and digest of the log's last entry; of an empty one 0 and the beginning."""
    row = await Decision.filter(body_id=body_id).order_by("-number").first()
    return (row.number, row.digest) if row else (0, GENESIS)


async def due(today: date, warn_until: date, again_before: datetime) -> list[dict[str, Any]]:
    """Return decisions not done whose owners are to be reminded now.

    Those due by ``warn_until`` once; those overdue at once, then whenever the last reminder
    lies before ``again_before``. Rows are ``{id, overdue}``.
    """
    return await fetch(
        """
        SELECT d.id, d.due_on < $1::date AS overdue FROM decisions d
        JOIN bodies b ON b.id = d.body_id JOIN districts t ON t.id = b.district_id
        WHERE d.done_at IS NULL AND d.owner_id IS NOT NULL AND CASE
            WHEN d.due_on >= $1::date THEN d.due_on <= $2::date AND d.reminded_at IS NULL
            ELSE d.reminded_at IS NULL OR d.reminded_at < $3
                 OR (d.reminded_at AT TIME ZONE t.timezone)::date <= d.due_on END
        ORDER BY d.due_on, d.id LIMIT 500
        """,
        today,
        warn_until,
        again_before,
    )


def link_of(row: Decision) -> Link:
    """Return a row as a link of the chain."""
    entry = Entry(
        number=row.number,
        body=row.body_id,
        item=row.item_id,
        meeting=row.meeting_id,
        vote=row.vote_id,
        text=row.text,
        owner=row.owner_id,
        owner_name=row.owner_name,
        due=row.due_on,
        decided_at=row.decided_at,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
    )
    return Link(entry=entry, previous=row.previous, digest=row.digest)
