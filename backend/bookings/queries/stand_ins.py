"""Who looks for a stand-in, who could be one, and how far a person's children reach."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one


async def reach_of_person(person_id: UUID) -> list[UUID]:
    """Return the schools, grades and classes of the children a person may act for now."""
    row = await fetch_one(
        """
        SELECT coalesce(array_agg(DISTINCT n), '{}') AS reach FROM family_ties t,
            unnest(ARRAY[t.school_id, t.grade_id, t.class_id]) n
        WHERE t.person_id = $1 AND t.consented AND n IS NOT NULL
        """,
        person_id,
    )
    return list(row["reach"]) if row else []


# A place that changes hands is no new booking: that booking has closed does not matter.
_REFUSAL = """refusal_of(s, $1, $2::uuid[],
    greatest(least($3, s.closes_at - interval '1 second'), s.opens_at))"""
_HAS_ONE = """EXISTS (SELECT 1 FROM bookings x WHERE x.slot_id = s.id AND x.person_id = $1
    AND x.state IN ('requested', 'confirmed', 'offered', 'checked_in', 'completed', 'no_show'))"""


async def takeable(
    person_id: UUID, reach: Sequence[UUID], closed: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """Return requests a person could take: eligible, free then, and not on it already.

    ``closed`` are kinds of slot at schools that have switched them off, as ``kind:school``.
    At most a hundred, soonest first.
    """
    return await fetch(
        f"""
        SELECT i.id, i.slot_id, i.note, p.name AS asker, s.title, s.place, s.starts_at, s.ends_at,
               EXISTS (SELECT 1 FROM stand_in_offers o
                       WHERE o.stand_in_id = i.id AND o.person_id = $1) AS offered
        FROM stand_ins i JOIN slots s ON s.id = i.slot_id AND s.state = 'open'
        JOIN bookings b ON b.id = i.booking_id AND b.state = 'confirmed'
        JOIN persons p ON p.id = i.person_id
        WHERE i.state = 'open' AND s.starts_at > $3 AND i.person_id <> $1
          AND (s.school_id = ANY($2::uuid[]) OR s.open_to && $2::uuid[])
          AND s.kind || ':' || s.school_id <> ALL($4::text[])
          AND NOT {_HAS_ONE} AND {_REFUSAL} IS NULL
        ORDER BY s.starts_at, i.id LIMIT 100
        """,
        person_id,
        list(reach),
        now,
        list(closed),
    )


async def refusal_to(
    slot_id: UUID, person_id: UUID, reach: Sequence[UUID], now: datetime
) -> tuple[str, dict[str, Any]] | None:
    """Return the code and facts of why a person could not stand in on a slot, if so."""
    row = await fetch_one(
        f"SELECT {_HAS_ONE} AS has_one, {_REFUSAL}::text AS facts FROM slots s WHERE s.id = $4",
        person_id,
        list(reach),
        now,
        slot_id,
    )
    if row is None:
        return "absent", {}
    if row["has_one"]:
        return "has_one", {}
    if row["facts"] is None:
        return None
    facts: dict[str, Any] = msgspec.json.decode(row["facts"])
    return str(facts["code"]), facts


async def mine(slot_id: UUID, person_id: UUID) -> dict[str, Any] | None:
    """Return the newest request of a person on a slot."""
    return await fetch_one(
        "SELECT i.*, t.name AS taker FROM stand_ins i LEFT JOIN persons t ON t.id = i.taker_id "
        "WHERE i.slot_id = $1 AND i.person_id = $2 ORDER BY i.created_at DESC, i.id DESC LIMIT 1",
        slot_id,
        person_id,
    )


async def of_slot(slot_id: UUID) -> list[dict[str, Any]]:
    """Return every request on a slot, newest first, with the names of both sides."""
    return await fetch(
        """
        SELECT i.*, p.name AS asker, t.name AS taker
        FROM stand_ins i JOIN persons p ON p.id = i.person_id
        LEFT JOIN persons t ON t.id = i.taker_id
        WHERE i.slot_id = $1 ORDER BY i.created_at DESC, i.id DESC LIMIT 500
        """,
        slot_id,
    )


async def offers_on(stand_in_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return who offered to stand in, first come first, by request."""
    rows = await fetch(
        """
        SELECT o.stand_in_id, o.person_id, p.name FROM stand_in_offers o
        JOIN persons p ON p.id = o.person_id
        WHERE o.stand_in_id = ANY($1::uuid[]) ORDER BY o.created_at, o.id
        """,
        list(stand_in_ids),
    )
    found: dict[UUID, list[dict[str, Any]]] = {one: [] for one in stand_in_ids}
    for row in rows:
        found[row["stand_in_id"]].append(row)
    return found
