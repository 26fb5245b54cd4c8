"""Tracks with their courses, and how far somebody is in each of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.courses.queries.sight import TAKEN
from backend.database import fetch

_TRACKS = """
SELECT t.id, t.host_id, t.stage, t.topic, t.title, t.version, t.ended_at,
       h.name AS host, h.kind AS host_kind
FROM course_tracks t JOIN parent_schools h ON h.id = t.host_id
"""
# A school shows its own tracks, and of its district those for its stage.
_AT_SCHOOL = f"""
{_TRACKS} JOIN schools s ON s.id = $1
WHERE t.ended_at IS NULL
  AND (h.school_id = s.id
       OR (h.school_id IS NULL AND h.district_id = s.district_id AND t.stage = s.stage))
ORDER BY array_position(ARRAY['kindergarten', 'primary', 'junior', 'senior'], t.stage::text),
         h.kind <> 'school', t.topic, t.title, t.id
LIMIT 1000
"""
_PLACES = f"""
SELECT p.track_id, p.course_id, p.position, p.required, c.title, c.kind, c.external_url,
       c.state = 'published' AND {TAKEN} AS available,
       coalesce(c.set_size, n.total)::int AS total,
       (CASE WHEN c.kind = 'content_set' THEN n.read ELSE n.done END)::int AS done,
       CASE WHEN k.round = e.round AND k.valid_until <= $4 THEN 'expired'
            WHEN k.round = e.round THEN 'completed'
            WHEN e.id IS NULL OR e.left_at IS NOT NULL THEN NULL
            WHEN n.read > 0 OR EXISTS (
                SELECT 1 FROM watches w JOIN lessons l ON l.id = w.lesson_id
                WHERE l.course_id = c.id AND w.person_id = $3 AND w.round = e.round)
              OR EXISTS (
                SELECT 1 FROM quiz_attempts q JOIN lessons l ON l.id = q.lesson_id
                WHERE l.course_id = c.id AND q.person_id = $3 AND q.round = e.round)
            THEN 'in_progress' ELSE 'enrolled' END AS standing
FROM course_track_places p JOIN courses c ON c.id = p.course_id
LEFT JOIN course_enrolments e ON e.course_id = c.id AND e.person_id = $3
LEFT JOIN LATERAL (
    SELECT x.round, x.valid_until FROM course_completions x
    WHERE x.course_id = c.id AND x.person_id = $3 ORDER BY x.round DESC LIMIT 1) k ON true
CROSS JOIN LATERAL (
    SELECT coalesce(nullif(count(*) FILTER (WHERE l.required), 0), count(*)) AS total,
           CASE WHEN bool_or(l.required) THEN count(*) FILTER (WHERE l.required AND d.done)
                ELSE count(*) FILTER (WHERE d.done) END AS done,
           count(*) FILTER (WHERE d.done) AS read
    FROM lessons l CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM lesson_completions x
        WHERE x.lesson_id = l.id AND x.person_id = $3 AND x.round = e.round
          AND x.revision >= l.counts_from) AS done) d
    WHERE l.course_id = c.id AND l.state = 'published') n
WHERE p.track_id = ANY($2::uuid[])
ORDER BY p.track_id, p.position
"""


async def tracks_at(school_id: UUID) -> list[dict[str, Any]]:
    """Return the tracks in force that a school's families are shown, by stage and topic."""
    return await fetch(_AT_SCHOOL, school_id)


async def track(track_id: UUID) -> dict[str, Any]:
    """Return one track that exists, as :func:`tracks_at` does."""
    [row] = await fetch(f"{_TRACKS} WHERE t.id = $1", track_id)
    return row


async def places_of(
    track_ids: Sequence[UUID], school_ids: Sequence[UUID], person_id: UUID, now: datetime
) -> dict[UUID, list[dict[str, Any]]]:
    """Return by track its courses in order, and how far somebody is; one statement.

    ``available``: it is published and offered at one of the schools. ``standing`` is that of
    :class:`~backend.courses.rules.mine.MyStanding`, ``None`` for what is not on their list.
    """
    found: dict[UUID, list[dict[str, Any]]] = {track_id: [] for track_id in track_ids}
    rows = await fetch(_PLACES, list(school_ids), list(track_ids), person_id, now)
    for row in rows:
        found[row["track_id"]].append(row)
    return found
