"""Taking a course up, and leaving it."""

from datetime import datetime
from uuid import UUID

from backend.database import execute, fetch_one, transaction
from backend.identifiers import uuid7

_ENROL = """
INSERT INTO course_enrolments AS e
    (id, course_id, person_id, enrolled_at, last_seen_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (course_id, person_id) DO UPDATE SET
    left_at = NULL,
    last_seen_at = greatest(e.last_seen_at, $4)
RETURNING round
"""


async def enrol(person_id: UUID, course_id: UUID, now: datetime) -> int:
    """Let a learner take a course up, or go on with it; returns the round they are in.

    To be called in a transaction: the learner's row of the course stays locked until its
    end. Nothing of what they did before is lost, and a round that is over stays so.
    """
    row = await fetch_one(_ENROL, uuid7(), course_id, person_id, now)
    assert row is not None
    return int(row["round"])


async def take_up(person_id: UUID, course_id: UUID, now: datetime) -> int:
    """Put a course on somebody's list, back on it if they left; returns their round."""
    async with transaction():
        return await enrol(person_id, course_id, now)


async def leave(person_id: UUID, course_id: UUID, now: datetime) -> bool:
    """Take a course off somebody's list; what they did is kept. Returns whether it was on it."""
    async with transaction():
        return bool(
            await execute(
                "UPDATE course_enrolments SET left_at = $3 "
                "WHERE course_id = $2 AND person_id = $1 AND left_at IS NULL",
                person_id,
                course_id,
                now,
            )
        )
