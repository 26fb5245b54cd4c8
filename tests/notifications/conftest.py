"""The post office, and doubles for the house it serves and the providers it uses."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from tortoise.connection import get_connection

from backend.database import transaction
from notifications import Message, Outcome, addresses, announce, tell
from notifications.channels.base import Parcel, Result
from notifications.channels.fcm import FcmChannel
from notifications.dispatcher import Office
from notifications.quiet import Window
from tests.fakes.fcm import FakeFcm

CHINA = ZoneInfo("Asia/Shanghai")
TOMORROW = datetime.now(CHINA).date() + timedelta(days=1)


def at(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """Return a moment of tomorrow in China, when all that a test leaves has come due."""
    midnight = datetime.combine(TOMORROW, datetime.min.time(), CHINA)
    return midnight + timedelta(days=days, hours=hour, minutes=minute)


NOON = at(12)


async def rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """Run one statement and return its rows."""
    found: list[dict[str, Any]] = await get_connection("default").execute_query_dict(
        sql, list(values)
    )
    return found


def message(occasion: str = "notices.published", **changes: Any) -> Message:
    """Return a neutral message; the body bears what must never be pushed."""
    words: dict[str, Any] = {
        "occasion": occasion,
        "category": "school",
        "title_zh": "您有一条新通知",
        "title_en": "You have a new notice",
        "link": "/notices/1",
        "body_zh": "王小明的体检结果 CANARY-13800000000",
        "body_en": "Results of CANARY-13800000000",
    }
    return Message(**{**words, **changes})


async def tell_once(people: Sequence[UUID], letter: Message, once: str = "occasion:1") -> bool:
    """Leave a personal letter in a transaction of its own."""
    async with transaction():
        return await tell(people, letter, once=once)


async def announce_once(
    audiences: Sequence[str], letter: Message, once: str = "occasion:1"
) -> bool:
    """Leave an announcement in a transaction of its own."""
    async with transaction():
        return await announce(audiences, letter, once=once)


async def phone(person: UUID, token: str | None = None, **details: Any) -> str:
    """Register a phone for a person and return its token."""
    token = token or f"token-{uuid4().hex}"
    details = {"provider": "fcm", "platform": "android", "now": NOON, **details}
    await addresses.register(person, token, **details)
    return token


@dataclass
class House:
    """Answers the post office's questions from what a test has set."""

    audiences: dict[str, list[UUID]] = field(default_factory=dict)
    acted: set[UUID] = field(default_factory=set)
    school_quiet: dict[UUID, list[Window]] = field(default_factory=dict)
    broken_occasions: set[str] = field(default_factory=set)

    async def page_audience(
        self, audiences: Sequence[str], after: UUID | None, limit: int
    ) -> list[UUID]:
        people = {person for key in audiences for person in self.audiences[key]}
        return [person for person in sorted(people) if after is None or person > after][:limit]

    async def still_wanted(
        self, occasion: str, subject_id: UUID | None, people: Sequence[UUID]
    ) -> set[UUID]:
        if occasion in self.broken_occasions:
            raise LookupError(occasion)
        return set(people) - self.acted

    async def quiet_hours(self, people: Sequence[UUID]) -> Mapping[UUID, Sequence[Window]]:
        return self.school_quiet


class RecordingChannel:
    """Takes every parcel down; scripted answers come first, an exception is raised."""

    name = "recording"
    max_batch = 500

    def __init__(self) -> None:
        self.sent: list[Parcel] = []
        self.scripts: dict[str, deque[Result]] = defaultdict(deque)
        self.broken: Exception | None = None
        self.delay = 0.0

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        return {"token": parcel.token, "title": parcel.title, **parcel.data}

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, batch: Sequence[Parcel]) -> list[Result]:
        await asyncio.sleep(self.delay)
        if self.broken is not None:
            raise self.broken
        self.sent += batch
        accepted = Result(outcome=Outcome.ACCEPTED)
        return [
            self.scripts[one.token].popleft() if self.scripts[one.token] else accepted
            for one in batch
        ]

    async def close(self) -> None:
        """Nothing to close."""

    def script(self, token: str, *outcomes: Outcome, retry_after: float | None = None) -> None:
        """Answer the next parcels for ``token`` so."""
        self.scripts[token] += [
            Result(outcome=outcome, retry_after=retry_after, detail="scripted")
            for outcome in outcomes
        ]

    @property
    def tokens(self) -> list[str]:
        return [parcel.token for parcel in self.sent]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


@pytest.fixture
def office(db: None, house: House, channel: RecordingChannel) -> Office:
    return Office(
        channels={"fcm": channel},
        page_audience=house.page_audience,
        still_wanted=house.still_wanted,
        quiet_hours=house.quiet_hours,
    )


@pytest.fixture(scope="session")
def fake_fcm_server() -> Iterator[FakeFcm]:
    with FakeFcm() as fake:
        yield fake


@pytest.fixture
def fake_fcm(fake_fcm_server: FakeFcm) -> FakeFcm:
    fake_fcm_server.pushes.clear()
    fake_fcm_server.token_delay = fake_fcm_server.message_delay = 0.0
    fake_fcm_server.token_failures = 0
    return fake_fcm_server


@pytest.fixture
async def fcm(fake_fcm: FakeFcm) -> AsyncIterator[FcmChannel]:
    """The real firebase-admin against the loopback server."""
    channel = FcmChannel(
        fake_fcm.service_account, endpoint=fake_fcm.endpoint, timeout=2, token_timeout=5
    )
    await channel.open()
    yield channel
    await channel.close()
