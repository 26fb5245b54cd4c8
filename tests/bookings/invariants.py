"""What must hold of every slot and every booking, whoever did what in whatever order.

:func:`broken` reads the whole database of places and returns one sentence for each thing
that is wrong. It knows nothing of how the engine works, only what it promises.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.bookings.verbs import Fetch

HOLDING = "('requested', 'confirmed', 'offered', 'checked_in', 'completed', 'no_show')"
ENGAGED = "('requested', 'confirmed', 'offered', 'checked_in')"
LIFE = {
    "none": {"waitlisted", "requested", "confirmed"},
    "waitlisted": {
        "waitlisted", "offered", "confirmed", "requested", "cancelled", "lapsed", "rejected",
        "school_cancelled",
    },
    "offered": {"offered", "confirmed", "lapsed", "rejected", "school_cancelled"},
    "requested": {
        "requested", "confirmed", "rejected", "cancelled", "lapsed", "school_cancelled",
    },
    "confirmed": {
        "confirmed", "cancelled", "late_cancelled", "checked_in", "no_show", "school_cancelled",
    },
    "checked_in": {"checked_in", "confirmed", "completed", "school_cancelled"},
    "no_show": {"completed"},
    "completed": {"completed", "no_show"},
}  # fmt: skip
"""What a booking may become, by what it was; what is missing is an end."""

# Each statement returns a row for everything that is wrong.
COUNTED = {
    "{slot}: {taken} of {capacity} places taken": """
        SELECT slot_id AS slot, taken, capacity FROM slot_places
        WHERE taken > capacity OR taken < 0 OR waiting < 0""",
    "{slot}: {held} places are held by {waits} waiting, counted were {taken} and {waiting}": f"""
        SELECT p.slot_id AS slot, p.taken, p.waiting, x.held, x.waits FROM slot_places p
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(party) FILTER (WHERE state IN {HOLDING}), 0) AS held,
                   count(*) FILTER (WHERE state = 'waitlisted') AS waits
            FROM bookings b WHERE b.slot_id = p.slot_id) x
        WHERE (x.held, x.waits) <> (p.taken, p.waiting)""",
    "share {id}: {held} held of {places}, counted were {used}": f"""
        SELECT h.id, h.used, h.places, x.held FROM slot_shares h CROSS JOIN LATERAL (
            SELECT coalesce(sum(party), 0) AS held FROM bookings b
            WHERE b.share_id = h.id AND b.slot_id = h.slot_id AND b.state IN {HOLDING}) x
        WHERE x.held <> h.used OR h.used > h.places""",
    "shared limit {id}: {held} held of {capacity}, counted were {taken}": f"""
        SELECT q.id, q.taken, q.capacity, x.held FROM shared_quotas q CROSS JOIN LATERAL (
            SELECT coalesce(sum(party), 0) AS held FROM bookings b JOIN slots s ON s.id = b.slot_id
            WHERE q.id = ANY (s.quota_ids) AND b.state IN {HOLDING}) x
        WHERE x.held <> q.taken OR q.taken > q.capacity""",
    "{person} has {n} bookings on {slot}": f"""
        SELECT person_id AS person, slot_id AS slot, count(*) AS n FROM bookings
        WHERE state = 'waitlisted' OR state IN {HOLDING} GROUP BY 1, 2 HAVING count(*) > 1""",
    "{child} has {n} bookings on {slot}": f"""
        SELECT child, slot_id AS slot, count(*) AS n FROM bookings, unnest(student_ids) child
        WHERE state = 'waitlisted' OR state IN {HOLDING} GROUP BY 1, 2 HAVING count(*) > 1""",
    "{person} is to be in two places at once: {one} and {other}": f"""
        SELECT a.person_id AS person, a.slot_id AS one, b.slot_id AS other
        FROM bookings a JOIN bookings b ON b.person_id = a.person_id AND b.id > a.id
            AND b.starts_at < a.ends_at AND b.ends_at > a.starts_at
        WHERE a.state IN {ENGAGED} AND b.state IN {ENGAGED}
          AND NOT a.may_overlap AND NOT b.may_overlap""",
    "{id} is {state}, its last move said {became}": """
        SELECT b.id, b.state, x.became FROM bookings b LEFT JOIN LATERAL (
            SELECT m.became FROM booking_moves m WHERE m.booking_id = b.id
            ORDER BY m.id DESC LIMIT 1) x ON true
        WHERE x.became IS DISTINCT FROM b.state""",
    "{id} went from {was}, but had been {before}": """
        SELECT booking_id AS id, was, before FROM (
            SELECT booking_id, was,
                   lag(became, 1, 'none') OVER (PARTITION BY booking_id ORDER BY id) AS before
            FROM booking_moves) x
        WHERE was <> before""",
    "{id} is not where its slot is": """
        SELECT b.id FROM bookings b JOIN slots s ON s.id = b.slot_id
        WHERE (b.starts_at, b.ends_at) <> (s.starts_at, s.ends_at)
          AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')""",
    "{id} lives on a slot that was called off": """
        SELECT b.id FROM bookings b JOIN slots s ON s.id = b.slot_id WHERE s.state = 'cancelled'
          AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in')""",
}
MOVES = """
SELECT m.booking_id, m.slot_id, m.person_id, m.was, m.became, m.cause, b.party, b.queue_no,
       s.skip_limit, coalesce((m.facts ->> 'priority')::int, 0) AS priority,
       s.has_shares OR m.at > s.cancel_until - interval '15 minutes' OR EXISTS (
           SELECT 1 FROM booking_moves v WHERE v.slot_id = m.slot_id AND v.cause = 'moved'
           AND (v.facts ->> 'wasFrom')::timestamptz - interval '24:15' < m.at) AS no_queue
FROM booking_moves m JOIN bookings b ON b.id = m.booking_id JOIN slots s ON s.id = m.slot_id
ORDER BY m.id
"""
WAITING = f"""
SELECT b.id, b.slot_id, b.party, b.skipped, s.skip_limit, s.starts_at, s.has_shares,
       s.cancel_until, p.capacity, p.capacity - p.taken AS free,
       least(p.capacity, q.capacity) AS most, least(p.capacity - p.taken, q.free) AS general,
       coalesce(h.kept, 0) AS kept, coalesce(h.mine, 0) AS mine,
       EXISTS (SELECT 1 FROM bookings o WHERE o.person_id = b.person_id AND o.id <> b.id
           AND o.state IN {ENGAGED} AND o.starts_at < b.ends_at AND o.ends_at > b.starts_at)
           AS busy
FROM bookings b JOIN slots s ON s.id = b.slot_id JOIN slot_places p ON p.slot_id = s.id
CROSS JOIN LATERAL (SELECT min(capacity) AS capacity, min(capacity - taken) AS free
    FROM shared_quotas WHERE id = ANY (s.quota_ids)) q
CROSS JOIN LATERAL (SELECT sum(places - used) AS kept,
        max(places - used) FILTER (WHERE x.id = ANY (b.share_ids)) AS mine
    FROM slot_shares x WHERE x.slot_id = s.id AND x.released_at IS NULL) h
WHERE b.state = 'waitlisted' AND s.state = 'open' AND (s.mode <> 'draw' OR s.drawn_at IS NOT NULL)
ORDER BY b.slot_id, b.priority DESC, b.queue_no
"""


