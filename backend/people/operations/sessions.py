"""A session's life: it is opened on a device, refreshed, listed and ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from backend.audit.operations import record
from backend.database import execute, fetch, fetch_one, transaction
from backend.identifiers import uuid7
from backend.people import notify, queries, rules
from backend.people.models import AccessToken, Session
from backend.people.tokens import Keys, digest, new_seed, read_refresh
from notifications import addresses

SESSIONS_CHANNEL = "tongxing_sessions"
"""On it every process hears the ids of sessions that have just ended."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone says of itself; ``key`` is a random id the app made and keeps."""

    key: str
    name: str
    platform: str


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A generation of a session, as its phone receives it."""

    session_id: UUID
    person_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    session_expires_at: datetime


async def open_session(
    person_id: UUID,
    device: Device,
    signed_in_by: Literal["code", "password"],
    *,
    keys: Keys,
    now: datetime,
) -> SignedIn:
    """Begin a family on ``device`` in the caller's transaction, which holds the person's row.

    A device has one session per person, and a person at most five devices: the oldest
    session makes way.
    """
    live = await fetch(_LIVE, person_id, now)
    replaced = [row["id"] for row in live if row["device_key"] == device.key]
    others = [row["id"] for row in live if row["device_key"] != device.key]
    await end_sessions(replaced, "replaced", now=now)
    await end_sessions(others[: max(len(others) - rules.DEVICES + 1, 0)], "too_many", now=now)
    roles = await fetch(_ROLES, person_id)
    life = rules.life_of(row["role"] for row in roles)
    session_id, seed, expires_at = uuid7(), new_seed(), now + life.absolute
    pair = keys.pair(session_id, seed, 0)
    access_end = queries.access_end(now, expires_at, rules.ACCESS_LIFE)
    await Session.create(
        id=session_id,
        person_id=person_id,
        device_key=device.key,
        device_name=device.name,
        platform=device.platform,
        signed_in_by=signed_in_by,
        seed=seed,
        refreshed_at=now,
        expires_at=expires_at,
    )
    await AccessToken.create(
        digest=digest(pair.access), session_id=session_id, expires_at=access_end
    )
    await record("people.sign_in", "session", session_id, by=person_id, way=signed_in_by)
    return SignedIn(
        session_id=session_id,
        person_id=person_id,
        access_token=pair.access,
        access_expires_at=access_end,
        refresh_token=pair.refresh,
        session_expires_at=expires_at,
    )


async def refresh(token: str, device_key: str, *, keys: Keys, now: datetime) -> SignedIn:
    """Exchange a refresh token for the next generation.

    A phone that lost the reply and asks again within a minute gets the same tokens
    again. Any other second use ends the family and tells its owner, for then two hands
    hold one token. Raises :class:`rules.SessionEnded`.
    """
    claim = read_refresh(token)
    family = await queries.family(claim.session_id) if claim else None
    if claim is None or family is None or not keys.proves(claim, family.seed):
        raise rules.SessionEnded
    life = rules.life_of(family.roles)
    if _is_over(family, life, now):
        raise rules.SessionEnded
    # Somebody who has taken office since signing in is held to the office's hours.
    expires_at = min(family.expires_at, family.created_at + life.absolute)
    next_pair = keys.pair(family.id, family.seed, claim.generation + 1)
    access_end = queries.access_end(now, expires_at, rules.ACCESS_LIFE)
    turned = await queries.rotate(
        family.id,
        claim.generation,
        device_key,
        access_digest=digest(next_pair.access),
        access_expires_at=access_end,
        expires_at=expires_at,
        now=now,
    )
    if not turned:
        async with transaction():
            again = await _repeat_or_end(family.id, claim.generation, device_key, now)
        if again is None:
            raise rules.SessionEnded
        access_end = again
    return SignedIn(
        session_id=family.id,
        person_id=family.person_id,
        access_token=next_pair.access,
        access_expires_at=access_end,
        refresh_token=next_pair.refresh,
        session_expires_at=expires_at,
    )


async def list_sessions(person_id: UUID, now: datetime) -> list[Session]:
    """Return the person's live sessions, the one refreshed last first."""
    return await Session.filter(person_id=person_id, revoked_at=None, expires_at__gt=now).order_by(
        "-refreshed_at", "-id"
    )


async def revoke_session(session_id: UUID, person_id: UUID, now: datetime) -> None:
    """Sign one device out; done twice it is done once."""
    async with transaction():
        if await end_sessions([session_id], "signed_out", now=now):
            await record("people.sign_out", "session", session_id, by=person_id)


async def revoke_all(person_id: UUID, now: datetime) -> int:
    """Sign the person out everywhere; returns how many sessions ended."""
    async with transaction():
        await lock_person(person_id)
        live = await fetch(_LIVE, person_id, now)
        ended = await end_sessions([row["id"] for row in live], "everywhere", now=now)
        await record("people.sign_out_everywhere", "person", person_id, by=person_id)
    return len(ended)


async def end_sessions(session_ids: Sequence[UUID], reason: str, *, now: datetime) -> list[UUID]:
    """End sessions and their push addresses in the caller's transaction.

    Returns those that were alive. Other processes hear of them when it commits.
    """
    if not session_ids:
        return []
    rows = await fetch(_END, list(session_ids), now, reason)
    ended = [row["id"] for row in rows]
    if ended:
        await addresses.unregister(ended, now=now)
        await execute(
            "SELECT pg_notify($1, id::text) FROM unnest($2::uuid[]) AS id", SESSIONS_CHANNEL, ended
        )
    return ended


async def lock_person(person_id: UUID) -> None:
    """Hold the person's row, so that their sessions are counted by one verb at a time."""
    await fetch_one("SELECT id FROM persons WHERE id = $1 FOR NO KEY UPDATE", person_id)


async def _repeat_or_end(
    session_id: UUID, presented: int, device_key: str, now: datetime
) -> datetime | None:
    """Decide about a refresh token that is not the living one; return its access's end."""
    family = await queries.family(session_id, lock=True)
    if family is None or _is_over(family, rules.life_of(family.roles), now):
        return None
    if rules.is_lost_reply(
        presented=presented,
        alive=family.generation,
        same_device=device_key == family.device_key,
        refreshed_at=family.refreshed_at,
        now=now,
    ):
        return queries.access_end(family.refreshed_at, family.expires_at, rules.ACCESS_LIFE)
    await end_sessions([session_id], "reused", now=now)
    await record("people.session_reused", "session", session_id, by=family.person_id)
    await notify.session_reused(family.person_id, session_id)
    return None


def _is_over(family: queries.Family, life: rules.Life, now: datetime) -> bool:
    return (
        family.revoked
        or family.closed
        or min(family.expires_at, family.created_at + life.absolute) <= now
        or (life.idle is not None and now - family.refreshed_at > life.idle)
    )


_LIVE = """
SELECT id, device_key FROM sessions
WHERE person_id = $1 AND revoked_at IS NULL AND expires_at > $2
ORDER BY created_at, id
"""

_ROLES = "SELECT role FROM standings_in_force WHERE person_id = $1"

_END = """
UPDATE sessions SET revoked_at = $2, revoked_reason = $3
WHERE id IN (SELECT id FROM sessions WHERE id = ANY($1::uuid[]) AND revoked_at IS NULL
             ORDER BY id FOR UPDATE)
RETURNING id
"""
