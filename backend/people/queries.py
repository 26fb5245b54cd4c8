"""Statements where one round trip matters: which generation lives, who holds what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.people.rules import (
    EVERYWHERE,
    FAILURES_BEFORE_LOCK,
    FIRST_LOCK,
    LONGEST_LOCK,
)
from backend.web.actor import Actor, Role, Seat


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """A session as a refresh finds it."""

    id: UUID
    person_id: UUID
    name: str
    closed: bool
    device_key: str
    seed: str
    generation: int
    refreshed_at: datetime
    created_at: datetime
    expires_at: datetime
    revoked: bool
    roles: list[str]


async def family(session_id: UUID, *, lock: bool = False) -> Family | None:
    """Return a session with its holder's roles in force; ``lock`` holds its row."""
    row = await fetch_one(FAMILY + (" FOR UPDATE OF s" if lock else ""), session_id)
    return None if row is None else msgspec.convert(row, Family)


async def rotate(
    session_id: UUID,
    generation: int,
    device_key: str,
    *,
    access_digest: str,
    access_expires_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """Turn ``generation`` into the next one; false when it is not the living one.

    However many callers present the same generation at once, one of them turns it.
    """
    row = await fetch_one(
        ROTATE,
        session_id,
        generation,
        device_key,
        now,
        expires_at,
        access_digest,
        access_expires_at,
    )
    return row is not None


async def charge_failure(subject: str, bucket: str, now: datetime) -> tuple[datetime | None, int]:
    """Count a try as failed before it is made, so that tries made at once all count.

    Returns until when ``bucket`` was already locked (then nothing was counted), and the
    failures in a row on the account.
    """
    locked = await fetch_one(
        CHARGE, subject, bucket, now, FAILURES_BEFORE_LOCK, FIRST_LOCK, LONGEST_LOCK
    )
    assert locked is not None
    if locked["locked_until"] is not None:
        return locked["locked_until"], 0
    total = await fetch_one(CHARGE_TOTAL, subject, EVERYWHERE, now)
    assert total is not None
    return None, int(total["failures"])


async def candidate(phone: str, device_key: str) -> dict[str, Any] | None:
    """Return the open account of ``phone``, and whether it has signed in on the device."""
    return await fetch_one(CANDIDATE, phone, device_key)


async def children_of(person_id: UUID) -> list[dict[str, Any]]:
    """Return the children a person may see or consent for, by school, class and name."""
    return await fetch(CHILDREN, person_id)


async def privacy_version(now: datetime) -> int | None:
    """Return the version of the privacy notice in force, if there is one."""
    row = await fetch_one(
        "SELECT max(version) AS version FROM privacy_notices WHERE in_force_from <= $1", now
    )
    return row["version"] if row else None


async def actor_of(person_id: UUID, name: str = "") -> Actor:
    """Return a person with the standings they hold now, as verbs expect a caller.

    For what happens without a phone: jobs and seeds. No session and no children.
    """
    seats = [
        Seat(
            role=Role(row["role"]),
            district_id=row["district_id"],
            zone_id=row["zone_id"],
            school_id=row["school_id"],
            grade_id=row["grade_id"],
            class_id=row["class_id"],
        )
        for row in await fetch(SEATS, person_id)
    ]
    return Actor(person_id=person_id, session_id=UUID(int=0), name=name, seats=tuple(seats))


async def seats_of(person_id: UUID) -> Sequence[dict[str, Any]]:
    """Return the standings in force with the name of the node each is held at."""
    return await fetch(SEATS, person_id)


def access_end(now: datetime, session_end: datetime, life: timedelta) -> datetime:
    """Return when an access token made now ends: never after its session."""
    return min(now + life, session_end)


FAMILY = """
SELECT s.id, s.person_id, p.name, p.closed_at IS NOT NULL AS closed, s.device_key, s.seed,
    s.generation, s.refreshed_at, s.created_at, s.expires_at,
    s.revoked_at IS NOT NULL AS revoked,
    ARRAY(SELECT f.role::text FROM standings_in_force f WHERE f.person_id = p.id) AS roles
FROM sessions s JOIN persons p ON p.id = s.person_id
WHERE s.id = $1
"""

# Comparing the generation is what lets exactly one caller turn it.
ROTATE = """
WITH turned AS (
    UPDATE sessions SET generation = generation + 1, refreshed_at = $4,
        expires_at = least(expires_at, $5)
    WHERE id = $1 AND generation = $2 AND device_key = $3
        AND revoked_at IS NULL AND expires_at > $4
    RETURNING id
), token AS (
    INSERT INTO access_tokens (digest, session_id, expires_at)
    SELECT $6, id, $7 FROM turned
)
SELECT id FROM turned
"""

# old.* is the row as it was before this statement; it is null for a new row.
CHARGE = """
INSERT INTO sign_in_failures AS f (id, subject, device_key, failures, last_at)
VALUES (uuidv7(), $1, $2, 1, $3)
ON CONFLICT (subject, device_key) DO UPDATE SET
    failures = f.failures + (f.locked_until IS NULL OR f.locked_until <= $3)::int,
    locked_until = CASE
        WHEN f.locked_until > $3 THEN f.locked_until
        WHEN (f.failures + 1) % $4 = 0
        THEN $3 + least($6::interval, $5::interval * power(2, least((f.failures + 1) / $4 - 1, 10)))
    END,
    last_at = $3
RETURNING CASE WHEN old.locked_until > $3 THEN old.locked_until END AS locked_until
"""

CHARGE_TOTAL = """
INSERT INTO sign_in_failures AS f (id, subject, device_key, failures, last_at)
VALUES (uuidv7(), $1, $2, 1, $3)
ON CONFLICT (subject, device_key) DO UPDATE SET failures = f.failures + 1, last_at = $3
RETURNING failures
"""

CANDIDATE = """
SELECT p.id, p.password_hash,
    EXISTS (SELECT 1 FROM sessions s
            WHERE s.person_id = p.id AND s.device_key = $2) AS knows_device
FROM persons p WHERE p.phone = $1 AND p.closed_at IS NULL
"""

CHILDREN = """
SELECT f.student_id, st.name, f.relation, f.consented,
    f.class_id, c.name AS class_name, g.name AS grade_name, sc.id AS school_id,
    sc.name AS school_name
FROM family_ties f
JOIN students st ON st.id = f.student_id
JOIN classes c ON c.id = f.class_id
JOIN grades g ON g.id = f.grade_id
JOIN schools sc ON sc.id = f.school_id
WHERE f.person_id = $1
ORDER BY sc.name, g.position, c.name, st.name, f.student_id
"""

SEATS = """
SELECT f.role, f.subject, f.district_id, f.zone_id, f.school_id, f.grade_id, f.class_id,
    coalesce(g.name || c.name, g.name, sc.name, z.name, d.name) AS node_name, sc.name AS school_name
FROM standings_in_force f
JOIN districts d ON d.id = f.district_id
LEFT JOIN zones z ON z.id = f.zone_id
LEFT JOIN schools sc ON sc.id = f.school_id
LEFT JOIN grades g ON g.id = f.grade_id
LEFT JOIN classes c ON c.id = f.class_id
WHERE f.person_id = $1
ORDER BY f.role, node_name, f.id
"""
