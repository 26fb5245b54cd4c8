"""Quizzes as they are asked, how somebody stands with one, and what many answered."""

from typing import Any
from uuid import UUID

from backend.courses.rules.quizzes import FEWEST, Standing
from backend.database import fetch, fetch_one

_ASKED = """
SELECT q.id, q.kind, q.text, q.options::text AS options, q.answer, q.explanation,
       r.number, r.pass_percent, r.most_attempts, l.counts_from
FROM lessons l
JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = coalesce($2, l.revision)
JOIN lesson_questions q ON q.revision_id = r.id
WHERE l.id = $1 ORDER BY q.position
"""
_STANDING = """
SELECT count(*) FILTER (WHERE a.revision = $4)::int AS made,
       max(a.percent) FILTER (WHERE a.revision >= $5) AS best,
       coalesce(bool_or(a.passed) FILTER (WHERE a.revision >= $5), false) AS passed,
       max(a.handed_in_at) AS last_at
FROM quiz_attempts a WHERE a.lesson_id = $1 AND a.person_id = $2 AND a.round = $3
"""
_ROUND = "SELECT round FROM course_enrolments WHERE course_id = $1 AND person_id = $2"
_TOTALS = """
SELECT count(*)::int AS attempts, count(DISTINCT person_id)::int AS learners,
       count(DISTINCT person_id) FILTER (WHERE passed)::int AS passed
FROM quiz_attempts WHERE lesson_id = $1 AND revision = $2
"""
# Of what was to be ordered, an option counts where it was put in its place.
_CHOSEN = """
SELECT q.id, count(*)::int AS tries, count(*) FILTER (WHERE a."right" ? q.id::text)::int AS "right",
       coalesce((
           SELECT json_object_agg(o.key, o.chosen) FROM (
               SELECT k.key, count(*)::int AS chosen
               FROM quiz_attempts b
               CROSS JOIN LATERAL jsonb_array_elements_text(b.answers -> q.id::text)
                   WITH ORDINALITY k (key, place)
               WHERE b.lesson_id = $1 AND b.revision = $2
                 AND (q.kind <> 'order' OR q.answer[k.place] = k.key)
               GROUP BY k.key) o), '{}')::text AS chosen
FROM lesson_revisions r JOIN lesson_questions q ON q.revision_id = r.id
JOIN quiz_attempts a ON a.lesson_id = r.lesson_id AND a.revision = r.number
WHERE r.lesson_id = $1 AND r.number = $2 GROUP BY q.id
"""
_SPREAD = """
SELECT n.attempts, count(*)::int AS learners FROM (
    SELECT count(*)::int AS attempts FROM quiz_attempts
    WHERE lesson_id = $1 AND revision = $2 GROUP BY person_id, round) n
GROUP BY n.attempts ORDER BY n.attempts
"""


async def asked(lesson_id: UUID, revision: int | None = None) -> list[dict[str, Any]]:
    """Return the questions of a revision, the published one unless another is named, in order.

    Each row also says what holds for all: ``number``, ``pass_percent``,
    ``most_attempts``, ``counts_from``.
    """
    return await fetch(_ASKED, lesson_id, revision)


async def standing(
    lesson_id: UUID, person_id: UUID, round_: int, question: dict[str, Any]
) -> Standing:
    """Return how somebody stands with the quiz that ``question``, one of :func:`asked`, is of."""
    row = await fetch_one(
        _STANDING, lesson_id, person_id, round_, question["number"], question["counts_from"]
    )
    assert row is not None
    return Standing(**row, most=question["most_attempts"])


async def round_of(course_id: UUID, person_id: UUID) -> int:
    """Return in which round of a course somebody is; the first, before they take it up."""
    row = await fetch_one(_ROUND, course_id, person_id)
    return 1 if row is None else int(row["round"])


async def totals(lesson_id: UUID, revision: int) -> dict[str, Any] | None:
    """Return ``attempts``, ``learners`` and those who ``passed``; ``None`` for too few of them."""
    row = await fetch_one(_TOTALS, lesson_id, revision)
    assert row is not None
    return row if row["learners"] >= FEWEST else None


async def chosen(lesson_id: UUID, revision: int) -> dict[UUID, dict[str, Any]]:
    """Return for each question ``tries``, how many were ``right`` and what was ``chosen``."""
    return {row["id"]: row for row in await fetch(_CHOSEN, lesson_id, revision)}


async def spread(lesson_id: UUID, revision: int) -> list[dict[str, Any]]:
    """Return how many learners needed how many attempts."""
    return await fetch(_SPREAD, lesson_id, revision)
