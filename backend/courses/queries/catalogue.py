"""The courses offered to somebody: looked for, and recommended."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.queries.mine import FAMILY_DONE, Taker
from backend.courses.queries.sight import TAKEN
from backend.database import fetch
from backend.replicas import from_replica
from backend.search import pieces, query_text


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which courses somebody looks for; ``None`` is any."""

    topic: str | None = None
    stage: str | None = None
    track_id: UUID | None = None
    brand: str | None = None
    kind: str | None = None
    q: str | None = None


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where a page of the catalogue ended; ``hit`` says that words stood in the title."""

    hit: bool
    at: datetime
    id: UUID


_CARD = """
       c.id, c.title, c.summary, c.kind, c.brand, c.topic, c.stages, c.grades, c.external_url,
       c.published_at, h.name AS host, m.id AS cover_id, {hit} AS hit,
       coalesce(c.set_size, p.lessons)::int AS lessons,
       coalesce(c.external_minutes::bigint * 60000, p.duration_ms)::bigint AS duration_ms,
       e.id IS NOT NULL AND e.left_at IS NULL AS enrolled,
       EXISTS (SELECT 1 FROM course_completions k WHERE k.course_id = c.id AND k.person_id = $2
               AND (k.valid_until IS NULL OR k.valid_until > $3)) AS completed
"""
_BESIDE = """
JOIN parent_schools h ON h.id = c.host_id
LEFT JOIN attachments m ON m.id = c.cover_id AND m.stored_at IS NOT NULL
     AND m.thumbnail_key IS NOT NULL
LEFT JOIN course_enrolments e ON e.course_id = c.id AND e.person_id = $2
CROSS JOIN LATERAL (
    SELECT count(*) AS lessons, coalesce(sum(r.duration_ms), 0) AS duration_ms
    FROM lessons l JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = l.revision
    WHERE l.course_id = c.id AND l.state = 'published') p
"""
_FILTERS = f"""
WHERE c.state = 'published' AND {TAKEN}
  AND ($4::text IS NULL OR c.topic = $4)
  AND ($5::text IS NULL OR c.stages = '{{}}' OR $5 = ANY (c.stages))
  AND ($6::uuid IS NULL OR EXISTS (
      SELECT 1 FROM course_track_places p JOIN course_tracks t ON t.id = p.track_id
      WHERE p.course_id = c.id AND t.id = $6 AND t.ended_at IS NULL))
  AND ($7::text IS NULL OR c.brand = $7)
  AND ($8::text IS NULL OR c.kind = $8)
"""
# The index finds pairs of characters; whether they stand together is looked at once more.
_WORDS = """
  AND c.tsv @@ $9::text::tsquery
  AND NOT EXISTS (SELECT FROM unnest($10::text[]) piece WHERE position(piece IN c.folded) = 0)
"""
_HIT = """NOT EXISTS (SELECT FROM unnest($10::text[]) piece
    WHERE position(piece IN split_part(c.folded, E'\\n', 1)) = 0)"""
_ORDER = """
SELECT * FROM found
WHERE {after}
ORDER BY hit DESC, published_at DESC, id DESC LIMIT {limit}
"""
_ALL = (
    f"WITH found AS (SELECT {_CARD.format(hit='false')} FROM courses c {_BESIDE} {_FILTERS}) "
    + _ORDER.format(
        after="($9::bool IS NULL OR (hit, published_at, id) < ($9, $10::timestamptz, $11::uuid))",
        limit="$12",
    )
)
_FOUND = (
    f"WITH found AS (SELECT {_CARD.format(hit=_HIT)} FROM courses c {_BESIDE} {_FILTERS} {_WORDS}) "
    + _ORDER.format(
        after="($11::bool IS NULL OR (hit, published_at, id) < ($11, $12::timestamptz, $13::uuid))",
        limit="$14",
    )
)


@from_replica
async def offered(
    taker: Taker, wanted: Wanted, *, now: datetime, after: Place | None, limit: int
) -> list[dict[str, Any]]:
    """Return a page of the courses offered, hits in the title first, then the newest."""
    values: list[object] = [
        taker.schools, taker.person_id, now,
        wanted.topic, wanted.stage, wanted.track_id, wanted.brand, wanted.kind,
    ]  # fmt: skip
    place: list[object] = [after.hit, after.at, after.id] if after else [None, None, None]
    if wanted.q is None:
        return await fetch(_ALL, *values, *place, limit)
    words = [query_text(wanted.q), pieces(wanted.q)]
    return await fetch(_FOUND, *values, *words, *place, limit)


# A child stands for a stage and a grade. What a class must take comes first, then what a
# track for the stage requires, then the newest.
_RECOMMENDED = f"""
WITH kids AS (
    SELECT DISTINCT s.stage, g.position, g.name
    FROM grades g JOIN schools s ON s.id = g.school_id WHERE g.id = ANY($4::uuid[])
), fitting AS (
    SELECT {_CARD.format(hit="false")},
           (SELECT min(a.due_on) FROM course_assignments a
            WHERE a.course_id = c.id AND a.node_id = ANY($5::uuid[]) AND a.ended_at IS NULL)
               AS due_on,
           EXISTS (SELECT 1 FROM course_assignments a WHERE a.course_id = c.id
                   AND a.node_id = ANY($5::uuid[]) AND a.ended_at IS NULL) AS assigned,
           EXISTS (SELECT 1 FROM course_track_places p
                   JOIN course_tracks t ON t.id = p.track_id AND t.ended_at IS NULL
                   JOIN kids y ON y.stage = t.stage
                   WHERE p.course_id = c.id AND p.required) AS required,
           f.names, f.fit_stages
    FROM courses c {_BESIDE}
    CROSS JOIN LATERAL (
        SELECT count(*) AS many, array_agg(DISTINCT y.name ORDER BY y.name) AS names,
               array_agg(DISTINCT y.stage ORDER BY y.stage) AS fit_stages
        FROM kids y
        WHERE (c.stages = '{{}}' OR y.stage = ANY (c.stages))
          AND (c.grades = '{{}}' OR y.position = ANY (c.grades))) f
    WHERE c.state = 'published' AND {TAKEN} AND f.many > 0
      AND e.id IS NULL
      AND NOT (c.family_counts AND {FAMILY_DONE.format(now="$3", person="$2")})
)
SELECT * FROM fitting WHERE NOT completed
ORDER BY assigned DESC, due_on NULLS LAST, required DESC, published_at DESC, id DESC LIMIT $6
"""


@from_replica
async def recommended(
    taker: Taker, grades: list[UUID], *, now: datetime, limit: int
) -> list[dict[str, Any]]:
    """Return what suits children in these grades and was neither taken up, left nor finished.

    Each row also has ``assigned``, ``due_on``, ``required``, and of the grades it suits the
    ``names`` and ``fit_stages``.
    """
    return await fetch(
        _RECOMMENDED, taker.schools, taker.person_id, now, grades, taker.nodes, limit
    )
