"""Feedback as the school may see it: never by whom, never when."""

from typing import Any
from uuid import UUID

from backend.database import fetch, fetch_one


async def ratings(activity_id: UUID) -> dict[int, int]:
    """Return how often each rating was given."""
    rows = await fetch(
        "SELECT rating, count(*)::int AS n FROM activity_feedback "
        "WHERE activity_id = $1 GROUP BY rating",
        activity_id,
    )
    return {row["rating"]: row["n"] for row in rows}


async def texts(activity_id: UUID) -> list[str]:
    """Return what was written, in an order that tells nothing about who wrote when."""
    rows = await fetch(
        "SELECT text FROM activity_feedback WHERE activity_id = $1 AND text <> '' "
        "ORDER BY md5(text), text LIMIT 1000",
        activity_id,
    )
    return [row["text"] for row in rows]


async def of_person(activity_id: UUID, person_id: UUID) -> dict[str, Any] | None:
    """Return the caller's own rating and text."""
    return await fetch_one(
        "SELECT rating, text FROM activity_feedback WHERE activity_id = $1 AND person_id = $2",
        activity_id,
        person_id,
    )
