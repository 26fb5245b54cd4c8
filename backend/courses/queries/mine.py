"""What somebody has taken up, how far they are, and where they left off."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.queries.sight import TAKEN, reach_of
from backend.courses.rules.mine import MyStanding
from backend.database import fetch
from backend.web.actor import Actor
from backend.web.cursors import Position

FAMILY_DONE = """
EXISTS (
    SELECT 1 FROM family_ties t WHERE t.person_id = {person} AND (
        EXISTS (SELECT 1 FROM family_ties o JOIN course_completions f
                  ON f.person_id = o.person_id AND f.course_id = c.id
                 AND (f.valid_until IS NULL OR f.valid_until > {now})
                WHERE o.student_id = t.student_id AND o.person_id <> t.person_id)
        OR (EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = c.id AND l.state = 'published')
            AND NOT EXISTS (
                SELECT 1 FROM lessons l
                WHERE l.course_id = c.id AND l.state = 'published'
                  AND (l.required OR NOT EXISTS (
                      SELECT 1 FROM lessons n WHERE n.course_id = c.id
                        AND n.state = 'published' AND n.required))
                  AND NOT EXISTS (
                      SELECT 1 FROM family_ties o
                      JOIN course_enrolments x ON x.course_id = c.id
                       AND x.person_id = o.person_id
                      JOIN lesson_completions d ON d.lesson_id = l.id
                       AND d.person_id = o.person_id AND d.round = x.round
                       AND d.revision >= l.counts_from
                      WHERE o.student_id = t.student_id)))))
"""
"""The guardians of a child of ``person`` have finished the course ``c``: another one alone, or
all of them together. A guardian who is restricted has no tie, so that nothing of them counts,
and nothing is told to them."""

_MINE = f"""
WITH mine AS (
    SELECT e.id, e.course_id, e.enrolled_at, e.last_seen_at,
           c.title, c.kind, c.brand, c.topic, c.external_url, h.name AS host,
           c.state = 'published' AND {TAKEN} AS available,
           m.id AS cover_id,
           k.completed_at, k.certificate_id, k.valid_until, k.round < e.round AS renewing,
           coalesce(c.set_size, p.total)::int AS total,
           (CASE WHEN c.kind = 'content_set' THEN p.read ELSE p.done END)::int AS done,
           n.lesson_id AS next_id, n.title AS next_title, n.kind AS next_kind,
           n.position AS next_position, n.duration_ms AS next_duration_ms,
           r.lesson_id AS resume_id, r.title AS resume_title,
           r.position_ms AS resume_ms, r.duration_ms AS resume_duration_ms,
           c.family_counts AND k.round IS DISTINCT FROM e.round
           AND {FAMILY_DONE.format(now="$4", person="$2")}
               AS family_completed,
           (SELECT min(a.due_on) FROM course_assignments a
            WHERE a.course_id = c.id AND a.node_id = ANY($3::uuid[]) AND a.ended_at IS NULL)
               AS due_on,
           CASE WHEN k.round = e.round AND k.valid_until <= $4 THEN 'expired'
                WHEN k.round = e.round THEN 'completed'
                WHEN p.read > 0 OR r.lesson_id IS NOT NULL OR EXISTS (
                    SELECT 1 FROM quiz_attempts q JOIN lessons l ON l.id = q.lesson_id
                    WHERE l.course_id = c.id AND q.person_id = $2 AND q.round = e.round)
                THEN 'in_progress' ELSE 'enrolled' END AS standing
    FROM course_enrolments e
    JOIN courses c ON c.id = e.course_id
    JOIN parent_schools h ON h.id = c.host_id
    LEFT JOIN attachments m ON m.id = c.cover_id AND m.stored_at IS NOT NULL
         AND m.thumbnail_key IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT * FROM course_completions x WHERE x.course_id = c.id AND x.person_id = $2
        ORDER BY x.round DESC LIMIT 1) k ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(nullif(count(*) FILTER (WHERE l.required), 0), count(*)) AS total,
               CASE WHEN bool_or(l.required) THEN count(*) FILTER (WHERE l.required AND d.done)
                    ELSE count(*) FILTER (WHERE d.done) END AS done,
               count(*) FILTER (WHERE d.done) AS read
        FROM lessons l CROSS JOIN LATERAL (SELECT EXISTS (
            SELECT 1 FROM lesson_completions x
            WHERE x.lesson_id = l.id AND x.person_id = $2 AND x.round = e.round
              AND x.revision >= l.counts_from) AS done) d
        WHERE l.course_id = c.id AND l.state = 'published') p
    LEFT JOIN LATERAL (
        SELECT l.id AS lesson_id, l.position, v.title, v.kind, v.duration_ms
        FROM lessons l JOIN lesson_revisions v ON v.lesson_id = l.id AND v.number = l.revision
        WHERE l.course_id = c.id AND l.state = 'published' AND NOT EXISTS (
            SELECT 1 FROM lesson_completions x
            WHERE x.lesson_id = l.id AND x.person_id = $2 AND x.round = e.round
              AND x.revision >= l.counts_from)
        ORDER BY l.position LIMIT 1) n ON true
    LEFT JOIN LATERAL (
        SELECT l.id AS lesson_id, v.title, w.position_ms, w.duration_ms
        FROM lessons l JOIN lesson_revisions v ON v.lesson_id = l.id AND v.number = l.revision
        JOIN watches w ON w.person_id = $2 AND w.lesson_id = l.id AND w.basis = l.basis
         AND w.round = e.round
        WHERE l.course_id = c.id AND l.state = 'published' AND NOT EXISTS (
            SELECT 1 FROM lesson_completions x
            WHERE x.lesson_id = l.id AND x.person_id = $2 AND x.round = e.round
              AND x.revision >= l.counts_from)
        ORDER BY w.metered_at DESC LIMIT 1) r ON true
    WHERE e.person_id = $2 AND e.left_at IS NULL AND ($5::uuid IS NULL OR e.course_id = $5)
)
SELECT * FROM mine
WHERE ($6::text IS NULL OR standing = $6)
  AND ($7::timestamptz IS NULL OR (last_seen_at, id) < ($7, $8::uuid))
ORDER BY last_seen_at DESC, id DESC LIMIT $9
"""


class Taker(msgspec.Struct, frozen=True, kw_only=True):
    """A learner; ``schools`` are where they belong, ``nodes`` what their children belong to."""

    person_id: UUID
    schools: list[UUID]
    nodes: list[UUID]


def taker_of(actor: Actor) -> Taker:
    """Return the caller as a learner."""
    nodes = {node for t in actor.ties for node in (t.school_id, t.grade_id, t.class_id)}
    return Taker(
        person_id=actor.person_id,
        schools=reach_of(actor).schools,
        nodes=sorted(node for node in nodes if node),
    )


async def mine(
    taker: Taker,
    *,
    now: datetime,
    standing: MyStanding | None = None,
    course_id: UUID | None = None,
    after: Position | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """Return a page of what somebody has taken up and not left, the latest seen first."""
    return await fetch(
        _MINE,
        taker.schools,
        taker.person_id,
        taker.nodes,
        now,
        course_id,
        standing,
        after.at if after else None,
        after.id if after else None,
        limit,
    )
