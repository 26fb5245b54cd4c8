"""The register of hazards: counts towards nought, lists, history."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.replicas import from_replica
from backend.volunteering.rules.logs import EARLY
from backend.web.cursors import Position


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many hazards a school has; ``open`` are confirmed and not yet closed."""

    reported: int
    open: int
    overdue: int
    closed: int


async def counts(school_id: UUID, today: date) -> Counts:
    """Count the school's hazards; overdue are open ones whose date has passed."""
    row = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE state = 'reported')::int AS reported,
               count(*) FILTER (WHERE state IN ('confirmed', 'assigned', 'fixing', 'recheck'))::int
                   AS open,
               count(*) FILTER (WHERE state IN ('assigned', 'fixing', 'recheck')
                   AND due_on < $2)::int AS overdue,
               count(*) FILTER (WHERE state = 'closed')::int AS closed
        FROM hazards WHERE school_id = $1
        """,
        school_id,
        today,
    )
    return msgspec.convert(row, Counts)


@from_replica
async def register(
    school_id: UUID, *, everything: bool, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return a school's hazards, newest first: those not over, or all."""
    return await fetch(
        """
        SELECT h.id, h.text, h.place, h.severity, h.state, h.duty, h.due_on, h.reported_at,
               h.owner_id, o.name AS owner
        FROM hazards h LEFT JOIN persons o ON o.id = h.owner_id
        WHERE h.school_id = $1 AND ($2 OR h.state NOT IN ('closed', 'rejected'))
          AND ($3::timestamptz IS NULL OR (h.reported_at, h.id) < ($3, $4))
        ORDER BY h.reported_at DESC, h.id DESC LIMIT $5
        """,
        school_id,
        everything,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def of_person(person_id: UUID, column: str) -> list[dict[str, Any]]:
    """Return what somebody reported (``reporter_id``) or is to see to (``owner_id``)."""
    whose = {
        "reporter_id": "h.reporter_id = $1 AND h.withdrawn_at IS NULL",
        "owner_id": "h.owner_id = $1 AND h.state IN ('assigned', 'fixing', 'recheck')",
    }[column]
    return await fetch(
        f"""
        SELECT h.id, h.text, h.place, h.severity, h.state, h.duty, h.due_on, h.reported_at,
               h.school_id
        FROM hazards h WHERE {whose}
        ORDER BY h.reported_at DESC, h.id DESC LIMIT 200
        """,
        person_id,
    )


async def to_recheck(
    school_id: UUID, duty: str, place: str, person_id: UUID
) -> list[dict[str, Any]]:
    """Return what the next volunteer of this duty, or at this place, is asked to look at.

    Nobody is asked about what they put right themselves.
    """
    return await fetch(
        """
        SELECT h.id, h.text, h.place, h.severity, h.state, h.duty, h.due_on, h.reported_at
        FROM hazards h
        WHERE h.school_id = $1 AND h.state = 'recheck'
          AND (h.duty = $2 OR ($3 <> '' AND h.place = $3)) AND h.owner_id <> $4
        ORDER BY h.due_on, h.id LIMIT 50
        """,
        school_id,
        duty,
        place,
        person_id,
    )


async def to_be_asked(now: datetime, shift_id: UUID | None = None) -> dict[UUID, list[UUID]]:
    """Return who is on duty, from half an hour before, where something waits to be rechecked.

    People by shift, of every shift or of one; schools without volunteering are left in peace.
    """
    rows = await fetch(
        """
        SELECT s.id, array_agg(DISTINCT b.person_id) AS people
        FROM hazards h JOIN shifts x ON x.school_id = h.school_id AND x.duty <> 'mediation'
        JOIN slots s ON s.id = x.id AND s.state = 'open'
            AND (x.duty = h.duty OR (s.place <> '' AND s.place = h.place))
        JOIN bookings b ON b.slot_id = s.id AND b.state IN ('confirmed', 'checked_in')
        WHERE h.state = 'recheck' AND b.person_id <> h.owner_id
          AND s.starts_at <= $1::timestamptz + $3::interval AND s.ends_at > $1
          AND ($2::uuid IS NULL OR s.id = $2)
          AND NOT EXISTS (SELECT 1 FROM feature_switches f WHERE f.school_id = h.school_id
                          AND f.function = 'volunteering' AND NOT f.is_on)
        GROUP BY s.id
        """,
        now,
        shift_id,
        EARLY,
    )
    return {row["id"]: row["people"] for row in rows}


async def moves_of(hazard_id: UUID) -> list[dict[str, Any]]:
    """Return each step with who took it, oldest first."""
    return await fetch(
        """
        SELECT m.id, m.was, m.became, m.note, m.facts::text AS facts, m.at, p.name AS by
        FROM hazard_moves m LEFT JOIN persons p ON p.id = m.by
        WHERE m.hazard_id = $1 ORDER BY m.at, m.id LIMIT 500
        """,
        hazard_id,
    )


async def owners_late(today: date, after: UUID, limit: int) -> list[dict[str, Any]]:
    """Return who has work past its date, with how many pieces, a page of people at a time.

    Schools that have switched volunteering off are left in peace.
    """
    return await fetch(
        """
        SELECT h.owner_id, count(*)::int AS late
        FROM hazards h
        WHERE h.state IN ('assigned', 'fixing') AND h.due_on < $1 AND h.owner_id > $2
          AND NOT EXISTS (SELECT 1 FROM feature_switches f WHERE f.school_id = h.school_id
                          AND f.function = 'volunteering' AND NOT f.is_on)
        GROUP BY h.owner_id ORDER BY h.owner_id LIMIT $3
        """,
        today,
        after,
        limit,
    )


async def is_on_staff(person_id: UUID, school_id: UUID) -> bool:
    """Say whether the person works at the school now."""
    row = await fetch_one(
        "SELECT 1 AS yes FROM standings_in_force "
        "WHERE person_id = $1 AND school_id = $2 AND is_staff LIMIT 1",
        person_id,
        school_id,
    )
    return row is not None


async def who_runs(school_id: UUID) -> list[UUID]:
    """Return the school's administrators, or its principal when it has none."""
    rows = await fetch(
        """
        SELECT DISTINCT person_id, role FROM standings_in_force
        WHERE school_id = $1 AND role IN ('school_admin', 'principal')
        """,
        school_id,
    )
    admins = [row["person_id"] for row in rows if row["role"] == "school_admin"]
    return admins or [row["person_id"] for row in rows]


async def names_of(*person_ids: UUID | None) -> dict[UUID, str]:
    """Return names by person."""
    rows = await fetch(
        "SELECT id, name FROM persons WHERE id = ANY($1::uuid[])",
        [person_id for person_id in person_ids if person_id is not None],
    )
    return {row["id"]: row["name"] for row in rows}
