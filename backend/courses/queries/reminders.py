"""Who is to be reminded of a course, and who gets which item of a content set."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.courses.queries.mine import FAMILY_DONE
from backend.courses.rules import reminding
from backend.database import fetch, fetch_one

# The course `c` is still offered to the person `e.person_id`, at a school where courses are on.
STILL_OFFERED = """
c.state = 'published' AND EXISTS (
    SELECT 1 FROM persons p WHERE p.id = e.person_id AND p.closed_at IS NULL)
AND EXISTS (
    SELECT 1 FROM (
        SELECT school_id FROM family_ties t WHERE t.person_id = e.person_id
        UNION SELECT school_id FROM standings_in_force s WHERE s.person_id = e.person_id) b
    JOIN schools x ON x.id = b.school_id
    WHERE (c.school_id = x.id OR (c.school_id IS NULL AND c.district_id = x.district_id)
           OR EXISTS (SELECT 1 FROM course_adoptions a
                      WHERE a.course_id = c.id AND a.school_id = x.id))
      AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = x.id
                      AND w.function = 'courses' AND NOT w.is_on))
"""
_NOT_DONE = f"""
NOT EXISTS (SELECT 1 FROM course_completions k
            WHERE k.course_id = c.id AND k.person_id = e.person_id AND k.round = e.round)
AND NOT (c.family_counts AND {FAMILY_DONE.format(now="$1", person="e.person_id")})
"""
_QUIET = f"""
SELECT e.id, e.person_id, c.id AS course_id, c.title
FROM course_enrolments e JOIN courses c ON c.id = e.course_id
WHERE e.nudged_at IS NULL AND e.left_at IS NULL AND e.last_seen_at < $2 AND c.kind = 'course'
  AND ($4::uuid IS NULL OR e.id = $4)
  AND (EXISTS (SELECT 1 FROM watches w JOIN lessons l ON l.id = w.lesson_id
               WHERE l.course_id = c.id AND w.person_id = e.person_id AND w.round = e.round)
       OR EXISTS (SELECT 1 FROM lesson_completions d JOIN lessons l ON l.id = d.lesson_id
                  WHERE l.course_id = c.id AND d.person_id = e.person_id AND d.round = e.round)
       OR EXISTS (SELECT 1 FROM quiz_attempts q JOIN lessons l ON l.id = q.lesson_id
                  WHERE l.course_id = c.id AND q.person_id = e.person_id AND q.round = e.round))
  AND NOT EXISTS (SELECT 1 FROM course_enrolments o
                  WHERE o.person_id = e.person_id AND o.nudged_at > $3)
  AND {_NOT_DONE} AND {STILL_OFFERED}
ORDER BY e.last_seen_at DESC, e.id
"""
_DUE = """
SELECT a.id FROM course_assignments a
JOIN courses c ON c.id = a.course_id AND c.state = 'published'
JOIN schools s ON s.id = a.school_id JOIN districts d ON d.id = s.district_id
WHERE a.ended_at IS NULL AND a.assigned_at < $2
  AND a.due_on >= ($1::timestamptz AT TIME ZONE d.timezone)::date
  AND a.due_on - $3::int <= ($1::timestamptz AT TIME ZONE d.timezone)::date
  AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = s.id
                  AND w.function = 'courses' AND NOT w.is_on)
ORDER BY a.id
"""
# Families of the node; a course that has run out since they finished it is to be taken anew.
_OWING = f"""
SELECT DISTINCT m.person_id
FROM course_assignments a JOIN courses c ON c.id = a.course_id
JOIN audience_members m ON m.node_id = a.node_id AND m.who = 'families'
WHERE a.id = $2 AND ($3::uuid[] IS NULL OR m.person_id = ANY($3))
  AND NOT EXISTS (SELECT 1 FROM course_completions k
                  WHERE k.course_id = c.id AND k.person_id = m.person_id
                    AND (k.valid_until IS NULL OR k.valid_until > $1))
  AND NOT (c.family_counts AND {FAMILY_DONE.format(now="$1", person="m.person_id")})
"""
_SETS = """
SELECT id FROM courses WHERE kind = 'content_set' AND state = 'published' ORDER BY id
"""
# The next item after the last one sent that was not read meanwhile; after the last, no more.
_ITEMS = f"""
UPDATE course_enrolments u SET set_item = n.position, set_item_at = $1
FROM (
    SELECT e.id, i.lesson_id, i.position, i.title
    FROM course_enrolments e JOIN courses c ON c.id = e.course_id
    CROSS JOIN LATERAL (
        SELECT l.id AS lesson_id, l.position, r.title
        FROM lessons l JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = l.revision
        WHERE l.course_id = c.id AND l.state = 'published' AND l.position > e.set_item
          AND NOT EXISTS (SELECT 1 FROM lesson_completions d
                          WHERE d.lesson_id = l.id AND d.person_id = e.person_id
                            AND d.round = e.round AND d.revision >= l.counts_from)
        ORDER BY l.position LIMIT 1) i
    WHERE e.course_id = $3 AND e.left_at IS NULL
      AND (e.set_item_at IS NULL OR e.set_item_at <= $2)
      AND {_NOT_DONE} AND {STILL_OFFERED}
    LIMIT $4 FOR UPDATE OF e SKIP LOCKED) n
WHERE u.id = n.id
RETURNING u.id, u.person_id, u.course_id, n.lesson_id, n.position, n.title
"""


async def gone_quiet(now: datetime, enrolment_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the enrolments of those to be reminded, or this one if it still is to be."""
    return await fetch(_QUIET, now, now - reminding.QUIET, now - reminding.APART, enrolment_id)


async def soon_due(now: datetime) -> list[UUID]:
    """Return the assignments whose date comes in the next days, by their schools' clocks."""
    rows = await fetch(_DUE, now, now - reminding.FRESH, reminding.AHEAD)
    return [row["id"] for row in rows]


async def owing(assignment_id: UUID, now: datetime, people: list[UUID] | None = None) -> list[UUID]:
    """Return the guardians, of ``people`` if given, who have not finished what was assigned."""
    rows = await fetch(_OWING, now, assignment_id, people)
    return [row["person_id"] for row in rows]


async def content_sets() -> list[UUID]:
    """Return the content sets that are out."""
    return [row["id"] for row in await fetch(_SETS)]


async def next_items(course_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """Mark, and return, which item some of a set's learners get now; empty when all have theirs."""
    return await fetch(_ITEMS, now, now - reminding.ITEMS_APART, course_id, reminding.BATCH)


async def to_be_told(assignment_id: UUID) -> dict[str, Any] | None:
    """Return course and date of an assignment, locked against a second teller."""
    return await fetch_one(
        "SELECT a.id, a.due_on, c.id AS course_id, c.title FROM course_assignments a "
        "JOIN courses c ON c.id = a.course_id "
        "WHERE a.id = $1 AND a.ended_at IS NULL FOR UPDATE OF a",
        assignment_id,
    )
