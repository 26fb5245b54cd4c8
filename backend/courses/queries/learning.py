"""How far learners are, and what is still to be settled for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.courses.queries.reminders import STILL_OFFERED
from backend.database import fetch, fetch_one

PATIENCE = timedelta(seconds=30)
"""So long the request that reached a threshold has to settle it before a job does."""

# What was attended counts for one round: for a later one, only what came after the last.
_ATTENDED = """
EXISTS (SELECT 1 FROM bookings b WHERE b.slot_id = {slot} AND b.person_id = {person}
        AND b.state IN ('checked_in', 'completed')
        AND b.ends_at > coalesce((
            SELECT max(k.completed_at) FROM course_completions k
            WHERE k.course_id = l.course_id AND k.person_id = {person} AND k.round < {round}),
            '-infinity'))
"""
_DONE = """
EXISTS (SELECT 1 FROM lesson_completions d WHERE d.lesson_id = l.id AND d.person_id = {person}
        AND d.round = {round} AND d.revision >= l.counts_from)
"""
_FACTS = f"""
SELECT l.state, l.revision, l.course_id, r.kind,
       w.reached_at IS NOT NULL AS reached, w.rule_version,
       coalesce(w.covered_ms, 0) AS covered_ms, coalesce(w.offline_ms, 0) AS offline_ms,
       coalesce(w.duration_ms, r.duration_ms, 0) AS duration_ms,
       EXISTS (SELECT 1 FROM lesson_questions q WHERE q.revision_id = r.id) AS asks,
       (SELECT max(a.percent) FROM quiz_attempts a
        WHERE a.lesson_id = l.id AND a.person_id = $1 AND a.round = $3
          AND a.passed AND a.revision >= l.counts_from) AS quiz_percent,
       {_ATTENDED.format(slot="r.slot_id", person="$1", round="$3")} AS attended,
       {_DONE.format(person="$1", round="$3")} AS completed
FROM lessons l
LEFT JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = l.revision
LEFT JOIN watches w ON w.person_id = $1 AND w.lesson_id = l.id AND w.basis = l.basis
    AND w.round = $3
WHERE l.id = $2
"""
# Where no lesson is required, all of them are. What was watched of a lesson after it was
# completed belongs to the course's sums.
_LEFT = """
WITH asked AS (
    SELECT l.*, l.required OR NOT EXISTS (
        SELECT 1 FROM lessons o
        WHERE o.course_id = l.course_id AND o.state = 'published' AND o.required) AS needed
    FROM lessons l WHERE l.course_id = $2 AND l.state = 'published')
SELECT count(*)::int AS lessons, count(*) FILTER (WHERE d.id IS NULL)::int AS missing,
       coalesce(sum(coalesce(w.covered_ms, d.covered_ms)), 0)::bigint AS covered_ms,
       coalesce(sum(d.duration_ms), 0)::bigint AS duration_ms,
       coalesce(sum(coalesce(w.offline_ms, d.offline_ms)), 0)::bigint AS offline_ms,
       min(d.rule_version) AS rule_version, min(d.completed_at) AS first_at
FROM asked l LEFT JOIN LATERAL (
    SELECT * FROM lesson_completions x WHERE x.lesson_id = l.id AND x.person_id = $1
        AND x.round = $3 AND x.revision >= l.counts_from
    ORDER BY x.revision LIMIT 1) d ON true
LEFT JOIN LATERAL (
    SELECT * FROM watches y WHERE y.person_id = $1 AND y.lesson_id = l.id AND y.round = $3
        AND y.basis <= d.revision AND d.means IN ('watched', 'read')
    ORDER BY y.basis DESC LIMIT 1) w ON true
WHERE l.needed
"""
_SCHOOLS = """
SELECT s.id FROM schools s JOIN courses c ON c.id = $2
WHERE (c.school_id = s.id
       OR EXISTS (SELECT 1 FROM course_adoptions a WHERE a.course_id = c.id AND a.school_id = s.id)
       OR (c.school_id IS NULL AND c.district_id = s.district_id))
  AND (EXISTS (SELECT 1 FROM family_ties f WHERE f.person_id = $1 AND f.school_id = s.id)
       OR EXISTS (SELECT 1 FROM standings_in_force t
                  WHERE t.person_id = $1 AND t.school_id = s.id))
