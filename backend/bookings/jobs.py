"""What bookings do unasked: tell of moves, let time work on slots, remind. All bear repeating.

Letters are derived from the truth when they are written: a reminder is due because a
booking stands now, and is written once for each moment the slot begins at.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.bookings import notify
from backend.bookings.operations import draws, places, stand_ins
from backend.database import execute, fetch, transaction
from backend.rounds import each

_OCCASIONS = {
    ("promoted", "offered"): notify.OFFERED,
    ("promoted", "confirmed"): notify.CONFIRMED,
    ("promoted", "requested"): notify.ASKED_SCHOOL,
    ("first_tap", "waitlisted"): notify.FIRST_TAP,
    ("offer_expired", "lapsed"): notify.LAPSED,
    ("drawn", "waitlisted"): notify.DRAWN,
    ("rejected", "rejected"): notify.REJECTED,
    ("approved", "confirmed"): notify.CONFIRMED,
    ("called_off", "school_cancelled"): notify.CALLED_OFF,
    ("handed_over", "cancelled"): notify.HANDED_OVER,
    ("stands_in", "confirmed"): notify.STANDS_IN,
    ("placed", "confirmed"): notify.CONFIRMED,
}

_UNTOLD = """
SELECT m.id, m.slot_id, m.person_id, m.became, m.cause, m.by, m.facts::text AS facts,
       s.title, s.place, s.starts_at, s.organiser_id, b.offer_expires_at
FROM booking_moves m JOIN slots s ON s.id = m.slot_id JOIN bookings b ON b.id = m.booking_id
WHERE NOT m.told ORDER BY m.id LIMIT 200 FOR UPDATE OF m SKIP LOCKED
"""


async def tell_moves() -> int:
    """Write the letters of moves nobody has been told of; returns how many moves."""
    async with transaction():
        rows = await fetch(_UNTOLD)
        for row in rows:
            row["facts"] = msgspec.json.decode(row["facts"])
            await _tell_move(row)
        if rows:
            await execute(
                "UPDATE booking_moves SET told = true WHERE id = ANY($1::bigint[])",
                [row["id"] for row in rows],
            )
        return len(rows)


async def _tell_move(row: dict[str, Any]) -> None:
    once = f"bookings.move:{row['id']}"
    occasion = _OCCASIONS.get((row["cause"], row["became"]))
    if row["cause"] == "moved":
        occasion = notify.MOVED
    elif row["became"] == "late_cancelled" and row["by"] == row["person_id"]:
        await notify.told_of(notify.LATE, row["organiser_id"], row, once=once)
        return
    if occasion is None:
        occasion = notify.GIVEN_BACK
    await notify.told_of(occasion, row["person_id"], row, once=once)


# A slot needs a look when an offer or a share is due, when something is free while somebody
# waits, and half an hour after its end.
_DUE = """
SELECT DISTINCT slot_id FROM bookings WHERE state = 'offered' AND offer_expires_at <= $1
UNION SELECT x.slot_id FROM slot_shares x JOIN slots s ON s.id = x.slot_id AND s.state = 'open'
    WHERE x.released_at IS NULL AND x.release_at <= $1
UNION SELECT p.slot_id FROM slot_places p JOIN slots s ON s.id = p.slot_id
    WHERE p.waiting > 0 AND p.taken < p.capacity AND s.state = 'open'
      AND (s.mode <> 'draw' OR s.drawn_at IS NOT NULL)
UNION SELECT id FROM slots
    WHERE state = 'open' AND ends_at <= $1::timestamptz - interval '30 minutes'
LIMIT 1000
"""


async def sweep() -> int:
    """Let time work on every slot that needs it; each in its own transaction."""
    now = clock.now()
    due = [row["slot_id"] for row in await fetch(_DUE, now)]
    await each(due, lambda slot: fetch("SELECT tidy_slot($1, $2)", slot, now), what="slot")
    return len(due)


async def publish_entries() -> int:
    """Publish who has entered each draw that has closed; returns how many draws."""
    due = await draws.due()
    await each(due, draws.close, what="draw")
    return len(due)


async def expire_stand_ins() -> int:
    """End searches for a stand-in that have lost their slot or their place; how many."""
    return await stand_ins.expire()


# Somebody who is no longer a guardian of a child the slot is meant for, or of the child the
# booking names, has nothing to do there any more (Q31).
_UNTIED = """
SELECT b.id, b.slot_id, b.person_id FROM bookings b JOIN slots s ON s.id = b.slot_id
WHERE b.state IN ('requested', 'confirmed', 'waitlisted', 'offered') AND s.state = 'open'
  AND b.starts_at > $1 AND NOT EXISTS (
    SELECT 1 FROM family_ties t WHERE t.person_id = b.person_id
      AND (t.school_id = s.school_id OR s.open_to && ARRAY[t.school_id, t.grade_id, t.class_id])
      AND (b.student_ids = '{}' OR t.student_id = ANY (b.student_ids)))
