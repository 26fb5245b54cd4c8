"""Exact limits: a count per key and window, kept where all processes see it.

Without Valkey every count is a row of PostgreSQL. With it the counts that stand alone are
kept there, by one script that does what the statement does; a count that is made inside a
transaction belongs to it, is taken back when it is rolled back, and so stays a row.

While Valkey is away each limit does as it declares: most go on counting in PostgreSQL, as
exactly, from an empty window; a few, which only keep reads from piling up, let everybody
through. So an outage can give somebody at most one more window's allowance, and when
Valkey is back the counts go on where they were, or anew if it has lost them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum

import msgspec

from backend.database import fetch_one, inside_transaction
from backend.errors import TooMany
from backend.valkey import Away, Valkey


class WhenAway(StrEnum):
    """What a limit does while Valkey does not answer."""

    COUNT = "count"
    """Count in PostgreSQL instead: for whatever somebody might want to guess or exhaust."""
    OPEN = "open"
    """Let everybody through: for reads that cost little and give away nothing."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``most`` acts per ``seconds``, for each key."""

    name: str
    most: int
    seconds: int
    when_away: WhenAway = WhenAway.COUNT


_valkey: Valkey | None = None


@asynccontextmanager
async def shared(valkey: Valkey | None) -> AsyncIterator[None]:
    """Count in ``valkey`` until the block ends, then hang up; ``None``: in PostgreSQL alone."""
    global _valkey
    before, _valkey = _valkey, valkey
    try:
        yield
    finally:
        _valkey = before
        if valkey is not None:
            await valkey.close()


async def spend(limit: Limit, key: str, now: datetime, *, cost: int = 1) -> None:
    """Count one act. Raises :class:`TooMany` with the seconds until the window ends.

    One statement or script decides, so the cut-off is exact whatever the number of
    processes; a refused act does not extend the window.
    """
    if _valkey is None or inside_transaction():
        used, passed = await _count_in_database(limit, key, now, cost)
    else:
        try:
            used, passed = await _count_in_valkey(_valkey, limit, key, now, cost)
        except Away:
            if limit.when_away is WhenAway.OPEN:
                return
            used, passed = await _count_in_database(limit, key, now, cost)
    if used > limit.most:
        left = limit.seconds - int(passed)
        raise TooMany(retry_after=max(left, 1), seconds=max(left, 1), limit=limit.name)


async def _count_in_database(limit: Limit, key: str, now: datetime, cost: int) -> tuple[int, float]:
    """Return what is used of the window now, and how many seconds of it have passed."""
    row = await fetch_one(
        """
        INSERT INTO limits AS l (name, key, started_at, used) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name, key) DO UPDATE SET
            used = CASE WHEN l.started_at <= $3 - make_interval(secs => $5)
                        THEN $4 ELSE l.used + $4 END,
            started_at = CASE WHEN l.started_at <= $3 - make_interval(secs => $5)
                        THEN $3 ELSE l.started_at END
        RETURNING used, started_at
        """,
        limit.name,
        key,
        now,
        cost,
        float(limit.seconds),
    )
    return (row["used"], (now - row["started_at"]).total_seconds()) if row else (0, 0.0)


_MICROSECONDS = 1_000_000

# Times are microseconds, which a Lua number holds exactly but would print rounded. The key
# goes when its window must be over by anybody's clock.
_COUNT = """
local now, window, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'started', 'used')
local started, used = tonumber(kept[1] or ''), tonumber(kept[2] or '')
if not started or started <= now - window then
    started, used = now, 0
end
used = used + cost
redis.call('HSET', KEYS[1],
    'started', string.format('%.0f', started), 'used', string.format('%.0f', used))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', window / 1000 + 60000))
return {string.format('%.0f', used), string.format('%.0f', now - started)}
"""


async def _count_in_valkey(
    valkey: Valkey, limit: Limit, key: str, now: datetime, cost: int
) -> tuple[int, float]:
    moment = int(now.timestamp()) * _MICROSECONDS + now.microsecond
    window = limit.seconds * _MICROSECONDS
    used, passed = await valkey.run(_COUNT, [f"limit:{limit.name}:{key}"], [moment, window, cost])
    return used, passed / _MICROSECONDS