async def broken(fetch: Fetch, now: datetime, *, swept: bool = True) -> list[str]:
    """Return what is wrong, one sentence each; idle places only once a sweep has passed."""
    found = [
        sentence.format(**dict(row))
        for sentence, sql in COUNTED.items()
        for row in await fetch(sql)
    ]
    moves = await fetch(MOVES)
    smallest, steady = await _capacities(fetch)
    found += [*_impossible(moves), *_out_of_turn(moves, smallest), *_crowded(moves, steady)]
    if swept:
        found += _idle(await fetch(WAITING), now)
    return found


def _impossible(moves: Sequence[Any]) -> Iterator[str]:
    for move in moves:
        if move["became"] not in LIFE.get(move["was"], ()):
            yield f"{move['booking_id']} went from {move['was']} to {move['became']}"


async def _capacities(fetch: Fetch) -> tuple[dict[Any, int], dict[Any, int]]:
    """Return the fewest places each slot ever had, and how many those that never changed."""
    rows = await fetch(
        "SELECT p.slot_id, p.capacity, least(p.capacity, min((a.facts ->> 'capacity')::int)) "
        "AS fewest, count(a.id) AS changes FROM slot_places p LEFT JOIN audit_entries a "
        "ON a.action = 'bookings.capacity' AND a.subject_id = p.slot_id GROUP BY p.slot_id"
    )
    steady = {row["slot_id"]: row["capacity"] for row in rows if not row["changes"]}
    return {row["slot_id"]: row["fewest"] for row in rows}, steady


