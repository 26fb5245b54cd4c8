"""The statements by which workers claim deliveries and record what became of them.

Every statement stands alone: a claim and its record are never in one transaction, for a
provider answers in between. A record names the lease of its claim and touches nothing
that another worker has claimed since. Letters are always locked before deliveries, both
by id, so that workers and withdrawals cannot wait for each other in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One delivery that this worker may send until its lease ends, with all it needs."""

    id: UUID
    letter_id: UUID
    person_id: UUID
    device_id: UUID
    attempts: int
    silent: bool
    digest: bool
    token: str
    provider: str
    language: str
    retired: bool
    moved: bool
    occasion: str
    once: str
    category: str
    urgent: bool
    low: bool
    title_zh: str
    title_en: str
    link: str
    subject_id: UUID | None
    withdrawn: bool
    request_id: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Postponement:
    """A delivery that comes due again at ``due_at``."""

    id: UUID
    due_at: datetime
    error: str = ""
    digest: bool = False


async def claim(
    now: datetime, lease: datetime, limit: int, *, shut: Sequence[str] = (), only: str = ""
) -> list[Claim]:
    """Lease up to ``limit`` single deliveries that are due, the most urgent first.

    None of those for the providers in ``shut``, or only those for the provider ``only``.
    """
    named = [only] if only else list(shut)
    return await _claims(_CLAIM, now, lease, limit, named, bool(only))


async def claim_digests(
    now: datetime, lease: datetime, devices: int, *, shut: Sequence[str] = ()
) -> list[Claim]:
    """Lease all digest deliveries due on up to ``devices`` devices of open providers.

    A device's digest goes to one worker whole, which its lock sees to.
    """
    return await _claims(_CLAIM_DIGESTS, now, lease, devices, list(shut))


async def accept(ids: Sequence[UUID]) -> None:
    """Delete what the provider took and count it on its letters.

    No lease is asked for: what has been sent must not be sent again.
    """
    await _run(_ACCEPT, list(ids))


async def drop(ids: Sequence[UUID], lease: datetime) -> None:
    """Delete what is no longer wanted and count it as suppressed."""
    await _run(_DROP, list(ids), lease)


async def refuse(
    ids: Sequence[UUID], errors: Sequence[str], lease: datetime, now: datetime
) -> None:
    """Keep the deliveries as refused and retire their devices."""
    await _run(_REFUSE, list(ids), [error[:200] for error in errors], lease, now)


async def bury(ids: Sequence[UUID], errors: Sequence[str], lease: datetime) -> None:
    """Give up: dead deliveries stay to be looked at and replayed; silent ones vanish."""
    await _run(_BURY, list(ids), [error[:200] for error in errors], lease)


async def retry(later: Sequence[Postponement], lease: datetime) -> None:
    """Let deliveries that failed come due again."""
    await _run(
        _RETRY,
        [one.id for one in later],
        [one.due_at for one in later],
        [one.error[:200] for one in later],
        lease,
    )


async def defer(later: Sequence[Postponement], lease: datetime) -> None:
    """Put deliveries off for quiet hours or a digest; that is not a failed attempt."""
    await _run(
        _DEFER,
        [one.id for one in later],
        [one.due_at for one in later],
        [one.digest for one in later],
        lease,
    )


async def pierce(letter_id: UUID, people: Sequence[UUID], day: object, cap: int) -> set[UUID]:
    """Log an urgent letter that breaks these people's quiet hours on the local ``day``.

    Returns those whom it may disturb: a person at the cap is left in peace. Asking again
    for the same letter grants again without counting twice.
    """
    rows = await _run(_PIERCE, sorted(people), day, letter_id, cap)
    return {row["person_id"] for row in rows if row["granted"]}


async def _claims(sql: str, *values: object) -> list[Claim]:
    return [Claim(**row) for row in await _run(sql, *values)]


