"""The personal inbox: what the app shows whether or not a push arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One inbox row; ``id`` is its place in time and serves as the cursor."""

    id: UUID
    category: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    created_at: datetime
    read_at: datetime | None


async def unread_count(person_id: UUID) -> int:
    """Return how many items the person has not read."""
    rows = await _run(
        "SELECT count(*) AS n FROM post_inbox_item WHERE person_id = $1 AND read_at IS NULL",
        person_id,
    )
    return int(rows[0]["n"])


async def page(
    person_id: UUID,
    *,
    before: UUID | None = None,
    since: UUID | None = None,
    limit: int = 20,
) -> list[Item]:
    """Return items newest first: those older than ``before`` and newer than ``since``."""
    rows = await _run(_PAGE, person_id, before, since, limit)
    return [Item(**row) for row in rows]


async def mark_read(person_id: UUID, ids: Sequence[UUID], *, at: datetime) -> list[UUID]:
    """Mark the person's own items read; returns the ids that were unread until now.

    Ids of other people's items are passed over in silence.
    """
    rows = await _run(
        "UPDATE post_inbox_item SET read_at = $3 "
        "WHERE person_id = $1 AND id = ANY($2::uuid[]) AND read_at IS NULL RETURNING id",
        person_id,
        list(ids),
        at,
    )
    return [row["id"] for row in rows]


async def _run(sql: str, *values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


_PAGE = """
SELECT id, category, title_zh, title_en, body_zh, body_en, link, created_at, read_at
FROM post_inbox_item
WHERE person_id = $1
    AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
ORDER BY id DESC LIMIT $4
"""
