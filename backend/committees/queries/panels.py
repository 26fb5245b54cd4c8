"""Lists of review panels, how far the scoring is, and what is due."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one

BEFORE_CLOSING = timedelta(days=1)
"""How long before a panel closes those who are not done hear of it."""

# $1 is whoever asks; what they scored is counted for them alone.
_LINE = """
SELECT p.id, p.district_id, p.school_id, p.title, p.state, p.created_at, p.opened_at,
       p.closes_at, p.closed_at, p.published_at, me.id IS NOT NULL AS judges,
       (SELECT count(*) FROM panel_entries e WHERE e.panel_id = p.id) AS entries,
       (SELECT count(*) FROM panelists j WHERE j.panel_id = p.id) AS panelists,
       (SELECT count(*) FROM panel_scores s WHERE s.panelist_id = me.id) AS scored
FROM panels p LEFT JOIN panelists me ON me.panel_id = p.id AND me.person_id = $1
"""
_PAGE = """
AND ($2::timestamptz IS NULL OR (p.created_at, p.id) < ($2, $3))
ORDER BY p.created_at DESC, p.id DESC LIMIT $4
"""
_SHOWN = "(p.state = 'published' OR (me.id IS NOT NULL AND p.state <> 'draft'))"


async def of_place(
    person_id: UUID,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    school_id: UUID | None,
    district_id: UUID,
    runs: bool,
) -> list[dict[str, Any]]:
    """Return panels of a school, or of a district itself, the newest first: to those who run
    them all, to others what is published and what they judge.
    """
    place = "p.school_id = $5" if school_id else "p.school_id IS NULL AND p.district_id = $5"
    return await fetch(
        f"{_LINE} WHERE {place} AND ($6 OR {_SHOWN}) {_PAGE}",
        person_id,
        *(after or (None, None)),
        limit,
        school_id or district_id,
        runs,
    )


async def judged_by(
    person_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Return the panels somebody judges or has judged, wherever they are, the newest first."""
    return await fetch(
        f"{_LINE} WHERE me.id IS NOT NULL AND p.state <> 'draft' {_PAGE}",
        person_id,
        *(after or (None, None)),
        limit,
    )


async def line(panel_id: UUID, person_id: UUID) -> dict[str, Any]:
    """Return one panel as :func:`of_place` does."""
    row = await fetch_one(f"{_LINE} WHERE p.id = $2", person_id, panel_id)
    assert row is not None
    return row


async def progress(panel_id: UUID) -> dict[str, Any]:
    """Return how far the scoring is, in numbers alone: ``scores`` of ``expected`` are given,
    ``done`` of ``panelists`` have scored everything and ``begun`` something.
    """
    row = await fetch_one(
        """
        WITH entries AS (SELECT count(*) AS n FROM panel_entries WHERE panel_id = $1),
        judges AS (
            SELECT j.id, count(s.id) AS given FROM panelists j
            LEFT JOIN panel_scores s ON s.panelist_id = j.id
            WHERE j.panel_id = $1 GROUP BY j.id)
        SELECT count(*) AS panelists, (SELECT n FROM entries) * count(*) AS expected,
               coalesce(sum(given), 0)::bigint AS scores,
               count(*) FILTER (WHERE given > 0) AS begun,
               count(*) FILTER (WHERE given > 0 AND given = (SELECT n FROM entries)) AS done
        FROM judges
        """,
        panel_id,
    )
    assert row is not None
    return row


async def held(panel_id: UUID) -> str:
    """Return a panel's state, which stays what it is until the transaction ends."""
    row = await fetch_one("SELECT state FROM panels WHERE id = $1 FOR SHARE", panel_id)
    assert row is not None
    state: str = row["state"]
    return state


async def known(
    person_ids: Collection[UUID], district_id: UUID, school_id: UUID | None
) -> dict[UUID, str]:
    """Return the names of those who work, have a child, or have had a seat or a panel at the
    school, or for a district's panel at any of its schools.
    """
    rows = await fetch(
        """
        SELECT p.id, p.name FROM persons p
        WHERE p.id = ANY($1::uuid[]) AND p.closed_at IS NULL AND (
            EXISTS (SELECT FROM standings_in_force s
                    WHERE s.person_id = p.id AND s.district_id = $2
                      AND ($3::uuid IS NULL OR s.school_id IS NULL OR s.school_id = $3))
            OR EXISTS (SELECT FROM family_ties t JOIN schools h ON h.id = t.school_id
                       WHERE t.person_id = p.id AND h.district_id = $2
                         AND ($3::uuid IS NULL OR h.id = $3))
            OR EXISTS (SELECT FROM seats s JOIN bodies b ON b.id = s.body_id
                       WHERE s.person_id = p.id AND b.district_id = $2
                         AND ($3::uuid IS NULL OR b.school_id = $3))
            OR EXISTS (SELECT FROM panelists j JOIN panels o ON o.id = j.panel_id
                       WHERE j.person_id = p.id AND o.district_id = $2
                         AND ($3::uuid IS NULL OR o.school_id = $3)))
        """,
        list(person_ids),
        district_id,
        school_id,
    )
    return {row["id"]: row["name"] for row in rows}


async def has_child_in(district_id: UUID, school_ids: Collection[UUID]) -> bool:
    """Say whether one of the schools is in the district."""
    return bool(
        await fetch(
            "SELECT 1 FROM schools WHERE id = ANY($1::uuid[]) AND district_id = $2",
            list(school_ids),
            district_id,
        )
    )


async def due(now: datetime) -> list[UUID]:
    """Return the panels that should have closed."""
    rows = await fetch(
        "SELECT id FROM panels WHERE state = 'open' AND closes_at <= $1 ORDER BY closes_at", now
    )
    return [row["id"] for row in rows]


async def closing_soon(now: datetime) -> list[UUID]:
    """Return the panels that close within a day and have been open for longer than that."""
    rows = await fetch(
        """
        SELECT id FROM panels WHERE state = 'open' AND closes_at > $1 AND closes_at <= $2
          AND opened_at < closes_at - $3::interval ORDER BY closes_at
        """,
        now,
        now + BEFORE_CLOSING,
        BEFORE_CLOSING,
    )
    return [row["id"] for row in rows]


async def unfinished(panel_id: UUID) -> list[UUID]:
    """Return the panelists who have not scored every entry."""
    rows = await fetch(
        """
        SELECT j.person_id FROM panelists j WHERE j.panel_id = $1 AND EXISTS (
            SELECT FROM panel_entries e WHERE e.panel_id = $1 AND NOT EXISTS (
                SELECT FROM panel_scores s WHERE s.entry_id = e.id AND s.panelist_id = j.id))
        ORDER BY j.person_id
        """,
        panel_id,
    )
    return [row["person_id"] for row in rows]


async def comments(panel_id: UUID) -> dict[UUID, list[str]]:
    """Return what was remarked on each entry, in an order that tells nothing of who said it."""
    rows = await fetch(
        """
        SELECT s.entry_id, s.comment FROM panel_scores s JOIN panel_entries e ON e.id = s.entry_id
        WHERE e.panel_id = $1 AND s.comment <> '' ORDER BY s.entry_id, s.comment
        """,
        panel_id,
    )
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row["entry_id"], []).append(row["comment"])
    return found