ORDER BY b.slot_id, b.person_id LIMIT 500
"""


async def release_untied() -> int:
    """Give back the future places of people whose guardianship has ended; returns how many."""
    held = {row["id"]: row for row in await fetch(_UNTIED, clock.now())}

    async def release(booking: UUID) -> None:
        row = held[booking]
        await places.cancel(row["slot_id"], row["person_id"], by=None, cause="tie_ended")

    return len(await each(held, release, what="booking"))


_REMIND = """
UPDATE bookings b SET {column} = b.{moment}
FROM slots s
WHERE s.id = b.slot_id AND b.id IN (
    SELECT c.id FROM bookings c JOIN slots s ON s.id = c.slot_id AND s.state = 'open'
    JOIN schools x ON x.id = s.school_id JOIN districts d ON d.id = x.district_id
    WHERE c.state = '{state}' AND c.starts_at > $1
      AND c.starts_at < $1::timestamptz + interval '60 hours'
      AND c.{column} IS DISTINCT FROM c.{moment} AND {due}
    ORDER BY c.id LIMIT 2000 FOR UPDATE OF c SKIP LOCKED)
RETURNING b.id, b.slot_id, b.person_id, b.starts_at, b.offer_expires_at, s.title, s.place
"""
_TOMORROW = _REMIND.format(
    column="day_told_for",
    moment="starts_at",
    state="confirmed",
    due="""(c.starts_at AT TIME ZONE d.timezone)::date = ($1 AT TIME ZONE d.timezone)::date + 1
        AND ($1 AT TIME ZONE d.timezone)::time BETWEEN '18:00' AND '21:00'""",
)
# An evening on which nothing ran is made good in the morning, unless the two hours' reminder
# comes by then or the family has been told of the booking since.
_TODAY = _REMIND.format(
    column="day_told_for",
    moment="starts_at",
    state="confirmed",
    due="""(c.starts_at AT TIME ZONE d.timezone)::date = ($1 AT TIME ZONE d.timezone)::date
        AND ($1 AT TIME ZONE d.timezone)::time >= '07:00'
        AND (s.kind <> 'shift' OR c.starts_at > $1::timestamptz + interval '2 hours')
        AND c.updated_at < (($1 AT TIME ZONE d.timezone)::date - time '03:00')
            AT TIME ZONE d.timezone""",
)
_SOON = _REMIND.format(
    column="soon_told_for",
    moment="starts_at",
    state="confirmed",
    due="s.kind = 'shift' AND c.starts_at <= $1::timestamptz + interval '2 hours'",
)
_OFFER_ENDS = _REMIND.format(
    column="soon_told_for",
    moment="offer_expires_at",
    state="offered",
    due="c.offer_expires_at BETWEEN $1 AND $1::timestamptz + interval '40 minutes'",
)


# What began before anybody could be reminded of it is written down as such.
_EXPIRED = """
UPDATE bookings b SET soon_told_for = b.starts_at
WHERE b.id IN (
    SELECT c.id FROM bookings c JOIN slots s ON s.id = c.slot_id AND s.kind = 'shift'
    WHERE c.state IN ('confirmed', 'checked_in', 'completed', 'no_show')
      AND c.starts_at <= $1 AND c.starts_at > $1::timestamptz - interval '60 hours'
      AND c.soon_told_for IS DISTINCT FROM c.starts_at
    ORDER BY c.id LIMIT 2000 FOR UPDATE OF c SKIP LOCKED)
RETURNING b.id, b.school_id
"""


async def remind() -> int:
    """Remind of tomorrow (late: of today), of the next two hours, of offers about to run out.

    Returns how many letters were written; what came too late for one is in the audit trail.
    """
    now = clock.now()
    told = 0
    for occasion, statement in (
        (notify.TOMORROW, _TOMORROW),
        (notify.TODAY, _TODAY),
        (notify.SOON, _SOON),
        (notify.OFFER_ENDS, _OFFER_ENDS),
    ):
        async with transaction():
            for row in await fetch(statement, now):
                await notify.told_of(occasion, row["person_id"], row, once=_once(occasion, row))
                told += 1
    async with transaction():
        for row in await fetch(_EXPIRED, now):
            await record(
                "bookings.reminder_expired", "booking", row["id"], by=None,
                school_id=row["school_id"],
            )  # fmt: skip
    return told


def _once(occasion: str, row: dict[str, Any]) -> str:
    moment: datetime = row["offer_expires_at"] or row["starts_at"]
    return f"{occasion}:{row['id']}:{moment.timestamp():.0f}"


_HOLDS = {
    notify.OFFERED: ("offered",),
    notify.OFFER_ENDS: ("offered",),
    notify.FIRST_TAP: ("waitlisted",),
    notify.TOMORROW: ("confirmed",),
    notify.TODAY: ("confirmed",),
    notify.SOON: ("confirmed",),
    notify.ASKED_SCHOOL: ("requested",),
    notify.CONFIRMED: ("confirmed", "checked_in"),
}


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    An offer that was answered, a reminder of what was given back: nobody hears of it.
    """
    wanted = _HOLDS.get(occasion)
    if wanted is None or subject_id is None:
        return set(people)
    rows = await fetch(
        "SELECT DISTINCT person_id FROM bookings "
        "WHERE slot_id = $1 AND person_id = ANY($2::uuid[]) AND state = ANY($3::text[]) "
        "AND ($4 NOT IN ('bookings.tomorrow', 'bookings.today') OR coming IS NULL) "
        "AND ends_at > $5",
        subject_id,
        list(people),
        list(wanted),
        occasion,
        clock.now(),
    )
    return {row["person_id"] for row in rows}
