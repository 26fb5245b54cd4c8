"""Exact limits: a count per key and window, kept in the database for all processes."""

from datetime import datetime

import msgspec

from backend.database import fetch_one
from backend.errors import TooMany


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``most`` acts per ``seconds``, for each key."""

    name: str
    most: int
    seconds: int


async def spend(limit: Limit, key: str, now: datetime, *, cost: int = 1) -> None:
    """Count one act. Raises :class:`TooMany` with the seconds until the window ends.

    One statement on one row decides, so the cut-off is exact whatever the number of
    processes; a refused act does not extend the window.
    """
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
    if row is not None and row["used"] > limit.most:
        left = limit.seconds - int((now - row["started_at"]).total_seconds())
        raise TooMany(retry_after=max(left, 1), seconds=max(left, 1), limit=limit.name)
