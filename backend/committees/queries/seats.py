"""Who sits on a body now."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from backend import clock
from backend.committees.models import Body, Seat, SeatRole
from backend.database import fetch

VOTING = """
g.can_vote AND NOT g.restricted AND (g.valid_until IS NULL OR g.valid_until > now())
AND p.left_at IS NULL AND (b.level IN ('district', 'school') OR EXISTS (
    SELECT 1 FROM enrolments e JOIN classes c ON c.id = e.class_id
    WHERE e.student_id = p.id AND e.until IS NULL
      AND (c.id = b.class_id OR (b.class_id IS NULL AND c.grade_id = b.grade_id))))
"""
"""Guardianships ``g`` that speak for a pupil ``p`` who belongs to where body ``b`` stands."""

TIED = f"""
(s.student_id IS NULL OR EXISTS (
    SELECT 1 FROM bodies b, guardianships g JOIN students p ON p.id = g.student_id
    WHERE b.id = s.body_id AND g.student_id = s.student_id AND g.person_id = s.person_id
      AND {VOTING}))
"""
"""Seats ``s`` whose child, if they are held for one, still makes their holder a guardian here."""

IN_FORCE = f"""
s.state = 'serving' AND s.term_from <= $1::date AND s.term_until >= $1::date AND {TIED}
"""
"""Seats ``s`` that serve on day ``$1``: a parent's seat ends with the guardianship (council-2)."""


async def serving(body_id: UUID) -> list[Seat]:
    """Return the body's seats in force, chair first, then by name."""
    return await _seats("s.body_id = $2", body_id)


async def seat_of(person_id: UUID, body_id: UUID) -> Seat | None:
    """Return the seat somebody holds in a body now."""
    found = await _seats("s.body_id = $2 AND s.person_id = $3", body_id, person_id)
    return found[0] if found else None


async def seats_of(person_id: UUID) -> list[Seat]:
    """Return every seat somebody holds now, in whatever body."""
    return await _seats("s.person_id = $2", person_id)


async def chair_of(body_id: UUID) -> Seat | None:
    """Return the body's chair; ``None`` while nobody serves as that."""
    found = await _seats("s.body_id = $2 AND s.role = $3", body_id, SeatRole.CHAIR)
    return found[0] if found else None


async def _seats(where: str, *values: object) -> list[Seat]:
    rows = await fetch(f"SELECT s.id FROM seats s WHERE {IN_FORCE} AND {where}", today(), *values)
    found = await Seat.filter(id__in=[row["id"] for row in rows]).order_by("name", "id")
    return sorted(found, key=_rank)


def _rank(seat: Seat) -> int:
    order: Sequence[str] = [*SeatRole]
    return order.index(seat.role)


def today() -> date:
    """Return the day by which terms are held to be running."""
    return clock.local(clock.now()).date()


async def rows_of(body_id: UUID, *, all_live: bool) -> list[dict[str, Any]]:
    """Return the body's seats in force, or with ``all_live`` every one that has not ended."""
    return await fetch(
        f"""
        SELECT s.*, ({IN_FORCE}) AS in_force FROM seats s
        WHERE s.body_id = $2 AND CASE WHEN $3 THEN s.state <> 'ended' ELSE {IN_FORCE} END
        ORDER BY array_position(ARRAY['chair', 'vice_chair', 'secretary', 'member'], s.role::text),
                 s.name, s.id
        """,
        today(),
        body_id,
        all_live,
    )


async def past_of(body_id: UUID) -> list[dict[str, Any]]:
    """Return the body's seats that have ended, the latest first."""
    return await fetch(
        "SELECT s.*, false AS in_force FROM seats s WHERE s.body_id = $1 AND s.state = 'ended' "
        "ORDER BY s.ended_at DESC, s.id",
        body_id,
    )


async def who_runs(body: Body) -> list[UUID]:
    """Return the administrators of the body's school and its principal; a district's officers."""
    rows = await fetch(
        """
        SELECT DISTINCT person_id FROM standings_in_force
        WHERE CASE WHEN $1::uuid IS NULL THEN district_id = $2 AND role = 'district_officer'
              ELSE school_id = $1 AND role IN ('school_admin', 'principal') END
        """,
        body.school_id,
        body.district_id,
    )
    return [row["person_id"] for row in rows]


async def is_in_force(seat_id: UUID) -> bool:
    """Say whether a seat serves now."""
    row = await fetch(f"SELECT 1 FROM seats s WHERE {IN_FORCE} AND s.id = $2", today(), seat_id)
    return bool(row)


async def lapsed(body_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return live seats, of one body or of all, that time or the guardianship has ended.

    Rows are ``{id, body_id, over}``; ``over`` says that the term is, else it is the child.
    """
    return await fetch(
        f"""
        SELECT s.id, s.body_id, s.term_until < $1::date AS over FROM seats s
        WHERE s.state <> 'ended' AND ($2::uuid IS NULL OR s.body_id = $2)
          AND (s.term_until < $1::date OR NOT {TIED})
        ORDER BY s.id
        """,
        today(),
        body_id,
    )
