"""Slots for the stories: what a room would ask for, with a default for everything."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock
from backend.bookings.models import SlotKind
from backend.bookings.operations import slots
from backend.bookings.operations.slots import SlotPlan
from backend.database import fetch, fetch_one
from backend.identifiers import uuid7
from seed.cast import Cast


async def a_slot(
    cast: Cast, *, begins_in: timedelta = timedelta(days=10), hours: float = 2, **more: Any
) -> UUID:
    """Make an open slot of 海湾实验小学 and return its id."""
    starts_at = clock.now() + begins_in
    plan = SlotPlan(
        **{
            "id": uuid7(),
            "school_id": cast.schools["海湾"].id,
            "kind": SlotKind.SHIFT,
            "title": "校门口护学岗",
            "place": "东门",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=hours),
            "capacity": 1,
            "organiser_id": cast.id("许建安"),
            "is_open": True,
        }
        | more
    )
    await slots.create(plan)
    return plan.id


async def counters(slot_id: UUID) -> dict[str, Any]:
    """Return the slot's counters, having checked that they are what its bookings say."""
    row = await fetch_one("SELECT * FROM slot_places WHERE slot_id = $1", slot_id)
    truth = await fetch_one(
        """
        SELECT coalesce(sum(party) FILTER (WHERE state IN ('requested', 'confirmed', 'offered',
                   'checked_in', 'completed', 'no_show')), 0)::int AS taken,
               count(*) FILTER (WHERE state = 'waitlisted')::int AS waiting
        FROM bookings WHERE slot_id = $1
        """,
        slot_id,
    )
    assert row is not None and truth is not None
    assert (row["taken"], row["waiting"]) == (truth["taken"], truth["waiting"])
    return row


async def tidy(slot_id: UUID, later: timedelta = timedelta(0)) -> None:
    """Let the sweep pass over one slot, as if it were so much later."""
    await fetch("SELECT tidy_slot($1, $2)", slot_id, clock.now() + later)


async def states(slot_id: UUID) -> dict[UUID, str]:
    """Return the newest state of each person on the slot."""
    rows = await fetch(
        "SELECT DISTINCT ON (person_id) person_id, state FROM bookings WHERE slot_id = $1 "
        "ORDER BY person_id, created_at DESC, id DESC",
        slot_id,
    )
    return {row["person_id"]: row["state"] for row in rows}
