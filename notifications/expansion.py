"""Turning an announcement into deliveries, one page of its audience at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection

from notifications.live import announce_change


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLetter:
    """An announcement whose audience has been paged as far as ``cursor``."""

    id: UUID
    audiences: list[str]
    cursor: UUID | None
    attempts: int
    due_since_creation: bool
    request_id: str | None = None
    trace: str | None = None


async def claim_letter(now: datetime, lease: datetime) -> OpenLetter | None:
    """Lease the open announcement whose turn it is.

    Urgent ones go first, then those that have had the fewest turns, so that a class
    never waits for a whole district to be paged.
    """
    rows = await _run(_CLAIM, now, lease)
    return OpenLetter(**rows[0]) if rows else None


async def turn_page(
    letter: OpenLetter, people: Sequence[UUID], *, last: bool, now: datetime
) -> int | None:
    """Write one page of deliveries and move the cursor, in one statement.

    Returns the number of deliveries, or ``None`` when another worker has turned this
    page already or the letter has been withdrawn.
    """
    if letter.cursor is None and not letter.due_since_creation:
        await announce_change(get_connection("default"), "a", letter.audiences)
    cursor = max(people) if people else letter.cursor
    state = "expanded" if last else "open"
    rows = await _run(_TURN, letter.id, letter.cursor, cursor, state, now, list(people))
    return rows[0]["deliveries"] if rows[0]["turned"] else None


async def release_letter(letter: OpenLetter, until: datetime) -> None:
    """Leave the letter alone until ``until``, after its audience could not be read."""
    await _run(
        "UPDATE post_letter SET leased_until = $2 WHERE id = $1 AND attempts = $3",
        letter.id,
        until,
        letter.attempts,
    )


async def _run(sql: str, *values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


_CLAIM = """
UPDATE post_letter SET leased_until = $2, attempts = attempts + 1
WHERE id = (
    SELECT id FROM post_letter
    WHERE state = 'open' AND not_before <= $1 AND (leased_until IS NULL OR leased_until <= $1)
    ORDER BY priority = 'urgent' DESC, attempts, not_before LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, audiences, cursor, attempts, not_before <= created_at AS due_since_creation,
    request_id, trace
"""

_TURN = """
WITH turned AS (
    UPDATE post_letter SET cursor = $3::uuid, state = $4::varchar, leased_until = NULL,
        expanded_at = CASE WHEN $4::varchar = 'expanded' THEN $5::timestamptz END
    WHERE id = $1 AND cursor IS NOT DISTINCT FROM $2::uuid AND state = 'open'
    RETURNING id, priority
), written AS (
    INSERT INTO post_delivery (id, letter_id, person_id, device_id, channel, state, rank,
        due_at, attempts, silent, digest)
    SELECT uuidv7(), turned.id, device.person_id, device.id, device.provider, 'queued',
        CASE turned.priority WHEN 'urgent' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END,
        $5, 0, false, false
    FROM turned, post_device AS device
    WHERE device.person_id = ANY($6::uuid[]) AND device.retired_at IS NULL
    ON CONFLICT (letter_id, device_id) DO NOTHING
    RETURNING id
)
SELECT EXISTS (SELECT 1 FROM turned) AS turned, (SELECT count(*) FROM written) AS deliveries
"""
