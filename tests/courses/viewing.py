"""Watching lessons over HTTP, on a clock of the test's own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from backend import clock
from backend.courses.models import Lesson
from backend.database import fetch, fetch_one
from tests.house import Visitor


class Hand:
    """The hand of the only clock; it moves when the test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: datetime = clock.now()
        self.began = self.at
        monkeypatch.setattr(clock, "now", lambda: self.at)

    def forward(self, seconds: float = 0, **more: float) -> None:
        """Let so much time pass; ``days=1`` and the like."""
        self.at += timedelta(seconds=seconds, **more)

    @property
    def passed_ms(self) -> int:
        """Return how much time has passed since the test began."""
        return int((self.at - self.began).total_seconds() * 1000)


class Viewing:
    """One lesson on one phone."""

    def __init__(self, phone: Visitor, lesson: Lesson) -> None:
        self.phone = phone
        self.lesson = lesson
        self.play = uuid4()
        self.seq = 0

    @property
    def url(self) -> str:
        return f"/lessons/{self.lesson.id}/plays/{self.play}"

    async def open(self) -> dict[str, Any]:
        """Open the lesson, and return what the phone is told."""
        answer = await self.phone.put(self.url)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def send(
        self, *stretches: tuple[int, int], position: int | None = None
    ) -> httpx.Response:
        """Say that these stretches (in milliseconds) were played."""
        beats = []
        for begin, end in stretches:
            self.seq += 1
            beats.append({"seq": self.seq, "from": begin, "to": end})
        end = max(stretch[1] for stretch in stretches)
        return await self.phone.put(
            f"{self.url}/beats",
            json={"beats": beats, "position": end if position is None else position},
        )

    async def tell(self, *stretches: tuple[int, int], position: int | None = None) -> Any:
        """Say it, and return what counts."""
        answer = await self.send(*stretches, position=position)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def watch(
        self, hand: Hand, begin: int, end: int, *, speed: float = 1, every: float = 15
    ) -> Any:
        """Play from ``begin`` to ``end`` (ms), reporting as the server asks."""
        told: Any = None
        at = begin
        while at < end:
            upto = min(end, at + int(every * speed * 1000))
            hand.forward((upto - at) / speed / 1000)
            told = await self.tell((at, upto))
            at = upto
        return told


async def opened(phone: Visitor, lesson: Lesson) -> Viewing:
    """Open a lesson on a phone."""
    viewing = Viewing(phone, lesson)
    await viewing.open()
    return viewing


async def seen(phone: Visitor, hand: Hand, lesson: Lesson) -> Any:
    """Watch a lesson to its end, as fast as one may; returns the last answer."""
    viewing = Viewing(phone, lesson)
    shown = await viewing.open()
    return await viewing.watch(hand, 0, shown["durationMs"], speed=2)


def spans(told: Any) -> list[tuple[int, int]]:
    """Return what counts."""
    return [(span["from"], span["to"]) for span in told["spans"]]


async def counts(table: str, person: UUID) -> int:
    """Return how many rows of a table are somebody's."""
    row = await fetch_one(f"SELECT count(*)::int AS n FROM {table} WHERE person_id = $1", person)
    return int(row["n"]) if row else 0


async def letters(occasion: str) -> list[dict[str, Any]]:
    """Return what was said to people on an occasion."""
    return await fetch(
        "SELECT i.title_zh, i.body_zh FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE l.occasion = $1 ORDER BY i.id",
        occasion,
    )
