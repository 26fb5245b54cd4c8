"""Phones of one person, thieves and forgers, and what must be true of their sessions.

A rule does something to the API processes over HTTP and to a plain model of it. What holds
always is looked at after every step: a token is as good as the model says, at once and at
every process; and of each family one refresh token lives at most.
"""

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend import clock
from backend.database import execute, fetch_one, transaction
from backend.people.operations import sessions, ties
from backend.people.rules import DEVICES
from backend.people.tokens import Keys
from backend.schools.models import SchoolClass
from backend.web.actor import Role
from tests.drills import forging

WHICH = st.integers(0, 7)
API = st.integers(0, 1)
AT_ONCE = 50
LATER = "61 seconds"
FORGERIES = st.sampled_from(forging.KINDS)


@dataclass
class Family:
    """One session as its phone and a thief's notebook know it."""

    session_id: UUID
    device: str
    pairs: list[dict[str, str]] = field(default_factory=list)
    """What the phone was given, generation by generation; the last one lives."""
    alive: bool = True
    turned_lately: bool = False
    """Whether the last turn is less than a minute old, as the database sees it."""


class Ground:
    """The API processes, a database connection of our own, and a class to teach."""

    def __init__(self, runner: asyncio.Runner, apis: list[httpx.Client], keys: Keys) -> None:
        self.runner, self.apis, self.keys = runner, apis, keys
        self.school_class: SchoolClass
        self.numbers = iter(range(100_000_000))
        self.asked = 0
        self.stories = 0

    def run(self, work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return self.runner.run(wait())


class Devices(RuleBasedStateMachine):
    """Everything that may happen to somebody's sign-ins, in any order."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.families: list[Family] = []
        self.reused = 0
        self.holds_office = True

    @initialize()
    def open_an_account(self) -> None:
        """Somebody with an office, signed in on two phones."""
        self.ground.stories += 1

        async def open_() -> None:
            number = next(self.ground.numbers)
            person = await ties.open_account("林老师", f"+8613{number:09}")
            self.person = person.id
            role = Role.CLASS_TEACHER
            self.office = (await ties.appoint(person.id, role, self.ground.school_class)).id

        self.ground.run(open_())
        for number in range(2):
            self.sign_in(number, number)

    @rule(device=st.integers(0, 6), api=API)
    def another_sign_in(self, device: int, api: int) -> None:
        self.sign_in(device, api)

    def sign_in(self, device: int, api: int) -> None:
        """Sign in on a phone; an earlier session there ends, and a sixth phone is one too many."""
        key = f"device-{device:02}"

        async def open_() -> sessions.SignedIn:
            async with transaction():
                await sessions.lock_person(self.person)
                phone = sessions.Device(key=key, name=key, platform="ios")
                return await sessions.open_session(
                    self.person, phone, "code", keys=self.ground.keys, now=clock.now()
                )

        signed = self.ground.run(open_())
        others = [family for family in self._living() if family.device != key]
        for family in self._living():
            family.alive = family.device != key and family not in others[: -(DEVICES - 1)]
        pair = {"access": signed.access_token, "refresh": signed.refresh_token}
        self.families.append(Family(signed.session_id, key, [pair]))
        assert self._opens(api, pair["access"])

    @precondition(lambda self: self._living())
    @rule(which=WHICH, api=API, loses=st.booleans())
    def refresh(self, which: int, api: int, loses: bool) -> None:
        """Take the next generation; a phone that loses the reply asks the other process again."""
        family = self._one(which)
        answer = self._refresh(api, family.pairs[-1]["refresh"], family.device)
        assert answer.status_code == 200, answer.text
        if loses:
            again = self._refresh(1 - api, family.pairs[-1]["refresh"], family.device)
            assert again.status_code == 200, again.text
            assert _pair(again) == _pair(answer)
        family.pairs.append(_pair(answer))
        family.turned_lately = True

    @precondition(lambda self: self._living())
    @rule(which=WHICH)
    def refresh_on_all_sides(self, which: int) -> None:
        """Fifty refreshes at once, half at each process: all who are answered get one pair."""
        family = self._one(which)
        token = family.pairs[-1]["refresh"]
        answers = self.ground.run(self._at_once(token, family.device))
        assert {answer.status_code for answer in answers} == {200}
        pairs = {tuple(_pair(answer).items()) for answer in answers}
        assert len(pairs) == 1
        family.pairs.append(_pair(answers[0]))
        family.turned_lately = True

    @precondition(lambda self: self._living())
    @rule(which=WHICH, api=API, back=st.integers(1, 9), device=st.booleans())
    def reuse(self, which: int, api: int, back: int, device: bool) -> None:
        """Somebody uses a token again: the reply was lost, or the family ends and is told."""
        family = self._one(which)
        presented = max(len(family.pairs) - 1 - back, 0)
        is_last = presented == len(family.pairs) - 2
        elsewhere = device or presented == len(family.pairs) - 1
        who = "thiefs-phone" if elsewhere else family.device
        answer = self._refresh(api, family.pairs[presented]["refresh"], who)
        if is_last and not elsewhere and family.turned_lately:
            assert answer.status_code == 200, answer.text
            assert _pair(answer) == family.pairs[-1]
            return
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
        family.alive = False
        self.reused += 1

    @precondition(lambda self: self._living())
    @rule(which=WHICH)
    def a_minute_passes(self, which: int) -> None:
        family = self._one(which)
        family.turned_lately = False
        sql = f"UPDATE sessions SET refreshed_at = refreshed_at - interval '{LATER}' WHERE id = $1"
        self.ground.run(execute(sql, family.session_id))

    @precondition(lambda self: self._living())
    @rule(which=WHICH, api=API, kind=FORGERIES)
    def forge(self, which: int, api: int, kind: str) -> None:
        """A token the house did not make opens nothing and ends nothing."""
        family = self._one(which)
        answer = self._refresh(api, forging.forged(kind, family.pairs[-1]), family.device)
        assert answer.status_code in (400, 401), answer.text
        assert not self._opens(api, "tx_a_" + secrets.token_urlsafe(32))

    @precondition(lambda self: self._living())
    @rule(which=WHICH, api=API, by=WHICH)
    def sign_out(self, which: int, api: int, by: int) -> None:
        """One phone is signed out, by itself or by another."""
        family, caller = self._one(which), self._one(by)
        path = "session" if caller is family else f"sessions/{family.session_id}"
        self._delete(api, f"/v1/me/{path}", caller)
        family.alive = False

    @precondition(lambda self: self._living())
    @rule(which=WHICH, api=API)
    def sign_out_everywhere(self, which: int, api: int) -> None:
        self._delete(api, "/v1/me/sessions", self._one(which))
        for family in self.families:
            family.alive = False

    @rule()
    def lose_the_office_or_take_it(self) -> None:
        if self.holds_office:
            self.ground.run(ties.dismiss(self.office))
        else:
            here = self.ground.school_class
            given = self.ground.run(ties.appoint(self.person, Role.CLASS_TEACHER, here))
            self.office = given.id
        self.holds_office = not self.holds_office

    @rule()
    def close_the_account_and_open_it_again(self) -> None:
        for closed_at in (clock.now(), None):
            sql = "UPDATE persons SET closed_at = $2 WHERE id = $1"
            self.ground.run(execute(sql, self.person, closed_at))
            for family in self._living()[:1]:
                for api in range(len(self.ground.apis)):
                    opens = self._opens(api, family.pairs[-1]["access"])
                    assert opens is (closed_at is None), f"closed at {closed_at}: {opens}"

    @invariant()
    def a_token_is_as_good_as_its_session_on_the_next_request(self) -> None:
        for family in self.families[-2:]:
            for api in range(len(self.ground.apis)):
                token = family.pairs[-1]["access"]
                assert self._opens(api, token) is family.alive, f"process {api}: {family}"

    @invariant()
    def an_office_is_held_or_not_at_every_process(self) -> None:
        for family in self._living()[-1:]:
            for client in self.ground.apis:
                me = self._ask(client, "GET", "/v1/me", family.pairs[-1]["access"]).json()
                # The one is read when asked for, the other is what the process remembers.
                assert bool(me["seats"]) is me["isStaff"] is self.holds_office

    @invariant()
    def one_leaf_lives_at_most_and_theft_is_told(self) -> None:
        for family in self.families:
            row = self.ground.run(fetch_one(LEAVES, family.session_id))
            assert row["generation"] == len(family.pairs) - 1
            assert row["alive"] is family.alive
        if self.families:
            told = self.ground.run(fetch_one(TOLD, self.person))
            assert told["letters"] == told["entries"] == self.reused

    def _living(self) -> list[Family]:
        return [family for family in self.families if family.alive]

    def _one(self, which: int) -> Family:
        living = self._living()
        return living[which % len(living)]

    def _ask(self, client: httpx.Client, method: str, path: str, token: str) -> httpx.Response:
        self.ground.asked += 1
        return client.request(method, path, headers={"Authorization": f"Bearer {token}"})

    def _opens(self, api: int, access: str) -> bool:
        answer = self._ask(self.ground.apis[api], "GET", "/v1/me", access)
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200

    def _delete(self, api: int, path: str, caller: Family) -> None:
        answer = self._ask(self.ground.apis[api], "DELETE", path, caller.pairs[-1]["access"])
        assert answer.status_code == 204, answer.text

    def _refresh(self, api: int, token: str, device: str) -> httpx.Response:
        self.ground.asked += 1
        body = {"refreshToken": token, "deviceId": device}
        return self.ground.apis[api].post("/v1/auth/refresh", json=body, headers=_key())

    async def _at_once(self, token: str, device: str) -> list[httpx.Response]:
        self.ground.asked += AT_ONCE
        body = {"refreshToken": token, "deviceId": device}
        bases = [client.base_url for client in self.ground.apis]
        async with httpx.AsyncClient(timeout=60) as http:
            asked = (
                http.post(
                    bases[number % len(bases)].join("/v1/auth/refresh"), json=body, headers=_key()
                )
                for number in range(AT_ONCE)
            )
            return await asyncio.gather(*asked)


def _pair(answer: httpx.Response) -> dict[str, str]:
    body = answer.json()
    return {"access": body["accessToken"], "refresh": body["refreshToken"]}


def _key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


LEAVES = "SELECT generation, revoked_at IS NULL AS alive FROM sessions WHERE id = $1"
TOLD = """
SELECT count(l.id) AS letters, count(a.id) AS entries FROM sessions s
LEFT JOIN post_letter l ON l.once = 'security.session_reuse:' || s.id
LEFT JOIN audit_entries a ON a.subject_id = s.id AND a.action = 'people.session_reused'
WHERE s.person_id = $1
"""
