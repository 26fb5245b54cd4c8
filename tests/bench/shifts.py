"""Shifts to be fought over, day after day, and the audit of who got them.

An *event* is one morning of 40 shifts with six places each, or of one shift; every parent
asks once in it. Events lie on days of their own, so nobody's places collide. The first
are history, as every school has after some weeks.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from tests.bench import district
from tests.bench.parents import Told

SHIFT = 8
"""The kind of a slot's id, see :func:`district.row_id`."""
PARENTS = 3_000
SHIFTS = 40
PLACES = 6
SCHOOL = 1
PAST = 20

_EVENTS = f"""
INSERT INTO slots (id, school_id, kind, state, title, place, starts_at, ends_at, opens_at,
                   closes_at, cancel_until, organiser_id, open_to, requires, asks, quota_ids,
                   host_ids, opened_at, created_at)
SELECT bench.id({SHIFT}, e * 100 + s), bench.id({district.SCHOOL}, {SCHOOL}), 'shift', 'open',
       '校门口护学岗', '东门', day, day + interval '40 minutes',
       least(now(), day) - interval '1 day', day, day - interval '1 day',
       bench.id({district.PERSON}, {district.ADMIN + SCHOOL}),
       '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', now(), now()
FROM generate_series($1::int, $2::int) e, generate_series(0, $3::int - 1) s,
     LATERAL (SELECT date_trunc('day', now())
         + CASE WHEN e < {PAST} THEN e - {PAST} ELSE e + 30 END * interval '1 day' AS day) d
"""
_COUNTERS = f"""
INSERT INTO slot_places (slot_id, capacity)
SELECT bench.id({SHIFT}, e * 100 + s), {PLACES}
FROM generate_series($1::int, $2::int) e, generate_series(0, $3::int - 1) s
"""
# Written as it would lie there: everybody asked each time, six of a shift served.
_HISTORY = [
    "SET session_replication_role = replica",
    f"""
    INSERT INTO bookings (id, slot_id, school_id, person_id, student_ids, party, state, queue_no,
        line, answers, share_ids, starts_at, ends_at, created_at, updated_at)
    SELECT uuidv7(), s.id, s.school_id, bench.id({district.PERSON}, {SCHOOL} * 1000000 + x.p),
           '{{}}', 1, CASE WHEN x.no <= {PLACES} THEN 'completed' ELSE 'lapsed' END, x.no,
           '{{"code": "ended"}}', '{{}}', '{{}}', s.starts_at, s.ends_at, s.starts_at, s.ends_at
    FROM (SELECT e, p, (e + p) % {SHIFTS} AS shift,
                 row_number() OVER (PARTITION BY e, (e + p) % {SHIFTS} ORDER BY p) AS no
          FROM generate_series(0, {PAST} - 1) e, generate_series(0, {PARENTS} - 1) p) x
    JOIN slots s ON s.id = bench.id({SHIFT}, x.e * 100 + x.shift)
    """,
    """
    INSERT INTO booking_moves (booking_id, slot_id, school_id, person_id, was, became, cause, at)
    SELECT id, slot_id, school_id, person_id, 'none', state, 'asked', created_at FROM bookings
    """,
    "UPDATE slots SET state = 'closed'",
    "RESET session_replication_role",
    "VACUUM (ANALYZE) slots, slot_places, bookings, booking_moves",
]
# Everything that must be true of a slot after any number of requests and no cancellation.
_AUDIT = f"""
SELECT p.slot_id, p.capacity, p.taken, p.waiting, count(b.id) AS bookings,
       count(*) FILTER (WHERE b.state = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE b.state = 'waitlisted') AS waitlisted,
       count(DISTINCT b.person_id) AS people, count(DISTINCT b.queue_no) AS numbers,
       coalesce(max(b.queue_no), 0) AS last,
       coalesce(max(b.queue_no) FILTER (WHERE b.state = 'confirmed'), 0) AS last_confirmed
FROM slot_places p LEFT JOIN bookings b ON b.slot_id = p.slot_id
WHERE p.slot_id BETWEEN bench.id({SHIFT}, $1::int * 100) AND bench.id({SHIFT}, $2::int * 100 + 99)
GROUP BY p.slot_id
"""


class Audit(msgspec.Struct, kw_only=True):
    """What was found wrong in all events looked at: nothing, if all is well."""

    oversold: int = 0
    idle: int = 0
    twice: int = 0
    gaps: int = 0
    out_of_turn: int = 0
    untrue: int = 0
    unanswered: int = 0
    uncounted: int = 0


class Shifts:
    """Makes events and audits them."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self.made = 0
        self.audit = Audit()

    async def events(self, number: int, *, shifts: int = SHIFTS) -> range:
        """Make so many events; returns their numbers."""
        first, last = self.made, self.made + number - 1
        self.made += number
        await self.connection.execute(_EVENTS, first, last, shifts)
        await self.connection.execute(_COUNTERS, first, last, shifts)
        return range(first, last + 1)

    async def remember(self) -> None:
        """Make the past."""
        await self.events(PAST)
        for step in _HISTORY:
            await self.connection.execute(step)

    async def open_at(self, event: int, moment: float) -> None:
        """Let an event open at a moment, in seconds since 1970."""
        await self.connection.execute(
            f"UPDATE slots SET opens_at = to_timestamp($2::float8) WHERE id BETWEEN "
            f"bench.id({SHIFT}, $1::int * 100) AND bench.id({SHIFT}, $1::int * 100 + 99)",
            event,
            moment,
        )

    async def look(self, events: range, answered: int) -> None:
        """Audit events in which ``answered`` parents were told of a booking."""
        found = self.audit
        rows = await self.connection.fetch(_AUDIT, events[0], events[-1])
        for row in rows:
            found.oversold += max(row["taken"] - row["capacity"], 0)
            found.oversold += abs(row["taken"] - row["confirmed"])
            found.idle += min(row["capacity"], row["bookings"]) - row["taken"]
            found.twice += row["bookings"] - row["people"]
            found.gaps += abs(row["last"] - row["bookings"]) + row["bookings"] - row["numbers"]
            found.gaps += abs(row["waiting"] - row["waitlisted"])
            found.out_of_turn += row["last_confirmed"] != row["confirmed"]
        found.uncounted += abs(sum(row["bookings"] for row in rows) - answered)

    async def compare(self, event: int, told: Sequence[Told], wanted: dict[int, UUID]) -> None:
        """Hold what every parent was told against what is stored; ``wanted`` by parent."""
        found = self.audit
        rows = await self.connection.fetch(
            f"SELECT b.id::text, b.state, b.slot_id, bench.number(b.person_id) % 1000000 AS parent "
            f"FROM bookings b WHERE b.slot_id BETWEEN bench.id({SHIFT}, $1::int * 100) "
            f"AND bench.id({SHIFT}, $1::int * 100 + 99)",
            event,
        )
        stored = {row["parent"]: (row["id"], row["state"], row["slot_id"]) for row in rows}
        positions: dict[UUID, list[int]] = {}
        for one in told:
            found.unanswered += one.status != 200
            found.untrue += stored.get(one.parent) != (one.booking, one.state, wanted[one.parent])
            if one.ahead is not None:
                positions.setdefault(wanted[one.parent], []).append(one.ahead)
        # A repeated request reads its turn anew, which nobody has left meanwhile.
        found.gaps += sum(sorted(seen) != list(range(len(seen))) for seen in positions.values())
        found.unanswered += len(wanted) - len(told)


def slot_id(event: int, shift: int) -> UUID:
    """Return the id of one shift of an event."""
    return district.row_id(SHIFT, event * 100 + shift)