ORDER BY s.id
"""
_UNSETTLED = """
SELECT DISTINCT person_id, lesson_id FROM watches
WHERE reached_at IS NOT NULL AND settled_at IS NULL AND reached_at <= $1
ORDER BY person_id, lesson_id LIMIT 1000
"""
_PRESENT = f"""
SELECT DISTINCT b.person_id, l.id AS lesson_id
FROM lesson_revisions r
JOIN lessons l ON l.id = r.lesson_id AND l.revision = r.number AND l.state = 'published'
JOIN courses c ON c.id = l.course_id AND c.state = 'published'
JOIN bookings b ON b.slot_id = r.slot_id AND b.state IN ('checked_in', 'completed')
LEFT JOIN course_enrolments e ON e.course_id = c.id AND e.person_id = b.person_id
WHERE r.state = 'published' AND r.kind = 'live' AND r.slot_id IS NOT NULL
  AND ($1::uuid IS NULL OR b.person_id = $1) AND ($2::uuid IS NULL OR l.course_id = $2)
  AND {_ATTENDED.format(slot="r.slot_id", person="b.person_id", round="coalesce(e.round, 1)")}
  AND NOT {_DONE.format(person="b.person_id", round="coalesce(e.round, 1)")}
  AND (NOT EXISTS (SELECT 1 FROM lesson_questions q WHERE q.revision_id = r.id)
       OR EXISTS (SELECT 1 FROM quiz_attempts a WHERE a.lesson_id = l.id AND a.passed
                  AND a.person_id = b.person_id AND a.round = coalesce(e.round, 1)
                  AND a.revision >= l.counts_from))
ORDER BY 1, 2 LIMIT 1000
"""
_ALL_DONE = f"""
SELECT e.person_id, e.course_id FROM course_enrolments e
JOIN courses c ON c.id = e.course_id AND c.state = 'published'
WHERE NOT EXISTS (SELECT 1 FROM course_completions k WHERE k.course_id = e.course_id
                  AND k.person_id = e.person_id AND k.round = e.round)
  AND EXISTS (SELECT 1 FROM lesson_completions d JOIN lessons l ON l.id = d.lesson_id
              WHERE l.course_id = e.course_id AND d.person_id = e.person_id
                AND d.round = e.round)
  AND NOT EXISTS (
      SELECT 1 FROM lessons l WHERE l.course_id = e.course_id AND l.state = 'published'
        AND (l.required OR NOT EXISTS (
            SELECT 1 FROM lessons o WHERE o.course_id = e.course_id
              AND o.state = 'published' AND o.required))
        AND NOT {_DONE.format(person="e.person_id", round="e.round")})
ORDER BY 1, 2 LIMIT 1000
"""
_UNLOCKED_NOWHERE = """
SELECT DISTINCT k.person_id, k.course_id
FROM course_completions k JOIN courses c ON c.id = k.course_id
JOIN (SELECT person_id, school_id FROM family_ties
      UNION SELECT person_id, school_id FROM standings_in_force
      WHERE school_id IS NOT NULL) p ON p.person_id = k.person_id
JOIN schools s ON s.id = p.school_id
WHERE (k.valid_until IS NULL OR k.valid_until > $1)
  AND (c.school_id = s.id
       OR EXISTS (SELECT 1 FROM course_adoptions a WHERE a.course_id = c.id AND a.school_id = s.id)
       OR (c.school_id IS NULL AND c.district_id = s.district_id))
  AND NOT EXISTS (SELECT 1 FROM qualifications q
                  WHERE q.person_id = k.person_id AND q.school_id = s.id
                    AND q.key = 'course:' || k.course_id)
ORDER BY 1, 2 LIMIT 1000
"""
_RUNNING_OUT = f"""
SELECT e.id FROM course_completions e JOIN courses c ON c.id = e.course_id
WHERE e.valid_until IS NOT NULL AND e.warned_at IS NULL
  AND e.valid_until > $1 AND e.valid_until <= $2
  AND NOT EXISTS (SELECT 1 FROM course_enrolments n WHERE n.course_id = e.course_id
                  AND n.person_id = e.person_id AND n.round > e.round)
  AND {STILL_OFFERED}
ORDER BY e.valid_until LIMIT 1000
"""
_FAMILIES = """
SELECT t.student_id FROM (SELECT DISTINCT student_id FROM family_ties
                          WHERE student_id = ANY($2::uuid[])) t