def _crowded(moves: Sequence[Any], capacity: dict[Any, int]) -> Iterator[str]:
    """Replay who held places: not for an instant more than there were."""
    held: dict[Any, int] = defaultdict(int)
    for move in moves:
        slot, change = move["slot_id"], _holds(move["became"]) - _holds(move["was"])
        held[slot] += change * move["party"]
        if change > 0 and held[slot] > capacity.get(slot, held[slot]):
            yield f"{slot}: {held[slot]} of {capacity[slot]} places taken for a while"


def _holds(state: str) -> int:
    return int(f"'{state}'" in HOLDING)


def _out_of_turn(moves: Sequence[Any], smallest: dict[Any, int]) -> Iterator[str]:
    """Replay every queue: nobody is given a place past a family that would have fitted.

    Families that were engaged elsewhere at any time are let pass, for they may have been
    engaged at that time; parties too large for the slot at its smallest likewise. Near the
    start there is no queue, and with shares there are several in one.
    """
    slots_of: dict[Any, set[Any]] = defaultdict(set)
    for move in moves:
        if move["became"] in ENGAGED:
            slots_of[move["person_id"]].add(move["slot_id"])
    queues: dict[Any, dict[Any, Any]] = defaultdict(dict)
    priority: dict[Any, int] = defaultdict(int)
    passed: dict[Any, int] = defaultdict(int)
    for move in moves:
        queue, booking = queues[move["slot_id"]], move["booking_id"]
        queue.pop(booking, None)
        if move["no_queue"]:
            continue
        if move["was"] == "none" and move["cause"] == "asked" and move["became"] != "waitlisted":
            if queue:
                yield f"{booking} was let in past {len(queue)} who waited"
        elif move["cause"] == "promoted":
            for other, entry in queue.items():
                turn = (-priority[other], entry["queue_no"])
                if turn > (-priority[booking], move["queue_no"]):
                    continue
                if slots_of[entry["person_id"]] - {move["slot_id"]}:
                    continue
                if entry["party"] <= move["party"]:
                    yield f"{booking} was given a place before {other}"
                    continue
                passed[other] += 1
                fitting = entry["party"] <= smallest[move["slot_id"]]
                if passed[other] > entry["skip_limit"] and fitting:
                    yield f"{other} was passed {passed[other]} times"
        if move["became"] == "waitlisted":
            queue[booking] = move
        if move["cause"] == "prioritised":
            priority[booking] = move["priority"]


def _idle(waiting: Sequence[Any], now: datetime) -> Iterator[str]:
    """Walk every queue: no place is left idle while the next family fits."""
    stopped: dict[Any, bool] = defaultdict(bool)
    for entry in waiting:
        near = now > entry["cancel_until"] - timedelta(minutes=15)
        if near or now >= entry["starts_at"] or stopped[entry["slot_id"]]:
            continue
        in_share = entry["mine"] >= entry["party"] and entry["general"] >= entry["party"]
        if in_share or entry["general"] - entry["kept"] >= entry["party"]:
            if not entry["busy"]:
                yield f"{entry['id']} waits for {entry['party']} of {entry['free']} idle places"
        elif entry["party"] <= entry["most"] and not entry["busy"]:
            stopped[entry["slot_id"]] = entry["skipped"] >= entry["skip_limit"]
