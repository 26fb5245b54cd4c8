"""Who is asking: found for all requests of a moment at once, remembered, never believed.

Reading a caller with their seats and ties is the dearest question the house asks, and it
would ask it on every request. So each process keeps the callers it has read, and asks with
every request only whether the token still lives and whether anything has changed since:
triggers (0025) note every change of what a caller is made of, in the transaction that makes
it. What has changed is read again; nothing stale is ever acted on, in any process.

What ends by the mere passing of time (a standing's last day, a token) is known when it is
read: a picture is not used past the next such moment.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from backend.batching import Batcher
from backend.database import fetch
from backend.web.actor import Actor, Seat, Tie

MOST_KEPT = 20_000
"""Callers a process remembers; some two kilobytes each."""
_FOREVER = float("inf")

_seats = msgspec.json.Decoder(tuple[Seat, ...])
_ties = msgspec.json.Decoder(tuple[Tie, ...])
_pictures = itertools.count(1)


class Ask(NamedTuple):
    """The digest of an access token, and the moment at which it has to be alive."""

    digest: str
    now: datetime


class Known(NamedTuple):
    """A caller as read, and what tells whether that is still so."""

    actor: Actor
    stamp: int
    world: int
    until: float
    """On the process's own clock: when the passing of time alone changes something."""


class Callers:
    """The callers of one process."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._most = most
        self.desk: Batcher[Ask, Actor | None] = Batcher(self.settle)

    async def settle(self, asks: Sequence[Ask]) -> list[Actor | None]:
        """Answer the asks of one moment, each with the caller or ``None``.

        One statement when all of them are remembered or none is, two at most besides.
        """
        now = max(ask.now for ask in asks)
        wanted = {ask.digest for ask in asks}
        beaten = time.monotonic()
        held = {
            digest: known
            for digest in wanted
            if (known := self._known.get(digest)) is not None and known.until > beaten
        }
        found: dict[str, Actor] = {}
        if held:
            for row in await fetch(STAMPS, list(held), now):
                known = held[row["digest"]]
                if (row["stamp"], row["world"]) == (known.stamp, known.world):
                    found[row["digest"]] = known.actor
                    self._known.move_to_end(row["digest"])
        # Whoever is not remembered, or is no longer as remembered, or has no session at all.
        if strangers := [digest for digest in wanted if digest not in found]:
            for row in await fetch(CALLERS, strangers, now):
                found[row["digest"]] = self._remember(row)
        return [found.get(ask.digest) for ask in asks]

    def _remember(self, row: dict[str, Any]) -> Actor:
        actor = Actor(
            person_id=row["person_id"],
            session_id=row["session_id"],
            name=row["name"],
            seats=_seats.decode(row["seats"] or "[]"),
            ties=_ties.decode(row["ties"] or "[]"),
            picture=next(_pictures),
        )
        lasts = row["lasts"]
        until = _FOREVER if lasts is None else time.monotonic() + float(lasts)
        self._known[row["digest"]] = Known(actor, row["stamp"], row["world"], until)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return actor


callers = Callers()
"""Those of this process."""


async def by_token(digest: str, now: datetime) -> Actor | None:
    """Return the caller an access token stands for, with the seats and ties in force now.

    Asked on every request, in one round trip shared by the requests of that moment: a
    session revoked, a standing ended or a tie restricted a moment ago is no longer there.
    """
    return await callers.desk.ask(Ask(digest, now))


# Each token is looked up by itself: joined, the planner would read all sessions for many.
# In a subselect the list's length is unknown to it, so it does not plan anew each time.
STAMPS = """
SELECT a.digest, w.stamp, world.stamp AS world
FROM unnest((SELECT $1::text[])) a (digest) CROSS JOIN LATERAL (
    SELECT (SELECT coalesce(sum(c.id), 0)::bigint FROM caller_changes c
            WHERE c.person_id = s.person_id) AS stamp
    FROM access_tokens t JOIN sessions s ON s.id = t.session_id
    WHERE t.digest = a.digest AND t.expires_at > $2
        AND s.revoked_at IS NULL AND s.expires_at > $2
    LIMIT 1) w, world_changes world
"""

# ``lasts``: seconds until the passing of time alone makes something different.
ACTOR = """
SELECT p.id AS person_id, p.name, s.id AS session_id,
    (SELECT json_agg(json_build_object(
        'role', f.role, 'district_id', f.district_id, 'zone_id', f.zone_id,
        'school_id', f.school_id, 'grade_id', f.grade_id, 'class_id', f.class_id,
        'off', ARRAY(SELECT w.function FROM feature_switches w
                     WHERE w.school_id = f.school_id AND NOT w.is_on)))
     FROM standings_in_force f WHERE f.person_id = p.id) AS seats,
    (SELECT json_agg(json_build_object(
        'student_id', f.student_id, 'school_id', f.school_id, 'class_id', f.class_id,
        'grade_id', f.grade_id, 'consented', f.consented,
        'off', ARRAY(SELECT w.function FROM feature_switches w
                     WHERE w.school_id = f.school_id AND NOT w.is_on)))
     FROM family_ties f WHERE f.person_id = p.id) AS ties,
    (SELECT coalesce(sum(c.id), 0)::bigint FROM caller_changes c
     WHERE c.person_id = p.id) AS stamp,
    extract(epoch FROM least(
        (SELECT min(CASE WHEN f.valid_from > now() THEN f.valid_from ELSE f.valid_until END)
         FROM standings f WHERE f.person_id = p.id
           AND (f.valid_from > now() OR f.valid_until > now())),
        (SELECT min(o.valid_until) FROM guardianships m JOIN guardianships o USING (student_id)
         WHERE m.person_id = p.id AND o.valid_until > now()),
        (SELECT min(in_force_from) FROM privacy_notices WHERE in_force_from > now())
    ) - now()) AS lasts
FROM access_tokens t
JOIN sessions s ON s.id = t.session_id
JOIN persons p ON p.id = s.person_id
WHERE t.digest = $1 AND t.expires_at > $2
    AND s.revoked_at IS NULL AND s.expires_at > $2 AND p.closed_at IS NULL
"""

CALLERS = f"""
SELECT a.digest, w.*, world.stamp AS world
FROM unnest((SELECT $1::text[])) a (digest) CROSS JOIN LATERAL (
    {ACTOR.replace("t.digest = $1", "t.digest = a.digest")} LIMIT 1) w, world_changes world
"""
