"""One round of a race for places: everybody at once, and what became of each of them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock
from backend.database import fetch
from tests.bookings.crowd import PEOPLE, REFUSED, Guardian, Houses, Phone
from tests.bookings.invariants import broken
from tests.bookings.verbs import a_slot

LIVE = {"requested", "confirmed", "waitlisted", "offered"}
AGED = timedelta(hours=40)
"""After so long every offer has run out, also one put off by the night."""
EMPTY = "TRUNCATE bookings, booking_moves, slots, audit_entries CASCADE"


@dataclass(frozen=True)
class Plan:
    """What a round is like; everything follows from its number."""

    number: int
    clients: int
    capacity: int
    skip_limit: int
    needs_approval: bool
    children_named: bool
    near: bool
    kills: bool
    resizes: bool = True

    @classmethod
    def of(cls, number: int, fewest: int = 8) -> Plan:
        dice = random.Random(number)
        return cls(
            number=number,
            clients=PEOPLE if number % 4 == 0 else dice.randint(fewest, PEOPLE),
            capacity=dice.randint(1, 30),
            skip_limit=dice.choice((0, 2)),
            needs_approval=number % 5 == 3,
            children_named=number % 6 == 1,
            near=number % 8 == 7,
            kills=number % 5 == 2,
        )


@dataclass
class Tally:
    """What all rounds together have seen."""

    rounds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        seen = ", ".join(f"{n} {name}" for name, n in sorted(self.counts.items()))
        return f"{self.rounds} rounds: {seen}; {len(self.wrong)} things wrong"


class Family:
    """One client: what they do, and what they were last told about the slot all want."""

    def __init__(self, race: Race, guardian: Guardian, dice: random.Random) -> None:
        self.race, self.guardian, self.dice = race, guardian, dice
        self.phone = Phone(race.houses.ports, guardian, dice)
        self.party = dice.choice((1, 1, 1, 2, 3))
        self.told = ("nothing", "", "")
        self.surprises: list[str] = []

    async def live(self) -> None:
        await asyncio.sleep(0.05 * self.dice.random())
        await self.take(self.race.slot)
        for _ in range(self.dice.randint(0, 4)):
            await asyncio.sleep(0.05 * self.dice.random())
            act = self.dice.random()
            if act < 0.3:
                await self.cancel()
            elif act < 0.4:
                await self.take(self.race.slot)
            elif act < 0.6 and self.guardian in self.race.rivals:
                await self.take(self.race.rival)
            else:
                await self.look()
        self.phone.hang_up()

    async def take(self, slot: UUID) -> None:
        named = self.race.plan.children_named and slot == self.race.slot
        body = {
            "party": self.party if slot == self.race.slot else 1,
            "takesAtOnce": self.dice.random() < 0.3,
            "studentIds": [self.guardian.child] if named else [],
        }
        status, answer = await self._ask("PUT", f"/slots/{slot}/booking", body)
        if slot == self.race.slot and status == 200:
            self.told = ("holds", answer["state"], answer["id"])
        elif slot == self.race.slot:
            self.told = ("refused", answer["code"], "")

    async def cancel(self) -> None:
        status, _ = await self._ask("DELETE", f"/slots/{self.race.slot}/booking")
        if status == 204:
            self.told = ("gave back", "", "")

    async def look(self) -> None:
        """See how it stands, and say yes if that is asked."""
        status, seen = await self._ask("GET", f"/slots/{self.race.slot}/booking")
        if status == 200 and seen["line"]["code"] in ("next_in_line", "first_tap"):
            status, answer = await self._ask("PUT", f"/slots/{self.race.slot}/booking/acceptance")
            if status == 200:
                self.told = ("holds", answer["state"], answer["id"])

    async def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        status, answer = await self.phone.ask(method, path, body)
        if status >= 400 and status not in REFUSED:
            self.surprises.append(f"{method} was answered with {status} {answer.get('code')}")
        return status, answer

    def judge(self, rows: Sequence[Any]) -> list[str]:
        """Compare what the family believes with its bookings on the slot."""
        live = [row for row in rows if row["state"] in LIVE]
        what, state, booking = self.told
        wrong = list(self.surprises)
        if what == "gave back" and live and "PUT" not in self.phone.lost:
            wrong.append(f"gave it back and still is {live[0]['state']}")
        if what == "holds":
            mine = next((str(r["state"]) for r in rows if str(r["id"]) == booking), "nothing")
            may_be = {
                "confirmed": {"confirmed"},
                "requested": {"requested", "confirmed", "rejected"},
                "waitlisted": LIVE | {"lapsed", "rejected"},
                "offered": {"offered", "lapsed", "rejected"},
            }[state]
            if mine not in may_be and not (mine == "cancelled" and "DELETE" in self.phone.lost):
                wrong.append(f"was told {state} and is {mine}")
        return [f"{self.guardian.person} {sentence}" for sentence in wrong]


class Race:
    """A slot all want, a smaller one at the same time, and everybody at work on them."""

    def __init__(self, houses: Houses, plan: Plan) -> None:
        self.houses, self.plan = houses, plan
        self.dice = random.Random(-plan.number)
        self.slot = self.rival = UUID(int=0)
        people = self.dice.sample(houses.guardians, plan.clients)
        self.rivals = people[:: 4 if plan.number % 2 else PEOPLE]
        self.families = [Family(self, one, random.Random(self.dice.random())) for one in people]
        self.desk = Phone(houses.ports, houses.organiser, random.Random(self.dice.random()))
        self.over = asyncio.Event()
        self.surprises: list[str] = []
        self.killed = 0

    async def run(self, tally: Tally) -> None:
        """Run the round, sweep once, and add what was seen to ``tally``."""
        begins = clock.now() + (timedelta(hours=5) if self.plan.near else timedelta(days=10))
        plan = self.plan
        self.slot = await a_slot(
            self.houses.school, begins, capacity=plan.capacity, max_party=3,
            skip_limit=plan.skip_limit, needs_approval=plan.needs_approval,
            children_named=plan.children_named,
        )  # fmt: skip
        self.rival = await a_slot(self.houses.school, begins + timedelta(hours=1), capacity=3)
        helpers = [asyncio.create_task(one) for one in (self._organise(), self._sweep())]
        if self.plan.kills:
            helpers.append(asyncio.create_task(self._kill()))
        await asyncio.gather(*(family.live() for family in self.families))
        self.over.set()
        await asyncio.gather(*helpers)
        self.desk.hang_up()
        for slot in (self.slot, self.rival):
            await self._tidy(slot, timedelta(0))
        await self._count(tally)
        await self.houses.watch.execute(EMPTY)

    async def _count(self, tally: Tally) -> None:
        wrong = [*self.surprises, *await broken(fetch, clock.now())]
        for family in self.families:
            rows = await fetch(
                "SELECT id, state FROM bookings WHERE slot_id = $1 AND person_id = $2",
                self.slot,
                family.guardian.person,
            )
            wrong += family.judge(rows)
        tally.rounds += 1
        tally.wrong += [f"round {self.plan.number}: {sentence}" for sentence in wrong]
        for phone in (*(family.phone for family in self.families), self.desk):
            tally.counts += phone.counts
        tally.counts["families"] += len(self.families)
        tally.counts["processes killed"] += self.killed
        seen = await fetch("SELECT cause, count(*)::int AS n FROM booking_moves GROUP BY cause")
        tally.counts += Counter({f"moves: {row['cause']}": row["n"] for row in seen})

    async def _organise(self) -> None:
        """Change the number of places now and then; say yes or no to some who ask."""
        while not self.over.is_set():
            await asyncio.sleep(0.08 * self.dice.random())
            if self.plan.resizes:
                wanted = max(3, self.plan.capacity + self.dice.randint(-4, 6))
                await self._act(f"/slots/{self.slot}/capacity", {"capacity": wanted})
            if self.plan.needs_approval:
                _, seen = await self.desk.ask("GET", f"/slots/{self.slot}/bookings")
                asked = [
                    one["booking"]["id"]
                    for one in seen["items"]
                    if one["booking"]["state"] in ("requested", "waitlisted")
                ]
                for booking in asked[:3]:
                    yes = self.dice.random() < 0.7
                    body = {"approved": yes, "reason": None if yes else "人数已够"}
                    await self._act(f"/bookings/{booking}/decision", body)

    async def _act(self, path: str, body: object) -> None:
        status, answer = await self.desk.ask("PUT", path, body)
        if status not in (200, 409):
            self.surprises.append(f"the organiser was answered with {status} {answer}")

    async def _sweep(self) -> None:
        while not self.over.is_set():
            await asyncio.sleep(0.06)
            later = AGED if self.dice.random() < 0.25 else timedelta(0)
            await self._tidy(self.slot, later)

    async def _tidy(self, slot: UUID, later: timedelta) -> None:
        # Near the start to look from later would be to look from after the end.
        later = timedelta(0) if self.plan.near else later
        try:
            await self.houses.watch.execute("SELECT tidy_slot($1, $2)", slot, clock.now() + later)
        except asyncpg.PostgresError as error:
            self.surprises.append(f"a sweep met {error!r}")

    async def _kill(self) -> None:
        await asyncio.sleep(0.05 + 0.1 * self.dice.random())
        self.killed += self.houses.kill_one(self.dice.randrange(2))
