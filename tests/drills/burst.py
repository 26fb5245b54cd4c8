"""A busy minute: families after places, a chair who enters decisions, a school that writes.

Everything is asked over sockets and asked again until it is answered, a creation with the
same ``Idempotency-Key`` each time. What was answered is remembered, to be held against the
database whatever was killed meanwhile.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from tortoise.exceptions import BaseORMException

from backend import clock
from backend.ballots.models import Method, Mode, Unit
from backend.ballots.operations import voting
from backend.ballots.operations.voting import VoteContent
from backend.ballots.rules.charter import ORDINARY
from backend.committees.models import (
    AgendaItem,
    Body,
    BodyKind,
    Constituency,
    Level,
    Matter,
    RuleSetVersion,
    Seat,
    SeatRole,
)
from backend.database import execute
from backend.schools.models import School, SchoolClass
from tests.bookings.crowd import Guardian, Phone
from tests.bookings.racing import Family, Plan
from tests.bookings.verbs import a_slot
from tests.drills.killing import PATIENCE, Installation

DECISIONS, NOTICES = 3, 2
HURT = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BaseORMException,
    OSError,
)


@dataclass
class Committee:
    """A committee with something passed, from which decisions follow."""

    body: UUID
    item: UUID
    class_: UUID
    chair: Guardian
    staff: UUID


@dataclass
class Answered:
    """What clients were told, by what they had asked for."""

    families: list[Family] = field(default_factory=list)
    decisions: dict[str, str] = field(default_factory=dict)
    """By text: the id that was answered."""
    notices: dict[str, str] = field(default_factory=dict)
    """By title: the id of a notice that was answered to be published."""
    surprises: list[str] = field(default_factory=list)


class Burst:
    """One slot everybody wants, letters and decisions, all in the same second."""

    def __init__(
        self, standing: Installation, committee: Committee, number: int, dice: random.Random
    ) -> None:
        self.houses, self.committee, self.number, self.dice = standing, committee, number, dice
        self.plan = replace(Plan.of(number), near=False, needs_approval=False, skip_limit=0)
        self.slot = self.rival = UUID(int=0)
        self.rivals: list[Guardian] = []

    async def open(self) -> None:
        """Make the slot; a connection that an earlier kill has hurt is tried once more."""
        begins = clock.now() + timedelta(days=10, hours=3 * self.number)
        for left in reversed(range(12)):
            try:
                self.slot = await a_slot(
                    self.houses.school, begins, capacity=self.plan.capacity, max_party=3,
                    children_named=self.plan.children_named,
                )  # fmt: skip
                # The long lane outlives the tokens of its people, who never renew them.
                await execute("UPDATE access_tokens SET expires_at = now() + interval '1 hour'")
            except HURT:
                if not left:
                    raise
                await asyncio.sleep(0.3)
            else:
                return

    async def run(self, answered: Answered, clients: int) -> None:
        """Let everybody live at once, and return when all of them have their answers."""
        people = self.dice.sample(self.houses.guardians, clients)
        families = [Family(self, one, self._dice()) for one in people]
        for family in families:
            family.phone.patience = PATIENCE
        answered.families += families
        work = [family.live() for family in families]
        work += [self._decide(f"{self.number}-{n}", answered) for n in range(DECISIONS)]
        work += [self._write(f"{self.number}-{n}", answered) for n in range(NOTICES)]
        await asyncio.gather(*work, self._resize(answered))

    async def _decide(self, name: str, answered: Answered) -> None:
        await asyncio.sleep(self.dice.random())
        phone = self._phone(self.committee.chair)
        body = {
            "itemId": str(self.committee.item), "text": f"决定 {name}",
            "personId": str(self.committee.staff),
            "dueOn": (clock.local(clock.now()).date() + timedelta(days=30)).isoformat(),
        }  # fmt: skip
        path = f"/bodies/{self.committee.body}/decisions"
        status, answer = await phone.ask("POST", path, body, key=str(uuid4()))
        if status == 201:
            answered.decisions[body["text"]] = answer["id"]
        else:
            answered.surprises.append(f"a decision was answered with {status} {answer}")
        phone.hang_up()

    async def _write(self, name: str, answered: Answered) -> None:
        await asyncio.sleep(self.dice.random())
        phone = self._phone(self.houses.organiser)
        body = {
            "audiences": [{"nodeId": str(self.committee.class_), "who": "families"}],
            "category": "school", "title": f"通知 {name}",
            "blocks": [{"type": "paragraph", "text": "请带雨具。"}],
        }  # fmt: skip
        status, answer = await phone.ask("POST", "/notices", body, key=str(uuid4()))
        if status == 201:
            path = f"/notices/{answer['id']}"
            _, seen = await phone.ask("GET", f"{path}/audience")
            token = {"previewToken": seen.get("previewToken")}
            status, answer = await phone.ask("PUT", f"{path}/publication", token)
        if status == 200 and answer["state"] == "published":
            answered.notices[body["title"]] = answer["id"]
        else:
            answered.surprises.append(f"a notice was answered with {status} {answer}")
        phone.hang_up()

    async def _resize(self, answered: Answered) -> None:
        """Add places now and then, so that whoever waits moves up."""
        if self.number % 2:
            return
        phone = self._phone(self.houses.organiser)
        wanted = self.plan.capacity
        for _ in range(3):
            await asyncio.sleep(0.4 * self.dice.random())
            wanted += 1
            path = f"/slots/{self.slot}/capacity"
            status, answer = await phone.ask("PUT", path, {"capacity": wanted})
            if status not in (200, 409):
                answered.surprises.append(f"more places were answered with {status} {answer}")
        phone.hang_up()

    def _phone(self, whose: Guardian) -> Phone:
        phone = Phone(self.houses.ports, whose, self._dice())
        phone.patience = PATIENCE
        return phone

    def _dice(self) -> random.Random:
        return random.Random(self.dice.random())


async def committee(standing: Installation) -> Committee:
    """Found a committee in the class whose first guardian is its chair."""
    now = clock.now()
    today, chair = clock.local(now).date(), standing.guardians[0]
    school = await School.get(id=standing.school)
    class_ = await SchoolClass.get(school_id=school.id)
    term: dict[str, Any] = {"term_from": today, "term_until": today + timedelta(days=300)}
    body = await Body.create(
        kind=BodyKind.PARENT_COMMITTEE, level=Level.CLASS, district_id=school.district_id,
        school_id=school.id, grade_id=class_.grade_id, class_id=class_.id, name="家长委员会",
        state="active", founded_by=standing.organiser.person, created_at=now, activated_at=now,
        **term,
    )  # fmt: skip
    await Seat.create(
        body_id=body.id, person_id=chair.person, name="家长0", role=SeatRole.CHAIR,
        constituency=Constituency.PARENT, student_id=chair.child, state="serving",
        created_at=now, **term,
    )  # fmt: skip
    version = await RuleSetVersion.get(body_id=None, kind="ordinary")
    matter = await Matter.filter(rule_kind="ordinary").first()
    assert matter is not None
    vote = await voting.draft(
        VoteContent(
            district_id=school.district_id, school_id=school.id, subject_id=uuid4(), title="秋游",
            method=Method.MOTION, mode=Mode.OPEN, unit=Unit.HOUSEHOLD, rules=ORDINARY,
            rule_set_id=version.id, closes_at=now + timedelta(hours=2),
        ),
        by=chair.person,
    )  # fmt: skip
    item = await AgendaItem.create(
        body_id=body.id, matter_id=matter.id, rule_set_id=version.id, title="秋游",
        in_writing=True, state="decided", outcome="passed", proposer_id=chair.person,
        vote_id=vote.id, created_at=now, scheduled_at=now, decided_at=now,
    )  # fmt: skip
    return Committee(body.id, item.id, class_.id, chair, standing.organiser.person)


async def misjudged(standing: Installation, families: Iterable[Family]) -> list[str]:
    """Hold what every family believes against its bookings."""
    rows = await standing.fetch("SELECT id, slot_id, person_id, state FROM bookings")
    of: dict[tuple[UUID, UUID], list[Any]] = {}
    for row in rows:
        of.setdefault((row["slot_id"], row["person_id"]), []).append(row)
    return [
        sentence
        for family in families
        for sentence in family.judge(of.get((family.race.slot, family.guardian.person), []))
    ]
