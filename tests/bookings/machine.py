"""The engine and its model side by side: every verb is done in both and compared."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from backend import clock
from backend.bookings.operations import places, slots
from backend.bookings.operations.places import Ask
from backend.bookings.operations.slots import Share
from backend.database import execute, fetch
from backend.errors import Refusal
from backend.identifiers import uuid7
from tests.bookings.invariants import broken
from tests.bookings.ledger import LIVE, Entry, Limit, Slot
from tests.bookings.model import World
from tests.bookings.sabotage import (
    EMPTY,
)
from tests.bookings.verbs import NOON, ORGANISER, Verbs, a_slot, asks, families

WHO = st.integers(0, 8)
WHERE = st.sampled_from((0, 0, 0, 1, 2))
PARTY = st.sampled_from((1, 1, 2, 3))
STATE = """
SELECT person_id, state, party, skipped, priority, share_id IS NOT NULL AS in_share,
       offer_expires_at FROM bookings WHERE slot_id = $1 ORDER BY id
"""


class Ground:
    """An event loop, a connection and a school; the clock is the model's."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.school = UUID(int=0)
        self.now = NOON

    def run(self, work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return self.runner.run(wait())


class Engine(RuleBasedStateMachine):
    """Does everything twice, and compares after every step."""

    ground: Ground

    @initialize(
        capacities=st.tuples(st.integers(2, 6), st.integers(0, 2), st.integers(2, 5)),
        skip_limit=st.integers(0, 2),
        needs_approval=st.booleans(),
        kept=st.integers(0, 2),
        limit=st.none() | st.integers(2, 6),
        crowd=st.lists(PARTY, max_size=8),
    )
    def open(
        self,
        capacities: tuple[int, int, int],
        skip_limit: int,
        needs_approval: bool,
        kept: int,
        limit: int | None,
        crowd: list[int],
    ) -> None:
        """Three slots, two of them at the same hour, and some who have asked already."""
        begins = NOON + timedelta(days=6)
        drawn = Limit(limit, uuid7()) if limit else None
        self.people, self.insiders = families(9), uuid4()
        self.slots = [
            Slot(begins, capacities[0], skip_limit, needs_approval, limit=drawn),
            Slot(begins + timedelta(hours=1), capacities[1]),
            Slot(begins + timedelta(days=1), capacities[2], kept=kept, limit=drawn,
                 skip_limit=2 - skip_limit, release_at=NOON + timedelta(days=3) if kept else None),
        ]  # fmt: skip
        self.world = World(self.slots, NOON)
        self.ground.now = NOON
        self.ground.run(self._open(drawn))
        for who, party in enumerate(crowd):
            self._take(0, who, party, at_once=False)

    async def _open(self, drawn: Limit | None) -> None:
        await execute(EMPTY)
        if drawn:
            await execute(
                "INSERT INTO shared_quotas (id, school_id, name, capacity) VALUES ($1, $2, '', $3)",
                drawn.id, self.ground.school, drawn.capacity,
            )  # fmt: skip
        for slot in self.slots:
            shares = [
                Share(label="班", node_ids=[self.insiders], places=slot.kept, release_at=at)
                for at in [slot.release_at] if at
            ]  # fmt: skip
            await a_slot(
                self.ground.school, slot.begins, id=slot.id, capacity=slot.capacity,
                max_party=World.max_party, skip_limit=slot.skip_limit, shares=shares,
                needs_approval=slot.needs_approval,
                quota_ids=[slot.limit.id] if slot.limit else [],
            )  # fmt: skip

    def _same(self, said: str, work: Awaitable[Any]) -> None:
        """Compare what the model said with what the engine does, and how both then stand."""
        assert self.ground.run(self._outcome(work)) == said
        for number, slot in enumerate(self.slots):
            rows = self.ground.run(fetch(STATE, slot.id))
            is_now = [tuple(row.values()) for row in rows]
            assert is_now == [_seen(entry) for entry in slot.entries], f"slot {number}"

    async def _outcome(self, work: Awaitable[Any]) -> str:
        try:
            answer = await work
        except Refusal as refusal:
            return refusal.code
        return answer if isinstance(answer, str) else "ok"

    def _entry(self, slot: Slot, number: int) -> Entry:
        return slot.entries[number % len(slot.entries)]

    async def _id(self, slot: Slot, entry: Entry) -> UUID:
        rows = await fetch("SELECT id FROM bookings WHERE slot_id = $1 ORDER BY id", slot.id)
        found: UUID = rows[next(n for n, e in enumerate(slot.entries) if e is entry)]["id"]
        return found

    def _verbs(self) -> Verbs:
        return Verbs(self.ground.school, self.world.now)

    @rule(where=WHERE, who=WHO, party=PARTY | st.just(4), at_once=st.booleans())
    def take(self, where: int, who: int, party: int, at_once: bool) -> None:
        self._take(where, who, party, at_once=at_once)

    def _take(self, where: int, who: int, party: int, *, at_once: bool) -> None:
        slot, person, insider = self.slots[where], self.people[who], who < 3
        reach = [self.ground.school, *([self.insiders] if insider else [])]
        ask = Ask(slot=slot.id, person=person, party=party, reach=reach, at_once=at_once)
        said = self.world.take(
            slot, person, party, at_once=at_once, insider=insider and slot.kept > 0
        )
        self._same(said, self._asked(ask))

    async def _asked(self, ask: Ask) -> str:
        rows = await fetch("SELECT * FROM take_places($1::text::jsonb, $2)", asks(ask), clock.now())
        return str(rows[0]["outcome"])

    @rule(where=WHERE, who=WHO)
    def cancel(self, where: int, who: int) -> None:
        slot, person = self.slots[where], self.people[who]
        said = self.world.cancel(slot, person)
        self._same(said, self._cancel(slot, person))

    async def _cancel(self, slot: Slot, who: UUID) -> str:
        return "none" if await places.cancel(slot.id, who, by=who) is None else "ok"

    @rule(where=WHERE, who=WHO)
    def accept(self, where: int, who: int) -> None:
        slot, person = self.slots[where], self.people[who]
        said = self.world.accept(slot, person)
        self._same(said, places.accept(slot.id, person))

    @rule(hours=st.sampled_from((0.2, 0.2, 3, 13, 26)), where=WHERE)
    def time_passes(self, hours: float, where: int) -> None:
        """Some time later the sweep comes round; it need not reach every slot at once."""
        self.ground.now = self.world.now = self.world.now + timedelta(hours=hours)
        for slot in self.slots[: where + 1]:
            self.world.sweep(slot)
            self._sweep(slot)
        self._same("ok", asyncio.sleep(0))

    def _sweep(self, slot: Slot) -> None:
        self.ground.run(self._verbs().tidy(slot.id))

    @rule(where=WHERE, capacity=st.integers(0, 6))
    def resize(self, where: int, capacity: int) -> None:
        slot = self.slots[where]
        said = self.world.resize(slot, capacity)
        self._same(said, slots.set_capacity(slot.id, capacity, by=ORGANISER))

    @precondition(lambda self: any(slot.entries for slot in self.slots))
    @rule(number=st.integers(0, 20), where=WHERE, yes=st.booleans())
    def decide(self, number: int, where: int, yes: bool) -> None:
        slot = next(s for s in self.slots[where:] + self.slots if s.entries)
        entry = self._entry(slot, number)
        booking = self.ground.run(self._id(slot, entry))
        said = self.world.decide(slot, entry, yes=yes)
        self._same(said, places.decide(booking, approved=yes, reason="", by=ORGANISER))

    @precondition(lambda self: any(slot.entries for slot in self.slots))
    @rule(number=st.integers(0, 20), where=WHERE, who=WHO)
    def hand_over(self, number: int, where: int, who: int) -> None:
        slot = next(s for s in self.slots[where:] + self.slots if s.entries)
        entry, taker = self._entry(slot, number), self.people[who]
        booking = self.ground.run(self._id(slot, entry))
        said = self.world.hand_over(slot, entry, taker)
        self._same(said, self._hand_over(booking, taker))

    async def _hand_over(self, booking: UUID, taker: UUID) -> str:
        sql = "SELECT outcome FROM hand_over($1, $2, $3, $2, $4)"
        rows = await fetch(sql, booking, taker, [self.ground.school], clock.now())
        return str(rows[0]["outcome"])

    @precondition(lambda self: any(slot.queue for slot in self.slots))
    @rule(number=st.integers(0, 9), priority=st.integers(0, 1))
    def prioritise(self, number: int, priority: int) -> None:
        slot = next(s for s in self.slots if s.queue)
        entry = slot.queue[number % len(slot.queue)]
        booking = self.ground.run(self._id(slot, entry))
        said = self.world.prioritise(entry, priority)
        self._same(said, places.prioritise(booking, priority, "理由", by=ORGANISER))

    @rule(where=WHERE, who=WHO)
    def place(self, where: int, who: int) -> None:
        slot, person = self.slots[where], self.people[who]
        said = self.world.take(slot, person, 1, by_organiser=True)
        self._same(said, places.place_for_another(slot.id, person, 1, by=ORGANISER))

    @precondition(lambda self: self.world.now < NOON + timedelta(days=3))
    @rule(apart=st.booleans())
    def move(self, apart: bool) -> None:
        """The second slot moves to another day, or back onto the first."""
        slot = self.slots[1]
        if slot.state == "open":
            begins = self.slots[0].begins + timedelta(days=2 if apart else 0, hours=1)
            self.world.move(slot, begins)
            ends = begins + timedelta(hours=2)
            self._same("ok", slots.move(slot.id, begins, ends, "西门", by=ORGANISER))

    @precondition(lambda self: sum(len(slot.entries) for slot in self.slots) > 9)
    @rule(where=WHERE)
    def call_off(self, where: int) -> None:
        slot = self.slots[where]
        self.world.call_off(slot)
        self._same("ok", slots.call_off(slot.id, "台风", by=ORGANISER))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for slot in self.slots:
            self._sweep(slot)
        assert self.ground.run(broken(fetch, self.world.now)) == []


def _seen(entry: Entry) -> tuple[Any, ...]:
    in_share = entry.in_share and entry.state != "waitlisted"
    expires: datetime | None = entry.expires if entry.state in LIVE else None
    return (
        entry.who, entry.state, entry.party, entry.skipped, entry.priority, in_share, expires
    )  # fmt: skip