WHERE EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = $1 AND l.state = 'published')
  AND NOT EXISTS (
    SELECT 1 FROM lessons l WHERE l.course_id = $1 AND l.state = 'published'
      AND (l.required OR NOT EXISTS (SELECT 1 FROM lessons o WHERE o.course_id = $1
                                     AND o.state = 'published' AND o.required))
      AND NOT EXISTS (
        SELECT 1 FROM family_ties f
        JOIN course_enrolments e ON e.course_id = $1 AND e.person_id = f.person_id
        JOIN lesson_completions d ON d.lesson_id = l.id AND d.person_id = f.person_id
            AND d.revision >= l.counts_from
        LEFT JOIN course_completions k ON k.course_id = $1 AND k.person_id = f.person_id
            AND k.round = d.round
        WHERE f.student_id = t.student_id
          AND CASE WHEN k.id IS NULL THEN d.round = e.round
                   ELSE k.valid_until IS NULL OR k.valid_until > $3 END))
UNION
SELECT f.student_id FROM family_ties f
JOIN course_completions k ON k.course_id = $1 AND k.person_id = f.person_id
WHERE f.student_id = ANY($2::uuid[]) AND (k.valid_until IS NULL OR k.valid_until > $3)
"""
_ALONE = """
SELECT DISTINCT f.student_id FROM family_ties f
JOIN course_completions k ON k.course_id = $1 AND k.person_id = f.person_id
WHERE f.student_id = ANY($2::uuid[]) AND (k.valid_until IS NULL OR k.valid_until > $3)
"""


async def facts(person_id: UUID, lesson_id: UUID, round_: int) -> dict[str, Any] | None:
    """Return what is known of a learner and a lesson in one round."""
    return await fetch_one(_FACTS, person_id, lesson_id, round_)


async def left(person_id: UUID, course_id: UUID, round_: int) -> dict[str, Any]:
    """Return how many ``lessons`` a course needs, how many are ``missing``, and the sums of
    what the others came to.
    """
    row = await fetch_one(_LEFT, person_id, course_id, round_)
    assert row is not None
    return row


async def schools_of(person_id: UUID, course_id: UUID) -> list[UUID]:
    """Return the schools somebody belongs to where a course is offered."""
    return [row["id"] for row in await fetch(_SCHOOLS, person_id, course_id)]


async def is_completed(person_id: UUID, lesson_id: UUID, round_: int) -> bool:
    """Say whether a lesson is completed in a round."""
    row = await fetch_one(
        f"SELECT {_DONE.format(person='$1', round='$3')} AS done FROM lessons l WHERE l.id = $2",
        person_id,
        lesson_id,
        round_,
    )
    return row is not None and bool(row["done"])


async def unsettled(now: datetime) -> dict[UUID, list[UUID]]:
    """Return by learner the lessons whose threshold was reached and not settled."""
    return _by_person(await fetch(_UNSETTLED, now - PATIENCE), "lesson_id")


async def present(
    person_id: UUID | None = None, course_id: UUID | None = None
) -> dict[UUID, list[UUID]]:
    """Return by learner the live lessons that they attended and that are not settled."""
    return _by_person(await fetch(_PRESENT, person_id, course_id), "lesson_id")


async def all_done() -> dict[UUID, list[UUID]]:
    """Return by learner the courses that lack nothing any more and are not completed."""
    return _by_person(await fetch(_ALL_DONE), "course_id")


async def unlocked_nowhere(now: datetime) -> dict[UUID, list[UUID]]:
    """Return by learner the completed courses that a school of theirs does not know of."""
    return _by_person(await fetch(_UNLOCKED_NOWHERE, now), "course_id")


async def running_out(now: datetime, before: datetime) -> list[UUID]:
    """Return the completions that end before then, of courses that their holders could take
    anew, and whose holders were not told.
    """
    return [row["id"] for row in await fetch(_RUNNING_OUT, now, before)]


async def family_completions(
    course_id: UUID, student_ids: Sequence[UUID], now: datetime, *, together: bool
) -> set[UUID]:
    """Return those children whose families have completed a course; one statement.

    ``together`` is the course's ``family_counts``: each lesson by any guardian in force, else
    all of it by one of them. A guardian kept apart from the child does not count.
    """
    rows = await fetch(_FAMILIES if together else _ALONE, course_id, list(student_ids), now)
    return {row["student_id"] for row in rows}


def _by_person(rows: list[dict[str, Any]], member: str) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row[member])
    return found
