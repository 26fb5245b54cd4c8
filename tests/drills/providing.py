"""Letters to many phones through a provider that misbehaves, by a clock of the drill's own."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from backend.database import transaction
from notifications import addresses, tell
from notifications.channels.fcm import FcmChannel
from notifications.dispatcher import Office
from tests.fakes.fcm import SHOWN, FakeFcm
from tests.notifications.conftest import NOON, House, message, rows

FAULTS = {
    "quota": 6, "internal": 6, "unavailable": 6, "ok_drop": 4, "drop": 3, "ok_hang": 0.3,
    "unregistered": 3, "invalid": 2, "sender_mismatch": 1,
}  # fmt: skip
"""What goes wrong, and with how many of a hundred messages."""
LEAST_WAIT = {"quota": 120.0, "unavailable": 300.0, "internal": 60.0, "drop": 60.0}
"""How long a message is left alone after that answer: what was asked for, or a minute."""
DEAD = ("unregistered", "sender_mismatch")
AMBIGUOUS = ("ok_drop", "ok_hang")
CANARY = "CANARY"


@dataclass
class Post:
    """The post office, its provider, and what became of every message at which time."""

    office: Office
    fake: FakeFcm
    chance: random.Random
    now: datetime = NOON
    phones: dict[str, UUID] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    """The occasion of each subject that was written about."""
    at: list[datetime] = field(default_factory=list)
    """The drill's time of each message in ``fake.pushes``."""

    async def settle(self, people: int) -> None:
        """Give so many people a phone each."""
        for _ in range(people):
            person, token = uuid4(), f"token-{uuid4().hex}"
            await addresses.register(
                person, token, provider="fcm", platform="android", now=self.now
            )
            self.phones[token] = person

    async def write(self, letters: int, **details: Any) -> None:
        """Leave so many letters to everybody."""
        for _ in range(letters):
            about = uuid4()
            once = f"occasion:{about}"
            self.letters[str(about)] = once
            async with transaction():
                words = message(subject_id=about, **details)
                await tell(self.phones.values(), words, once=once)

    def script(self, faults: dict[str, float] = FAULTS) -> None:
        """Decide what goes wrong with whose next messages."""
        for token in self.phones:
            for _ in self.letters:
                lot, so_far = self.chance.uniform(0, 100), 0.0
                for answer, share in faults.items():
                    if so_far <= lot < so_far + share:
                        self.fake.script(token, answer)
                    so_far += share

    async def run(self, *, until: timedelta = timedelta(days=2)) -> None:
        """Work, and set the clock to when there is more to do, until nothing is left."""
        end = self.now + until
        while self.now < end:
            await self.office.drain(lambda: self.now, asyncio.Event())
            self.at += [self.now] * (len(self.fake.pushes) - len(self.at))
            rests = [one.shut_until for one in self.office.breakers.values() if one.shut_until]
            [row] = await rows(
                "SELECT min(greatest(due_at, leased_until)) AS next FROM post_delivery "
                "WHERE state = 'queued'"
            )
            if row["next"] is None:
                return
            self.now = max(row["next"], self.now + timedelta(seconds=1), *rests)

    def handed(self) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
        """Return what the provider saw of each letter to each phone, in order."""
        seen: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        for push, at in zip(self.fake.pushes, self.at, strict=True):
            about = push["message"]["data"]["id"]
            seen[about, push["token"]].append((at, push["answer"]))
        return seen


@dataclass
class Reckoning:
    """What the provider's faults have done."""

    lost: int = 0
    doubled: int = 0
    too_many: int = 0
    """Copies for which no answer was lost."""
    too_soon: int = 0
    pushed_to_the_dead: int = 0
    personal: int = 0
    inbox_missing: int = 0
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        return sum(
            (self.lost, self.too_many, self.too_soon, self.pushed_to_the_dead, self.personal,
             self.inbox_missing)
        )  # fmt: skip


async def reckon(post: Post) -> Reckoning:
    """Compare what was to happen with what did."""
    found, handed = Reckoning(), post.handed()
    kept = {
        (str(row["about"]), row["token"]): row["state"]
        for row in await rows(
            "SELECT l.subject_id AS about, d.token, p.state FROM post_delivery p "
            "JOIN post_letter l ON l.id = p.letter_id JOIN post_device d ON d.id = p.device_id"
        )
    }
    died: dict[str, datetime] = {}
    for (about, token), tries in handed.items():
        answers = [answer for _, answer in tries]
        found.answers.update(answers)
        shown = sum(answer in SHOWN for answer in answers)
        ambiguous = sum(answer in AMBIGUOUS for answer in answers)
        found.doubled += shown > 1
        found.too_many += max(0, shown - max(1, ambiguous + ("ok" in answers)))
        found.too_soon += _too_soon(tries)
        for at, answer in tries:
            if answer in DEAD:
                died[token] = min(at, died.get(token, at))
        if not shown and kept.get((about, token)) not in ("refused", "dead"):
            found.lost += 1
    everything = {(about, token) for about in post.letters for token in post.phones}
    found.lost += sum(one not in kept for one in everything - handed.keys())
    found.pushed_to_the_dead = sum(
        at > died[push["token"]]
        for push, at in zip(post.fake.pushes, post.at, strict=True)
        if push["token"] in died
    )
    found.personal = sum(CANARY in json.dumps(push["message"]) for push in post.fake.pushes)
    [inbox] = await rows("SELECT count(*)::int AS n FROM post_inbox_item")
    found.inbox_missing = len(everything) - inbox["n"]
    return found


def _too_soon(tries: Iterable[tuple[datetime, str]]) -> int:
    """Count repetitions that came before the provider, or good manners, allowed."""
    early, before = 0, None
    for at, answer in tries:
        if before is not None:
            waited = (at - before[0]).total_seconds()
            early += waited < LEAST_WAIT.get(before[1], 60.0)
        before = (at, answer)
    return early


def office_of(channel: FcmChannel, **more: Any) -> Office:
    """Return the post office of a house without quiet hours, where nobody has acted yet."""
    house = House()
    return Office(
        channels={"fcm": channel},
        page_audience=house.page_audience,
        still_wanted=house.still_wanted,
        quiet_hours=house.quiet_hours,
        **more,
    )
