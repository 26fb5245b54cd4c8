"""Leaving letters: rows in the caller's own transaction, never a send.

Every verb here raises :class:`OutsideTransaction` when no transaction is open, for a
letter written beside its cause could be carried although the cause was undone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection

from notifications import origin
from notifications.live import announce_change
from notifications.message import LIVE_CHANNEL, Message


class OutsideTransaction(RuntimeError):
    """A letter was left while no transaction was open."""


async def tell(
    people: Iterable[UUID],
    message: Message,
    *,
    once: str,
    inbox: bool = True,
    not_before: datetime | None = None,
) -> bool:
    """Tell named people: an inbox row each, and a push to each of their live devices.

    ``once`` names the occasion (at most 200 characters); a letter that already bears it
    makes this call do nothing. ``inbox=False`` pushes only, for what the person already
    finds elsewhere in the app. Returns whether a letter was written.
    """
    connection = _open_transaction()
    persons = sorted(set(people))
    if not persons:
        return False
    rows = await connection.execute_query_dict(
        _TELL,
        [
            *_letter(message, once),
            not_before,
            persons,
            message.priority.rank,
            inbox,
            message.body_zh,
            message.body_en,
            *_origin(),
        ],
    )
    if not rows:
        return False
    await announce_change(connection, "p", [str(person) for person in persons])
    return True


async def announce(
    audiences: Sequence[str],
    message: Message,
    *,
    once: str,
    not_before: datetime | None = None,
) -> bool:
    """Announce to whole audiences: one letter row, however many people that is.

    Workers page through the audience after ``not_before``. Returns whether a letter was
    written; an existing ``once`` makes this call do nothing. Raises ``ValueError`` for
    an announcement to nobody.
    """
    connection = _open_transaction()
    keys = sorted(set(audiences))
    if not keys:
        raise ValueError("An announcement needs at least one audience.")
    rows = await connection.execute_query_dict(
        _ANNOUNCE, [*_letter(message, once), not_before, keys, *_origin()]
    )
    if not rows:
        return False
    # A letter for later is made known to open connections when its day comes.
    if not_before is None:
        await announce_change(connection, "a", keys)
    return True


async def withdraw(once: str) -> bool:
    """Cancel whatever has not been sent of a letter; returns whether it existed."""
    connection = _open_transaction()
    # Two statements: the second must see deliveries of a page that was being written
    # while the first waited for the letter.
    rows = await connection.execute_query_dict(_WITHDRAW, [once])
    for row in rows:
        await connection.execute_query_dict(_DROP_QUEUED_OF_LETTER, [row["id"]])
    return bool(rows)


async def withdraw_about(subject_id: UUID) -> int:
    """Cancel whatever has not been sent of every letter about a subject; returns how many."""
    connection = _open_transaction()
    rows = await connection.execute_query_dict(_WITHDRAW_ABOUT, [subject_id])
    for row in rows:
        await connection.execute_query_dict(_DROP_QUEUED_OF_LETTER, [row["id"]])
    return len(rows)


async def settle(subject_id: UUID, people: Iterable[UUID]) -> int:
    """Drop the queued pushes of these people about a subject: they have acted already.

    Returns the number of pushes dropped. Letters' counters are left alone, so that many
    households confirming the same notice at once never wait for one another.
    """
    connection = _open_transaction()
    persons = sorted(set(people))
    rows = await connection.execute_query_dict(_SETTLE, [subject_id, persons])
    return len(rows)


class Seen(NamedTuple):
    """Somebody has looked at a subject, on the devices of one session."""

    person_id: UUID
    subject_id: UUID
    session_id: UUID | None
    request_id: str | None


async def awaited(subject_id: UUID, people: Sequence[UUID]) -> list[UUID]:
    """Return to whom of these people a push about a subject is still on its way."""
    rows = await get_connection("default").execute_query_dict(_AWAITED, [subject_id, list(people)])
    return [row["person_id"] for row in rows]


async def clear(person_id: UUID, subject_id: UUID, *, except_session: UUID | None = None) -> int:
    """Take a subject off the person's other phones by a silent push.

    Pushes still queued about it are dropped. Devices signed in by ``except_session`` are
    the ones on which it was just read. Returns the number of silent pushes queued.
    """
    connection = _open_transaction()
    seen = Seen(person_id, subject_id, except_session, origin.request_id())
    rows = await connection.execute_query_dict(
        "SELECT clear_seen($1, $2, $3, $4, $5) AS queued", clearing([seen])
    )
    return int(rows[0]["queued"])


def clearing(seen: Sequence[Seen]) -> list[object]:
    """Return the values of ``clear_seen`` (0031), for a statement that does :func:`clear` for
    many people at once, each for one subject.
    """
    return [
        [one.person_id for one in seen],
        [one.subject_id for one in seen],
        [one.session_id for one in seen],
        [one.request_id for one in seen],
        LIVE_CHANNEL,
    ]


def _open_transaction() -> Any:
    connection = get_connection("default")
    if not isinstance(connection, TransactionalDBClient):
        raise OutsideTransaction("Letters are left inside the transaction of their cause.")
    return connection


def _letter(message: Message, once: str) -> list[object]:
    return [
        message.occasion, once, message.category, str(message.priority),
        message.title_zh, message.title_en, message.link, message.subject_id,
    ]  # fmt: skip


def _origin() -> list[object]:
    return [origin.request_id(), origin.trace()]


_NEW_LETTER = """
INSERT INTO post_letter (id, occasion, once, category, priority, title_zh, title_en, link,
    subject_id, not_before, audiences, state, created_at, expanded_at,
    attempts, accepted, refused, suppressed, deferred, request_id, trace)
VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $8::uuid, coalesce($9::timestamptz, now()),
    {audiences}, '{state}', now(), {expanded_at}, 0, 0, 0, 0, 0, {origin})
ON CONFLICT (once) DO NOTHING
RETURNING id, not_before, created_at
"""

_ANNOUNCE = _NEW_LETTER.format(
    audiences="$10::text[]", state="open", expanded_at="NULL", origin="$11, $12"
)

_PERSONAL = _NEW_LETTER.format(
    audiences="'{}'::text[]", state="expanded", expanded_at="now()", origin="$15, $16"
)

_TELL = f"""
WITH letter AS (
    {_PERSONAL}
), items AS (
    INSERT INTO post_inbox_item (id, person_id, letter_id, category, title_zh, title_en,
        body_zh, body_en, link, created_at)
    SELECT uuidv7(), person, letter.id, $3, $5, $6, $13, $14, $7, letter.created_at
    FROM letter, unnest($10::uuid[]) AS person
    WHERE $12
), deliveries AS (
    INSERT INTO post_delivery (id, letter_id, person_id, device_id, channel, state, rank,
        due_at, attempts, silent, digest)
    SELECT uuidv7(), letter.id, device.person_id, device.id, device.provider, 'queued', $11,
        letter.not_before, 0, false, false
    FROM letter, post_device AS device
    WHERE device.person_id = ANY($10::uuid[]) AND device.retired_at IS NULL
)
SELECT id FROM letter
"""

_WITHDRAW = """
UPDATE post_letter SET state = 'withdrawn', leased_until = NULL
WHERE once = $1
RETURNING id
"""

_WITHDRAW_ABOUT = """
UPDATE post_letter SET state = 'withdrawn', leased_until = NULL
WHERE subject_id = $1 AND state <> 'withdrawn' AND audiences <> '{}'
RETURNING id
"""

_DROP_QUEUED_OF_LETTER = """
DELETE FROM post_delivery WHERE id IN (
    SELECT id FROM post_delivery
    WHERE letter_id = $1 AND state = 'queued' ORDER BY id FOR UPDATE)
RETURNING id
"""

_SETTLE = """
DELETE FROM post_delivery WHERE id IN (
    SELECT delivery.id
    FROM post_delivery AS delivery JOIN post_letter AS letter ON letter.id = delivery.letter_id
    WHERE delivery.person_id = ANY($2::uuid[]) AND delivery.state = 'queued'
        AND letter.subject_id = $1
    ORDER BY delivery.id FOR UPDATE OF delivery)
RETURNING id
"""

_AWAITED = """
SELECT DISTINCT d.person_id
FROM unnest((SELECT $2::uuid[])) AS x (person_id) CROSS JOIN LATERAL (
    SELECT delivery.person_id FROM post_delivery AS delivery
    JOIN post_letter AS letter ON letter.id = delivery.letter_id
    WHERE delivery.person_id = x.person_id AND delivery.state = 'queued'
      AND letter.subject_id = $1 OFFSET 0) AS d
"""
