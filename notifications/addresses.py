"""Where people can be reached, and when they wish to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

from tortoise.connection import get_connection

from notifications.message import Reach

_DEVICES_EACH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A person's wishes, by the wall clock of the district, to the minute.

    Quiet hours need both ends and may cross midnight. Urgent letters heed neither
    ``muted_categories`` nor ``digest_categories``.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time = time(18, 0)
    muted_categories: tuple[str, ...] = ()
    digest_categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A push that a provider refused or that was given up."""

    person_id: UUID
    state: Literal["refused", "dead"]
    error: str


async def register(
    person_id: UUID,
    token: str,
    *,
    provider: str,
    platform: str,
    now: datetime,
    session_id: UUID | None = None,
    language: Literal["zh", "en"] = "zh",
) -> UUID:
    """Register a device's token for a person and return the device's id.

    A token belongs to one person: registered under another account it moves, and what
    was on its way to the old owner is dropped. A session's earlier token is replaced,
    and of more than ten live devices the one seen longest ago is retired.
    """
    rows = await _run(_REGISTER, person_id, token, provider, platform, language, session_id, now)
    device_id: UUID = rows[0]["id"]
    await _run(_DROP_OLD_OWNERS, device_id, person_id)
    await _run(_RETIRE_REPLACED, person_id, device_id, session_id, now, _DEVICES_EACH)
    return device_id


async def unregister(session_ids: Iterable[UUID], *, now: datetime) -> int:
    """Retire the devices of sessions that are signed out; returns how many."""
    return len(await _run(_UNREGISTER, list(session_ids), now))


async def forget(person_id: UUID) -> None:
    """Erase everything the post office holds about a person."""
    for table in ("post_delivery", "post_inbox_item", "post_piercing", "post_preference",
                  "post_device"):  # fmt: skip
        await _run(f"DELETE FROM {table} WHERE person_id = $1", person_id)


async def preferences(person_id: UUID) -> Preferences:
    """Return the person's wishes, or what holds for those who expressed none."""
    return (await preferences_of([person_id])).get(person_id, Preferences())


async def preferences_of(person_ids: Sequence[UUID]) -> dict[UUID, Preferences]:
    """Return the wishes of those among the people who expressed any."""
    rows = await _run(_PREFERENCES, list(person_ids))
    return {
        row["person_id"]: Preferences(
            quiet_from=_clock_time(row["quiet_from"]),
            quiet_until=_clock_time(row["quiet_until"]),
            digest_at=_clock_time(row["digest_at"]) or time(0),
            muted_categories=tuple(row["muted_categories"]),
            digest_categories=tuple(row["digest_categories"]),
        )
        for row in rows
    }


async def prefer(person_id: UUID, wishes: Preferences) -> None:
    """Replace the person's wishes."""
    await _run(
        _PREFER,
        person_id,
        _minutes(wishes.quiet_from),
        _minutes(wishes.quiet_until),
        _minutes(wishes.digest_at),
        sorted(set(wishes.muted_categories)),
        sorted(set(wishes.digest_categories)),
    )


async def reachability(person_ids: Sequence[UUID]) -> dict[UUID, Reach]:
    """Say of each person whether a push can reach them.

    ``REFUSED`` means that providers refused every device the person still has.
    """
    rows = await _run(_REACH, list(person_ids))
    return {row["person_id"]: Reach(row["reach"]) for row in rows}


async def refused_for(*, once: str | None = None, subject_id: UUID | None = None) -> list[Refused]:
    """Return the pushes of one letter, or of all letters about a subject, that failed."""
    rows = await _run(_REFUSED, once, subject_id)
    return [Refused(**row) for row in rows]


def _minutes(clock: time | None) -> int | None:
    return None if clock is None else clock.hour * 60 + clock.minute


def _clock_time(minutes: int | None) -> time | None:
    return None if minutes is None else time(*divmod(minutes, 60))


async def _run(sql: str, *values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


_REGISTER = """
INSERT INTO post_device (id, person_id, token, provider, platform, language, session_id,
    registered_at, last_seen_at)
VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (token) DO UPDATE SET person_id = excluded.person_id,
    provider = excluded.provider, platform = excluded.platform, language = excluded.language,
    session_id = excluded.session_id, last_seen_at = excluded.last_seen_at,
    retired_at = NULL, retired_reason = NULL
RETURNING id
"""

_DROP_OLD_OWNERS = """
DELETE FROM post_delivery WHERE device_id = $1 AND person_id <> $2 RETURNING id
"""

_RETIRE_REPLACED = """
UPDATE post_device SET retired_at = $4, retired_reason = 'replaced'
WHERE person_id = $1 AND id <> $2 AND retired_at IS NULL AND (
    session_id = $3::uuid
    OR id NOT IN (
        SELECT id FROM post_device WHERE person_id = $1 AND retired_at IS NULL
        ORDER BY id = $2 DESC, last_seen_at DESC LIMIT $5))
RETURNING id
"""

_UNREGISTER = """
WITH retired AS (
    UPDATE post_device SET retired_at = $2, retired_reason = 'signed_out'
    WHERE session_id = ANY($1::uuid[]) AND retired_at IS NULL
    RETURNING id
), dropped AS (
    DELETE FROM post_delivery USING retired
    WHERE device_id = retired.id AND state = 'queued'
)
SELECT id FROM retired
"""

_PREFERENCES = """
SELECT person_id, quiet_from, quiet_until, digest_at, muted_categories, digest_categories
FROM post_preference WHERE person_id = ANY($1::uuid[])
"""

_PREFER = """
INSERT INTO post_preference (person_id, quiet_from, quiet_until, digest_at,
    muted_categories, digest_categories)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id) DO UPDATE SET quiet_from = excluded.quiet_from,
    quiet_until = excluded.quiet_until, digest_at = excluded.digest_at,
    muted_categories = excluded.muted_categories,
    digest_categories = excluded.digest_categories
RETURNING person_id
"""

_REACH = """
SELECT person AS person_id, CASE
    WHEN bool_or(device.id IS NOT NULL AND device.retired_at IS NULL) THEN 'ok'
    WHEN bool_or(device.retired_reason NOT IN ('signed_out', 'replaced')) THEN 'refused'
    ELSE 'no_device' END AS reach
FROM unnest($1::uuid[]) AS person LEFT JOIN post_device AS device ON device.person_id = person
GROUP BY person
"""

_REFUSED = """
SELECT delivery.person_id, delivery.state, coalesce(delivery.last_error, '') AS error
FROM post_letter AS letter JOIN post_delivery AS delivery ON delivery.letter_id = letter.id
WHERE (letter.once = $1::varchar OR letter.subject_id = $2::uuid)
    AND delivery.state IN ('refused', 'dead')
ORDER BY delivery.id
"""
