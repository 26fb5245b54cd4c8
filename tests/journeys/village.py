"""People with phones at one school, and a ledger of who was told what, and how often."""

import asyncio
import io
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import zxingcpp
from PIL import Image

from backend import clock
from tests import contract
from tests.journeys.town import Phone, Town

PARENTS = {
    "王立强": "19900000101", "刘敏": "19900000102", "李建国": "19900000103",
    "周婷": "19900000104", "赵德胜": "19900000105", "高远": "19900000108",
    "马静": "19900000109",
}  # fmt: skip
STAFF = {"许建安": "19900000006", "林晓岚": "19900000001"}
FAMILIES, (ADMIN, TEACHER) = tuple(PARENTS), STAFF
FATHER, HOLDER, NEXT, LATER, MOTHER = "王立强", "李建国", "赵德胜", "高远", "周婷"
VOLUNTEERS = (FATHER, HOLDER, NEXT, LATER, MOTHER)


class Villager(Phone):
    """A phone whose every answer is held to the published contract."""

    def __init__(self, town: Town, name: str, number: str) -> None:
        super().__init__(town, number)
        self.name = name
        self.person_id = ""
        self.children: dict[str, str] = {}
        self.http.event_hooks["response"] = [_hold]

    async def move_in(self) -> None:
        """Sign in, register the phone, accept the privacy notice for every child."""
        await self.sign_in()
        await self.register()
        me = (await self.http.get("/me")).json()
        self.person_id = me["personId"]
        if not me["isStaff"]:
            await self.consent()
            children = (await self.http.get("/me/children")).json()["items"]
            self.children = {child["name"]: child["studentId"] for child in children}

    async def get(self, url: str, **query: Any) -> Any:
        return _said(await self.http.get(url, params=query))

    async def put(self, url: str, body: dict[str, Any] | None = None) -> Any:
        return _said(await self.http.put(url, json={} if body is None else body))

    async def made(self, url: str, body: dict[str, Any]) -> Any:
        return _said(await self.post(url, body))

    async def drop(self, url: str) -> None:
        answer = await self.http.delete(url)
        assert answer.status_code == 204, answer.text

    async def refused(self, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Put, and return the problem that was answered."""
        answer = await self.http.put(url, json={} if body is None else body)
        assert answer.status_code in (403, 404, 409), answer.text
        problem: dict[str, Any] = answer.json()
        return problem

    async def letters(self) -> list[dict[str, Any]]:
        """Return the whole inbox, newest first."""
        items: list[dict[str, Any]] = (await self.get("/inbox", limit=50))["items"]
        return items


async def _hold(response: httpx.Response) -> None:
    await response.aread()
    contract.hold(response.request, response)


def _said(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json() if answer.content else None


@dataclass
class Village:
    """A town with its people, and the story's memory."""

    town: Town
    dsn: str
    people: dict[str, Villager] = field(default_factory=dict)
    school: str = ""
    pushed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Who was to see which title about what on their phone; the values are all 1."""
    written: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Whose inbox was to hold which title, and how often."""
    cut: str = ""
    """What was being told when a worker was killed: a phone may have shown it twice."""

    def __getitem__(self, name: str) -> Villager:
        return self.people[name]

    async def settle(self) -> None:
        """Let everybody move in."""

        async def one(name: str, number: str) -> None:
            self.people[name] = Villager(self.town, name, number)
            await self.people[name].move_in()

        await asyncio.gather(*(one(*entry) for entry in (PARENTS | STAFF).items()))
        self.school = (await self["王立强"].get("/me/children"))["items"][0]["schoolId"]

    def tells(
        self, title: str, about: str, *names: str, inbox: bool = True, push: bool = True
    ) -> None:
        """Write down that these people, and nobody else, hear this once."""
        for name in names:
            if push:
                self.pushed[name, title, about] += 1
            if inbox:
                self.written[name, title] += 1

    def shown(self) -> Counter[tuple[str, str, str]]:
        """Count what phones have shown so far."""
        names = {person.token: name for name, person in self.people.items()}
        return Counter(
            (names[push["token"]], message["notification"]["title"], message["data"]["id"])
            for push in self.town.pushes()
            if "notification" in (message := push["message"])
        )

    async def heard(self, within: float = 20.0) -> float:
        """Wait until everybody has heard what they were to hear; returns the seconds."""
        begun = time.monotonic()
        while missing := self.pushed - self.shown():
            assert time.monotonic() - begun < within, f"not told: {missing}"
            await asyncio.sleep(0.05)
        extra = self.shown().keys() - self.pushed.keys()
        assert not extra, f"told besides: {extra}"
        return time.monotonic() - begun

    async def told_exactly_once(self) -> None:
        """Hold every phone and every inbox to the ledger of the whole story."""
        shown = self.shown()
        twice = {key: n for key, n in shown.items() if n > 1}
        assert set(shown) == set(self.pushed)
        assert all(key[2] == self.cut and n == 2 for key, n in twice.items()), twice
        assert set(self.pushed.values()) == {1}
        inboxes: Counter[tuple[str, str]] = Counter()
        for name, person in self.people.items():
            inboxes.update((name, letter["title"]) for letter in await person.letters())
        assert inboxes == self.written

    def said_outside(self) -> str:
        """Return everything that has left the house, as one text."""
        return json.dumps([push["message"] for push in self.town.pushes()], ensure_ascii=False)

    async def begins_in(self, slot: str, wait: timedelta) -> None:
        """Let time go by for one slot until it begins in ``wait``; negative is ago.

        The one thing that is not done through the API: nobody here can wait for hours.
        """
        connection = await asyncpg.connect(self.dsn)
        try:
            async with connection.transaction():
                await connection.execute("SELECT lock_slots(ARRAY[$1::uuid])", slot)
                begins = await connection.fetchval("SELECT starts_at FROM slots WHERE id=$1", slot)
                passed = begins - clock.now() - wait
                for table, key, moments in _MOMENTS:
                    earlier = ", ".join(f"{moment} = {moment} - $2::interval" for moment in moments)
                    await connection.execute(
                        f"UPDATE {table} SET {earlier} WHERE {key} = $1", slot, passed
                    )
        finally:
            await connection.close()


_MOMENTS = (
    ("slots", "id", ("starts_at", "ends_at", "opens_at", "closes_at", "cancel_until")),
    ("bookings", "slot_id", ("starts_at", "ends_at", "checked_in_at", "checked_out_at")),
    ("scans", "slot_id", ("scanned_at", "counts_at")),
)


def soon(minutes: int, length: int) -> tuple[str, str]:
    """Return start and end of a shift that begins so soon, or after a midnight in between."""
    begins = clock.local(clock.now()) + timedelta(minutes=minutes)
    if (begins + timedelta(minutes=length)).date() != begins.date():
        begins = (begins + timedelta(days=1)).replace(hour=0, minute=1)
    return begins.isoformat(), (begins + timedelta(minutes=length)).isoformat()


def next_monday() -> date:
    """Return the Monday after next: far enough ahead for everybody to be asked in turn."""
    today = clock.local(clock.now()).date()
    return today + timedelta(days=14 - today.weekday())


def decoded(picture: bytes) -> str:
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return str(code.text)
