"""How a slot stands for one caller: may they have a place, and if not, why. One round trip."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.batching import Batcher
from backend.bookings.models import SlotState
from backend.database import fetch, fetch_one
from backend.web.actor import Actor

_OUTLOOK = """
SELECT s.id, s.school_id, s.kind, s.about_id, s.state, s.title, s.place, s.starts_at,
       s.ends_at, s.opens_at,
       s.closes_at, s.cancel_until, s.minimum, s.mode, s.needs_approval, s.max_party,
       s.children_named, s.asks, s.requires, s.sequence, s.cancelled_reason,
       s.drawn_at IS NOT NULL AS drawn, s.organiser_id,
       p.capacity, p.taken, p.waiting, greatest(room.general, 0) AS free, room.fits,
       is_first_tap(s, $4) AS first_tap, refusal_of(s, $1, $2::uuid[], $4)::text AS refusal,
       to_jsonb(b)::text AS booking, b.state AS my_state, queue_before(b) AS ahead
FROM slots s JOIN slot_places p ON p.slot_id = s.id
LEFT JOIN LATERAL (SELECT * FROM bookings x WHERE x.slot_id = s.id AND x.person_id = $1
    AND x.state NOT IN ('cancelled', 'lapsed', 'rejected', 'late_cancelled')
    ORDER BY x.created_at DESC LIMIT 1) b ON true
CROSS JOIN LATERAL place_for(s, p, 1, CASE WHEN s.has_shares THEN (
    SELECT coalesce(array_agg(x.id), '{}') FROM slot_shares x
    WHERE x.slot_id = s.id AND x.node_ids && $2::uuid[]) ELSE '{}' END) room
WHERE s.id = ANY($3::uuid[])
ORDER BY s.starts_at, s.id
"""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One slot as it stands for one person.

    ``standing`` is ``free``, ``mine``, ``full``, ``draw_open``, for whoever acts for no child
    there ``draft`` or ``for_families``, or the code of a refusal (see ``bookings.rules``),
    whose ``facts`` say more. ``row`` are the slot's columns and
    counters; ``booking`` is the caller's own, as JSON of the row, ``state`` its state, and
    ``ahead`` how many wait before them.
    """

    standing: str
    facts: dict[str, Any]
    row: dict[str, Any]
    booking: str | None
    state: str | None
    ahead: int | None


def reach_of(actor: Actor) -> list[UUID]:
    """Return the schools, grades and classes of the children the caller may act for."""
    ties = [tie for tie in actor.ties if tie.consented]
    nodes = {node for t in ties for node in (t.school_id, t.grade_id, t.class_id) if node}
    return sorted(nodes)


async def outlooks(actor: Actor, slot_ids: Collection[UUID], now: datetime) -> dict[UUID, Outlook]:
    """Return how each slot stands for the caller, keyed by slot."""
    if not slot_ids:
        return {}
    rows = await fetch(_OUTLOOK, actor.person_id, reach_of(actor), list(slot_ids), now)
    return {row["id"]: _outlook(row) for row in rows}


def _outlook(row: dict[str, Any]) -> Outlook:
    refusal = msgspec.json.decode(row["refusal"]) if row["refusal"] else None
    facts: dict[str, Any] = {}
    state = row.pop("my_state")
    if state is not None and state != "school_cancelled":
        standing = "mine"
    elif refusal is not None:
        standing = refusal.pop("code")
        facts = refusal
        if standing == "absent":
            # Staff look at slots that are not meant for any child of theirs, and parents may
            # before they have accepted the privacy notice.
            standing = _WITHOUT_CHILD[row["state"]]
            facts = {"reason": row["cancelled_reason"]}
    elif row["mode"] == "draw" and not row["drawn"]:
        standing = "draw_open"
    elif row["fits"] and (row["waiting"] == 0 or row["first_tap"]):
        standing = "free"
    else:
        standing = "full"
    return Outlook(
        standing=standing,
        facts=facts,
        row=row,
        booking=row["booking"],
        state=state,
        ahead=row["ahead"],
    )


_WITHOUT_CHILD = {
    SlotState.DRAFT: "draft",
    SlotState.OPEN: "for_families",
    SlotState.CLOSED: "ended",
    SlotState.CANCELLED: "called_off",
}


_RATES: dict[tuple[UUID, str], tuple[datetime, int, int]] = {}
_RATES_KEPT = 600.0


async def rates(school_id: UUID, kind: str, now: datetime) -> tuple[int, int]:
    """Return how many places of this kind were given back at the school in the last half
    year, and how many were promised. Kept for ten minutes by each process.
    """
    known = _RATES.get((school_id, kind))
    if known is not None and (now - known[0]).total_seconds() < _RATES_KEPT:
        return known[1], known[2]
    return await _counting.ask((school_id, kind, now))


async def _count(asked: Sequence[tuple[UUID, str, datetime]]) -> list[tuple[int, int]]:
    """Count each school once, however many of a morning's rush ask at the same moment."""
    fresh = {
        (school_id, kind): await _rates(school_id, kind, now)
        for (school_id, kind), now in {(one[0], one[1]): one[2] for one in asked}.items()
    }
    return [fresh[school_id, kind] for school_id, kind, _ in asked]


_counting: Batcher[tuple[UUID, str, datetime], tuple[int, int]] = Batcher(_count)


async def _rates(school_id: UUID, kind: str, now: datetime) -> tuple[int, int]:
    row = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE m.was IN ('confirmed', 'requested')
                   AND m.became IN ('cancelled', 'late_cancelled'))::int AS freed,
               count(*) FILTER (WHERE m.became IN ('confirmed', 'requested')
                   AND m.was IN ('none', 'waitlisted', 'offered'))::int AS promised
        FROM booking_moves m JOIN slots s ON s.id = m.slot_id AND s.kind = $2
        WHERE m.school_id = $1 AND m.at > $3::timestamptz - interval '180 days'
        """,
        school_id,
        kind,
        now,
    )
    assert row is not None
    _RATES[(school_id, kind)] = (now, row["freed"], row["promised"])
    return row["freed"], row["promised"]
