"""A class whose guardians vote over HTTP, each with a phone of their own."""

import base64
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
from msgspec.structs import replace

from backend import clock
from backend.ballots.models import Mode, Unit
from backend.ballots.rules.charter import RuleSet
from backend.committees.models import RuleKind
from backend.database import fetch, transaction
from backend.people.models import Person, Relation
from backend.people.operations import consents, sessions, ties
from backend.people.rules import ACCESS_LIFE
from backend.people.tokens import keys_for
from backend.settings import Settings
from seed.cast import Cast as District
from seed.cast import plant
from tests.ballots.adversary.plans import Cast, Plan
from tests.committees.stories import CLASS, ok
from tests.committees.voting import CHAIR, EVERYBODY, committee, item, opened, soon
from tests.house import Visitor


class Assembly:
    """The guardians of one class, its committee, and their phones."""

    def __init__(self, transport: httpx.ASGITransport, settings: Settings) -> None:
        self.transport, self.settings = transport, settings
        self.stack = AsyncExitStack()
        self.phones: dict[UUID, Visitor] = {}
        self.people: list[UUID] = []
        self.signed_in_at = clock.now()

    async def gather(self, number: int) -> None:
        """Let there be ``number`` guardians who vote, and a committee that asks them."""
        self.district: District = await plant()
        class_ = self.district.classes[CLASS]
        self.people = [self.district.id(name) for name in EVERYBODY]
        while len(self.people) < number:
            n = len(self.people)
            who = await Person.create(name=f"家长{n}", phone=f"+8619900001{n:03d}")
            child = await ties.admit(class_.school_id, class_.id, f"2023{n:04d}", f"学生{n}")
            await ties.bind(who.id, child.id, Relation.MOTHER)
            self.people.append(who.id)
        for tie in await fetch("SELECT person_id, student_id, school_id FROM family_ties"):
            await consents.accept(
                tie["person_id"], tie["student_id"], tie["school_id"], 1, clock.now()
            )
        for person_id in self.people:
            await self.phone(person_id)
        self.body = await committee(self.named, self.district)

    async def named(self, name: str) -> Visitor:
        return await self.phone(self.district.id(name))

    async def phone(self, person_id: UUID) -> Visitor:
        """Return somebody's phone, signed in."""
        if person_id not in self.phones:
            phone = await self.stack.enter_async_context(
                Visitor(transport=self.transport, base_url="http://house/v1")
            )
            await self._sign_in(phone, person_id)
            self.phones[person_id] = phone
        return self.phones[person_id]

    async def open(self, plan: Plan, rules: RuleSet) -> UUID:
        """Put a question to the class's guardians, one ballot each; returns the vote."""
        await self._stay_signed_in()
        secret = replace(rules, mode=Mode.SECRET, unit=Unit.PERSON)
        asked = await item(self.district, self.body, secret, kind=RuleKind.PERSONNEL)
        more: dict[str, Any] = {"method": plan.method.value, "closesAt": soon(hours=30)}
        if plan.method.value != "motion":
            more["options"] = [{"key": key, "label": f"方案{n}"} for n, key in enumerate(plan.keys)]
        vote = await opened(self.named, asked.id, **more)
        return UUID(vote["id"])

    async def cast(self, vote_id: UUID, cast: Cast, box: bytes | None) -> None:
        """Send a ballot: ``box``, or where that is ``None`` one for the server to seal."""
        body: dict[str, Any] = {"attempt": str(cast.attempt)}
        if box is None:
            body |= {"choice": list(cast.choice), "receipt": cast.receipt}
        else:
            body["sealed"] = base64.b64encode(box).decode()
        phone = await self.phone(self.people[cast.voter])
        ok(await phone.put(f"/votes/{vote_id}/ballot", json=body))

    async def remind(self, vote_ids: list[UUID]) -> None:
        """Let the chair remind whoever has not voted."""
        for vote_id in vote_ids:
            answer = await (await self.named(CHAIR)).put(f"/votes/{vote_id}/reminder")
            assert answer.status_code in (200, 204), answer.text

    async def certify(self, vote_id: UUID) -> None:
        ok(await (await self.named(CHAIR)).put(f"/votes/{vote_id}/certification"))

    async def leave(self) -> None:
        await self.stack.aclose()

    async def _stay_signed_in(self) -> None:
        """Sign everybody in again before their tokens end."""
        if clock.now() > self.signed_in_at + ACCESS_LIFE / 3:
            self.signed_in_at = clock.now()
            for person_id, phone in self.phones.items():
                await self._sign_in(phone, person_id)

    async def _sign_in(self, phone: Visitor, person_id: UUID) -> None:
        device = sessions.Device(key=person_id.hex, name="phone", platform="android")
        async with transaction():
            await sessions.lock_person(person_id)
            signed = await sessions.open_session(
                person_id, device, "code", keys=keys_for(self.settings.secret_key),
                now=clock.now(),
            )  # fmt: skip
        phone.headers["Authorization"] = f"Bearer {signed.access_token}"
