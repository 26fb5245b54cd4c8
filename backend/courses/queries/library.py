"""The library that the hosts of a district share, and where a course is offered."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from backend.courses.models import ParentSchool
from backend.courses.queries.catalogue import Place
from backend.database import fetch
from backend.replicas import from_replica
from backend.search import pieces, query_text

OFFERED_AT = """
    (c.school_id = {school}
     OR EXISTS (SELECT 1 FROM course_adoptions a
                WHERE a.course_id = c.id AND a.school_id = {school})
     OR (c.school_id IS NULL AND c.district_id = (
            SELECT x.district_id FROM schools x WHERE x.id = {school})))
"""
"""A course ``c`` is offered to the families of a school."""

_HIT = """NOT EXISTS (SELECT FROM unnest($9::text[]) piece
    WHERE position(piece IN split_part(c.folded, E'\\n', 1)) = 0)"""
_SHARED = """
WITH found AS (
    SELECT c.id, c.title, c.summary, c.kind, c.brand, c.topic, c.stages, c.grades,
           c.external_url, c.published_at, c.licence, c.shared_at, c.school_id,
           h.name AS host, h.kind AS host_kind, m.id AS cover_id,
           coalesce(c.set_size, p.lessons)::int AS lessons,
           coalesce(c.external_minutes::bigint * 60000, p.duration_ms)::bigint AS duration_ms,
           n.adoptions, n.mine, {hit} AS hit
    FROM courses c JOIN parent_schools h ON h.id = c.host_id
    LEFT JOIN attachments m ON m.id = c.cover_id AND m.stored_at IS NOT NULL
         AND m.thumbnail_key IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT count(*) AS lessons, coalesce(sum(r.duration_ms), 0) AS duration_ms
        FROM lessons l JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = l.revision
        WHERE l.course_id = c.id AND l.state = 'published') p
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS adoptions, coalesce(array_agg(a.school_id ORDER BY a.school_id)
                   FILTER (WHERE a.school_id = ANY($2::uuid[])), '{{}}') AS mine
        FROM course_adoptions a WHERE a.course_id = c.id) n
    WHERE c.state = 'published' AND c.district_id = ANY($1::uuid[])
      AND (c.shared_at IS NOT NULL OR ($5::bool AND n.mine <> '{{}}'))
      AND ($3::text IS NULL OR c.topic = $3)
      AND ($4::text IS NULL OR c.stages = '{{}}' OR $4 = ANY (c.stages))
      AND ($5::bool IS NULL OR $5 = (n.mine <> '{{}}'))
      {words})
SELECT * FROM found
WHERE ($6::bool IS NULL OR (hit, published_at, id) < ($6, $7::timestamptz, $8::uuid))
ORDER BY hit DESC, published_at DESC, id DESC LIMIT {limit}
"""
_ALL = _SHARED.format(hit="false", words="", limit="$9")
_FOUND = _SHARED.format(
    hit=_HIT,
    words="AND c.tsv @@ $10::text::tsquery AND NOT EXISTS (SELECT FROM unnest($9::text[]) piece "
    "WHERE position(piece IN c.folded) = 0)",
    limit="$11",
)
_SCHOOLS = f"""
SELECT s.id FROM schools s JOIN courses c ON c.id = $1
WHERE s.id = ANY($2::uuid[]) AND {OFFERED_AT.format(school="s.id")}
"""
_AT_HOST = f"""
SELECT c.id FROM courses c
WHERE c.id = ANY($1::uuid[]) AND c.state = 'published'
  AND CASE WHEN $2::uuid IS NULL THEN c.school_id IS NULL AND c.district_id = $3
      ELSE {OFFERED_AT.format(school="$2")} END
"""


@from_replica
async def shared(
    district_ids: Sequence[UUID],
    school_ids: Sequence[UUID],
    *,
    topic: str | None,
    stage: str | None,
    adopted: bool | None,
    q: str | None,
    after: Place | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a page of what is shared in the districts, hits in the title first, then the newest.

    ``adopted``: whether one of the schools has adopted it; what was adopted is still there
    when it is shared no more. Rows have ``adoptions`` and, of the schools, those in ``mine``.
    """
    values: list[object] = [list(district_ids), list(school_ids), topic, stage, adopted]
    values += [after.hit, after.at, after.id] if after else [None, None, None]
    if q is None:
        return await fetch(_ALL, *values, limit)
    return await fetch(_FOUND, *values, pieces(q), query_text(q), limit)


async def offered_at(course_id: UUID, school_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the schools whose families the course is offered to."""
    return {row["id"] for row in await fetch(_SCHOOLS, course_id, list(school_ids))}


async def offered_by(host: ParentSchool, course_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the courses that all families of a host are offered: at a school its
    own, what it adopted, and the district's; elsewhere those of the district's hosts that
    are no schools.
    """
    rows = await fetch(_AT_HOST, list(course_ids), host.school_id, host.district_id)
    return {row["id"] for row in rows}