async def _run(sql: str, *values: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return rows


_IS_DUE = """state = 'queued' AND due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)"""

_TAKEN = """
SELECT taken.id, taken.letter_id, taken.person_id, taken.device_id, taken.attempts,
    taken.silent, taken.digest, device.token, device.provider, device.language,
    device.retired_at IS NOT NULL AS retired, device.person_id <> taken.person_id AS moved,
    letter.occasion, letter.once, letter.category, letter.priority = 'urgent' AS urgent,
    letter.priority = 'low' AS low, letter.title_zh, letter.title_en, letter.link,
    letter.subject_id, letter.state = 'withdrawn' AS withdrawn,
    coalesce(taken.request_id, letter.request_id) AS request_id,
    CASE WHEN taken.request_id IS NULL THEN letter.trace END AS trace
FROM taken
JOIN post_letter AS letter ON letter.id = taken.letter_id
JOIN post_device AS device ON device.id = taken.device_id
ORDER BY taken.rank, taken.id
"""

_CLAIM = f"""
WITH due AS (
    SELECT id FROM post_delivery
    WHERE {_IS_DUE} AND NOT digest AND (channel = ANY($4::text[])) = $5::boolean
    ORDER BY rank, due_at LIMIT $3
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE post_delivery AS delivery SET leased_until = $2, attempts = attempts + 1
    FROM due WHERE delivery.id = due.id
    RETURNING delivery.*
) {_TAKEN}
"""

_CLAIM_DIGESTS = f"""
WITH device AS (
    SELECT id FROM post_device
    WHERE id IN (SELECT device_id FROM post_delivery WHERE {_IS_DUE} AND digest)
        AND provider <> ALL($4::text[])
    ORDER BY id LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
    UPDATE post_delivery AS delivery SET leased_until = $2, attempts = attempts + 1
    FROM device
    WHERE delivery.device_id = device.id AND {_IS_DUE} AND digest
    RETURNING delivery.*
) {_TAKEN}
"""

# The letters of the deliveries in $1, locked in order.
_LETTERS = """
letters AS (
    SELECT id FROM post_letter
    WHERE id IN (SELECT letter_id FROM post_delivery WHERE id = ANY($1::uuid[]))
    ORDER BY id FOR NO KEY UPDATE
)"""

_COUNT = """
UPDATE post_letter AS letter SET {counter} = {counter} + sums.n
FROM (SELECT letter_id, count(*) AS n FROM touched WHERE NOT silent GROUP BY letter_id) AS sums
WHERE letter.id = sums.letter_id
RETURNING letter.id
"""

_ACCEPT = f"""
WITH {_LETTERS}, touched AS (
    DELETE FROM post_delivery AS delivery USING letters
    WHERE delivery.letter_id = letters.id AND delivery.id = ANY($1::uuid[])
    RETURNING delivery.letter_id, delivery.silent
) {_COUNT.format(counter="accepted")}
"""

_DROP = f"""
WITH {_LETTERS}, touched AS (
    DELETE FROM post_delivery AS delivery USING letters
    WHERE delivery.letter_id = letters.id AND delivery.id = ANY($1::uuid[])
        AND delivery.leased_until = $2
    RETURNING delivery.letter_id, delivery.silent
) {_COUNT.format(counter="suppressed")}
"""

_DEFER = f"""
WITH {_LETTERS}, touched AS (
    UPDATE post_delivery AS delivery SET due_at = later.due_at, digest = later.digest,
        leased_until = NULL, attempts = delivery.attempts - 1
    FROM letters, unnest($1::uuid[], $2::timestamptz[], $3::bool[]) AS later(id, due_at, digest)
    WHERE delivery.letter_id = letters.id AND delivery.id = later.id
        AND delivery.leased_until = $4
    RETURNING delivery.letter_id, delivery.silent
) {_COUNT.format(counter="deferred")}
"""

_REFUSE = f"""
WITH {_LETTERS}, refused AS (
    UPDATE post_delivery AS delivery SET state = 'refused', last_error = outcome.error,
        leased_until = NULL
    FROM letters, unnest($1::uuid[], $2::text[]) AS outcome(id, error)
    WHERE delivery.letter_id = letters.id AND delivery.id = outcome.id
        AND delivery.leased_until = $3
    RETURNING delivery.letter_id, delivery.silent, delivery.device_id, delivery.person_id,
        outcome.error
), retired AS (
    UPDATE post_device AS device SET retired_at = $4, retired_reason = left(refused.error, 40)
    FROM refused
    WHERE device.id = refused.device_id AND device.person_id = refused.person_id
        AND device.retired_at IS NULL
), touched AS (SELECT letter_id, silent FROM refused)
{_COUNT.format(counter="refused")}
"""

_BURY = """
WITH outcome AS (
    SELECT * FROM unnest($1::uuid[], $2::text[]) AS outcome(id, error)
), forgotten AS (
    DELETE FROM post_delivery AS delivery USING outcome
    WHERE delivery.id = outcome.id AND delivery.leased_until = $3 AND delivery.silent
)
UPDATE post_delivery AS delivery SET state = 'dead', last_error = outcome.error,
    leased_until = NULL
FROM outcome
WHERE delivery.id = outcome.id AND delivery.leased_until = $3 AND NOT delivery.silent
"""

_RETRY = """
UPDATE post_delivery AS delivery SET due_at = later.due_at, last_error = later.error,
    leased_until = NULL
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS later(id, due_at, error)
WHERE delivery.id = later.id AND delivery.leased_until = $4
"""

_PIERCE = """
INSERT INTO post_piercing AS piercing (id, person_id, day, letters)
SELECT uuidv7(), person, $2::date, ARRAY[$3::uuid]
FROM unnest($1::uuid[]) AS person WHERE $4::int > 0
ON CONFLICT (person_id, day) DO UPDATE SET letters = CASE
    WHEN $3::uuid = ANY(piercing.letters) OR cardinality(piercing.letters) >= $4
    THEN piercing.letters ELSE piercing.letters || $3::uuid END
RETURNING person_id, $3::uuid = ANY(letters) AS granted
"""
