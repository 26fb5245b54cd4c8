"""Who sits on a body now."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from backend import clock
from backend.committees.models import Seat, SeatRole
from backend.database import fetch

IN_FORCE = """
s.state = 'serving' AND s.term_from <= $1::date AND s.term_until >= $1::date
AND (s.student_id IS NULL OR EXISTS (
    SELECT 1 FROM guardianships g JOIN students p ON p.id = g.student_id
    WHERE g.student_id = s.student_id AND g.person_id = s.person_id
      AND g.valid_until IS NULL AND NOT g.restricted AND p.left_at IS NULL))
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
