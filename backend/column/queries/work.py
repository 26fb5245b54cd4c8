"""What editors and contributors look at: the desk, the queue, the counts."""

from datetime import date
from typing import Any
from uuid import UUID

from backend.column.models import ColumnItemState
from backend.database import fetch, fetch_one
from backend.replicas import from_replica
from backend.web.cursors import Position

_ITEM = """
SELECT i.id, i.series_id, s.title AS series, i.kind, i.topic, i.title, i.byline, i.state,
       i.revision, i.reason, i.contributor_id IS NOT NULL AS contributed, i.author_id,
       i.created_at, i.released_at
FROM column_items i JOIN column_series s ON s.id = i.series_id
"""

DESK = f"""
{_ITEM}
WHERE (s.school_id = $1 OR $1::uuid IS NULL AND s.school_id IS NULL AND s.district_id = $2)
  AND ($3::uuid IS NULL OR i.author_id = $3)
  AND ($4::text IS NULL OR i.state = $4)
  AND ($5::timestamptz IS NULL OR (i.created_at, i.id) < ($5, $6::uuid))
ORDER BY i.created_at DESC, i.id DESC LIMIT $7
"""

CONTRIBUTED = f"""
{_ITEM}
WHERE i.contributor_id = $1 AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3::uuid))
ORDER BY i.created_at DESC, i.id DESC LIMIT $4
"""

QUEUE = f"""
SELECT q.position, q.release_on, q.series_id <> i.series_id AS adopted, i.*,
       EXISTS (SELECT FROM attachments a WHERE a.owner_id = i.id AND a.state <> 'ready') AS unready
FROM column_placements q JOIN ({_ITEM}) i ON i.id = q.item_id
WHERE q.series_id = $1 AND q.released_at IS NULL AND i.state IN ('queued', 'released')
ORDER BY q.position, q.id
"""

# What has a day of its own goes first once that day has come. What has a video that cannot be
# played yet lets others pass.
READY = """
SELECT q.id AS placement_id, i.id AS item_id, i.stages
FROM column_placements q JOIN column_items i ON i.id = q.item_id
WHERE q.series_id = $1 AND q.released_at IS NULL
  AND (i.state = 'queued' AND i.series_id = $1 OR i.state = 'released')
  AND (q.release_on IS NULL OR q.release_on <= $2)
  AND NOT EXISTS (SELECT FROM attachments a WHERE a.owner_id = i.id AND a.state <> 'ready')
ORDER BY q.release_on NULLS LAST, q.position, q.id LIMIT $3
FOR NO KEY UPDATE OF i
"""

SERIES = """
SELECT s.id, s.district_id, s.school_id, s.kind, s.title, s.department_id, d.name AS department,
       s.topics, s.cadence_days, s.weekday, s.minute, s.per_release, s.next_release_at, s.state,
       (SELECT count(*) FROM column_placements q JOIN column_items i ON i.id = q.item_id
        WHERE q.series_id = s.id AND q.released_at IS NULL
          AND i.state IN ('queued', 'released')) AS queued,
       (SELECT count(*) FROM column_items i
        WHERE i.series_id = s.id AND i.state = 'in_review') AS in_review
FROM column_series s LEFT JOIN departments d ON d.id = s.department_id
"""

STATISTICS = """
SELECT (SELECT count(*) FROM column_releases r WHERE r.series_id = $1) AS occasions,
       (SELECT count(*) FROM column_releases r WHERE r.series_id = $1 AND r.items = 0) AS empty,
       (SELECT count(*) FROM column_placements p
        WHERE p.series_id = $1 AND p.released_at IS NOT NULL) AS released,
       (SELECT count(*) FROM column_told t JOIN column_releases r ON r.id = t.release_id
        WHERE r.series_id = $1) AS told,
       (SELECT count(DISTINCT x.person_id) FROM column_readings x
        JOIN column_placements p ON p.item_id = x.item_id
        WHERE p.series_id = $1 AND p.released_at IS NOT NULL) AS readers,
       (SELECT count(*) FROM column_subscriptions u
        WHERE u.series_id = $1 AND NOT u.is_on) AS unsubscribed
"""


async def desk(
    school_id: UUID | None,
    district_id: UUID,
    *,
    author_id: UUID | None,
    state: ColumnItemState | None,
    before: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the items of a school's or district's series, newest first.

    ``author_id`` narrows the list to what one person wrote.
    """
    at, last = (before.at, before.id) if before else (None, None)
    return await fetch(DESK, school_id, district_id, author_id, state, at, last, limit)


async def contributed(person_id: UUID, before: Position | None, limit: int) -> list[dict[str, Any]]:
    """Return what somebody has handed in, newest first."""
    at, last = (before.at, before.id) if before else (None, None)
    return await fetch(CONTRIBUTED, person_id, at, last, limit)


async def queue(series_id: UUID) -> list[dict[str, Any]]:
    """Return what waits in a series, in its order."""
    return await fetch(QUEUE, series_id)


async def ready(series_id: UUID, today: date, limit: int) -> list[dict[str, Any]]:
    """Lock and return what the series would release now."""
    return await fetch(READY, series_id, today, limit)


async def series_of(school_id: UUID | None, district_id: UUID) -> list[dict[str, Any]]:
    """Return a school's series, or a district's own."""
    return await fetch(
        f"{SERIES} WHERE s.school_id = $1 OR $1::uuid IS NULL AND s.school_id IS NULL "
        "AND s.district_id = $2 ORDER BY s.kind, s.created_at, s.id",
        school_id,
        district_id,
    )


async def one_series(series_id: UUID) -> dict[str, Any]:
    row = await fetch_one(f"{SERIES} WHERE s.id = $1", series_id)
    assert row is not None
    return row


@from_replica
async def statistics(series_id: UUID) -> dict[str, int]:
    """Count a series' occasions, the people told and the people who read; no names."""
    row = await fetch_one(STATISTICS, series_id)
    assert row is not None
    return {name: int(value) for name, value in row.items()}


async def placed(item_id: UUID, series_id: UUID) -> dict[str, Any] | None:
    """Return the item's place in the series, if it has one."""
    return await fetch_one(
        """
        SELECT release_on, released_at,
               (SELECT count(*) FROM column_placements o JOIN column_items i ON i.id = o.item_id
                WHERE o.series_id = q.series_id AND o.released_at IS NULL
                  AND i.state IN ('queued', 'released') AND o.position <= q.position) AS place
        FROM column_placements q WHERE q.item_id = $1 AND q.series_id = $2
        """,
        item_id,
        series_id,
    )
