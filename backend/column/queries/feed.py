"""What has been released for a reader, by page and by words."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import search
from backend.column.models import ColumnKind, SeriesKind, TipTopic
from backend.database import fetch, fetch_one
from backend.schools.models import Stage

# A school's reader sees what its own series and its district's have released, unless the
# item is meant for other stages.
_REACHES = """
EXISTS (SELECT FROM column_placements p JOIN column_series s ON s.id = p.series_id
        JOIN schools c ON c.id = ANY($1::uuid[])
         AND (s.school_id = c.id OR s.school_id IS NULL AND s.district_id = c.district_id)
        WHERE p.item_id = i.id AND p.released_at IS NOT NULL
          AND (i.stages = '{}' OR c.stage = ANY(i.stages)))
"""

_COLUMNS = """
SELECT i.id, i.series_id, h.title AS series, h.kind AS series_kind, d.name AS department,
       i.kind, i.topic, i.title, left(i.paragraphs[1], 80) AS opening, i.byline, i.source,
       cardinality(i.attachment_ids) AS attachments, i.lesson_id, i.course_id, i.stages,
       i.released_at, EXISTS (SELECT FROM column_readings r
                              WHERE r.person_id = $2 AND r.item_id = i.id) AS is_read
"""

_RELEASED = f"""
FROM column_items i JOIN column_series h ON h.id = i.series_id
LEFT JOIN departments d ON d.id = h.department_id
WHERE i.state = 'released' AND {_REACHES}
  AND ($3::text IS NULL OR i.kind = $3) AND ($4::text IS NULL OR i.topic = $4)
  AND ($5::text IS NULL OR i.stages = '{{}}' OR $5 = ANY(i.stages))
  AND ($6::uuid IS NULL OR h.id = $6
       OR EXISTS (SELECT FROM column_placements p WHERE p.item_id = i.id AND p.series_id = $6
                  AND p.released_at IS NOT NULL))
  AND ($7::text IS NULL OR h.kind = $7)
"""

NEWEST = f"""
{_COLUMNS} {_RELEASED}
  AND ($8::timestamptz IS NULL OR (i.released_at, i.id) < ($8, $9::uuid))
ORDER BY i.released_at DESC, i.id DESC LIMIT $10
"""

_IN_TITLE = """NOT EXISTS (SELECT FROM unnest($12::text[]) piece
    WHERE position(piece IN split_part(i.folded, E'\\n', 1)) = 0)"""

FOUND = f"""
SELECT * FROM (
{_COLUMNS}, {_IN_TITLE} AS in_title {_RELEASED}
  AND i.tsv @@ $11::text::tsquery
  AND NOT EXISTS (SELECT FROM unnest($12::text[]) piece WHERE position(piece IN i.folded) = 0)
) hits
WHERE $8::timestamptz IS NULL OR (in_title, released_at, id) < ($13::boolean, $8, $9::uuid)
ORDER BY in_title DESC, released_at DESC, id DESC LIMIT $10
"""

ONE = f"SELECT {_REACHES} AS reaches FROM column_items i WHERE i.id = $2 AND i.state = 'released'"

SERIES = """
SELECT s.id, s.school_id, s.kind, s.title, s.topics, d.name AS department, s.state,
       coalesce(u.is_on, true) AS subscribed, s.cadence_days, s.next_release_at
FROM column_series s LEFT JOIN departments d ON d.id = s.department_id
LEFT JOIN column_subscriptions u ON u.series_id = s.id AND u.person_id = $2
WHERE s.state <> 'ended' AND EXISTS (
    SELECT FROM schools c WHERE c.id = ANY($1::uuid[])
      AND (s.school_id = c.id OR s.school_id IS NULL AND s.district_id = c.district_id))
ORDER BY s.school_id NULLS LAST, s.kind, s.title, s.id
"""


class Sifting(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants to see of everything; ``words`` as typed."""

    kind: ColumnKind | None = None
    topic: TipTopic | None = None
    stage: Stage | None = None
    series_id: UUID | None = None
    series_kind: SeriesKind | None = None
    words: str | None = None


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended: hits in the title stand first."""

    in_title: bool
    at: datetime
    id: UUID


async def page(
    schools: list[UUID], person_id: UUID, sifting: Sifting, after: Mark | None, limit: int
) -> list[dict[str, Any]]:
    """Return the released items that reach the reader's schools, newest first."""
    values: list[object] = [
        schools,
        person_id,
        sifting.kind,
        sifting.topic,
        sifting.stage,
        sifting.series_id,
        sifting.series_kind,
        after.at if after else None,
        after.id if after else None,
        limit,
    ]
    if sifting.words is None:
        return await fetch(NEWEST, *values)
    return await fetch(
        FOUND,
        *values,
        search.query_text(sifting.words),
        search.pieces(sifting.words),
        after.in_title if after else None,
    )


async def reaches(schools: list[UUID], item_id: UUID) -> bool:
    """Say whether the item has been released for somebody of these schools."""
    row = await fetch_one(ONE, schools, item_id)
    return row is not None and bool(row["reaches"])


async def is_read(person_id: UUID, item_id: UUID) -> bool:
    sql = "SELECT 1 AS found FROM column_readings WHERE person_id = $1 AND item_id = $2"
    return await fetch_one(sql, person_id, item_id) is not None


async def series_for(schools: list[UUID], person_id: UUID) -> list[dict[str, Any]]:
    """Return the series that reach the reader's schools, with their subscription."""
    return await fetch(SERIES, schools, person_id)
