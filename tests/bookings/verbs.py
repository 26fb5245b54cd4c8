"""The engine's verbs, called directly and at a moment of one's choice.

People of a booking are ids and nothing more, so families need no rows here: a school is
enough to try the engine on.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.bookings.models import SlotKind
from backend.bookings.operations import slots
from backend.bookings.operations.places import Ask
from backend.bookings.operations.slots import SlotPlan
from backend.database import fetch
from backend.schools.models import Stage
from backend.schools.operations import tree

Fetch = Callable[..., Awaitable[Sequence[Any]]]
NOON = datetime(2026, 10, 12, 4, tzinfo=UTC)
"""A Monday noon in China: no offer made then is put off by the night."""
ORGANISER = UUID(int=1)


async def a_school() -> UUID:
    """Make a district with one school and return the school's id."""
    district = await tree.create_district(f"D{uuid4().int % 10**8}", "试验区")
    school = await tree.create_school(district.id, "S-1", "试验小学", Stage.PRIMARY)
    return school.id


async def a_slot(school: UUID, begins: datetime, hours: float = 2, **more: Any) -> UUID:
    """Make an open slot that could be booked for a year and return its id."""
    plan = SlotPlan(
        **{
            "id": uuid4(),
            "school_id": school,
            "kind": SlotKind.SHIFT,
            "title": "护学岗",
            "starts_at": begins,
            "ends_at": begins + timedelta(hours=hours),
            "opens_at": begins - timedelta(days=365),
            "cancel_until": begins - timedelta(days=1),
            "capacity": 1,
            "organiser_id": ORGANISER,
            "is_open": True,
        }
        | more
    )
    await slots.create(plan)
    return plan.id


def asks(*wanted: Ask) -> str:
    """Return requests as the engine reads them, numbered in their order."""
    for n, ask in enumerate(wanted):
        ask.n = n
    return msgspec.json.encode(wanted).decode()


class Verbs:
    """The verbs through one way to the database, at ``now`` unless told otherwise.

    ``fetch`` is the pool's unless a connection's is given. Answers are outcomes; what
    became of a booking is read with :meth:`state`.
    """

    def __init__(self, school: UUID, now: datetime = NOON, fetch: Fetch = fetch) -> None:
        self.school, self.now, self.fetch = school, now, fetch

    async def take(
        self, slot: UUID, who: UUID, party: int = 1, *, at_once: bool = False, **more: Any
    ) -> str:
        ask = Ask(slot=slot, person=who, party=party, reach=[self.school], at_once=at_once, **more)
        return str((await self.take_all(ask))[0]["outcome"])

    async def take_all(self, *wanted: Ask) -> list[dict[str, Any]]:
        """Settle requests together; answers come in their order."""
        rows = await self.fetch(
            "SELECT n, outcome, facts::text AS facts, booking::text AS booking, ahead, free "
            "FROM take_places($1::text::jsonb, $2) ORDER BY n",
            asks(*wanted),
            self.now,
        )
        return [dict(row) for row in rows]

    async def place(self, slot: UUID, who: UUID, party: int = 1) -> str:
        """Put somebody on the slot at the organiser's word."""
        return await self.take(slot, who, party, organiser=ORGANISER)

    async def accept(self, slot: UUID, who: UUID) -> str:
        return await self._one("SELECT outcome FROM accept_place($1, $2, $3)", slot, who, self.now)

    async def cancel(self, slot: UUID, who: UUID, by: UUID | None = None) -> str:
        sql = "SELECT outcome FROM cancel_place($1, $2, $3, 'cancelled', $4)"
        return await self._one(sql, slot, who, by or who, self.now)

    async def tidy(self, slot: UUID) -> int:
        return int(await self._one("SELECT tidy_slot($1, $2)", slot, self.now))

    async def resize(self, slot: UUID, capacity: int) -> bool:
        return bool(await self._one("SELECT set_capacity($1, $2, $3)", slot, capacity, self.now))

    async def call_off(self, slot: UUID) -> int:
        sql = "SELECT call_off_slot($1, '台风', $2, $3)"
        return int(await self._one(sql, slot, ORGANISER, self.now))

    async def move(self, slot: UUID, begins: datetime, hours: float = 2) -> int:
        sql = "SELECT move_slot($1, $2, $3, '西门', $4, $5)"
        ends = begins + timedelta(hours=hours)
        return int(await self._one(sql, slot, begins, ends, ORGANISER, self.now))

    async def decide(self, slot: UUID, who: UUID, *, yes: bool) -> str:
        sql = "SELECT outcome FROM decide_booking($1, $2, $3, '', $4)"
        return await self._one(sql, await self.booking(slot, who), yes, ORGANISER, self.now)

    async def hand_over(self, slot: UUID, who: UUID, taker: UUID) -> str:
        return await self._one(
            "SELECT outcome FROM hand_over($1, $2, $3, $4, $5)",
            await self.booking(slot, who), taker, [self.school], taker, self.now,
        )  # fmt: skip

    async def booking(self, slot: UUID, who: UUID) -> UUID:
        """Return the id of the person's newest booking on the slot."""
        rows = await self.fetch(
            "SELECT id FROM bookings WHERE slot_id = $1 AND person_id = $2 "
            "ORDER BY queue_no DESC, id DESC LIMIT 1",
            slot,
            who,
        )
        return UUID(str(rows[0]["id"]))

    async def row(self, slot: UUID, who: UUID) -> dict[str, Any]:
        """Return the person's newest booking on the slot."""
        rows = await self.fetch(
            "SELECT to_jsonb(b)::text AS row FROM bookings b WHERE id = $1",
            await self.booking(slot, who),
        )
        found: dict[str, Any] = json.loads(rows[0]["row"])
        return found

    async def state(self, slot: UUID, who: UUID) -> str:
        return str((await self.row(slot, who))["state"])

    async def _one(self, sql: str, *values: object) -> Any:
        rows = await self.fetch(sql, *values)
        return next(iter(dict(rows[0]).values()))


def families(count: int) -> list[UUID]:
    """Return so many people nobody has seen before."""
    return [uuid4() for _ in range(count)]
