"""Suggestions as lists, how many families a place has, and which answers are owed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.committees.models import Body, BodyKind, BodyState, Level
from backend.committees.rules.suggestions import NEXT_LEVEL
from backend.database import fetch, fetch_one
from backend.web.cursors import Position

_COLUMNS = """
SELECT s.id, s.school_id, s.body_id, b.name AS body_name, s.first_body_id, s.author_id,
       p.name AS author_name, s.title, s.text, s.state, s.co_signs, s.threshold, s.due_at,
       s.reason, s.merged_into_id, s.item_id, s.answered_at, s.escalated_at, s.created_at,
       EXISTS (SELECT 1 FROM co_signs c WHERE c.suggestion_id = s.id AND c.person_id = $1)
           AS signed
FROM suggestions s JOIN bodies b ON b.id = s.body_id JOIN persons p ON p.id = s.author_id
"""
# Not from inside, what has been answered is seen by those who stand behind it alone.
_PAGE = f"""
{_COLUMNS}
WHERE s.body_id = $2 AND (s.state = 'open') = $3
  AND ($3 OR $4 OR s.author_id = $1
       OR EXISTS (SELECT 1 FROM co_signs c WHERE c.suggestion_id = s.id AND c.person_id = $1))
  AND ($5::timestamptz IS NULL OR (s.created_at, s.id) < ($5, $6))
ORDER BY s.created_at DESC, s.id DESC LIMIT $7
"""
_MINE = f"""
{_COLUMNS}
WHERE s.id IN (SELECT suggestion_id FROM co_signs WHERE person_id = $1)
  AND s.school_id <> ALL ($2::uuid[])
  AND ($3::timestamptz IS NULL OR (s.created_at, s.id) < ($3, $4))
ORDER BY s.created_at DESC, s.id DESC LIMIT $5
"""
_ONE = f"{_COLUMNS} WHERE s.id = $2"
# Children of the same guardians are one family.
_FAMILIES = """
SELECT count(DISTINCT guardians)::int AS families
FROM (SELECT array_agg(person_id ORDER BY person_id) AS guardians FROM family_ties
      WHERE $1 IN (school_id, grade_id, class_id) GROUP BY student_id) f
"""
_OVERDUE = """
SELECT id FROM suggestions
WHERE state = 'open' AND due_at < $1 AND (reminded_at IS NULL OR reminded_at < $2)
ORDER BY due_at
"""


async def page(
    person_id: UUID,
    body_id: UUID,
    *,
    is_open: bool,
    inside: bool,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a body's open or answered suggestions as somebody may see them, newest first."""
    at, last = (after.at, after.id) if after else (None, None)
    return await fetch(_PAGE, person_id, body_id, is_open, inside, at, last, limit)


async def mine(
    person_id: UUID, closed: list[UUID], after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return what somebody has put or signed, newest first, but not of schools in ``closed``."""
    at, last = (after.at, after.id) if after else (None, None)
    return await fetch(_MINE, person_id, closed, at, last, limit)


async def one(person_id: UUID, suggestion_id: UUID) -> dict[str, Any]:
    """Return one suggestion, with whether somebody has signed it."""
    row = await fetch_one(_ONE, person_id, suggestion_id)
    assert row is not None
    return row


async def families_at(node_id: UUID) -> int:
    """Return how many families a class, grade or school has."""
    row = await fetch_one(_FAMILIES, node_id)
    return int(row["families"]) if row else 0


async def signed_by(suggestion_id: UUID) -> list[UUID]:
    """Return who stands behind a suggestion, its author among them."""
    rows = await fetch("SELECT person_id FROM co_signs WHERE suggestion_id = $1", suggestion_id)
    return [row["person_id"] for row in rows]


async def committee_above(body: Body) -> Body | None:
    """Return the active parent committee one level above a body of a class or a grade."""
    level = NEXT_LEVEL.get(Level(body.level))
    if level is None:
        return None
    wider = Body.filter(
        kind=BodyKind.PARENT_COMMITTEE,
        state=BodyState.ACTIVE,
        level=level,
        school_id=body.school_id,
    )
    if level is Level.GRADE:
        wider = wider.filter(grade_id=body.grade_id)
    return await wider.order_by("-created_at").first()


async def overdue(now: datetime, last_told: datetime) -> list[UUID]:
    """Return the open suggestions past their day whose chair was not reminded since."""
    return [row["id"] for row in await fetch(_OVERDUE, now, last_told)]
