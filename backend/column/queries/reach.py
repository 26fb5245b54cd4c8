"""Whom a release reaches, and who is told of it: each person once of each item."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from backend.column.models import ColumnItem, Series
from backend.database import fetch, fetch_one
from backend.replicas import from_replica
from backend.schools.models import Function

_OPEN = """
NOT EXISTS (SELECT FROM feature_switches f
            WHERE f.school_id = c.id AND f.function = 'courses' AND NOT f.is_on)
"""

SCHOOLS = f"""
SELECT c.id FROM schools c
WHERE (c.id = $1 OR $1::uuid IS NULL AND c.district_id = $2) AND {_OPEN}
  AND ($3::text[] = '{{}}' OR c.stage = ANY($3))
ORDER BY c.id
"""

# The row of the first release stands for ever, so a later one of the same item, in whatever
# series, finds nothing to claim. Asking again for the same release grants again.
CLAIM = f"""
WITH mine AS (
    SELECT DISTINCT t.person_id, i.id AS item_id
    FROM column_releases r JOIN column_series s ON s.id = r.series_id
    JOIN column_placements p ON p.release_id = r.id
    JOIN column_items i ON i.id = p.item_id AND i.state = 'released'
    JOIN family_ties t ON t.person_id = ANY($2::uuid[])
    JOIN schools c ON c.id = t.school_id AND {_OPEN}
     AND (s.school_id = c.id OR s.school_id IS NULL AND s.district_id = c.district_id)
     AND (i.stages = '{{}}' OR c.stage = ANY(i.stages))
    WHERE r.id = $1
      AND NOT EXISTS (SELECT FROM column_subscriptions u WHERE u.person_id = t.person_id
                        AND u.series_id = s.id AND NOT u.is_on)
      AND NOT EXISTS (SELECT FROM column_readings x
                      WHERE x.person_id = t.person_id AND x.item_id = i.id))
INSERT INTO column_told AS told (person_id, item_id, release_id)
SELECT person_id, item_id, $1 FROM mine ORDER BY person_id, item_id
ON CONFLICT (person_id, item_id) DO UPDATE SET release_id = excluded.release_id
    WHERE told.release_id = excluded.release_id
RETURNING person_id
"""

EDITORS = """
SELECT DISTINCT person_id FROM standings_in_force
WHERE CASE WHEN $1::uuid IS NOT NULL
           THEN school_id = $1 AND role IN ('school_admin', 'principal')
           ELSE district_id = $2 AND school_id IS NULL AND role = 'district_officer' END
  AND person_id <> ALL($3::uuid[])
ORDER BY person_id
"""


WRITER = """
SELECT DISTINCT person_id FROM standings_in_force
WHERE person_id = $3 AND is_staff AND district_id = $2
  AND school_id IS NOT DISTINCT FROM $1::uuid
"""


async def schools_of(series: Series, stages: Collection[str]) -> list[UUID]:
    """Return the schools whose families a release concerns; no stages means all of them."""
    rows = await fetch(SCHOOLS, series.school_id, series.district_id, list(stages))
    return [row["id"] for row in rows]


async def claim(release_id: UUID, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` is to be told of a release, and note that they were.

    Left out are those who were told of all its items by another release, have read them,
    do not subscribe, or have no child any more at a school it concerns.
    """
    return {row["person_id"] for row in await fetch(CLAIM, release_id, list(people))}


async def editors(series: Series, but: Collection[UUID] = ()) -> list[UUID]:
    """Return who edits the series, save those named in ``but``."""
    rows = await fetch(EDITORS, series.school_id, series.district_id, list(but))
    return [row["person_id"] for row in rows]


async def writer(item: ColumnItem, series: Series) -> list[UUID]:
    """Return who is told what becomes of an item: the parent whose words they are, or the
    author, unless they have left the school, or the office, they wrote for.
    """
    if item.contributor_id is not None:
        return [item.contributor_id]
    rows = await fetch(WRITER, series.school_id, series.district_id, item.author_id)
    return [row["person_id"] for row in rows]


async def is_closed(series: Series) -> bool:
    """Say whether the school has switched the function off."""
    sql = """SELECT 1 AS found FROM feature_switches
             WHERE school_id = $1 AND function = $2 AND NOT is_on"""
    return await fetch_one(sql, series.school_id, Function.COURSES) is not None


async def zone_of(district_id: UUID) -> str:
    """Return the district's time zone."""
    row = await fetch_one("SELECT timezone FROM districts WHERE id = $1", district_id)
    return row["timezone"] if row else "Asia/Shanghai"


@from_replica
async def counts_of_item(item_id: UUID) -> dict[str, Any]:
    """Return how often it was released, how many were told, how many have read it."""
    row = await fetch_one(
        """
        SELECT (SELECT count(*) FROM column_placements
                WHERE item_id = $1 AND released_at IS NOT NULL) AS series,
               (SELECT count(*) FROM column_told WHERE item_id = $1) AS told,
               (SELECT count(*) FROM column_readings WHERE item_id = $1) AS readers
        """,
        item_id,
    )
    assert row is not None
    return row
