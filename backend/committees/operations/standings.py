"""What a seat on a parent committee makes of its holder elsewhere in the house.

A serving seat of a body that has begun gives the standing of a committee's member or chair at
its node. A standing that was there before is nobody's seat's, and stays.
"""

from typing import Any
from uuid import UUID

from backend.committees.models import Body, BodyKind, BodyState, Seat, SeatRole, SeatState
from backend.database import fetch_one
from backend.people.models import Standing
from backend.people.operations import ties
from backend.schools.models import Grade, School, SchoolClass
from backend.web.actor import Role


async def give(seat: Seat, body: Body, *, by: UUID | None) -> None:
    """Give the seat's holder the standing that goes with it, if it gives any."""
    if body.kind != BodyKind.PARENT_COMMITTEE or body.state != BodyState.ACTIVE:
        return
    role = Role.COMMITTEE_CHAIR if seat.role == SeatRole.CHAIR else Role.COMMITTEE_MEMBER
    place: dict[str, Any] = {
        "district_id": body.district_id,
        "school_id": body.school_id,
        "grade_id": body.grade_id,
        "class_id": body.class_id,
    }
    if await Standing.filter(
        person_id=seat.person_id, role=role, subject="", valid_until=None, **place
    ).exists():
        return
    standing = await ties.appoint(seat.person_id, role, await _node(body), by=by)
    seat.standing_id = standing.id
    await seat.save(update_fields=["standing_id"])


async def take(seat: Seat, body: Body, *, by: UUID | None) -> None:
    """Take away the standing that the seat gave; one that another seat needs passes to it."""
    if seat.standing_id is None:
        return
    heir = await fetch_one(
        """
        UPDATE seats SET standing_id = $1 WHERE id = (
            SELECT s.id FROM seats s JOIN bodies b ON b.id = s.body_id
            WHERE s.person_id = $2 AND s.id <> $3 AND s.state = 'serving'
              AND s.standing_id IS NULL AND b.kind = 'parent_committee' AND b.state = 'active'
              AND coalesce(b.class_id, b.grade_id, b.school_id) = $4
              AND (s.role = 'chair') = $5
            LIMIT 1)
        RETURNING id
        """,
        seat.standing_id,
        seat.person_id,
        seat.id,
        body.node_id,
        seat.role == SeatRole.CHAIR,
    )
    if heir is None:
        await ties.dismiss(seat.standing_id, by=by)
    seat.standing_id = None
    await seat.save(update_fields=["standing_id"])


async def give_all(body: Body, *, by: UUID | None) -> list[Seat]:
    """Give every serving seat of a body its standing; returns the seats."""
    seats = await Seat.filter(body_id=body.id, state=SeatState.SERVING).order_by("id")
    for seat in seats:
        await give(seat, body, by=by)
    return seats


async def _node(body: Body) -> ties.Node:
    if body.class_id is not None:
        return await SchoolClass.get(id=body.class_id)
    if body.grade_id is not None:
        return await Grade.get(id=body.grade_id)
    return await School.get(id=body.school_id)
