"""Keeping the words by which a course is found."""

from uuid import UUID

from backend.database import execute, fetch_one
from backend.search import fold, index_text

_TEXTS = """
SELECT c.title, c.summary, c.brand, coalesce((
    SELECT array_agg(r.title ORDER BY l.position)
    FROM lessons l JOIN lesson_revisions r ON r.lesson_id = l.id AND r.number = l.revision
    WHERE l.course_id = c.id AND l.state = 'published'), '{}') AS lessons
FROM courses c WHERE c.id = $1 FOR UPDATE OF c
"""


async def refresh_search(course_id: UUID) -> None:
    """Write anew by which words a course is found: its own texts and its lessons' titles.

    To be called, in the same transaction, wherever one of them changes what is published.
    """
    row = await fetch_one(_TEXTS, course_id)
    if row is None:
        return
    # The first line of ``folded`` is the title: what is found there comes first.
    texts = [" ".join(row["title"].split()), row["brand"], row["summary"], *row["lessons"]]
    await execute(
        "UPDATE courses SET search_text = $2, folded = $3 WHERE id = $1",
        course_id,
        index_text(*texts),
        fold(*texts),
    )
